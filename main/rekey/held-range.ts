import type { CampaignRange, RangeState, SystemDb } from '../systemdb/repositories.ts';
import { type Bookmark, moveBookmark, type RangeFailure, readBookmark, startBookmark, writeBookmark } from './bookmark.ts';
import type { Clock } from './clock.ts';
import type { Patience } from './patience.ts';
import type { PutOff } from './put-off.ts';

/** How long a worker holds a range without a word. */
export const LEASE_SECONDS = 30;
/**
 * In the last part of a lease nothing is written any more: a write that is sent at its end may arrive after it, when
 * another worker has read the same instance and another generation may be active. Longer than one request may last; a
 * write of several can still be later (ADR 0007).
 */
export const QUIET_END_MS = 15_000;

export interface HolderOf {
  readonly db: Pick<SystemDb, 'campaigns'>;
  readonly campaign: string;
  readonly worker: string;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly putOff: PutOff;
}

/** A range that this worker holds, with its counters. */
export class HeldRange {
  readonly range: CampaignRange['range'];
  readonly seq: number;
  /** Aborted once another may hold it. */
  readonly lost: AbortSignal;
  readonly #of: HolderOf;
  readonly #losing = new AbortController();
  /** What of the range's instances is treated in full, and where to go on after it. */
  #book: Bookmark;
  #passed: number;
  #failed: number;
  /** These count at once: an instance re-encrypted is not wanted a second time. */
  #rewritten: number;
  #superseded: number;
  #bytes: number;
  #renewedAt: number;

  /**
   * @param claimed as it stands in the database.
   * @param renewedAt when the claim was sent, by `clock.elapsed`.
   */
  constructor(of: HolderOf, claimed: CampaignRange, renewedAt: number) {
    this.#of = of;
    this.seq = claimed.seq;
    this.range = claimed.range;
    this.lost = this.#losing.signal;
    const { passed, failed, rewritten, superseded, bytes } = claimed;
    this.#passed = passed;
    this.#failed = failed;
    this.#rewritten = rewritten;
    this.#superseded = superseded;
    this.#bytes = bytes;
    this.#renewedAt = renewedAt;
    // A pause between two workers is none of the rate.
    const before = readBookmark(claimed.cursor);
    this.#book = { ...startBookmark(before?.cursor ?? null, of.clock.now(), rewritten + superseded), ...(before?.renewed === undefined ? {} : { renewed: before.renewed }) };
  }

  /** Where `scanRange` goes on; null at its start. */
  get cursor(): string | null {
    return this.#book.cursor;
  }

  /** Whether a write may be sent now. */
  get mayWrite(): boolean {
    return !this.#losing.signal.aborted && this.#of.clock.elapsed() - this.#renewedAt < LEASE_SECONDS * 1000 - QUIET_END_MS;
  }

  /** @param renewed field values in it that are new, by the generation that they had */
  countRewritten(bytes: number, renewed: ReadonlyMap<string, number>): void {
    this.#rewritten++;
    this.#bytes += bytes;
    if (renewed.size === 0) return;
    const sums = { ...this.#book.renewed };
    for (const [keyDescription, values] of renewed) sums[keyDescription] = (sums[keyDescription] ?? 0) + values;
    this.#book = { ...this.#book, renewed: sums };
  }

  countSuperseded(): void {
    this.#superseded++;
  }

  /** A page of which every instance is treated, and where to go on after it; its failures count with it. */
  countPage(passed: number, failed: number, cursor: string): void {
    this.#passed += passed;
    this.#failed += failed;
    this.#book = { ...this.#book, cursor };
  }

  /** Gives the range up as done, with its last page. @returns as `keep` */
  async complete(passed: number, failed: number, signal: AbortSignal): Promise<boolean> {
    this.#passed += passed;
    this.#failed += failed;
    return await this.keep('done', signal);
  }

  /** Why the range can not be worked through; written with the state `failed`. */
  countBroken(why: RangeFailure): void {
    this.#book = { ...this.#book, failure: why };
  }

  /**
   * Writes the counters and renews the lease, or gives the range up where it is done or failed.
   * @returns false where it is lost: another worker has it, or may have it.
   */
  async keep(state: RangeState, signal: AbortSignal): Promise<boolean> {
    const { db, campaign, worker, clock, patience } = this.#of;
    let sentAt = clock.elapsed();
    const kept = await patience.ask(() => {
      sentAt = clock.elapsed();
      const at = clock.now();
      this.#book = moveBookmark(this.#book, this.cursor, at, this.#treated());
      return db.campaigns.progress(campaign, this.seq, worker, LEASE_SECONDS, {
        state,
        cursor: writeBookmark(this.#book),
        passed: this.#passed,
        rewritten: this.#rewritten,
        superseded: this.#superseded,
        failed: this.#failed,
        bytes: this.#bytes,
        updatedAt: at,
      });
    }, signal);
    if (kept) this.#renewedAt = sentAt;
    else this.#losing.abort();
    return kept;
  }

  /** Gives the range back as it stands, for any worker to go on. */
  async giveBack(signal: AbortSignal): Promise<void> {
    if (this.lost.aborted || !(await this.keep('waiting', signal))) return;
    const { db, campaign, worker, patience } = this.#of;
    await patience.ask(() => db.campaigns.release(campaign, this.seq, worker), signal);
  }

  #treated(): number {
    return this.#rewritten + this.#superseded;
  }
}
