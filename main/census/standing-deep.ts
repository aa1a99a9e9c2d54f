import { DeepTally } from './deep.ts';
import type { CensusResult, DeepFacts, DeepFinding, LuDeepFacts } from './result.ts';

/** What deep censuses found that still stands, LU by LU. */
export interface DeepCensus extends Omit<DeepFacts, 'byLu'> {
  /** The newest that it comes from. */
  readonly id: string;
  /** When the oldest that it comes from ended. */
  readonly at: number;
  /** The largest share that any of them authenticated: a deep census with it that finds nothing settles every finding. */
  readonly share: number;
  /** The only LUs that were looked at; null where that is all of them. */
  readonly only: readonly string[] | null;
}

/** @param lus those that there are; what was found in others is gone with them. @param results newest first */
export function standingDeep(lus: readonly string[], results: readonly CensusResult[]): DeepCensus | null {
  const sources = lus.map((lu) => ({ lu, found: deepSources(lu, results) })).filter(({ found }) => found.length > 0);
  const used = results.filter((result) => sources.some(({ found }) => found.includes(result)));
  const [newest] = used;
  if (newest === undefined) return null;
  const tally = new DeepTally();
  for (const { lu, found } of sources) tally.add(together(lu, found));
  const { byLu: _byLu, ...facts } = tally.facts(Math.max(...used.map(({ deep }) => deep?.share ?? 0)));
  return {
    ...facts,
    id: newest.id,
    at: Math.min(...used.map(({ endedAt }) => endedAt)),
    only: sources.length === lus.length ? null : sources.map(({ lu }) => lu),
  };
}

/**
 * The newest deep census of an LU, and each one before whose findings no later one settled: that takes a read of the
 * whole LU with a share as large, which holds every instance of a smaller one (see `chosen`). A census of the whole
 * database that does not name the LU says that it was gone.
 * @param results newest first
 */
export function deepSources(lu: string, results: readonly CensusResult[]): CensusResult[] {
  const found: CensusResult[] = [];
  let settled = -1;
  for (const result of results) {
    const part = result.parts.find((one) => one.lu === lu);
    if (part === undefined) {
      if (result.whole) break;
      continue;
    }
    if (result.deep === null || part.counted === 0) continue;
    const { share } = result.deep;
    if (share > settled && (found.length === 0 || (factsOf(lu, result.deep)?.findings ?? 0) > 0)) found.push(result);
    if (part.counted === part.ranges) settled = Math.max(settled, share);
  }
  return found;
}

/** What several censuses of one LU found; an instance that more than one of them names is told once, as the newest saw it. */
function together(lu: string, found: readonly CensusResult[]): { byLu: LuDeepFacts[]; list: DeepFinding[] } {
  const sum = { lu, checked: 0, opened: 0, findings: 0, byCode: {} as Record<string, number> };
  const list = new Map<string, DeepFinding>();
  for (const { deep } of found) {
    const facts = deep === null ? undefined : factsOf(lu, deep);
    if (deep === null || facts === undefined) continue;
    sum.checked = Math.max(sum.checked, facts.checked);
    sum.opened = Math.max(sum.opened, facts.opened);
    const listed = deep.list.filter((finding) => finding.lu === lu);
    const again = listed.filter(({ id }) => list.has(id));
    sum.findings += facts.findings - again.length;
    for (const [code, count] of Object.entries(facts.byCode)) {
      const more = count - again.filter((finding) => finding.code === code).length;
      if (more > 0) sum.byCode[code] = (sum.byCode[code] ?? 0) + more;
    }
    for (const finding of listed) if (!list.has(finding.id)) list.set(finding.id, finding);
  }
  return { byLu: [sum], list: [...list.values()] };
}

function factsOf(lu: string, { byLu }: DeepFacts): LuDeepFacts | undefined {
  return byLu.find((facts) => facts.lu === lu);
}
