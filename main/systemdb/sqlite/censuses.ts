import type { CensusRecord, CensusRepository } from '../repositories.ts';
import type { Session } from './session.ts';

const CENSUS = 'id, started_at AS startedAt, ended_at AS endedAt, result';

/** `censuses`. */
export class SqliteCensuses implements CensusRepository {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async put(record: CensusRecord): Promise<void> {
    const put = `
      INSERT INTO censuses (id, started_at, ended_at, result) VALUES (?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET started_at = excluded.started_at, ended_at = excluded.ended_at, result = excluded.result`;
    await this.#session.run(() => this.#session.statement(put).run(record.id, record.startedAt, record.endedAt, record.result));
  }

  async get(id: string): Promise<CensusRecord | null> {
    return this.#session.run(
      () => (this.#session.statement(`SELECT ${CENSUS} FROM censuses WHERE id = ?`).get(id) as CensusRecord | undefined) ?? null,
    );
  }

  async list(limit?: number): Promise<CensusRecord[]> {
    const newest = `SELECT ${CENSUS} FROM censuses ORDER BY ended_at DESC, id DESC LIMIT ?`;
    return this.#session.run(() => this.#session.statement(newest).all(limit ?? -1) as unknown as CensusRecord[]);
  }

  async remove(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#session.run(() => this.#session.statement('DELETE FROM censuses WHERE id IN (SELECT value FROM json_each(?))').run(JSON.stringify(ids)));
  }
}
