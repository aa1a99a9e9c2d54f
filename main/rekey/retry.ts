import { randomUUID } from 'node:crypto';
import { AppError } from '../errors.ts';
import { isOfInstance } from '../lu/instances.ts';
import type { CampaignFailure, CampaignState, StoredInstance } from '../systemdb/repositories.ts';
import { ActiveNow } from './active.ts';
import { readBookmark, reopenedBookmark, writeBookmark } from './bookmark.ts';
import { type Campaign, type CampaignOutcome, getCampaign, type RetriedTally } from './campaign.ts';
import { systemClock } from './clock.ts';
import { decidedAlone, refuseOverlap, retryHolder, retryLease } from './create.ts';
import { failurePages, putFailure } from './failures.ts';
import { prove } from './finish.ts';
import { type HeldLeases, keepLeases } from './lease.ts';
import { Patience } from './patience.ts';
import { type CampaignRun, treatmentOf } from './run.ts';
import { linked } from './signals.ts';
import type { Treatment } from './treatment.ts';

export interface RetryResult {
  /** `running` where ranges are to be worked through again: run the campaign then. */
  readonly state: CampaignState;
  readonly retried: number;
  readonly rewritten: number;
  /** Removed, or saved meanwhile, so that it no longer needs it. */
  readonly unneeded: number;
  readonly failed: number;
}

export interface Retry extends Omit<CampaignRun, 'worker' | 'onProgress'> {
  readonly onProgress?: (progress: { readonly done: number; readonly failed: number }) => void;
}

const ENDED: readonly CampaignState[] = ['done', 'failed', 'cancelled'];
const LEASE_SECONDS = 60;
const NOTHING: RetriedTally = { rewritten: 0, superseded: 0, bytes: 0, settled: 0, renewed: {} };

/**
 * Tries again what an ended campaign left as it was: each failure by itself, which leaves the list where it succeeds or
 * no longer needs it; and ranges that failed are opened again. A campaign that is `done` gets a new proof. Meanwhile no
 * campaign over one of its LUs begins. What is done before it stops stays, and counts.
 * @throws AppError `REKEY_UNKNOWN`, `REKEY_STATE` (it has not ended, or a retry of it runs), `REKEY_OVERLAPS` (another
 *   campaign works on one of its LUs, or is retried), `REKEY_GENERATION_UNREADABLE` (this process can not use one that is
 *   needed), `CANCELLED`, `LOCKED`, `DATABASE_*`
 */
export async function retryCampaign(retry: Retry): Promise<RetryResult> {
  const { db, id, clock = systemClock } = retry;
  const holder = retryHolder(id, randomUUID());
  const campaign = await begin(retry, holder);
  const held: HeldLeases = { db, names: campaign.params.lus.map(retryLease), holder, seconds: LEASE_SECONDS, clock };
  const over = new AbortController();
  const lost = new AbortController();
  const renewing = keepLeases(held, over.signal, lost);
  try {
    return await new RetryWork(retry, campaign, lost.signal).run();
  } finally {
    over.abort();
    await renewing;
    await giveBack(held);
  }
}

async function begin({ db, id, clock = systemClock }: Retry, holder: string): Promise<Campaign> {
  return decidedAlone(db, async () => {
    const campaign = await getCampaign(db, id);
    const { lus } = campaign.params;
    if (!ENDED.includes(campaign.record.state)) throw refused(id, campaign.record.state);
    await refuseOverlap(db, lus, id);
    const names = lus.map(retryLease);
    const taken = await Promise.all(names.map((name) => db.leases.acquire(name, holder, LEASE_SECONDS)));
    if (taken.every(Boolean)) return campaign;
    await giveBack({ db, names, holder, seconds: LEASE_SECONDS, clock });
    throw refused(id, 'being retried');
  });
}

/** Leases that can not be given back end by themselves. */
async function giveBack({ db, names, holder }: HeldLeases): Promise<void> {
  await Promise.all(names.map((name) => db.leases.release(name, holder).catch(() => undefined)));
}

class RetryWork {
  readonly #retry: Retry;
  readonly #campaign: Campaign;
  readonly #treatment: Treatment;
  readonly #active: ActiveNow;
  readonly #patience: Patience;
  readonly #lost: AbortSignal;
  readonly #stop: AbortSignal;
  readonly #counts = { retried: 0, rewritten: 0, unneeded: 0, failed: 0 };
  readonly #renewed = new Map<string, number>();
  #bytes = 0;

  constructor(retry: Retry, campaign: Campaign, lost: AbortSignal) {
    const { keys, clock = systemClock, signal } = retry;
    this.#retry = retry;
    this.#campaign = campaign;
    this.#treatment = treatmentOf(keys, campaign);
    this.#patience = new Patience(clock, () => undefined);
    this.#active = new ActiveNow(keys, clock, this.#patience);
    this.#lost = lost;
    this.#stop = signal === undefined ? lost : linked(signal, lost);
  }

  async run(): Promise<RetryResult> {
    const { db, id } = this.#retry;
    try {
      await this.#failures();
      await this.#end();
    } catch (error) {
      const { rewritten, unneeded } = this.#counts;
      const settled = (this.#campaign.outcome?.retried?.settled ?? 0) + rewritten + unneeded;
      await this.#keep(this.#tally(settled)).catch(() => undefined);
      throw error;
    }
    return { ...this.#counts, state: (await getCampaign(db, id)).record.state };
  }

  async #failures(): Promise<void> {
    const { db, id, onProgress } = this.#retry;
    for await (const page of failurePages(db, id)) {
      for (const failure of page) {
        if (this.#stop.aborted) throw this.#stopped();
        this.#counts[await this.#patience.ask(() => this.#one(failure), this.#stop)]++;
        this.#counts.retried++;
        onProgress?.({ done: this.#counts.retried, failed: this.#counts.failed });
      }
    }
  }

  async #one(failure: CampaignFailure): Promise<'rewritten' | 'unneeded' | 'failed'> {
    const { db, id, clock = systemClock } = this.#retry;
    for (;;) {
      const generation = this.#active.fresh ?? (await this.#active.ask(this.#stop));
      const stored: StoredInstance | null = await db.instances.get(failure.lu, failure.id);
      const needs = stored !== null && this.#treatment.wanted(stored.keyDescription, generation.description);
      const renewed = new Map<string, number>();
      try {
        const sealed = needs ? await this.#treatment.reseal(stored, generation, renewed) : null;
        // Where a save won, what it left is looked at again.
        if (sealed !== null && stored !== null && !(await db.instances.rewrite(stored, { keyDescription: generation.description, sealed }))) continue;
        // Asked again by itself: the whole anew would find an instance that needs it no longer.
        await this.#patience.ask(() => db.campaigns.removeFailure(id, failure.lu, failure.id), this.#stop);
        if (sealed === null) return 'unneeded';
        this.#bytes += sealed.length;
        for (const [keyDescription, values] of renewed) this.#renewed.set(keyDescription, (this.#renewed.get(keyDescription) ?? 0) + values);
        return 'rewritten';
      } catch (error) {
        if (stored === null || !isOfInstance(error)) throw error;
        await putFailure(db, id, stored, error, clock.now());
        return 'failed';
      }
    }
  }

  async #end(): Promise<void> {
    const { db, keys, clock = systemClock } = this.#retry;
    const campaign = this.#campaign;
    const { state } = campaign.record;
    if (state === 'failed') return this.#goOn();
    const counted = (await db.campaigns.ranges(campaign.record.id)).reduce((sum, range) => sum + range.failed, 0);
    const tally = this.#tally(counted - this.#counts.failed);
    if (state !== 'done') return void (await this.#keep(tally));
    const proof = await prove({ db, keys, campaign, treatment: this.#treatment, clock, stop: this.#stop }, this.#stop, tally);
    if (proof === null) throw this.#stopped();
    await this.#set('done', proof);
  }

  /** Sets a failed campaign running, with the ranges that failed opened again. */
  async #goOn(): Promise<void> {
    const { db, id, clock = systemClock } = this.#retry;
    await decidedAlone(db, async () => {
      if (this.#stop.aborted) throw this.#stopped();
      await refuseOverlap(db, this.#campaign.params.lus, id);
      const ranges = await db.campaigns.ranges(id);
      const again = ranges.filter(({ state }) => state === 'failed');
      const counted = ranges.reduce((sum, range) => sum + (range.state === 'failed' ? 0 : range.failed), 0);
      // What failed again in a range that is opened again is met there once more.
      const tally = this.#tally(counted - (again.length === 0 ? this.#counts.failed : Math.min(counted, this.#counts.failed)));
      const at = clock.now();
      await db.campaigns.reopen(id, again.map(({ seq, cursor, rewritten, superseded }) => ({ seq, cursor: writeBookmark(reopenedBookmark(readBookmark(cursor), at, rewritten + superseded)) })));
      if (!(await this.#set('running', this.#withRetried(tally)))) throw refused(id, 'changed by another process');
    });
  }

  /** All that retries did until now, this one included. */
  #tally(settled: number): RetriedTally {
    const before = this.#campaign.outcome?.retried ?? NOTHING;
    const renewed = { ...before.renewed };
    for (const [keyDescription, values] of this.#renewed) renewed[keyDescription] = (renewed[keyDescription] ?? 0) + values;
    const { rewritten, unneeded } = this.#counts;
    return { rewritten: before.rewritten + rewritten, superseded: before.superseded + unneeded, bytes: before.bytes + this.#bytes, settled, renewed };
  }

  async #keep(tally: RetriedTally): Promise<void> {
    await this.#set(this.#campaign.record.state, this.#withRetried(tally));
  }

  #withRetried(retried: RetriedTally): CampaignOutcome {
    const { outcome } = this.#campaign;
    return outcome === null ? { kind: 'retried', at: (this.#retry.clock ?? systemClock).now(), retried } : { ...outcome, retried };
  }

  #set(to: CampaignState, outcome: CampaignOutcome): Promise<boolean> {
    const { db, id, clock = systemClock } = this.#retry;
    return db.campaigns.setState(id, [this.#campaign.record.state], to, clock.now(), JSON.stringify(outcome));
  }

  #stopped(): AppError {
    const { retried } = this.#counts;
    if (this.#lost.aborted) {
      return new AppError(
        'DATABASE_TIMEOUT',
        `The system database did not renew this retry's claim on its LUs for a minute, so it stopped after ${retried} instances: others may begin a campaign now. What was done before stays as it is.`,
        'Retry the campaign to go on.',
      );
    }
    return new AppError('CANCELLED', `The retry was cancelled after ${retried} instances. What was done before stays as it is.`, 'Retry the campaign to go on.');
  }
}

function refused(id: string, state: string): AppError {
  return new AppError('REKEY_STATE', `Campaign ${id} is ${state}, so its failures can not be retried now. Nothing was changed.`, 'Retry it when it has ended.', { details: { id, state } });
}
