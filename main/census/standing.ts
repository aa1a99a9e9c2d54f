import type { CensusRow, SystemDb } from '../systemdb/repositories.ts';
import { limitsOf } from './coverage.ts';
import { readResult, type CensusResult, type Gap, type NodeRow, type Part } from './result.ts';
import { standingDeep, type DeepCensus } from './standing-deep.ts';

/** The answer to "what needs which generation", with how old it is and what it does not know. */
export interface StandingCensus {
  /** When the oldest of its counts ended, ms since the epoch; null where nothing was ever counted. */
  readonly at: number | null;
  /** When the oldest of its counts began: nothing that was saved before that is missing. */
  readonly since: number | null;
  /** Counted for this very answer, in one read of one moment. */
  readonly live: boolean;
  readonly total: number;
  readonly rows: readonly CensusRow[];
  readonly byNode: readonly NodeRow[];
  readonly parts: readonly Part[];
  readonly notCovered: readonly Gap[];
  /** Every LU was counted, and every range of each. */
  readonly complete: boolean;
  readonly says: readonly string[];
  /** What deep censuses found that still stands, whenever that was; they need not be those that the counts come from. */
  readonly deep: DeepCensus | null;
}

/** The stored results that this program can read, newest first. */
export async function storedResults(db: Pick<SystemDb, 'censuses'>): Promise<CensusResult[]> {
  const records = await db.censuses.list();
  return records.map(({ result }) => readResult(result)).filter((result) => result !== null);
}

/** Counts now, by the database's own count: for a database where that is cheap. */
export async function liveCensus(db: Pick<SystemDb, 'instances'>, at: number, results: readonly CensusResult[]): Promise<StandingCensus> {
  const rows = await db.instances.census();
  const lus = [...new Set(rows.map((row) => row.lu))];
  return {
    at,
    since: at,
    live: true,
    total: sumOf(rows),
    rows,
    byNode: [],
    parts: lus.map((lu) => ({ lu, ranges: 1, counted: 1 })),
    notCovered: [],
    complete: true,
    says: limitsOf({ span: null, ranges: 1, notCovered: [], only: null }),
    deep: standingDeep(lus, results),
  };
}

/**
 * What the stored results say together: the newest one of the whole database, and for each LU that was counted by
 * itself since then, that count.
 * @param results newest first
 */
export function standingCensus(results: readonly CensusResult[]): StandingCensus {
  const { taken, contributing, whole } = countSources(results);
  const of = <T extends { lu: string }>(choose: (result: CensusResult) => readonly T[]): T[] =>
    [...taken].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([lu, result]) => choose(result).filter((row) => row.lu === lu));
  const rows = of((result) => result.rows);
  const parts = of((result) => result.parts);
  const notCovered = of((result) => result.notCovered);
  const ranges = parts.reduce((sum, part) => sum + part.ranges, 0);
  const only = whole ? null : [...taken.keys()].sort();
  const startedAt = Math.min(...contributing.map((result) => result.startedAt));
  const endedAt = Math.max(...contributing.map((result) => result.endedAt));
  return {
    at: contributing.length === 0 ? null : Math.min(...contributing.map((result) => result.endedAt)),
    since: contributing.length === 0 ? null : startedAt,
    live: false,
    total: sumOf(rows),
    rows,
    byNode: of((result) => result.byNode),
    parts,
    notCovered,
    complete: whole && notCovered.length === 0,
    says: limitsOf({ span: contributing.length === 0 ? null : { startedAt, endedAt }, ranges, notCovered, only }),
    deep: standingDeep(parts.map(({ lu }) => lu), results),
  };
}

/**
 * Which results the counts come from: by LU (`taken`), and all of them together with the newest of the whole database,
 * which says what else there is not.
 * @param results newest first
 */
export function countSources(results: readonly CensusResult[]): { taken: ReadonlyMap<string, CensusResult>; contributing: readonly CensusResult[]; whole: boolean } {
  const place = results.findIndex((result) => result.whole);
  const used = place < 0 ? results : results.slice(0, place + 1);
  const taken = new Map<string, CensusResult>();
  for (const result of used) {
    for (const { lu } of result.parts) if (!taken.has(lu)) taken.set(lu, result);
  }
  const chosen = new Set(taken.values());
  return { taken, contributing: used.filter((result) => result.whole || chosen.has(result)), whole: place >= 0 };
}

function sumOf(rows: readonly CensusRow[]): number {
  return rows.reduce((sum, row) => sum + row.instances, 0);
}
