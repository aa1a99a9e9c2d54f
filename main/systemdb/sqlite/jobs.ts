import type { JobRecord, JobRepository } from '../repositories.ts';
import type { Session } from './session.ts';

const JOB = 'id, kind, params, state, done, total, failed, cursor, failure, started_at AS startedAt, updated_at AS updatedAt';

/** `jobs`. */
export class SqliteJobs implements JobRepository {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async put(job: JobRecord): Promise<void> {
    const put = `
      INSERT OR REPLACE INTO jobs (id, kind, params, state, done, total, failed, cursor, failure, started_at, updated_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
    const { id, kind, params, state, done, total, failed, cursor, failure, startedAt, updatedAt } = job;
    await this.#session.run(() => {
      this.#session.statement(put).run(id, kind, params, state, done, total, failed, cursor, failure, startedAt, updatedAt);
    });
  }

  async get(id: string): Promise<JobRecord | null> {
    return this.#session.run(
      () => (this.#session.statement(`SELECT ${JOB} FROM jobs WHERE id = ?`).get(id) as JobRecord | undefined) ?? null,
    );
  }

  async list(limit: number): Promise<JobRecord[]> {
    const newest = `SELECT ${JOB} FROM jobs ORDER BY started_at DESC, id DESC LIMIT ?`;
    return this.#session.run(() => this.#session.statement(newest).all(limit) as unknown as JobRecord[]);
  }
}
