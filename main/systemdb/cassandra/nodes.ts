import type { NodeRecord, NodeRepository } from '../repositories.ts';
import { byCodePoints } from './code-points.ts';
import type { CassandraSession, Row } from './session.ts';
import { asNumber, asText, asTextOrNull } from './values.ts';

const NODE = 'id, host, version, live_since, last_seen, keystore_digest, notes';

/** `nodes` of the platform. */
export class CassandraNodes implements NodeRepository {
  readonly #session: CassandraSession;
  readonly #table: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#table = `${session.keyspaces.system.quoted}.nodes`;
  }

  async put(node: NodeRecord): Promise<void> {
    const { id, host, version, liveSince, lastSeen, keystoreDigest, notes } = node;
    await this.#session.write(
      `INSERT INTO ${this.#table} (${NODE}) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      [id, host, version, liveSince, lastSeen, keystoreDigest, [...notes]],
      { reach: 'global' },
    );
  }

  async list(): Promise<NodeRecord[]> {
    const rows = await this.#session.readAll(`SELECT ${NODE} FROM ${this.#table}`, [], { reach: 'global' });
    return rows.map(nodeOf).sort((a, b) => byCodePoints(a.host, b.host) || byCodePoints(a.id, b.id));
  }
}

function nodeOf(row: Row): NodeRecord {
  return {
    id: asText(row['id']),
    host: asText(row['host']),
    version: asText(row['version']),
    liveSince: asNumber(row['live_since']),
    lastSeen: asNumber(row['last_seen']),
    keystoreDigest: asTextOrNull(row['keystore_digest']),
    // An empty list is stored as null.
    notes: (row['notes'] as string[] | null) ?? [],
  };
}
