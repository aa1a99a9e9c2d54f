import { expect, test } from 'vitest';
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
