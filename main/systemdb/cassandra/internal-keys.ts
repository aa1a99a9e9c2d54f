import { randomUUID } from 'node:crypto';
import type { InternalKeyRepository } from '../repositories.ts';
import type { CassandraSession, Row, Statement } from './session.ts';
import { settle } from './settle.ts';
import { asNumber, asNumberOrNull, asText } from './values.ts';

/** The one partition: a new key takes its place behind the others by a condition on all of them. */
const PART = 'keys';

/** `internal_keys`. */
export class CassandraInternalKeys implements InternalKeyRepository {
  readonly #session: CassandraSession;
  readonly #table: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#table = `${session.keyspaces.auth.quoted}.internal_keys`;
  }

  async get(id: string): Promise<Uint8Array | null> {
    const row = await this.#one(id, 'key');
    return row === null ? null : (row['key'] as Uint8Array);
  }

  async current(): Promise<{ id: string; key: Uint8Array } | null> {
    const rows = await this.#session.readAll(`SELECT id, place FROM ${this.#table} WHERE part = ?`, [PART], { reach: 'global' });
    const newest = rows.reduce<Row | null>((best, row) => (best === null || asNumber(row['place']) > asNumber(best['place']) ? row : best), null);
    if (newest === null) return null;
    const id = asText(newest['id']);
    const key = await this.get(id);
    return key === null ? null : { id, key };
  }

  async insert(id: string, key: Uint8Array, createdAt: number): Promise<boolean> {
    const attempt = randomUUID();
    for (;;) {
      if ((await this.#one(id, 'id')) !== null) return false;
      const row = await this.#session.readOne(`SELECT newest FROM ${this.#table} WHERE part = ? LIMIT 1`, [PART], { reach: 'global' });
      const place = (asNumberOrNull(row?.['newest']) ?? 0) + 1;
      const { applied } = await settle(
        () => this.#session.conditional(this.#insertion({ id, key, createdAt, place, attempt }), 'global'),
        async () => {
          const [stored] = await this.#session.readSerial(`SELECT attempt FROM ${this.#table} WHERE part = ? AND id = ?`, [PART, id], 'global');
          return stored?.['attempt'] === attempt;
        },
      );
      // Otherwise another process put its key there: this one comes behind it.
      if (applied) return true;
    }
  }

  #insertion(row: { id: string; key: Uint8Array; createdAt: number; place: number; attempt: string }): Statement[] {
    const { id, key, createdAt, place, attempt } = row;
    return [
      { cql: `UPDATE ${this.#table} SET newest = ? WHERE part = ? IF newest = ?`, params: [place, PART, place === 1 ? null : place - 1] },
      {
        cql: `INSERT INTO ${this.#table} (part, id, place, key, created_at, attempt) VALUES (?, ?, ?, ?, ?, ?) IF NOT EXISTS`,
        params: [PART, id, place, Buffer.from(key.buffer, key.byteOffset, key.byteLength), createdAt, attempt],
      },
    ];
  }

  async #one(id: string, column: 'id' | 'key'): Promise<Row | null> {
    return this.#session.readOne(`SELECT ${column} FROM ${this.#table} WHERE part = ? AND id = ?`, [PART, id], { reach: 'global' });
  }
}
