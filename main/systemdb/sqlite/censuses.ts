import type { CensusRecord, CensusRepository } from '../repositories.ts';
import type { Session } from './session.ts';

/** Censuses that are kept; older ones go when a new one comes. */
const KEPT = 50;

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
    const drop = 'DELETE FROM censuses WHERE place IN (SELECT place FROM censuses ORDER BY ended_at DESC, id DESC LIMIT -1 OFFSET ?)';
    await this.#session.transaction(() => {
      this.#session.statement(put).run(record.id, record.startedAt, record.endedAt, record.result);
      this.#session.statement(drop).run(KEPT);
    });
  }

  async get(id: string): Promise<CensusRecord | null> {
    return this.#session.run(
      () => (this.#session.statement(`SELECT ${CENSUS} FROM censuses WHERE id = ?`).get(id) as CensusRecord | undefined) ?? null,
    );
  }

  async list(limit: number): Promise<CensusRecord[]> {
    const newest = `SELECT ${CENSUS} FROM censuses ORDER BY ended_at DESC, id DESC LIMIT ?`;
    return this.#session.run(() => this.#session.statement(newest).all(limit) as unknown as CensusRecord[]);
  }
}
