import type { NodeRecord, NodeRepository } from '../repositories.ts';
import { byCodePoints } from './code-points.ts';
import type { CassandraSession, Row } from './session.ts';
import { asNumber, asText, asTextOrNull } from './values.ts';

const NODE = 'id, host, version, live_since, last_seen, keystore_digest, notes';

/** `nodes` of the platform, and in `node_places` the data centre of each. */
export class CassandraNodes implements NodeRepository {
  readonly #session: CassandraSession;
  readonly #table: string;
  readonly #places: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#table = `${session.keyspaces.system.quoted}.nodes`;
    this.#places = `${session.keyspaces.system.quoted}.node_places`;
  }

  /**
   * Acknowledged by the local data centre; the others get it as they can. Nothing is decided by this list, and whoever looks
   * wants it most while another data centre is away: who could not tell that it is there would seem down then.
   */
  async put(node: NodeRecord): Promise<void> {
    const { id, host, version, dataCenter, liveSince, lastSeen, keystoreDigest, notes } = node;
    await this.#session.write(`INSERT INTO ${this.#places} (id, data_center) VALUES (?, ?)`, [id, dataCenter]);
    await this.#session.write(`INSERT INTO ${this.#table} (${NODE}) VALUES (?, ?, ?, ?, ?, ?, ?)`, [id, host, version, liveSince, lastSeen, keystoreDigest, [...notes]]);
  }

  /** By what the local data centre knows, as {@link put} tells. */
  async list(): Promise<NodeRecord[]> {
    const [rows, places] = await Promise.all([
      this.#session.readAll(`SELECT ${NODE} FROM ${this.#table}`),
      this.#session.readAll(`SELECT id, data_center FROM ${this.#places}`),
    ]);
    const dataCenters = new Map(places.map((row) => [asText(row['id']), asTextOrNull(row['data_center'])]));
    return rows.map((row) => nodeOf(row, dataCenters.get(asText(row['id'])) ?? null)).sort((a, b) => byCodePoints(a.host, b.host) || byCodePoints(a.id, b.id));
  }
}

function nodeOf(row: Row, dataCenter: string | null): NodeRecord {
  return {
    id: asText(row['id']),
    host: asText(row['host']),
    version: asText(row['version']),
    dataCenter,
    liveSince: asNumber(row['live_since']),
    lastSeen: asNumber(row['last_seen']),
    keystoreDigest: asTextOrNull(row['keystore_digest']),
    // An empty list is stored as null.
    notes: (row['notes'] as string[] | null) ?? [],
  };
}
