import { randomUUID } from 'node:crypto';
import { failPoint } from '../../fail-point.ts';
import type { Stripe, StripeRepository } from '../repositories.ts';
import { byCodePoints } from './code-points.ts';
import { now } from './clock.ts';
import { descriptionExists, Descriptions } from './descriptions.ts';
import type { CassandraSession, Page, Row } from './session.ts';
import { settle } from './settle.ts';
import { asNumber, asText } from './values.ts';

/** Stripes made durable in one step. */
const STEP = 16;

/** Places that a stripe can have: no wrapped key is longer (see stripe-code.ts). */
const PLACES = Array.from({ length: 256 }, (_, idx) => idx);

/** Stripes of one answer where all are walked through. */
const PAGE = 5000;

/** Places asked for in one statement. */
const GROUP = 32;

/**
 * `stripe_key_storage`: each byte of a wrapped key is a partition of its own. The first one is written by a lightweight
 * transaction and claims the description; the others follow it, and go before it.
 */
export class CassandraStripes implements StripeRepository {
  readonly #session: CassandraSession;
  readonly #descriptions: Descriptions;
  readonly #table: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#descriptions = new Descriptions(session);
    this.#table = `${session.keyspaces.auth.quoted}.stripe_key_storage`;
  }

  async write(description: string, wrapped: Uint8Array, onStored?: (stored: number) => void): Promise<void> {
    // The claim may have been lost from the storage, and the others not.
    if ((await this.read(description)).length > 0) throw descriptionExists(description);
    const half = Math.ceil(wrapped.length / 2 / STEP) * STEP;
    for (let from = 0; from < wrapped.length; from += STEP) {
      const stripes = Array.from(wrapped.subarray(from, from + STEP), (value, i) => ({ idx: from + i, value }));
      const claim = from === 0 ? stripes.shift() : undefined;
      if (claim !== undefined) await this.#claim(description, claim.value);
      await Promise.all(stripes.map((stripe) => this.#put(description, stripe)));
      const stored = Math.min(from + STEP, wrapped.length);
      onStored?.(stored);
      if (stored === half) {
        failPoint('stripes:half');
      }
    }
    failPoint('stripes:written');
  }

  async read(description: string): Promise<Stripe[]> {
    const rows = await this.#rows(description, 'idx, value');
    return rows.map((row) => ({ idx: asNumber(row['idx']), value: asNumber(row['value']) })).sort((a, b) => a.idx - b.idx);
  }

  async removeOrphan(description: string): Promise<boolean> {
    const found = await this.#rows(description, 'idx, writetime(value) AS written');
    if (found.length === 0 || !(await this.#descriptions.retire(description))) {
      return false;
    }
    // A stripe written by a machine whose clock is ahead would outlive a removal at this machine's time.
    const time = BigInt(Math.max(now(), ...found.map((row) => asNumber(row['written']) + 1)));
    const remove = `DELETE FROM ${this.#table} USING TIMESTAMP ? WHERE key_description = ? AND idx = ?`;
    const others = found.map((row) => asNumber(row['idx'])).filter((idx) => idx !== 0);
    await Promise.all(others.map((idx) => this.#session.write(remove, [time, description, idx], { reach: 'global' })));
    // The claim last: as long as it stands, the description is still found, and its removal can be gone on with.
    const removeClaim = `DELETE FROM ${this.#table} WHERE key_description = ? AND idx = 0 IF EXISTS`;
    await settle(
      () => this.#session.conditional({ cql: removeClaim, params: [description] }, 'global'),
      () => true,
    );
    return true;
  }

  async descriptions(): Promise<string[]> {
    const found = new Set<string>();
    // Page by page: of many generations these are millions of rows.
    for (let pageState: string | null = null; ; ) {
      const page: Page = await this.#session.read(`SELECT DISTINCT key_description, idx FROM ${this.#table}`, [], { reach: 'global', fetchSize: PAGE, pageState });
      for (const row of page.rows) found.add(asText(row['key_description']));
      if (page.pageState === null) return [...found].sort(byCodePoints);
      pageState = page.pageState;
    }
  }

  async #claim(description: string, value: number): Promise<void> {
    const attempt = randomUUID();
    const claim = `INSERT INTO ${this.#table} (key_description, idx, value, attempt) VALUES (?, 0, ?, ?) IF NOT EXISTS`;
    const { applied } = await settle(
      () => this.#session.conditional({ cql: claim, params: [description, value, attempt] }, 'global'),
      (refused) => refused.row?.['attempt'] === attempt,
    );
    if (!applied) throw descriptionExists(description);
  }

  async #put(description: string, { idx, value }: Stripe): Promise<void> {
    const put = `INSERT INTO ${this.#table} (key_description, idx, value) VALUES (?, ?, ?)`;
    await this.#session.write(put, [description, idx, value], { reach: 'global' });
  }

  /** What lies under the description, whatever is missing in between. */
  async #rows(description: string, columns: string): Promise<Row[]> {
    const some = `SELECT ${columns} FROM ${this.#table} WHERE key_description = ? AND idx IN ?`;
    const groups = Array.from({ length: PLACES.length / GROUP }, (_, i) => PLACES.slice(i * GROUP, (i + 1) * GROUP));
    const pages = await Promise.all(groups.map((group) => this.#session.read(some, [description, group], { reach: 'global' })));
    return pages.flatMap(({ rows }) => rows);
  }
}
