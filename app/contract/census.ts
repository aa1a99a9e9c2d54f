import { z } from 'zod';
import { count, description, instanceId, luName, time } from './channel.ts';

/** How far figures that come from a census may be trusted. */
export const censusState = z.object({
  /** When the oldest of the counts ended; null where nothing was counted yet, and every figure is 0 for want of knowledge. */
  at: time.nullable(),
  /** Counted for this very answer, in one read of one moment. */
  live: z.boolean(),
  /** Every LU was counted, and every range of each. */
  complete: z.boolean(),
});

/** What deep censuses found that still stands: each Logical Unit's findings, until a census as thorough settles them. */
export const deepCensus = z.object({
  id: z.string(),
  /** When the oldest of them ended. */
  at: time,
  /** The largest share of the instances that any of them was to authenticate, 0 to 1: the same again settles every finding. */
  share: z.number(),
  /** The only LUs that were looked at; null for all. */
  only: z.array(luName).nullable(),
  /** Instances whose envelope header was compared with their record, and those that were authenticated whole. */
  checked: count,
  opened: count,
  /** Exact; `list` holds the first ones. */
  findings: count,
  byCode: z.record(z.string(), count),
  list: z.array(z.object({ lu: luName, id: instanceId, code: z.string(), message: z.string(), remedy: z.string() })),
});

export const census = censusState.extend({
  /** When the oldest of the counts began. */
  since: time.nullable(),
  total: count,
  rows: z.array(z.object({ lu: luName, keyDescription: description, instances: count, bytes: count })),
  /** Instances with a replica on a node; empty where the database is one file. */
  byNode: z.array(z.object({ lu: luName, keyDescription: description, node: z.string(), instances: count })),
  coverage: z.object({
    ranges: count,
    counted: count,
    notCovered: z.array(z.object({ lu: luName, start: z.string(), end: z.string(), code: z.string() })),
    /** In whole sentences, what the census does not cover. */
    says: z.array(z.string()),
  }),
  deep: deepCensus.nullable(),
});

/** A generation that a census found instances under. */
export interface CensusGeneration {
  readonly keyDescription: string;
  /** Facts of the wrapping, as `keys list` tells them; null of a key that the system database knows nothing of. */
  readonly wrapping: Readonly<Record<string, string>> | null;
}

/** How thorough a census is to be. */
export const censusRequest = z.object({
  deep: z.object({ share: z.number().min(0).max(1) }).optional(),
  lus: z.array(luName).max(1_000).optional(),
});

export type Census = z.infer<typeof census>;
export type CensusState = z.infer<typeof censusState>;
export type DeepCensus = z.infer<typeof deepCensus>;
export type CensusRequest = z.infer<typeof censusRequest>;
