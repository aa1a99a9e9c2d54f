import type { CensusRecord, CensusRepository } from '../repositories.ts';
import type { CassandraSession, Row, Statement } from './session.ts';
import { asNumber, asText } from './values.ts';

/** The one partition, newest first. */
const PART = 'censuses';

const CENSUS = 'id, started_at, ended_at, result';

/** Results may be large: few of them travel at once. */
const PAGE = 5;

/** `censuses`. */
export class CassandraCensuses implements CensusRepository {
  readonly #session: CassandraSession;
  readonly #table: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#table = `${session.keyspaces.system.quoted}.censuses`;
  }

  async put(record: CensusRecord): Promise<void> {
    const { id, startedAt, endedAt, result } = record;
    const before = (await this.#places()).filter((row) => row['id'] === id && asNumber(row['ended_at']) !== endedAt);
    await this.#session.writeBatch(
      [
        { cql: `INSERT INTO ${this.#table} (part, ${CENSUS}) VALUES (?, ?, ?, ?, ?)`, params: [PART, id, startedAt, endedAt, result] },
        ...before.map((row) => this.#removal(row)),
      ],
      { reach: 'global', logged: false },
    );
  }

  async get(id: string): Promise<CensusRecord | null> {
    const place = (await this.#places()).find((row) => row['id'] === id);
    if (place === undefined) return null;
    const one = `SELECT ${CENSUS} FROM ${this.#table} WHERE part = ? AND ended_at = ? AND id = ?`;
    const row = await this.#session.readOne(one, [PART, place['ended_at'], id], { reach: 'global' });
    return row === null ? null : censusOf(row);
  }

  async list(limit?: number): Promise<CensusRecord[]> {
    const newest = `SELECT ${CENSUS} FROM ${this.#table} WHERE part = ?`;
    const [cql, params] = limit === undefined ? [newest, [PART]] : [`${newest} LIMIT ?`, [PART, limit]];
    return (await this.#session.readAll(cql, params, { reach: 'global', fetchSize: PAGE })).map(censusOf);
  }

  async remove(ids: readonly string[]): Promise<void> {
    const gone = (await this.#places()).filter((row) => ids.includes(asText(row['id'])));
    if (gone.length === 0) return;
    await this.#session.writeBatch(gone.map((row) => this.#removal(row)), { reach: 'global', logged: false });
  }

  async #places(): Promise<Row[]> {
    return this.#session.readAll(`SELECT id, ended_at FROM ${this.#table} WHERE part = ?`, [PART], { reach: 'global' });
  }

  #removal(row: Row): Statement {
    return { cql: `DELETE FROM ${this.#table} WHERE part = ? AND ended_at = ? AND id = ?`, params: [PART, row['ended_at'], row['id']] };
  }
}

function censusOf(row: Row): CensusRecord {
  return { id: asText(row['id']), startedAt: asNumber(row['started_at']), endedAt: asNumber(row['ended_at']), result: asText(row['result']) };
}
