import { randomUUID } from 'node:crypto';
import { AppError } from '../errors.ts';
import { isOfInstance } from '../lu/instances.ts';
import type { CampaignFailure, CampaignState, StoredInstance } from '../systemdb/repositories.ts';
import { ActiveNow } from './active.ts';
import { type Campaign, getCampaign } from './campaign.ts';
import { systemClock } from './clock.ts';
import { refuseOverlap } from './create.ts';
import { failurePages, putFailure } from './failures.ts';
import { prove } from './finish.ts';
import { Patience } from './patience.ts';
import { type CampaignRun, treatmentOf } from './run.ts';
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
const RENEW_MS = 10_000;

/**
 * Tries again what an ended campaign left as it was: each failure by itself, which leaves the list where it succeeds or
 * no longer needs it; and ranges that failed are opened again. A campaign that is `done` gets a new proof.
 * @throws AppError `REKEY_UNKNOWN`, `REKEY_STATE` (it has not ended, or a retry of it runs), `REKEY_OVERLAPS` (another
 *   campaign works on one of its LUs), `CANCELLED`, `LOCKED`, `DATABASE_*`
 */
export async function retryCampaign(retry: Retry): Promise<RetryResult> {
  const { db, id, clock = systemClock } = retry;
  const campaign = await getCampaign(db, id);
  if (!ENDED.includes(campaign.record.state)) throw refused(id, campaign.record.state);
  await refuseOverlap(db, campaign.params.lus, id);
  const lease = `rekey:retry:${id}`;
  const holder = randomUUID();
  if (!(await db.leases.acquire(lease, holder, LEASE_SECONDS))) throw refused(id, 'being retried');
  const renewing = setInterval(() => void db.leases.acquire(lease, holder, LEASE_SECONDS).catch(() => undefined), RENEW_MS);
  try {
    const counts = await retryFailures(retry, campaign);
    const failedRanges = (await db.campaigns.ranges(id)).filter(({ state }) => state === 'failed').map(({ seq }) => seq);
    if (campaign.record.state === 'failed') {
      await db.campaigns.reopen(id, failedRanges);
      await db.campaigns.setState(id, ['failed'], 'running', clock.now());
    } else if (campaign.record.state === 'done') {
      const stop = retry.signal ?? new AbortController().signal;
      const proof = await prove({ db, keys: retry.keys, campaign, clock, stop }, stop);
      if (proof !== null) await db.campaigns.setState(id, ['done'], 'done', clock.now(), JSON.stringify(proof));
    }
    return { ...counts, state: (await getCampaign(db, id)).record.state };
  } finally {
    clearInterval(renewing);
    await db.leases.release(lease, holder).catch(() => undefined);
  }
}

async function retryFailures(retry: Retry, campaign: Campaign): Promise<Omit<RetryResult, 'state'>> {
  const { db, id, keys, signal, clock = systemClock } = retry;
  const treatment = treatmentOf(keys, campaign);
  const patience = new Patience(clock, () => undefined);
  const active = new ActiveNow(keys, clock, patience);
  const stop = signal ?? new AbortController().signal;
  const counts = { retried: 0, rewritten: 0, unneeded: 0, failed: 0 };
  for await (const page of failurePages(db, id)) {
    for (const failure of page) {
      if (stop.aborted) {
        throw new AppError('CANCELLED', `The retry was cancelled after ${counts.retried} instances. What was done before stays as it is.`, 'Retry the campaign to go on.');
      }
      counts[await patience.ask(() => retryOne(retry, treatment, active, failure, stop), stop)]++;
      counts.retried++;
      retry.onProgress?.({ done: counts.retried, failed: counts.failed });
    }
  }
  return counts;
}

async function retryOne({ db, id, clock = systemClock }: Retry, treatment: Treatment, active: ActiveNow, failure: CampaignFailure, stop: AbortSignal): Promise<'rewritten' | 'unneeded' | 'failed'> {
  for (;;) {
    const generation = active.fresh ?? (await active.ask(stop));
    const stored: StoredInstance | null = await db.instances.get(failure.lu, failure.id);
    const needs = stored !== null && treatment.wanted(stored.keyDescription, generation.description);
    try {
      const sealed = needs ? await treatment.reseal(stored, generation) : null;
      // Where a save won, what it left is looked at again.
      if (sealed !== null && stored !== null && !(await db.instances.rewrite(stored, { keyDescription: generation.description, sealed }))) continue;
      await db.campaigns.removeFailure(id, failure.lu, failure.id);
      return sealed === null ? 'unneeded' : 'rewritten';
    } catch (error) {
      if (stored === null || !isOfInstance(error)) throw error;
      await putFailure(db, id, stored, error, clock.now());
      return 'failed';
    }
  }
}

function refused(id: string, state: string): AppError {
  return new AppError('REKEY_STATE', `Campaign ${id} is ${state}, so its failures can not be retried now. Nothing was changed.`, 'Retry it when it has ended.', { details: { id, state } });
}
