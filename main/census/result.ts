import { z } from 'zod';

const count = z.number().int().nonnegative();
const time = z.number().int();

/** Instances of one LU under one generation; `bytes` is the sealed size. */
const row = z.object({ lu: z.string(), keyDescription: z.string(), instances: count, bytes: count });

/** Instances of one LU under one generation that have a replica on a node: their sum is as many times too large as there are replicas. */
const nodeRow = z.object({ lu: z.string(), keyDescription: z.string(), node: z.string(), instances: count });

/** A part of an LU that could not be read, and why: nothing in it is counted. */
const gap = z.object({ lu: z.string(), start: z.string(), end: z.string(), code: z.string() });

/** An LU that was counted, in how many parts, and how many of them could be read. */
const part = z.object({ lu: z.string(), ranges: count, counted: count });

const finding = z.object({ lu: z.string(), id: z.string(), code: z.string(), message: z.string(), remedy: z.string() });

/** What looking at the sealed bytes of one LU found. */
const luDeepFacts = z.object({
  lu: z.string(),
  /** Instances whose envelope header was compared with their record. */
  checked: count,
  /** Instances of those that were authenticated whole. */
  opened: count,
  /** Exact, whatever the list holds. */
  findings: count,
  byCode: z.record(z.string(), count),
});

/** What looking at the sealed bytes themselves found: of all LUs together, and of each. */
const deepFacts = luDeepFacts.omit({ lu: true }).extend({
  /** Which share of the instances was to be authenticated, 0 to 1; see {@link chosen}. */
  share: z.number().min(0).max(1),
  byLu: z.array(luDeepFacts),
  /** The first ones, ordered by LU and instance ID. */
  list: z.array(finding),
});

/** A census as it is stored: `CensusRecord.result`. */
export const censusResult = z.object({
  version: z.literal(1),
  id: z.string(),
  startedAt: time,
  endedAt: time,
  /** Whether every LU of the database was counted, or only those of `parts`. */
  whole: z.boolean(),
  total: count,
  rows: z.array(row),
  byNode: z.array(nodeRow),
  parts: z.array(part),
  notCovered: z.array(gap),
  /** In words, what this census can not know. */
  says: z.array(z.string()),
  deep: deepFacts.nullable(),
});

export type CensusResult = z.infer<typeof censusResult>;
export type NodeRow = z.infer<typeof nodeRow>;
export type Gap = z.infer<typeof gap>;
export type Part = z.infer<typeof part>;
export type DeepFacts = z.infer<typeof deepFacts>;
export type LuDeepFacts = z.infer<typeof luDeepFacts>;
export type DeepFinding = z.infer<typeof finding>;
export { deepFacts };

/** A stored result; null where another version of the program wrote it and this one can not read it. */
export function readResult(json: string): CensusResult | null {
  try {
    return censusResult.safeParse(JSON.parse(json)).data ?? null;
  } catch {
    return null;
  }
}
