/** What a campaign record holds in its three JSON columns. */
import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { CampaignRecord, SystemDb } from '../systemdb/repositories.ts';
import { fieldProof, fieldRef } from './field-ref.ts';

export const plannedRow = z.strictObject({
  lu: z.string(),
  keyDescription: z.string(),
  instances: z.int().nonnegative(),
  /** Sealed bytes. */
  bytes: z.number().nonnegative(),
});
export type PlannedRow = z.infer<typeof plannedRow>;

export const campaignParams = z.strictObject({
  lus: z.array(z.string().min(1)).min(1),
  /** Generations to leave, each by its key description, fixed at planning; empty for a campaign over fields. */
  from: z.array(z.string().min(1)),
  /** The generation that was active at planning. Instances get the one that is active when their turn comes. */
  target: z.string().min(1),
  /** Only for a campaign over field values: every instance of the LUs is looked at. */
  fields: z.array(fieldRef).min(1).optional(),
  /** Of a campaign over field values: generations that could not be used at planning. Instances under them stay as they are. */
  leftOut: z.array(z.string()).min(1).optional(),
  /** What was asked for, in words, for people. */
  requestedAs: z.string(),
  /** The schedule that it was made for. */
  schedule: z.string().optional(),
  /** What the campaign had before it when it was planned. */
  planned: z.strictObject({ instances: z.int().nonnegative(), bytes: z.number().nonnegative(), rows: z.array(plannedRow) }),
});
export type CampaignParams = z.infer<typeof campaignParams>;

export const MAX_CONCURRENCY = 256;

/** For the whole campaign, shared by its workers, but `concurrency`: that is each worker's. null is no limit. */
export const campaignLimits = z.strictObject({
  instancesPerSecond: z.number().positive().nullable(),
  mebibytesPerSecond: z.number().positive().nullable(),
  /** Instances that a worker has under way at once. */
  concurrency: z.int().min(1).max(MAX_CONCURRENCY),
});
export type CampaignLimits = z.infer<typeof campaignLimits>;

export const DEFAULT_LIMITS: CampaignLimits = { instancesPerSecond: null, mebibytesPerSecond: null, concurrency: 128 };

/** What retries of an ended campaign did, all together: no range counts it. */
export const retriedTally = z.strictObject({
  rewritten: z.int().nonnegative(),
  /** Found saved or removed meanwhile. */
  superseded: z.int().nonnegative(),
  /** Sealed bytes re-encrypted. */
  bytes: z.number().nonnegative(),
  /** Failures that ranges count and that are on the list no more; below 0 where the list has some that no range counted yet. */
  settled: z.int(),
  /** Field values that were re-encrypted, by the generation that they had. */
  renewed: z.record(z.string(), z.int().nonnegative()),
});
export type RetriedTally = z.infer<typeof retriedTally>;
const retried = retriedTally.optional();

/** How a campaign ended. */
export const campaignOutcome = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('proof'),
    /** When the second count ended. */
    at: z.number(),
    /** No instance of the campaign's LUs is under one of its `from` generations. Never of a campaign over fields: `fields` tells of its columns alone. */
    proven: z.boolean(),
    /** What the second count found under `from`: failures, and instances saved under an old generation meanwhile. */
    left: z.array(plannedRow),
    /** Entries in the campaign's list of failures. */
    failures: z.int().nonnegative(),
    /** The stored census that is the second count, and the instances that it covered. */
    census: z.string(),
    counted: z.int().nonnegative(),
    rewritten: z.int().nonnegative(),
    superseded: z.int().nonnegative(),
    /** Of a campaign over fields. */
    fields: fieldProof.optional(),
    retried,
  }),
  z.strictObject({
    kind: z.literal('failure'),
    at: z.number(),
    code: z.string(),
    message: z.string(),
    remedy: z.string(),
    /** Places of the ranges that could not be worked through. */
    ranges: z.array(z.int().nonnegative()),
    retried,
  }),
  /** It was cancelled, and what it had left was tried again. */
  z.strictObject({ kind: z.literal('retried'), at: z.number(), retried: retriedTally }),
]);
export type CampaignOutcome = z.infer<typeof campaignOutcome>;
export type Proof = Extract<CampaignOutcome, { kind: 'proof' }>;

/** A campaign record with its JSON columns read. */
export interface Campaign {
  readonly record: CampaignRecord;
  readonly params: CampaignParams;
  readonly limits: CampaignLimits;
  readonly outcome: CampaignOutcome | null;
}

/** @throws AppError `DATABASE_CORRUPT` where a column does not hold what a campaign writes. */
export function readCampaign(record: CampaignRecord): Campaign {
  return {
    record,
    params: stored(campaignParams, record.params, record.id),
    limits: stored(campaignLimits, record.limits, record.id),
    outcome: record.outcome === null ? null : stored(campaignOutcome, record.outcome, record.id),
  };
}

/** @throws AppError `REKEY_UNKNOWN`, `DATABASE_*` */
export async function getCampaign(db: Pick<SystemDb, 'campaigns'>, id: string): Promise<Campaign> {
  const record = await db.campaigns.get(id);
  if (record === null) {
    throw new AppError('REKEY_UNKNOWN', `There is no rekey campaign ${id} in this system database.`, 'List the campaigns to see those that there are.', { details: { id } });
  }
  return readCampaign(record);
}

/**
 * Limits from outside; what is not given keeps its value.
 * @throws AppError `INPUT_INVALID`
 */
export function parseLimits(input: unknown, base: CampaignLimits = DEFAULT_LIMITS): CampaignLimits {
  const parsed = campaignLimits.partial().safeParse(input);
  if (parsed.success) {
    const { instancesPerSecond = base.instancesPerSecond, mebibytesPerSecond = base.mebibytesPerSecond, concurrency = base.concurrency } = parsed.data;
    return { instancesPerSecond, mebibytesPerSecond, concurrency };
  }
  throw new AppError(
    'INPUT_INVALID',
    `These are no limits of a rekey: ${parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ')}. Nothing was changed.`,
    `Give instances and MiB per second above 0 (or none), and 1 to ${MAX_CONCURRENCY} at once.`,
  );
}

function stored<T>(schema: z.ZodType<T>, json: string, id: string): T {
  try {
    return schema.parse(JSON.parse(json));
  } catch (cause) {
    throw new AppError(
      'DATABASE_CORRUPT',
      `The record of rekey campaign ${id} does not hold what the console writes there: it was changed from outside. The instances are not touched by that.`,
      'Cancel this campaign and plan a new one: what it did already need not be done again.',
      { details: { id }, cause },
    );
  }
}
