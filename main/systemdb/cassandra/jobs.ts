import type { JobRecord, JobRepository } from '../repositories.ts';
import { now } from './clock.ts';
import { newestRows } from './newest-rows.ts';
import type { CassandraSession, Row } from './session.ts';
import { asNumber, asNumberOrNull, asText, asTextOrNull } from './values.ts';

const JOB = 'id, kind, params, state, done, total, failed, cursor, failure, started_at, updated_at';

/** `jobs`. */
export class CassandraJobs implements JobRepository {
  readonly #session: CassandraSession;
  readonly #table: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#table = `${session.keyspaces.system.quoted}.jobs`;
  }

  async put(job: JobRecord): Promise<void> {
    const { id, kind, params, state, done, total, failed, cursor, failure, startedAt, updatedAt } = job;
    // A job may go on on another machine, whose clock is behind: at its own time it would change nothing.
    const stored = await this.#session.readOne(`SELECT writetime(state) AS written FROM ${this.#table} WHERE id = ?`, [id], { reach: 'global' });
    const time = BigInt(Math.max(now(), (asNumberOrNull(stored?.['written']) ?? 0) + 1));
    const counts = [BigInt(done), total === null ? null : BigInt(total), BigInt(failed)];
    await this.#session.write(
      `INSERT INTO ${this.#table} (${JOB}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`,
      [id, kind, params, state, ...counts, cursor, failure, startedAt, updatedAt, time],
      { reach: 'global' },
    );
  }

  async get(id: string): Promise<JobRecord | null> {
    const row = await this.#session.readOne(`SELECT ${JOB} FROM ${this.#table} WHERE id = ?`, [id], { reach: 'global' });
    return row === null ? null : jobOf(row);
  }

  async list(limit: number): Promise<JobRecord[]> {
    return newestRows(this.#session, this.#table, 'started_at', limit, (id) => this.get(id));
  }
}

function jobOf(row: Row): JobRecord {
  return {
    id: asText(row['id']),
    kind: asText(row['kind']) as JobRecord['kind'],
    params: asText(row['params']),
    state: asText(row['state']) as JobRecord['state'],
    done: asNumber(row['done']),
    total: asNumberOrNull(row['total']),
    failed: asNumber(row['failed']),
    cursor: asTextOrNull(row['cursor']),
    failure: asTextOrNull(row['failure']),
    startedAt: asNumber(row['started_at']),
    updatedAt: asNumber(row['updated_at']),
  };
}
