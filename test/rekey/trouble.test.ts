import { describe, expect, test } from 'vitest';
import { AppError, type ErrorCode } from '../../main/errors.ts';
import { retryCampaign } from '../../main/rekey/retry.ts';
import { runCampaign, type RunProgress } from '../../main/rekey/run.ts';
import { campaignStatus } from '../../main/rekey/state.ts';
import type { InstanceRange, SystemDb } from '../../main/systemdb/repositories.ts';
import type { TestKeys } from '../lu/fixtures.ts';
import { cluster, fill, inRangesOf, started, wrapped } from './fixtures.ts';
import { SteppedClock } from './stepped-clock.ts';

const MINUTE = 60_000;

const failing = (code: ErrorCode) => new AppError(code, `It says ${code}.`, 'Mend it.');

/** Reads and rewrites first meet `trouble`, which throws where they are to fail. */
function troubled(db: SystemDb, trouble: (what: { lu: string; range?: InstanceRange; id?: string }) => void): SystemDb {
  return wrapped(db, {
    instances: {
      scanRange: async (range, page) => {
        trouble({ lu: range.lu, range });
        return db.instances.scanRange(range, page);
      },
      rewrite: async (read, next) => {
        trouble({ lu: read.lu, id: read.id });
        return db.instances.rewrite(read, next);
      },
    },
  });
}

/** Two LUs of 40 instances each in ranges of ten. */
async function twoLus(): Promise<{ db: SystemDb; keys: TestKeys }> {
  const { db, keys } = await cluster(0);
  for (const lu of ['KEPT', 'GONE']) await fill(db, keys, 40, lu);
  keys.rotate('key-3');
  return { db, keys };
}

async function left(db: SystemDb): Promise<string[]> {
  return (await db.instances.census()).filter(({ instances }) => instances > 0).map(({ lu, keyDescription, instances }) => `${lu} ${keyDescription} ${instances}`);
}

test('a database that is away for longer than a lease while it is counted is waited for, and the count begun anew', async () => {
  const { db, keys } = await cluster(40);
  const { record } = await started(db, keys);
  const clock = new SteppedClock();
  let counting = false;
  let back: number | null = null;
  const trouble = (): void => {
    if (back !== null && clock.elapsed() < back) throw failing('DATABASE_UNREACHABLE');
  };
  const { leases } = db;
  // The first that is asked once the lease of the count is held.
  const ranges = async (id: string) => {
    if (counting) back ??= clock.elapsed() + 2 * MINUTE;
    trouble();
    return db.campaigns.ranges(id);
  };
  const away: SystemDb = {
    ...wrapped(db, { campaigns: { get: async (id) => (trouble(), db.campaigns.get(id)), ranges } }),
    leases: {
      acquire: async (...args) => (trouble(), leases.acquire(...args)),
      release: async (...args) => (trouble(), leases.release(...args)),
      holder: async (...args) => (trouble(), leases.holder(...args)),
    },
  };
  const waits: boolean[] = [];
  const onProgress = ({ phase, waiting }: RunProgress): void => {
    counting ||= phase === 'counting';
    waits.push(waiting !== null);
  };
  expect(await clock.run(runCampaign({ db: away, keys, id: record.id, worker: 'a', clock, onProgress }))).toBe('done');
  expect(clock.elapsed()).toBeGreaterThan(2 * MINUTE);
  expect(waits).toContain(true);
  expect(await campaignStatus(db, record.id)).toMatchObject({ state: 'done', outcome: { proven: true, counted: 40 } });
});

describe('what an LU or a range fails of', () => {
  test.each(['DATABASE_LU_MISSING', 'DATABASE_PERMISSION_DENIED'] as const)('%s: the ranges of that LU fail with it, the other LU is brought over', async (code) => {
    const { db, keys } = await twoLus();
    const { record } = await started(inRangesOf(db, 10, 40), keys);
    const gone = troubled(db, ({ lu }) => {
      if (lu === 'GONE') throw failing(code);
    });
    const clock = new SteppedClock();
    expect(await clock.run(runCampaign({ db: gone, keys, id: record.id, worker: 'a', clock }))).toBe('failed');
    expect(clock.elapsed()).toBeLessThan(MINUTE);
    expect(await left(db)).toEqual(['GONE key-2 40', 'KEPT key-3 40']);
    const status = await campaignStatus(db, record.id);
    expect(status).toMatchObject({ done: 40, total: 80, outcome: { kind: 'failure', code } });
    expect(status.ranges.filter(({ state }) => state === 'failed').map(({ lu }) => lu)).toEqual(['GONE', 'GONE', 'GONE', 'GONE']);
    // Nothing stands in the way of a new campaign over the LU that is there, and the failed one can be taken up again.
    expect(await retryCampaign({ db, keys, id: record.id })).toMatchObject({ state: 'running' });
    expect(await runCampaign({ db, keys, id: record.id, worker: 'b' })).toBe('done');
    expect(await left(db)).toEqual(['GONE key-3 40', 'KEPT key-3 40']);
  });

  test.each(['DATABASE_LU_MISSING', 'DATABASE_PERMISSION_DENIED', 'DATABASE_CORRUPT', 'DATABASE_FAILED'] as const)('%s of a write fails its range, and no other', async (code) => {
    const { db, keys } = await twoLus();
    const { record } = await started(inRangesOf(db, 10, 40), keys);
    const broken = troubled(db, ({ lu, id }) => {
      if (lu === 'GONE' && id === '000025') throw failing(code);
    });
    const clock = new SteppedClock();
    expect(await clock.run(runCampaign({ db: broken, keys, id: record.id, worker: 'a', clock }))).toBe('failed');
    const status = await campaignStatus(db, record.id);
    expect(status.outcome).toMatchObject({ kind: 'failure', code });
    expect(status.ranges.filter(({ state }) => state !== 'done')).toMatchObject([{ lu: 'GONE', state: 'failed' }]);
    expect(clock.elapsed()).toBeLessThan(MINUTE);
  });

  test('where a part of a range can not be read, what was read before it is brought over', async () => {
    const { db, keys } = await cluster(600);
    const { record } = await started(db, keys, { concurrency: 4 });
    const torn = wrapped(db, {
      instances: {
        scanRange: async (range, page) => {
          if (page.cursor !== undefined) throw failing('DATABASE_CORRUPT');
          return db.instances.scanRange(range, page);
        },
      },
    });
    expect(await runCampaign({ db: torn, keys, id: record.id, worker: 'a' })).toBe('failed');
    expect(await left(db)).toEqual(['CUSTOMER key-1 344', 'CUSTOMER key-2 256']);
    expect((await campaignStatus(db, record.id)).ranges).toMatchObject([{ state: 'failed', passed: 256, rewritten: 256 }]);
  });

  test('what concerns all is none of a range: it ends the worker', async () => {
    const { db, keys } = await twoLus();
    const { record } = await started(inRangesOf(db, 10, 40), keys);
    const denied = new Proxy(keys, {
      get: (target, name) => {
        if (name === 'active') return async () => Promise.reject(failing('DATABASE_PERMISSION_DENIED'));
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      },
    });
    await expect(runCampaign({ db, keys: denied, id: record.id, worker: 'a' })).rejects.toMatchObject({ code: 'DATABASE_PERMISSION_DENIED' });
    expect((await campaignStatus(db, record.id)).ranges.every(({ state }) => state === 'waiting')).toBe(true);
  });

  test('a range that was given back untouched is taken no sooner than others', async () => {
    const { db, keys } = await cluster(200);
    const { record } = await started(inRangesOf(db, 10, 200), keys);
    // As a worker leaves it that ended before it read anything.
    for (let round = 0; round < 6; round++) {
      const stop = new AbortController();
      const ends = troubled(db, ({ range }) => {
        if (range !== undefined) stop.abort();
      });
      await runCampaign({ db: ends, keys, id: record.id, worker: `w${round}`, signal: stop.signal });
    }
    const begun = (await db.campaigns.ranges(record.id)).filter(({ cursor }) => cursor !== null).map(({ seq }) => seq);
    expect(begun.length).toBeGreaterThan(2);
  });
});

describe('data that does not answer', () => {
  test.each(['DATABASE_FAILED', 'DATABASE_PERMISSION_DENIED'] as const)('for some moments by %s is asked for again', async (code) => {
    const { db, keys } = await cluster(60);
    const { record } = await started(inRangesOf(db, 20, 60), keys);
    const clock = new SteppedClock();
    const stumbling = troubled(db, () => {
      if (clock.elapsed() < 3_000) throw failing(code);
    });
    expect(await clock.run(runCampaign({ db: stumbling, keys, id: record.id, worker: 'a', clock }))).toBe('done');
    expect(clock.elapsed()).toBeGreaterThan(3_000);
  });

  test.each([
    ['read', (range: InstanceRange | undefined) => range !== undefined],
    ['written', (range: InstanceRange | undefined) => range === undefined],
  ])('to be %s, in more ranges than a worker has lanes, while the database answers: the others go on, these fail after long', async (_, concerned) => {
    const { db, keys } = await twoLus();
    const { record } = await started(inRangesOf(db, 10, 40), keys);
    const silent = troubled(db, ({ lu, range }) => {
      if (lu === 'GONE' && concerned(range)) throw failing('DATABASE_TIMEOUT');
    });
    const clock = new SteppedClock();
    let others: string[] = [];
    let stateThen = '';
    clock.at(10 * MINUTE, async () => {
      others = await left(db);
      stateThen = (await campaignStatus(db, record.id, clock.now())).state;
    });
    expect(await clock.run(runCampaign({ db: silent, keys, id: record.id, worker: 'a', clock }))).toBe('failed');
    // A node may be away for some minutes.
    expect([others, stateThen]).toEqual([['GONE key-2 40', 'KEPT key-3 40'], 'running']);
    expect(clock.elapsed()).toBeGreaterThan(15 * MINUTE);
    expect(clock.elapsed()).toBeLessThan(30 * MINUTE);
    const status = await campaignStatus(db, record.id, clock.now());
    expect(status.outcome).toMatchObject({ kind: 'failure', code: 'DATABASE_TIMEOUT' });
    expect(status.ranges.map(({ lu, state }) => `${lu} ${state}`).sort()).toEqual([...Array<string>(4).fill('GONE failed'), ...Array<string>(4).fill('KEPT done')]);
    expect(await retryCampaign({ db, keys, id: record.id })).toMatchObject({ state: 'running' });
    expect(await runCampaign({ db, keys, id: record.id, worker: 'b' })).toBe('done');
  });

  test('for some minutes fails nothing: the ranges are gone back to', async () => {
    const { db, keys } = await twoLus();
    const { record } = await started(inRangesOf(db, 10, 40), keys);
    const clock = new SteppedClock();
    const silent = troubled(db, ({ lu }) => {
      if (lu === 'GONE' && clock.elapsed() < 12 * MINUTE) throw failing('DATABASE_UNAVAILABLE');
    });
    expect(await clock.run(runCampaign({ db: silent, keys, id: record.id, worker: 'a', clock }))).toBe('done');
    expect(clock.elapsed()).toBeLessThan(13 * MINUTE);
    expect(await left(db)).toEqual(['GONE key-3 40', 'KEPT key-3 40']);
  });

  test('in a range that gets on in between, however slowly, fails nothing', async () => {
    const { db, keys } = await cluster(20);
    const { record } = await started(db, keys);
    const clock = new SteppedClock();
    const answered = new Map<string, number>();
    // Each write is answered once in a minute at the most.
    const slow = troubled(db, ({ id }) => {
      if (id === undefined) return;
      if (clock.elapsed() < answered.size * MINUTE) throw failing('DATABASE_TIMEOUT');
      answered.set(id, clock.elapsed());
    });
    expect(await clock.run(runCampaign({ db: slow, keys, id: record.id, worker: 'a', clock }))).toBe('done');
    expect(clock.elapsed()).toBeGreaterThan(18 * MINUTE);
  });

  test('as nothing does is waited for as long as it takes', async () => {
    const { db, keys } = await cluster(60);
    const { record } = await started(inRangesOf(db, 20, 60), keys);
    const clock = new SteppedClock();
    const away = (): boolean => clock.elapsed() > 100 && clock.elapsed() < 60 * MINUTE;
    const seen: RunProgress[] = [];
    const trouble = (): void => {
      if (away()) throw failing('DATABASE_UNREACHABLE');
    };
    const slowly = troubled(db, trouble);
    const campaigns: Partial<SystemDb['campaigns']> = {
      claim: async (...args) => (trouble(), db.campaigns.claim(...args)),
      progress: async (...args) => (trouble(), db.campaigns.progress(...args)),
      release: async (...args) => (trouble(), db.campaigns.release(...args)),
      ranges: async (...args) => (trouble(), db.campaigns.ranges(...args)),
    };
    const all = wrapped(slowly, { campaigns });
    const run = runCampaign({ db: wrapped(all, { instances: { scanRange: async (range, page) => (await clock.sleep(1_000), all.instances.scanRange(range, page)) } }), keys, id: record.id, worker: 'a', clock, onProgress: (now) => seen.push(now) });
    expect(await clock.run(run)).toBe('done');
    expect(clock.elapsed()).toBeGreaterThan(60 * MINUTE);
    expect(seen.some(({ waiting }) => waiting?.code === 'DATABASE_UNREACHABLE')).toBe(true);
  });
});
