import { describe, expect, test } from 'vitest';
import { DeepTally } from '../../main/census/deep.ts';
import { keepResult } from '../../main/census/kept.ts';
import type { CensusResult } from '../../main/census/result.ts';
import { readResult } from '../../main/census/result.ts';
import { liveCensus, standingCensus, storedResults } from '../../main/census/standing.ts';
import { takeCensus } from '../../main/census/take.ts';
import { systemDb, TestKeys } from '../lu/fixtures.ts';
import { plain, sealed } from './fixtures.ts';

function result(at: number, lus: Readonly<Record<string, number>>, more: Partial<CensusResult> = {}): CensusResult {
  const names = Object.keys(lus);
  return {
    version: 1,
    id: `c${at}`,
    startedAt: at - 10,
    endedAt: at,
    whole: true,
    total: names.reduce((sum, lu) => sum + (lus[lu] ?? 0), 0),
    rows: names.map((lu) => ({ lu, keyDescription: 'k1', instances: lus[lu] ?? 0, bytes: 1 })),
    byNode: names.map((lu) => ({ lu, keyDescription: 'k1', node: 'n1', instances: lus[lu] ?? 0 })),
    parts: names.map((lu) => ({ lu, ranges: 2, counted: 2 })),
    notCovered: [],
    says: [],
    deep: null,
    ...more,
  };
}

test('nothing stored: nothing is known, which is not the same as nothing there', () => {
  expect(standingCensus([])).toMatchObject({ at: null, since: null, live: false, complete: false, total: 0, rows: [] });
  expect(standingCensus([]).says.join(' ')).toContain('No LU was counted');
});

test('an LU that was counted by itself later takes the place of its older count; the age is that of the oldest', () => {
  const standing = standingCensus([result(300, { B: 7 }, { whole: false }), result(200, { A: 5, B: 3 }), result(100, { A: 1, B: 1, C: 1 })]);
  expect(standing).toMatchObject({ at: 200, since: 190, complete: true, total: 12 });
  expect(standing.rows.map((row) => [row.lu, row.instances])).toEqual([['A', 5], ['B', 7]]);
  expect(standing.byNode.map((row) => [row.lu, row.instances])).toEqual([['A', 5], ['B', 7]]);
});

test('without a census of the whole database the answer says which LUs it knows', () => {
  const standing = standingCensus([result(300, { B: 7 }, { whole: false })]);
  expect(standing).toMatchObject({ at: 300, complete: false, total: 7 });
  expect(standing.says.join(' ')).toContain('Only B was counted');
});

test('ranges that were missed make it incomplete until their LU is counted again', () => {
  const gap = { lu: 'A', start: 'x', end: 'y', code: 'DATABASE_TIMEOUT' };
  const whole = result(200, { A: 5, B: 3 }, { notCovered: [gap] });
  expect(standingCensus([whole])).toMatchObject({ complete: false, notCovered: [gap] });
  expect(standingCensus([result(300, { A: 6 }, { whole: false }), whole])).toMatchObject({ complete: true, notCovered: [], total: 9 });
});

test('the newest deep census stands beside newer counts; a live count is of now', async () => {
  const db = await systemDb();
  const keys = new TestKeys();
  await db.instances.saveMany(await sealed(keys, 'A', 0, 5));
  await takeCensus({ db, keys, deep: { share: 1 }, jobId: 'deep', now: () => 100 });
  await db.instances.saveMany(plain('A', 5, 5, 'k1'));
  await takeCensus({ db, jobId: 'flat', now: () => 200 });
  await db.censuses.put({ id: 'odd', startedAt: 0, endedAt: 300, result: '{"version":9}' });
  const results = await storedResults(db);
  expect(results.map((each) => each.id)).toEqual(['flat', 'deep']);
  expect(standingCensus(results)).toMatchObject({ at: 200, total: 10, deep: { id: 'deep', at: 100, opened: 5, only: null } });
  await db.instances.remove('A', '0000000');
  expect(await liveCensus(db, 400, results)).toMatchObject({ at: 400, live: true, complete: true, total: 9, byNode: [], deep: { id: 'deep' } });
  expect(readResult('no JSON')).toBeNull();
});

/** A deep census, by LU the IDs of the instances that do not hold. */
function deep(at: number, share: number, found: Readonly<Record<string, readonly string[]>>, more: Partial<CensusResult> = {}): CensusResult {
  const tally = new DeepTally();
  const byCode = (ids: readonly string[]): Record<string, number> => (ids.length === 0 ? {} : { ENVELOPE_AUTHENTICATION_FAILED: ids.length });
  tally.add({
    byLu: Object.entries(found).map(([lu, ids]) => ({ lu, checked: 100, opened: share * 100, findings: ids.length, byCode: byCode(ids) })),
    list: Object.entries(found).flatMap(([lu, ids]) => ids.map((id) => ({ lu, id, code: 'ENVELOPE_AUTHENTICATION_FAILED', message: `${at}`, remedy: 'r' }))),
  });
  return result(at, Object.fromEntries(Object.keys(found).map((lu) => [lu, 100])), { deep: tally.facts(share), ...more });
}

/** `lu id` of each finding that stands. */
function standingFindings(results: readonly CensusResult[]): string[] {
  const { deep: stands } = standingCensus(results);
  expect(stands?.findings).toBe(stands?.list.length);
  expect(Object.values(stands?.byCode ?? {}).reduce((sum, count) => sum + count, 0)).toBe(stands?.findings);
  return (stands?.list ?? []).map(({ lu, id }) => `${lu} ${id}`);
}

describe('what deep censuses found', () => {
  const wide = deep(100, 1, { A: ['1', '2'], B: [] });

  test('stands until a census that authenticates as much finds it sound, whatever narrower ones find', () => {
    const narrow = deep(200, 0.1, { A: [], B: [] });
    const other = deep(200, 1, { B: [] }, { whole: false });
    expect(standingFindings([narrow, wide])).toEqual(['A 1', 'A 2']);
    expect(standingFindings([other, wide])).toEqual(['A 1', 'A 2']);
    expect(standingFindings([deep(300, 0, { A: [] }, { whole: false }), narrow, other, wide])).toEqual(['A 1', 'A 2']);
    expect(standingCensus([narrow, wide]).deep).toMatchObject({ id: 'c200', at: 100, share: 1, checked: 200, opened: 110, only: null });
    expect(standingFindings([deep(300, 1, { A: [] }, { whole: false }), narrow, wide])).toEqual([]);
    expect(standingFindings([narrow, deep(150, 1, { A: [], B: [] }), wide])).toEqual([]);
  });

  test('is told once, with what a narrower census found since', () => {
    expect(standingFindings([deep(200, 0.1, { A: ['2', '3'], B: ['1'] }), wide])).toEqual(['A 1', 'A 2', 'A 3', 'B 1']);
    expect(standingCensus([deep(200, 0.1, { A: ['2', '3'], B: [] }), wide]).deep?.list.map(({ message }) => message)).toEqual(['100', '200', '200']);
  });

  test('is not settled by a census that could not read all of the LU', () => {
    const missed = { parts: [{ lu: 'A', ranges: 2, counted: 1 }] };
    expect(standingFindings([deep(200, 1, { A: [] }, missed), wide])).toEqual(['A 1', 'A 2']);
  });

  test('goes with its LU, and is of the LUs that were looked at', () => {
    expect(standingFindings([result(200, { B: 5 }), wide])).toEqual([]);
    expect(standingFindings([result(300, { A: 5 }, { whole: false }), result(200, { B: 5 }), wide])).toEqual([]);
    expect(standingCensus([result(200, { A: 5, C: 5 }), wide]).deep).toMatchObject({ only: ['A'], findings: 2 });
    expect(standingCensus([result(200, { C: 5 }), wide]).deep).toBeNull();
  });
});

describe('what is kept', () => {
  const gap = { lu: 'A', start: 'x', end: 'y', code: 'DATABASE_TIMEOUT' };

  test.each([21, 51])('%i newer censuses of one LU leave the counts of the others, and what was found', async (count) => {
    const db = await systemDb();
    const stored = [
      deep(100, 1, { A: ['1'], B: [] }),
      result(200, { A: 10, B: 20 }),
      result(300, { A: 11, B: 21 }, { notCovered: [gap] }),
      result(400, { C: 5 }, { whole: false }),
      ...Array.from({ length: count }, (_, i) => result(1_000 + i, { A: i }, { whole: false })),
    ];
    for (const one of stored) await keepResult(db.censuses, one);
    const standing = standingCensus(await storedResults(db));
    expect(standing).toMatchObject({ complete: true, total: count - 1 + 21 + 5, deep: { findings: 1, at: 100 } });
    const kept = (await db.censuses.list()).map(({ id }) => id);
    expect(kept.slice(-4)).toEqual(['c400', 'c300', 'c200', 'c100']);
    expect(kept).toHaveLength(Math.min(count, 50) + 4);
  });

  test('what no answer stands on goes, and what can not be read', async () => {
    const db = await systemDb();
    await db.censuses.put({ id: 'odd', startedAt: 0, endedAt: 1, result: '{"version":9}' });
    for (let i = 0; i < 60; i += 1) await keepResult(db.censuses, deep(100 + i, 1, { A: i === 0 ? ['1'] : [] }));
    expect((await db.censuses.list()).map(({ id }) => id)).toEqual(Array.from({ length: 50 }, (_, i) => `c${159 - i}`));
  });
});
