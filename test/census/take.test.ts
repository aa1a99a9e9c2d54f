import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { readResult, type CensusResult } from '../../main/census/result.ts';
import { takeCensus, type CensusProgress } from '../../main/census/take.ts';
import { PAUSE } from '../../main/lu/import.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { failureOf, systemDb, temporaryFolder } from '../lu/fixtures.ts';
import { idOf, onNodes, plain, unavailable, watching } from './fixtures.ts';

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url));
/** Some ranges of the SQLite adapter. */
const MANY = 20_000;
const QUICK = { attempts: 3, waitMs: 1 };

function counts(result: CensusResult): [string, string, number][] {
  return result.rows.map(({ lu, keyDescription, instances }) => [lu, keyDescription, instances]);
}

describe('what a census counts', () => {
  test('is what the database holds, by LU and generation, and is stored', async () => {
    const db = await systemDb();
    await db.instances.saveMany([...plain('A', 0, MANY, 'k1'), ...plain('A', MANY, 10, 'k2'), ...plain('B', 0, 3, 'k2')]);
    const seen: CensusProgress[] = [];
    const result = await takeCensus({ db, jobId: 'c1', onProgress: (progress) => seen.push(progress), now: () => 5 });
    expect(result.rows).toEqual(await db.instances.census());
    expect(result).toMatchObject({ id: 'c1', whole: true, total: MANY + 13, byNode: [], notCovered: [], deep: null, startedAt: 5, endedAt: 5 });
    const ranges = result.parts.reduce((sum, part) => sum + part.ranges, 0);
    expect(ranges).toBeGreaterThan(3);
    expect(result.parts.every((part) => part.counted === part.ranges)).toBe(true);
    expect(seen.at(-1)).toEqual({ done: MANY + 13, total: MANY + 13, failed: 0, ranges: { counted: ranges, total: ranges } });
    expect(seen[0]).toMatchObject({ done: 0, total: null });
    expect(seen.every((progress, i) => progress.done >= (seen[i - 1]?.done ?? 0))).toBe(true);
    const [stored] = await db.censuses.list(1);
    expect(readResult(stored?.result ?? '')).toEqual(result);
    expect(await db.jobs.get('c1')).toMatchObject({ kind: 'census', state: 'done', done: MANY + 13, cursor: null });
  });

  test('of an empty database is nothing, and whole', async () => {
    const db = await systemDb();
    expect(await takeCensus({ db })).toMatchObject({ total: 0, rows: [], parts: [], notCovered: [], whole: true });
  });

  test('is only the LUs that were asked for, and says so', async () => {
    const db = await systemDb();
    await db.instances.saveMany([...plain('A', 0, 5, 'k1'), ...plain('B', 0, 3, 'k1')]);
    const result = await takeCensus({ db, lus: ['B'] });
    expect(counts(result)).toEqual([['B', 'k1', 3]]);
    expect(result.whole).toBe(false);
    expect(result.says.join(' ')).toContain('Only B was counted');
  });

  test('by node has each instance once for every replica', async () => {
    const db = onNodes(await systemDb(), (_, place) => (place % 2 === 0 ? ['10.0.0.1', '10.0.0.2'] : ['10.0.0.2', '10.0.0.3']));
    await db.instances.saveMany(plain('A', 0, MANY, 'k1'));
    const result = await takeCensus({ db });
    const nodes = new Map(result.byNode.map((row) => [row.node, row.instances]));
    expect(nodes.get('10.0.0.2')).toBe(MANY);
    expect((nodes.get('10.0.0.1') ?? 0) + (nodes.get('10.0.0.3') ?? 0)).toBe(MANY);
    expect(result.total).toBe(MANY);
  });

  test('stays exact while every instance is saved anew under another generation', async () => {
    const real = await systemDb();
    await real.instances.saveMany(plain('A', 0, MANY, 'k1'));
    let saved = 0;
    const db = watching(real, async () => {
      // Behind and ahead of where the census reads.
      await real.instances.saveMany(plain('A', saved, 1000, 'k2'));
      await real.instances.saveMany(plain('A', MANY - saved - 1000, 1000, 'k3'));
      saved += 1000;
    });
    const result = await takeCensus({ db });
    expect(saved).toBeGreaterThan(2000);
    expect(result.total).toBe(MANY);
    expect(result.rows.reduce((sum, row) => sum + row.instances, 0)).toBe(MANY);
    expect(result.says.join(' ')).toContain('saved or removed while it ran');
  });
});

describe('going on', () => {
  test('after a pause in another process counts every range once', async () => {
    const file = join(temporaryFolder(), 'system.sqlite');
    const db = await openSqlite(file);
    try {
      await db.instances.saveMany([...plain('A', 0, MANY, 'k1'), ...plain('B', 0, 100, 'k2')]);
      const run = async (ranges: number): Promise<{ code?: string; counted: number; result?: CensusResult }> =>
        JSON.parse((await promisify(execFile)(process.execPath, [CHILD, file, 'shared', String(ranges)])).stdout) as { counted: number };
      expect(await run(2)).toMatchObject({ counted: 2, code: 'CANCELLED' });
      const paused = await db.jobs.get('shared');
      expect(paused).toMatchObject({ state: 'paused', kind: 'census' });
      expect(paused?.done).toBeGreaterThan(0);
      expect(paused?.done).toBeLessThan(MANY);
      // Saved meanwhile in parts that are counted: the ranges are those that it began with.
      await db.instances.save({ lu: 'A', id: idOf(0), keyDescription: 'k9', sealed: new Uint8Array(1), savedAt: 1 });
      expect(await run(1)).toMatchObject({ counted: 1, code: 'CANCELLED' });
      const { counted, result } = await run(0);
      const ranges = result?.parts.reduce((sum, part) => sum + part.ranges, 0) ?? 0;
      expect(counted).toBe(ranges - 3);
      expect(counts(result as CensusResult)).toEqual([['A', 'k1', MANY], ['B', 'k2', 100]]);
      expect(result?.startedAt).toBe(paused?.startedAt);
    } finally {
      await db.close();
    }
  }, 30_000);

  test('a pause in the middle of a range adds nothing of it', async () => {
    const real = await systemDb();
    await real.instances.saveMany(plain('A', 0, 5_000, 'k1'));
    const stop = new AbortController();
    // A deep census reads a range in many pages.
    const db = watching(real, (_, call) => {
      if (call === 3) stop.abort(PAUSE);
    });
    const seen: number[] = [];
    expect(await failureOf(() => takeCensus({ db, jobId: 'p', deep: { share: 0 }, signal: stop.signal, onProgress: ({ done }) => seen.push(done) }))).toMatchObject({ code: 'CANCELLED', remedy: expect.stringContaining('fkc census --resume p') });
    const job = await real.jobs.get('p');
    expect(job).toMatchObject({ state: 'paused', done: 0 });
    expect(seen.some((done) => done > 0)).toBe(true);
    expect(seen.at(-1)).toBe(0);
    expect(await real.censuses.list(1)).toEqual([]);
    expect(await takeCensus({ db: real, jobId: 'p' })).toMatchObject({ total: 5_000, deep: { checked: 5_000 } });
  });

  test('a cancelled one stores nothing; another kind of job is refused', async () => {
    const db = await systemDb();
    await db.instances.saveMany(plain('A', 0, 10, 'k1'));
    const stop = new AbortController();
    stop.abort();
    expect((await failureOf(() => takeCensus({ db, jobId: 'x', signal: stop.signal }))).code).toBe('CANCELLED');
    expect(await db.jobs.get('x')).toMatchObject({ state: 'cancelled' });
    expect(await db.censuses.list(1)).toEqual([]);
    const job = await db.jobs.get('x');
    await db.jobs.put({ ...(job as NonNullable<typeof job>), id: 'y', kind: 'import' });
    await db.jobs.put({ ...(job as NonNullable<typeof job>), id: 'z', params: '{"lus":1}' });
    expect((await failureOf(() => takeCensus({ db, jobId: 'y' }))).code).toBe('INPUT_INVALID');
    expect((await failureOf(() => takeCensus({ db, jobId: 'z' }))).code).toBe('INPUT_INVALID');
  });
});

describe('ranges that can not be read', () => {
  test('are tried again, and counted once when that works', async () => {
    const real = await systemDb();
    await real.instances.saveMany(plain('A', 0, MANY, 'k1'));
    let failures = 0;
    const db = watching(real, (_, call) => {
      if (call % 2 === 1 && ++failures > 0) throw unavailable('DATABASE_TIMEOUT');
    });
    const result = await takeCensus({ db, patience: QUICK });
    expect(failures).toBeGreaterThan(3);
    expect([result.total, result.notCovered]).toEqual([MANY, []]);
  });

  test('are listed with their code; the others are counted, and nothing of them twice', async () => {
    const real = await systemDb();
    await real.instances.saveMany([...plain('A', 0, MANY, 'k1'), ...plain('B', 0, 7, 'k1')]);
    const [, bad] = await real.instances.ranges('A');
    const db = watching(real, (range) => {
      if (range.lu === 'A' && range.start === bad?.start) throw unavailable();
    });
    const result = await takeCensus({ db, patience: QUICK, concurrency: 3 });
    expect(result.notCovered).toEqual([{ lu: 'A', start: bad?.start, end: bad?.end, code: 'DATABASE_UNAVAILABLE' }]);
    const [a, b] = result.rows;
    expect(a?.instances).toBe(MANY - 4096);
    expect(b?.instances).toBe(7);
    expect(result.says[0]).toMatch(/^1 of \d+ ranges could not be read \(DATABASE_UNAVAILABLE\)/);
    expect(result.parts[0]).toMatchObject({ lu: 'A', counted: (result.parts[0]?.ranges ?? 0) - 1 });
  });

  test('are read once more at the end: who was away may be back', async () => {
    const real = await systemDb();
    await real.instances.saveMany(plain('A', 0, MANY, 'k1'));
    const [first] = await real.instances.ranges('A');
    const others = new Set<string>();
    const db = watching(real, (range) => {
      if (range.start !== first?.start) others.add(range.start);
      else if (others.size < 3) throw unavailable('DATABASE_UNREACHABLE');
    });
    expect(await takeCensus({ db, patience: QUICK })).toMatchObject({ total: MANY, notCovered: [] });
  });

  test('all of them: no census is stored that says "nothing", and it goes on later', async () => {
    const real = await systemDb();
    await real.instances.saveMany(plain('A', 0, MANY, 'k1'));
    const db = watching(real, () => {
      throw unavailable();
    });
    expect((await failureOf(() => takeCensus({ db, jobId: 'f', patience: QUICK }))).code).toBe('DATABASE_UNAVAILABLE');
    expect(await real.jobs.get('f')).toMatchObject({ state: 'failed', failure: expect.stringContaining('DATABASE_UNAVAILABLE') });
    expect(await real.censuses.list(1)).toEqual([]);
    expect(await takeCensus({ db: real, jobId: 'f' })).toMatchObject({ total: MANY, notCovered: [] });
  });
});
