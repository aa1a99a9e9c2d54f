import { failPoint } from '../../fail-point.ts';
import type { Stripe, StripeRepository } from '../repositories.ts';
import { descriptionExists, isDuplicate } from './errors.ts';
import type { Session } from './session.ts';

/** Stripes made durable in one step. */
const STEP = 16;

/** `k2auth_stripe_key_storage`: each byte of a wrapped key is a record of its own. */
export class SqliteStripes implements StripeRepository {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async write(description: string, wrapped: Uint8Array, onStored?: (stored: number) => void): Promise<void> {
    const half = Math.ceil(wrapped.length / 2 / STEP) * STEP;
    for (let from = 0; from < wrapped.length; from += STEP) {
      const to = Math.min(from + STEP, wrapped.length);
      await this.#session.transaction(() => this.#insert(description, wrapped, from, to));
      onStored?.(to);
      if (to === half) {
        failPoint('stripes:half');
      }
    }
    failPoint('stripes:written');
  }

  async read(description: string): Promise<Stripe[]> {
    const all = 'SELECT idx, value FROM k2auth_stripe_key_storage WHERE key_description = ? ORDER BY idx';
    return this.#session.run(() => this.#session.statement(all).all(description) as unknown as Stripe[]);
  }

  async removeOrphan(description: string): Promise<boolean> {
    const remove = `
      DELETE FROM k2auth_stripe_key_storage
      WHERE key_description = ?1 AND NOT EXISTS (SELECT 1 FROM k2auth_keys_descriptions WHERE key_description = ?1)`;
    return this.#session.run(() => Number(this.#session.statement(remove).run(description).changes) > 0);
  }

  async descriptions(): Promise<string[]> {
    const distinct = 'SELECT DISTINCT key_description FROM k2auth_stripe_key_storage ORDER BY key_description';
    return this.#session.run(() => this.#session.statement(distinct).all().map((row) => row['key_description'] as string));
  }

  #insert(description: string, wrapped: Uint8Array, from: number, to: number): void {
    const insert = this.#session.statement('INSERT INTO k2auth_stripe_key_storage (key_description, idx, value) VALUES (?, ?, ?)');
    try {
      for (let idx = from; idx < to; idx += 1) {
        insert.run(description, idx, wrapped[idx] as number);
      }
    } catch (error) {
      throw isDuplicate(error) ? descriptionExists(description) : error;
    }
  }
}
