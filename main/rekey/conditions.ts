/** Conditions under which a scheduled rekey starts. */
import { z } from 'zod';
import type { CensusRow } from '../systemdb/repositories.ts';

export const condition = z.discriminatedUnion('kind', [
  /** The active generation, or the oldest one that instances are under, was activated at least this long ago. */
  z.strictObject({ kind: z.literal('age'), of: z.enum(['active', 'oldest']), days: z.number().positive() }),
  /** More instances than this under generations that are not active: of one generation, or with a replica on one node. */
  z.strictObject({ kind: z.literal('instances'), per: z.enum(['generation', 'node']), more: z.int().nonnegative() }),
  /** More bytes than this sealed under one generation, the active one included. */
  z.strictObject({ kind: z.literal('bytes'), more: z.number().nonnegative() }),
]);
export type Condition = z.infer<typeof condition>;

export interface ConditionFacts {
  readonly now: number;
  /** Of the LUs that the schedule is for. */
  readonly rows: readonly CensusRow[];
  readonly byNode: readonly { readonly keyDescription: string; readonly node: string; readonly instances: number }[];
  readonly active: string;
  /** When each generation became the active one, by key description. */
  readonly activatedAt: ReadonlyMap<string, number>;
}

const DAY_MS = 86_400_000;

/** Whether a condition holds; none at all holds always. */
export function holdsAny(conditions: readonly Condition[], facts: ConditionFacts): boolean {
  return conditions.length === 0 || conditions.some((one) => holds(one, facts));
}

function holds(one: Condition, { now, rows, byNode, active, activatedAt }: ConditionFacts): boolean {
  switch (one.kind) {
    case 'age': {
      const inUse = one.of === 'active' ? [active] : rows.filter((row) => row.instances > 0).map((row) => row.keyDescription);
      const oldest = Math.min(...inUse.map((description) => activatedAt.get(description) ?? Infinity));
      return now - oldest >= one.days * DAY_MS;
    }
    case 'instances': {
      const old = (one.per === 'generation' ? rows : byNode).filter((row) => row.keyDescription !== active);
      const by = one.per === 'generation' ? sums(old, (row) => row.keyDescription) : sums(old, (row) => ('node' in row ? row.node : ''));
      return by.some((instances) => instances > one.more);
    }
    case 'bytes':
      return sums(rows, (row) => row.keyDescription, (row) => row.bytes).some((bytes) => bytes > one.more);
  }
}

type Counted = { readonly keyDescription: string; readonly instances: number };

function sums<T extends Counted>(rows: readonly T[], by: (row: T) => string, of: (row: T) => number = (row) => row.instances): number[] {
  const found = new Map<string, number>();
  for (const row of rows) found.set(by(row), (found.get(by(row)) ?? 0) + of(row));
  return [...found.values()];
}
