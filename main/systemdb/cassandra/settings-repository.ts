import type { SettingsRepository } from '../repositories.ts';
import type { CassandraSession } from './session.ts';
import { settle } from './settle.ts';
import { asText, asTextOrNull } from './values.ts';

/**
 * `settings`. Every write is a lightweight transaction: a plain write has the time of this machine's clock, and would be
 * lost against a transaction whose time a faster clock gave.
 */
export class CassandraSettings implements SettingsRepository {
  readonly #session: CassandraSession;
  readonly #table: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#table = `${session.keyspaces.system.quoted}.settings`;
  }

  async get(key: string): Promise<string | null> {
    const row = await this.#session.readOne(`SELECT value FROM ${this.#table} WHERE key = ?`, [key], { reach: 'global' });
    return asTextOrNull(row?.['value']);
  }

  async setOnce(key: string, value: string): Promise<string> {
    const insert = `INSERT INTO ${this.#table} (key, value) VALUES (?, ?) IF NOT EXISTS`;
    const { applied, row } = await settle(
      () => this.#session.conditional({ cql: insert, params: [key, value] }, 'global'),
      () => false,
    );
    return applied ? value : asText(row?.['value']);
  }

  async set(key: string, value: string): Promise<void> {
    const update = `UPDATE ${this.#table} SET value = ? WHERE key = ? IF value != ?`;
    await settle(
      () => this.#session.conditional({ cql: update, params: [value, key, value] }, 'global'),
      () => true,
    );
  }
}
