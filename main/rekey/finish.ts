/** The end of a campaign: a second count, and what it found. */
import { takeCensus } from '../census/take.ts';
import type { CensusResult } from '../census/result.ts';
import { AppError, isAppError } from '../errors.ts';
import type { InstanceKeys } from '../lu/keys.ts';
import type { CampaignRange, SystemDb } from '../systemdb/repositories.ts';
import { readBookmark } from './bookmark.ts';
import type { Campaign, CampaignOutcome, Proof, RetriedTally } from './campaign.ts';
import type { Clock } from './clock.ts';
import { dropSettled, failurePages } from './failures.ts';
import { countFieldValues } from './field-count.ts';
import type { FieldProof } from './field-ref.ts';
import { keepLeases } from './lease.ts';
import { isPassing, type Patience } from './patience.ts';
import { linked } from './signals.ts';
import type { Treatment } from './treatment.ts';

export interface Finish {
  readonly db: Pick<SystemDb, 'info' | 'instances' | 'jobs' | 'censuses' | 'campaigns' | 'leases'>;
  readonly keys: InstanceKeys;
  readonly campaign: Campaign;
  /** What the campaign does to an instance: tells which failures are none any more. */
  readonly treatment: Treatment;
  readonly worker: string;
  readonly clock: Clock;
  readonly patience: Patience;
  readonly stop: AbortSignal;
}

const LEASE_SECONDS = 30;
const WAIT_MS = 1_000;
/** A count that misses a part of an LU proves nothing; the part may be back at the next try. */
const COUNTS = 5;
const RECOUNT_MS = 10_000;

/**
 * Ends a campaign whose ranges all ended, by one process at a time; returns when it is ended (by whomever), or is no
 * more `running`, or the signal says stop.
 */
export async function finishCampaign(finish: Finish): Promise<void> {
  const { db, campaign, worker, clock, patience, stop } = finish;
  const { id } = campaign.record;
  const lease = `rekey:end:${id}`;
  while (!stop.aborted && (await patience.ask(() => db.campaigns.get(id), stop))?.state === 'running') {
    if (!(await patience.ask(() => db.leases.acquire(lease, worker, LEASE_SECONDS), stop))) {
      await clock.sleep(WAIT_MS, stop);
      continue;
    }
    const over = new AbortController();
    const lost = new AbortController();
    const renewing = keepLeases({ db, names: [lease], holder: worker, seconds: LEASE_SECONDS, clock }, over.signal, lost);
    try {
      await end(finish, linked(stop, lost.signal));
    } catch (error) {
      // The database was away for longer than the lease lasts: that is waited for, and the count begun anew.
      if (stop.aborted || !lost.signal.aborted || !isPassing(error)) throw error;
    } finally {
      over.abort();
      await renewing;
      await db.leases.release(lease, worker).catch(() => undefined);
    }
  }
}

/**
 * Counts the campaign's LUs anew and says what is left under `from`; of a campaign over fields, what its columns hold.
 * Failures that are none any more leave the list.
 * @param retried what retries did until now.
 * @returns null where the signal stopped it.
 * @throws AppError `DATABASE_*` where a part of an LU could not be counted in several tries; `REKEY_GENERATION_UNREADABLE`.
 */
export async function prove(
  { db, keys, campaign, treatment, clock }: Omit<Finish, 'worker' | 'patience'>,
  signal: AbortSignal,
  retried: RetriedTally | undefined = campaign.outcome?.retried,
): Promise<Proof | null> {
  const { lus, from, fields } = campaign.params;
  const census = await countAll(db, clock, lus, signal);
  if (census === null) return null;
  await dropSettled({ db, campaign: campaign.record.id, treatment, active: () => keys.active(), signal });
  const ranges = await db.campaigns.ranges(campaign.record.id);
  const failed = await failedByGeneration(db, campaign.record.id);
  const failures = failed.reduce((sum, { instances }) => sum + instances, 0);
  const found = fields === undefined ? undefined : await proveFields({ db, keys, params: { ...campaign.params, fields }, ranges, retried, failed }, signal);
  if (found === null || signal.aborted) return null;
  const left = fields === undefined ? census.rows.filter((row) => from.includes(row.keyDescription) && row.instances > 0) : [];
  return {
    kind: 'proof',
    at: census.endedAt,
    proven: fields === undefined && left.length === 0,
    left,
    failures,
    census: census.id,
    counted: census.total,
    rewritten: ranges.reduce((sum, range) => sum + range.rewritten, retried?.rewritten ?? 0),
    superseded: ranges.reduce((sum, range) => sum + range.superseded, retried?.superseded ?? 0),
    ...(found === undefined ? {} : { fields: found }),
    ...(retried === undefined ? {} : { retried }),
  };
}

interface FieldsToProve extends Pick<Finish, 'keys'> {
  readonly db: Pick<SystemDb, 'instances'>;
  readonly params: Parameters<typeof countFieldValues>[2];
  readonly ranges: readonly CampaignRange[];
  readonly retried: RetriedTally | undefined;
  readonly failed: FieldProof['failed'];
}

/** @returns null where the signal stopped it. @throws AppError `LOCKED`, `DATABASE_*`, why the active generation can not be used */
async function proveFields({ db, keys, params, ranges, retried, failed }: FieldsToProve, signal: AbortSignal): Promise<FieldProof | null> {
  const counts = await countFieldValues(db, keys, params, signal);
  if (counts === null) return null;
  const { description } = await keys.active();
  const { columns, unread } = counts;
  const renewed = summed([...ranges.flatMap(({ cursor }) => Object.entries(readBookmark(cursor)?.renewed ?? {})), ...Object.entries(retried?.renewed ?? {})]);
  return {
    columns: [...columns],
    left: columns.reduce((sum, { keyDescription, values }) => sum + (keyDescription === description ? 0 : values), 0),
    unread,
    renewed: renewed.map(([keyDescription, values]) => ({ keyDescription, values })),
    failed,
  };
}

async function failedByGeneration(db: Pick<SystemDb, 'campaigns'>, id: string): Promise<FieldProof['failed']> {
  const sums = new Map<string, number>();
  for await (const page of failurePages(db, id)) for (const { keyDescription } of page) sums.set(keyDescription, (sums.get(keyDescription) ?? 0) + 1);
  return summed([...sums]).map(([keyDescription, instances]) => ({ keyDescription, instances }));
}

function summed(entries: readonly (readonly [string, number])[]): [string, number][] {
  const sums = new Map<string, number>();
  for (const [name, number] of entries) sums.set(name, (sums.get(name) ?? 0) + number);
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
}

async function end(finish: Finish, signal: AbortSignal): Promise<void> {
  const { db, campaign, clock, patience, stop } = finish;
  const { id } = campaign.record;
  const ranges = await patience.ask(() => db.campaigns.ranges(id), signal);
  const failed = ranges.filter(({ state }) => state === 'failed');
  const why = failed.map(({ cursor }) => readBookmark(cursor)?.failure).find((failure) => failure !== undefined);
  let outcome: CampaignOutcome | null;
  if (failed.length > 0) {
    const message = `${failed.length} of ${ranges.length} ranges could not be worked through; their instances that are not re-encrypted stay readable under their old generation. ${why?.message ?? ''}`.trim();
    outcome = { kind: 'failure', at: clock.now(), code: why?.code ?? 'DATABASE_FAILED', message, remedy: why?.remedy ?? 'Retry the campaign.', ranges: failed.map(({ seq }) => seq) };
  } else {
    outcome = await patience.ask(() => proofOrFailure(finish, signal), signal);
  }
  if (outcome === null) return;
  const retried = campaign.outcome?.retried;
  const text = JSON.stringify(retried === undefined ? outcome : { ...outcome, retried });
  await patience.ask(() => db.campaigns.setState(id, ['running'], outcome.kind === 'proof' ? 'done' : 'failed', clock.now(), text), stop);
}

async function proofOrFailure(finish: Finish, signal: AbortSignal): Promise<CampaignOutcome | null> {
  try {
    return await prove(finish, signal);
  } catch (error) {
    if (!isAppError(error, 'DATABASE_FAILED') && !isAppError(error, 'DATABASE_CORRUPT')) throw error;
    return { kind: 'failure', at: finish.clock.now(), code: error.code, message: error.message, remedy: error.remedy, ranges: [] };
  }
}

async function countAll(db: Finish['db'], clock: Clock, lus: readonly string[], signal: AbortSignal): Promise<CensusResult | null> {
  for (let count = 1; !signal.aborted; count++) {
    let census: CensusResult;
    try {
      census = await takeCensus({ db, lus, signal, now: clock.now });
    } catch (error) {
      if (isAppError(error, 'CANCELLED')) return null;
      throw error;
    }
    const [gap] = census.notCovered;
    if (gap === undefined) return census;
    if (count === COUNTS) {
      throw new AppError(
        'DATABASE_FAILED',
        `Every range was worked through, but the second count missed ${census.notCovered.length} parts (${gap.code}), so it proves nothing. What was re-encrypted stays so.`,
        'Look after the database, then retry the campaign: only the count is done again.',
        { details: { parts: census.notCovered.length, code: gap.code } },
      );
    }
    await clock.sleep(RECOUNT_MS, signal);
  }
  return null;
}
