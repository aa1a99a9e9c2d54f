import { randomInt } from 'node:crypto';
import type { CampaignRange } from '../systemdb/repositories.ts';
import { readBookmark } from './bookmark.ts';
import { HeldRange, type HolderOf, LEASE_SECONDS } from './held-range.ts';
import { linked } from './signals.ts';

/** Others claim and finish meanwhile: a claim finds that out, and a list that misled once is renewed where it is older than this. */
const LIST_MS = 1_000;
/** A campaign of many thousands of ranges is listed less often, so that listing takes one part in so many of the time; a list never serves longer than the second figure. */
const LIST_SHARE = 20;
const LONGEST_LIST_MS = 5_000;
const BUSY_MS = 1_000;

/** Hands out the ranges of a campaign to one worker, each to one of its lanes at a time. */
export class Claims {
  readonly #of: HolderOf;
  readonly #stop: AbortSignal;
  readonly #held = new Set<number>();
  #ranges: readonly CampaignRange[] = [];
  #listedAt = -Infinity;
  #listingTook = 0;
  #listing: Promise<void> | null = null;
  /** Ranges that lanes gave up since they were listed: what the list says of them is out of date. */
  readonly #givenUp = new Set<number>();
  #given = new AbortController();

  constructor(of: HolderOf, stop: AbortSignal) {
    this.#of = of;
    this.#stop = stop;
  }

  /** Workers that had ranges when they were last listed, this one included. */
  get workers(): number {
    const others = new Set(this.#ranges.map(({ worker }) => worker));
    others.delete(null);
    others.delete(this.#of.worker);
    return others.size + 1;
  }

  /** @returns `busy` where others, or other lanes, hold all that is left; `ended` where nothing is left. */
  async next(): Promise<HeldRange | 'busy' | 'ended'> {
    const { db, campaign, worker, clock, patience } = this.#of;
    // Who lost a race for a range tries another, and no range twice.
    const lost = new Set<number>();
    // What another worker left comes first, and its lease may have ended since.
    if (this.#age >= LEASE_SECONDS * 1000) await this.#listAnew();
    for (let listed = false; ; ) {
      const left = this.#ranges.filter(({ seq, state }) => state === 'waiting' && !this.#givenUp.has(seq));
      const range = this.#choose(left.filter(({ seq }) => !lost.has(seq)));
      if (this.#stop.aborted) return 'busy';
      if (range === null) {
        if (listed && this.#givenUp.size === 0) return left.length === 0 ? 'ended' : 'busy';
        await (this.#givenUp.size === 0 ? this.list() : this.#listAnew());
        listed = true;
        continue;
      }
      this.#held.add(range.seq);
      let claimed: CampaignRange | null = null;
      try {
        let sentAt = 0;
        claimed = await patience.ask(() => {
          sentAt = clock.elapsed();
          return db.campaigns.claim(campaign, range.seq, worker, LEASE_SECONDS);
        }, this.#stop);
        // Not as it was listed: another may have had it since, and given it back.
        if (claimed !== null) return new HeldRange(this.#of, claimed, sentAt);
      } finally {
        if (claimed === null) this.#held.delete(range.seq);
      }
      lost.add(range.seq);
      await this.list();
    }
  }

  /** After `busy`: waits a moment, or until a lane of this worker gave a range up. */
  async wait(): Promise<void> {
    await this.#of.clock.sleep(BUSY_MS, linked(this.#stop, this.#given.signal));
  }

  /** The lane is through with the range, however it ended. */
  giveUp(seq: number): void {
    this.#held.delete(seq);
    this.#givenUp.add(seq);
    this.#given.abort();
    this.#given = new AbortController();
  }

  /** Lists the ranges, where that is a while ago. */
  async list(): Promise<void> {
    const serves = Math.max(LIST_MS, Math.min(LIST_SHARE * this.#listingTook, LONGEST_LIST_MS));
    if (this.#age >= serves) await this.#listAnew();
  }

  /** Milliseconds since the ranges were listed. */
  get #age(): number {
    return this.#of.clock.elapsed() - this.#listedAt;
  }

  #listAnew(): Promise<void> {
    this.#listing ??= this.#list().finally(() => {
      this.#listing = null;
    });
    return this.#listing;
  }

  async #list(): Promise<void> {
    const { db, campaign, clock, patience } = this.#of;
    const givenUp = [...this.#givenUp];
    let sentAt = 0;
    this.#ranges = await patience.ask(() => {
      sentAt = clock.elapsed();
      return db.campaigns.ranges(campaign);
    }, this.#stop);
    for (const seq of givenUp) this.#givenUp.delete(seq);
    this.#listedAt = clock.elapsed();
    this.#listingTook = this.#listedAt - sentAt;
  }

  /**
   * What was begun and left comes first; else any, so that workers seldom meet at one. Ranges that were put off come
   * after all others, in turn.
   */
  #choose(left: readonly CampaignRange[]): CampaignRange | null {
    const free = left.filter(({ seq, worker }) => (worker === null || worker === this.#of.worker) && !this.#held.has(seq));
    const times = ({ seq }: CampaignRange): number => this.#of.putOff.times(seq);
    const least = free.reduce((fewest, range) => Math.min(fewest, times(range)), Infinity);
    const next = free.filter((range) => times(range) === least);
    if (next.length === 0) return null;
    // One that was given back untouched has a bookmark, but no place in it.
    return next.find(({ cursor }) => readBookmark(cursor)?.cursor != null) ?? next[randomInt(next.length)] ?? null;
  }
}
