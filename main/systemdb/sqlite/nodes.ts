import type { NodeRecord, NodeRepository } from '../repositories.ts';
import { parseStored } from './stored-json.ts';
import type { Row, Session } from './session.ts';

/** `k2system_nodes`. */
export class SqliteNodes implements NodeRepository {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async put(node: NodeRecord): Promise<void> {
    const put = `
      INSERT OR REPLACE INTO k2system_nodes (id, host, version, data_center, live_since, last_seen, keystore_digest, notes)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
    const { id, host, version, dataCenter, liveSince, lastSeen, keystoreDigest, notes } = node;
    await this.#session.run(() => {
      this.#session.statement(put).run(id, host, version, dataCenter, liveSince, lastSeen, keystoreDigest, JSON.stringify(notes));
    });
  }

  async list(): Promise<NodeRecord[]> {
    return this.#session.run(() =>
      this.#session
        .statement('SELECT * FROM k2system_nodes ORDER BY host, id')
        .all()
        .map((row) => this.#node(row)),
    );
  }

  #node(row: Row): NodeRecord {
    return {
      id: row['id'] as string,
      host: row['host'] as string,
      version: row['version'] as string,
      dataCenter: row['data_center'] as string | null,
      liveSince: row['live_since'] as number,
      lastSeen: row['last_seen'] as number,
      keystoreDigest: row['keystore_digest'] as string | null,
      notes: parseStored(row['notes'], this.#session.file) as string[],
    };
  }
}
