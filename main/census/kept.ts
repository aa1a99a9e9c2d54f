import { isAppError } from '../errors.ts';
import type { CensusRepository } from '../systemdb/repositories.ts';
import { readResult, type CensusResult } from './result.ts';
import { deepSources } from './standing-deep.ts';
import { countSources } from './standing.ts';

/** Of the newest censuses, how many are kept whatever they say. */
const KEPT = 50;

/** Stores a result, and removes older ones that no answer stands on. @throws AppError `DATABASE_*`: it is not stored then */
export async function keepResult(censuses: CensusRepository, result: CensusResult): Promise<void> {
  const { id, startedAt, endedAt } = result;
  await censuses.put({ id, startedAt, endedAt, result: JSON.stringify(result) });
  try {
    await removeUnused(censuses);
  } catch (error) {
    // Stored is stored: the next census removes what is left now.
    if (!isAppError(error)) throw error;
  }
}

async function removeUnused(censuses: CensusRepository): Promise<void> {
  const records = await censuses.list();
  if (records.length <= KEPT) return;
  const used = usedIds(records.map(({ result }) => readResult(result)).filter((result) => result !== null));
  await censuses.remove(records.slice(KEPT).flatMap(({ id }) => (used.has(id) ? [] : [id])));
}

/**
 * What the standing census is made of, and the last census that counted everything, however many came since that could
 * not. What newer results take out of use stays out of it, so that several processes may remove at once.
 * @param results newest first
 */
function usedIds(results: readonly CensusResult[]): ReadonlySet<string> {
  const { contributing, taken } = countSources(results);
  const complete = results.find(({ whole, notCovered }) => whole && notCovered.length === 0);
  const deep = [...taken.keys()].flatMap((lu) => deepSources(lu, results));
  return new Set([...contributing, ...deep, ...(complete === undefined ? [] : [complete])].map(({ id }) => id));
}
