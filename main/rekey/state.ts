import type { CampaignRange, CampaignState, SystemDb } from '../systemdb/repositories.ts';
import { RATE_WINDOW_MS, rateOf, readBookmark } from './bookmark.ts';
import { type Campaign, type CampaignLimits, type CampaignOutcome, type CampaignParams, getCampaign } from './campaign.ts';

/** A range as the progress picture shows it. */
export interface RangePicture {
  readonly seq: number;
  readonly lu: string;
  readonly state: 'waiting' | 'running' | 'done' | 'failed';
  /** Instances looked at. */
  readonly passed: number;
  readonly rewritten: number;
  readonly superseded: number;
  readonly failed: number;
  readonly worker: string | null;
  /** Addresses of the replicas, the primary first; empty where the database is one file. */
  readonly nodes: readonly string[];
  readonly updatedAt: number;
}

export interface WorkerPicture {
  readonly worker: string;
  /** Ranges that it holds. */
  readonly ranges: number;
  /** When it last wrote progress: where that is long ago, it waits for the cluster or is gone. */
  readonly lastBeat: number;
}

export interface CampaignStatus {
  readonly id: string;
  readonly state: CampaignState;
  /**
   * Instances that no longer need it, of `total`. While it runs a worker that was killed leaves up to a few seconds of
   * its work uncounted; the second count at the end sets that right.
   */
  readonly done: number;
  readonly total: number;
  readonly failed: number;
  /** Instances a second over the last minute. */
  readonly rate: number;
  /** Instances that still need it, without the failed ones. */
  readonly left: number;
  /** null while there is no rate to tell it from. */
  readonly secondsLeft: number | null;
  /** Sealed bytes re-encrypted. */
  readonly bytes: number;
  readonly ranges: readonly RangePicture[];
  readonly workers: readonly WorkerPicture[];
  readonly params: CampaignParams;
  readonly limits: CampaignLimits;
  readonly outcome: CampaignOutcome | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/**
 * Where a campaign stands, from its records alone: the same on every machine.
 * @throws AppError `REKEY_UNKNOWN`, `DATABASE_*`
 */
export async function campaignStatus(db: Pick<SystemDb, 'campaigns'>, id: string, now: number = Date.now()): Promise<CampaignStatus> {
  const campaign = await getCampaign(db, id);
  return statusOf(campaign, await db.campaigns.ranges(id), now);
}

/** As {@link campaignStatus}, from records already read. */
export function statusOf(campaign: Campaign, ranges: readonly CampaignRange[], now: number): CampaignStatus {
  const { record, params, limits, outcome } = campaign;
  const total = params.planned.instances;
  const { done, failed } = counted(campaign, ranges);
  const left = Math.max(0, total - done - failed);
  const rate = record.state === 'running' ? rateNow(ranges, now) : 0;
  return {
    id: record.id,
    state: record.state,
    done,
    total,
    failed,
    rate,
    left,
    secondsLeft: record.state !== 'running' || rate === 0 ? null : Math.ceil(left / rate),
    bytes: sum(ranges, (range) => range.bytes) + (outcome?.retried?.bytes ?? 0),
    ranges: ranges.map(picture),
    workers: workersOf(ranges),
    params,
    limits,
    outcome,
    createdAt: record.createdAt,
    updatedAt: ranges.reduce((at, range) => Math.max(at, range.updatedAt), record.updatedAt),
  };
}

/**
 * Of a proof, else of the ranges and the retries. The list of failures is not read for it: it may be long, and pages ask
 * every second.
 */
function counted({ params, outcome }: Campaign, ranges: readonly CampaignRange[]): { done: number; failed: number } {
  const total = params.planned.instances;
  const overFields = params.fields !== undefined;
  let failed: number;
  let reached: number;
  if (outcome?.kind === 'proof') {
    failed = outcome.failures;
    reached = total - (overFields ? failed : outcome.left.reduce((instances, row) => instances + row.instances, 0));
  } else {
    const { rewritten = 0, superseded = 0, settled = 0 } = outcome?.retried ?? {};
    failed = Math.max(0, sum(ranges, (range) => range.failed) - settled);
    reached = overFields ? sum(ranges, (range) => range.passed) - failed : sum(ranges, treatedIn) + rewritten + superseded;
  }
  return { done: Math.min(total, Math.max(0, reached)), failed };
}

function rateNow(ranges: readonly CampaignRange[], now: number): number {
  const books = ranges.filter((range) => now - range.updatedAt <= RATE_WINDOW_MS).map((range) => ({ range, book: readBookmark(range.cursor) }));
  const rate = books.reduce((perSecond, { range, book }) => perSecond + rateOf(book, treatedIn(range), range.updatedAt, now), 0);
  // In its first minute a campaign has less than a window behind it.
  const begun = Math.min(now, ...books.flatMap(({ book }) => (book === null ? [] : [book.since.at])));
  const behind = Math.min(RATE_WINDOW_MS, Math.max(1, now - begun));
  return (rate * RATE_WINDOW_MS) / behind;
}

function treatedIn(range: CampaignRange): number {
  return range.rewritten + range.superseded;
}

function picture({ seq, range, state, passed, rewritten, superseded, failed, worker, updatedAt }: CampaignRange): RangePicture {
  const shown = state === 'waiting' && worker !== null ? 'running' : state;
  return { seq, lu: range.lu, state: shown, passed, rewritten, superseded, failed, worker, nodes: range.nodes, updatedAt };
}

function workersOf(ranges: readonly CampaignRange[]): WorkerPicture[] {
  const workers = new Map<string, WorkerPicture>();
  for (const { worker, updatedAt } of ranges) {
    if (worker === null) continue;
    const known = workers.get(worker);
    workers.set(worker, { worker, ranges: (known?.ranges ?? 0) + 1, lastBeat: Math.max(known?.lastBeat ?? 0, updatedAt) });
  }
  return [...workers.values()].sort((a, b) => (a.worker < b.worker ? -1 : 1));
}

function sum(ranges: readonly CampaignRange[], of: (range: CampaignRange) => number): number {
  return ranges.reduce((total, range) => total + of(range), 0);
}
