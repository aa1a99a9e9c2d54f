import type { CensusRow, SystemDb } from '../systemdb/repositories.ts';
import { limitsOf } from './coverage.ts';
import { readResult, type CensusResult, type DeepFacts, type Gap, type NodeRow, type Part } from './result.ts';

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
  /** What the newest deep census found, whenever that was; it need not be the one that the counts come from. */
  readonly deep: DeepCensus | null;
}

export interface DeepCensus extends DeepFacts {
  readonly id: string;
  readonly at: number;
  /** The only LUs that it looked at; null for all. */
  readonly only: readonly string[] | null;
}

/** The stored results that this program can read, newest first. */
export async function storedResults(db: Pick<SystemDb, 'censuses'>): Promise<CensusResult[]> {
  const records = await db.censuses.list(20);
  return records.map(({ result }) => readResult(result)).filter((result) => result !== null);
}

/** Counts now, by the database's own count: for a database where that is cheap. */
export async function liveCensus(db: Pick<SystemDb, 'instances'>, at: number, results: readonly CensusResult[]): Promise<StandingCensus> {
  const rows = await db.instances.census();
  return {
    at,
    since: at,
    live: true,
    total: sumOf(rows),
    rows,
    byNode: [],
    parts: [...new Set(rows.map((row) => row.lu))].map((lu) => ({ lu, ranges: 1, counted: 1 })),
    notCovered: [],
    complete: true,
    says: limitsOf({ span: null, ranges: 1, notCovered: [], only: null }),
    deep: newestDeep(results),
  };
}

/**
 * What the stored results say together: the newest one of the whole database, and for each LU that was counted by
 * itself since then, that count.
 * @param results newest first
 */
export function standingCensus(results: readonly CensusResult[]): StandingCensus {
  const place = results.findIndex((result) => result.whole);
  const used = place < 0 ? results : results.slice(0, place + 1);
  const taken = new Map<string, CensusResult>();
  for (const result of used) {
    for (const { lu } of result.parts) if (!taken.has(lu)) taken.set(lu, result);
  }
  const contributing = place < 0 ? [...new Set(taken.values())] : used.filter((result) => result.whole || [...taken.values()].includes(result));
  const of = <T extends { lu: string }>(choose: (result: CensusResult) => readonly T[]): T[] =>
    [...taken].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([lu, result]) => choose(result).filter((row) => row.lu === lu));
  const rows = of((result) => result.rows);
  const parts = of((result) => result.parts);
  const notCovered = of((result) => result.notCovered);
  const ranges = parts.reduce((sum, part) => sum + part.ranges, 0);
  const only = place < 0 ? [...taken.keys()].sort() : null;
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
    complete: place >= 0 && notCovered.length === 0,
    says: limitsOf({ span: contributing.length === 0 ? null : { startedAt, endedAt }, ranges, notCovered, only }),
    deep: newestDeep(results),
  };
}

function newestDeep(results: readonly CensusResult[]): DeepCensus | null {
  const newest = results.find((result) => result.deep !== null);
  if (newest === undefined || newest.deep === null) return null;
  return { ...newest.deep, id: newest.id, at: newest.endedAt, only: newest.whole ? null : newest.parts.map((part) => part.lu) };
}

function sumOf(rows: readonly CensusRow[]): number {
  return rows.reduce((sum, row) => sum + row.instances, 0);
}
