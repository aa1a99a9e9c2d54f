import { type AppError, type ErrorCode, isAppError } from '../errors.ts';
import { isOfInstance } from '../lu/instances.ts';
import type { RangePage, StoredInstance, SystemDb } from '../systemdb/repositories.ts';
import type { ActiveNow } from './active.ts';
import type { Ahead } from './ahead.ts';
import type { HeldRange, HolderOf } from './held-range.ts';
import { isPassing } from './patience.ts';
import type { Throttle } from './throttle.ts';
import type { ActiveGeneration, Treatment } from './treatment.ts';
import { linked } from './signals.ts';
import { putFailure } from './failures.ts';
import type { Width } from './width.ts';

/** What the ranges that one worker has under way share. */
export interface Workshop extends HolderOf {
  readonly db: Pick<SystemDb, 'campaigns' | 'instances'>;
  readonly treatment: Treatment;
  readonly active: ActiveNow;
  readonly throttle: Throttle;
  readonly width: Width;
  readonly ahead: Ahead;
  /** Lets what was sealed go out before more is (see `takeTurns`). */
  readonly turn: () => Promise<void> | undefined;
  readonly tally: Tally;
  /** Says stop to all: finish what is in hand, and give the ranges back. */
  readonly stop: AbortSignal;
}

/** What a worker did since it began. */
export interface Tally {
  passed: number;
  rewritten: number;
  superseded: number;
  failed: number;
  /** Sealed bytes re-encrypted. */
  bytes: number;
}

/** Progress is written and the lease renewed this often. */
const BEAT_MS = 2_000;
const MAY_WRITE_AGAIN_MS = 100;
/** The database ends a page early where its bytes grow too many. */
const PAGE_INSTANCES = 256;
/**
 * Pages of a range that are read before they are needed: a node that reads one writes nothing meanwhile, and the worker has
 * others to seal. With more of them rows wait for so long that the collector takes them for lasting ones.
 */
const PAGES_AHEAD = 1;

/** What reading and writing a range may fail of while other ranges, or other LUs, can be worked through. */
const OF_RANGE: ReadonlySet<ErrorCode> = new Set(['DATABASE_CORRUPT', 'DATABASE_FAILED', 'DATABASE_LU_MISSING', 'DATABASE_PERMISSION_DENIED']);
/** Of these, what may be gone a moment later: nodes that come and go fail of much, and can not tell who may do what. */
const REFUSED: ReadonlySet<ErrorCode> = new Set(['DATABASE_FAILED', 'DATABASE_PERMISSION_DENIED']);
/** How often a request is sent that is refused so. */
const ATTEMPTS = 5;
/**
 * So long the data of a range is asked for in vain while the lease could be renewed; then the worker turns to others.
 * Longer than the part of a lease in which writes begin: where nothing answers, that ends first.
 */
const SILENT_MS = 30_000;

type Page = RangePage<StoredInstance>;

interface PageCount {
  readonly passed: number;
  readonly failed: number;
}

/** An instance as it is to be written. */
interface Sealed {
  readonly keyDescription: string;
  readonly sealed: Uint8Array;
  /** Its field values that are new, by the generation that they had. */
  readonly renewed: ReadonlyMap<string, number>;
}

/**
 * Works through a range from where it stands, and gives it up: done, failed, or (where it is to stop, or its data can
 * not be had now) as it stands.
 * @throws AppError what concerns more than this range: `LOCKED`, `DATABASE_*`, why the active generation can not be used.
 */
export async function workRange(shop: Workshop, held: HeldRange): Promise<void> {
  await new RangeWork(shop, held).run();
}

class RangeWork {
  readonly #shop: Workshop;
  readonly #held: HeldRange;
  readonly #halt = new AbortController();
  readonly #stop: AbortSignal;
  #fatal: { readonly error: unknown } | null = null;
  /** Why this range can not be worked through, now or at all. */
  #broken: AppError | null = null;
  /** Whether anything of it was treated. */
  #gotOn = false;
  /** The last page, once it is treated in full. It counts only as the range is given up as done: no cursor leads behind it. */
  #lastPage: PageCount | null = null;
  /** Whether every page until now was treated in full, once those under way are. */
  #whole: Promise<boolean> = Promise.resolve(true);

  constructor(shop: Workshop, held: HeldRange) {
    this.#shop = shop;
    this.#held = held;
    this.#stop = linked(shop.stop, held.lost, this.#halt.signal);
  }

  async run(): Promise<void> {
    const ended = new AbortController();
    const beats = this.#beat(ended.signal);
    try {
      await this.#pages();
    } catch (error) {
      // What was read before it is worked through all the same.
      if (!this.#stop.aborted && error !== this.#broken) this.#fail(error);
    }
    await this.#whole;
    ended.abort();
    await beats;
    await this.#giveUp().catch((error: unknown) => {
      // A lease that can not be given back ends by itself.
      if (!this.#shop.stop.aborted) this.#fail(error);
    });
    if (this.#fatal !== null) throw this.#fatal.error;
  }

  async #giveUp(): Promise<void> {
    const { putOff, stop } = this.#shop;
    const broken = this.#broken;
    if (this.#held.lost.aborted) return;
    if (this.#fatal !== null) await this.#held.giveBack(this.#stop);
    else if (this.#lastPage !== null) await this.#held.complete(this.#lastPage.passed, this.#lastPage.failed, stop);
    else if (broken === null) await this.#held.giveBack(stop);
    else if ((REFUSED.has(broken.code) || isPassing(broken)) && putOff.again(this.#held.seq, broken, this.#gotOn)) await this.#held.giveBack(stop);
    else {
      this.#held.countBroken({ code: broken.code, message: broken.message, remedy: broken.remedy });
      await this.#held.keep('failed', stop);
    }
  }

  /** Sets page after page going, until the end of the range or a stop. */
  async #pages(): Promise<void> {
    let last: Promise<Page | null> = this.#read(this.#held.cursor);
    const reads = [last];
    for (;;) {
      while (reads.length <= PAGES_AHEAD) {
        last = this.#readAfter(last);
        reads.push(last);
      }
      const page = (await reads.shift()) ?? null;
      if (this.#stop.aborted || page === null) return;
      const before = this.#whole;
      await this.#start(page);
      await before;
    }
  }

  /** The page after one that is being read itself; null after the last. */
  #readAfter(before: Promise<Page | null>): Promise<Page | null> {
    const read = before.then((page) => (page === null || page.cursor === null || this.#stop.aborted ? null : this.#read(page.cursor)));
    // Where a page before it stops the range, nobody waits for this one.
    read.catch(() => undefined);
    return read;
  }

  async #read(cursor: string | null): Promise<Page> {
    const { db, active, treatment } = this.#shop;
    const { description } = active.fresh ?? (await active.ask(this.#stop));
    const wanted = (keyDescription: string): boolean => treatment.wanted(keyDescription, description);
    return this.#ask(() => db.instances.scanRange(this.#held.range, { ...(cursor === null ? {} : { cursor }), limit: PAGE_INSTANCES, wanted }));
  }

  /** Sets the instances of a page going; they and the page before may still be under way when it returns. */
  async #start(page: Page): Promise<void> {
    const { ahead, turn, tally } = this.#shop;
    const underWay: Promise<boolean>[] = [this.#whole];
    const failures: StoredInstance[] = [];
    for (const stored of page.rows) {
      await ahead.enter(stored.bytes);
      if (this.#stop.aborted) {
        ahead.leave(stored.bytes);
        underWay.push(Promise.resolve(false));
        break;
      }
      underWay.push(this.#treat(stored, failures));
      const others = turn();
      if (others !== undefined) await others;
    }
    this.#whole = Promise.all(underWay).then((treated) => {
      if (treated.includes(false)) return false;
      if (page.cursor === null) this.#lastPage = { passed: page.passed, failed: failures.length };
      else this.#held.countPage(page.passed, failures.length, page.cursor);
      this.#gotOn = true;
      tally.passed += page.passed;
      return true;
    });
  }

  /** @returns whether it is dealt with, one way or another; false where the range stops or is lost first. */
  async #treat(stored: StoredInstance, failures: StoredInstance[]): Promise<boolean> {
    const { active, ahead, throttle, width } = this.#shop;
    let toBeWritten = false;
    // What is there at once is not awaited: an instance takes hundredths of a millisecond, and each wait has its share of them.
    try {
      let sealed = this.#seal(stored);
      if (sealed instanceof Promise) sealed = await sealed;
      if (sealed !== null) {
        const place = width.enter();
        if (place !== undefined) await place;
        ahead.leave(stored.bytes);
        toBeWritten = true;
      }
      // Only now: what is sealed already keeps to a limit that was set after it.
      const turn = throttle.pass(stored.bytes, this.#stop);
      if (turn !== undefined) await turn;
      if (this.#stop.aborted) return false;
      if (sealed === null) return true;
      // While it waited another generation may have become the active one.
      const { description } = active.fresh ?? (await active.ask(this.#stop));
      if (sealed.keyDescription !== description) sealed = await this.#seal(stored);
      return sealed === null || (await this.#rewrite(stored, sealed));
    } catch (error) {
      return await this.#failed(stored, error, failures);
    } finally {
      if (toBeWritten) width.leave();
      else ahead.leave(stored.bytes);
    }
  }

  /** @returns whether it was the instance's own failure, and is kept as such */
  async #failed(stored: StoredInstance, error: unknown, failures: StoredInstance[]): Promise<boolean> {
    try {
      if (!isOfInstance(error)) throw error;
      await this.#shop.throttle.pass(stored.bytes, this.#stop);
      await this.#putFailure(stored, error);
      failures.push(stored);
      this.#shop.tally.failed++;
      return true;
    } catch (worse) {
      if (worse === this.#broken) this.#halt.abort();
      else if (!this.#stop.aborted) this.#fail(worse);
      return false;
    }
  }

  /** Opens it and seals it anew, at once where it can. @returns null where it needs nothing */
  #seal(stored: StoredInstance): Sealed | null | Promise<Sealed | null> {
    const { active } = this.#shop;
    const generation = active.fresh;
    return generation === null ? active.ask(this.#stop).then((asked) => this.#sealUnder(stored, asked)) : this.#sealUnder(stored, generation);
  }

  #sealUnder(stored: StoredInstance, generation: ActiveGeneration): Sealed | null | Promise<Sealed | null> {
    const { treatment } = this.#shop;
    const { description: keyDescription } = generation;
    if (!treatment.wanted(stored.keyDescription, keyDescription)) return null;
    const renewed = new Map<string, number>();
    const resealed = treatment.reseal(stored, generation, renewed);
    const told = (sealed: Buffer | null): Sealed | null => (sealed === null ? null : { keyDescription, sealed, renewed });
    return resealed instanceof Promise ? resealed.then(told) : told(resealed);
  }

  async #rewrite(stored: StoredInstance, { keyDescription, sealed, renewed }: Sealed): Promise<boolean> {
    const { clock, db, tally, width } = this.#shop;
    const won = await this.#ask(async () => {
      while (!this.#held.mayWrite && !this.#held.lost.aborted && !this.#stop.aborted) await clock.sleep(MAY_WRITE_AGAIN_MS, this.#stop);
      if (!this.#held.mayWrite) return null;
      const sentAt = clock.elapsed();
      try {
        const won = await db.instances.rewrite(stored, { keyDescription, sealed });
        width.answered(clock.elapsed() - sentAt, sealed.length);
        return won;
      } catch (error) {
        if (isAppError(error) && error.code.startsWith('DATABASE_')) width.troubled();
        throw error;
      }
    });
    if (won === null) return false;
    this.#gotOn = true;
    if (won) {
      this.#held.countRewritten(sealed.length, renewed);
      tally.rewritten++;
      tally.bytes += sealed.length;
    } else {
      this.#held.countSuperseded();
      tally.superseded++;
    }
    return true;
  }

  async #putFailure(stored: StoredInstance, error: AppError): Promise<void> {
    const { db, campaign, clock, patience } = this.#shop;
    await patience.ask(() => putFailure(db, campaign, stored, error, clock.now()), this.#stop);
  }

  async #beat(ended: AbortSignal): Promise<void> {
    const over = linked(ended, this.#stop);
    for (;;) {
      await this.#shop.clock.sleep(BEAT_MS, over);
      if (over.aborted) return;
      try {
        await this.#held.keep('waiting', over);
      } catch (error) {
        if (!over.aborted) this.#fail(error);
      }
    }
  }

  /**
   * Asks for data of the range. What fails for good, or does not answer for long while the lease can be renewed, breaks
   * the range and not the worker; where nothing answers at all, that is waited for as long as it lasts.
   */
  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return this.#shop.patience.answered(await ask());
    } catch (error) {
      return await this.#askAgain(error, ask);
    }
  }

  #askAgain<T>(failure: unknown, ask: () => Promise<T>): Promise<T> {
    const { clock, patience } = this.#shop;
    let attempts = 0;
    let silentSince: number | null = null;
    const again = (error: AppError): boolean => {
      if (REFUSED.has(error.code)) return ++attempts < ATTEMPTS;
      if (!isPassing(error)) return false;
      silentSince = this.#held.mayWrite ? (silentSince ?? clock.elapsed()) : null;
      return silentSince === null || clock.elapsed() - silentSince < SILENT_MS;
    };
    return patience.askAgain(failure, ask, this.#stop, again).catch((error: unknown) => {
      if (this.#stop.aborted || !isAppError(error) || !(OF_RANGE.has(error.code) || isPassing(error))) throw error;
      this.#broken ??= error;
      throw this.#broken;
    });
  }

  #fail(error: unknown): void {
    this.#fatal ??= { error };
    this.#halt.abort();
  }
}
