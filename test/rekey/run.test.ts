import { describe, expect, test } from 'vitest';
import { isOfInstance } from '../../main/lu/instances.ts';
import { AppError } from '../../main/errors.ts';
import { getCampaign } from '../../main/rekey/campaign.ts';
import { startBookmark, writeBookmark } from '../../main/rekey/bookmark.ts';
import { systemClock } from '../../main/rekey/clock.ts';
import { cancelCampaign, limitCampaign, pauseCampaign, resumeCampaign } from '../../main/rekey/control.ts';
import { createCampaign } from '../../main/rekey/create.ts';
import { LEASE_SECONDS, QUIET_END_MS } from '../../main/rekey/held-range.ts';
import { retryCampaign } from '../../main/rekey/retry.ts';
import { runCampaign, type RunProgress } from '../../main/rekey/run.ts';
import { campaignStatus } from '../../main/rekey/state.ts';
import type { StoredInstance } from '../../main/systemdb/repositories.ts';
import { failureOf } from '../lu/fixtures.ts';
import { cluster, generationsOf, image, inRangesOf, LU, planFor, started, wrapped } from './fixtures.ts';
import { SteppedClock } from './stepped-clock.ts';

const LEASE_MS = LEASE_SECONDS * 1_000;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 500 && !(await condition()); i++) await sleep(10);
}

describe('a campaign', () => {
  test('brings every instance under the active generation, unchanged, and proves it', async () => {
    const { db, keys, instances } = await cluster(300);
    const before = await db.instances.list(LU, { limit: 300 });
    const { record } = await started(db, keys);
    const seen: RunProgress[] = [];
    expect(await runCampaign({ db, keys, id: record.id, worker: 'a', onProgress: (progress) => seen.push(progress) })).toBe('done');
    expect(await generationsOf(db)).toEqual({ 'key-2': 300 });
    expect(await instances.verify()).toMatchObject({ checked: 300, unreadable: [] });
    expect(Buffer.compare((await instances.read(LU, '000017')).image, image('content'))).toBe(0);
    expect((await db.instances.list(LU, { limit: 300 })).map((info) => info.savedAt)).toEqual(before.map((info) => info.savedAt));
    const status = await campaignStatus(db, record.id);
    expect(status).toMatchObject({ state: 'done', done: 300, total: 300, failed: 0, left: 0, workers: [] });
    expect(status.outcome).toMatchObject({ kind: 'proof', proven: true, left: [], counted: 300, rewritten: 300, superseded: 0 });
    expect(seen.at(-1)).toMatchObject({ rewritten: 300, passed: 300, waiting: null, phase: 'counting' });
  });

  test('leaves alone what is not under one of its generations', async () => {
    const { db, keys, instances } = await cluster(20);
    await instances.save(LU, 'new', image('new'));
    keys.rotate('key-3');
    const { record } = await started(db, keys, {}, { from: ['key-1'] });
    await runCampaign({ db, keys, id: record.id, worker: 'a' });
    expect(await generationsOf(db)).toEqual({ 'key-2': 1, 'key-3': 20 });
    expect(await campaignStatus(db, record.id)).toMatchObject({ state: 'done', done: 20, total: 20 });
  });

  test('seals under the generation that is active when the turn of an instance comes', async () => {
    const { db, keys } = await cluster(800);
    const { record } = await started(db, keys, { instancesPerSecond: 400 });
    const run = runCampaign({ db, keys, id: record.id, worker: 'a' });
    await until(async () => ((await generationsOf(db))['key-2'] ?? 0) > 20);
    keys.rotate('key-3');
    expect(await run).toBe('done');
    const found = await generationsOf(db);
    // Also those that were sealed under the other and waited.
    expect(found['key-3']).toBeGreaterThan(500);
    expect(found['key-1']).toBeUndefined();
    expect(await campaignStatus(db, record.id)).toMatchObject({ state: 'done', done: 800, outcome: { proven: true } });
  });

  test('two workers share the ranges: each instance is rewritten once, and the counts add up', async () => {
    const { db, other, keys } = await cluster(500);
    const { record } = await started(inRangesOf(db, 50, 500), keys);
    const rewrites = new Map<string, string[]>();
    const spied = (real: typeof db, worker: string): typeof db =>
      wrapped(real, {
        instances: {
          rewrite: (read, next) => {
            rewrites.set(read.id, [...(rewrites.get(read.id) ?? []), worker]);
            return real.instances.rewrite(read, next);
          },
        },
      });
    const totals = { a: 0, b: 0 };
    const states = await Promise.all(
      (['a', 'b'] as const).map((worker) =>
        runCampaign({ db: spied(worker === 'a' ? db : other, worker), keys, id: record.id, worker, onProgress: (progress) => (totals[worker] = progress.rewritten) }),
      ),
    );
    expect(states).toEqual(['done', 'done']);
    expect(rewrites.size).toBe(500);
    expect([...rewrites.values()].every((workers) => workers.length === 1)).toBe(true);
    expect(totals.a + totals.b).toBe(500);
    expect(Math.min(totals.a, totals.b)).toBeGreaterThan(0);
    const ranges = await db.campaigns.ranges(record.id);
    expect(ranges.length).toBe(10);
    expect(ranges.reduce((sum, range) => sum + range.passed, 0)).toBe(500);
    expect(await campaignStatus(db, record.id)).toMatchObject({ done: 500, outcome: { proven: true, rewritten: 500 } });
  });

  test('a worker lists the ranges a few times, however many there are', async () => {
    const { db, keys } = await cluster(400);
    const { record } = await started(inRangesOf(db, 4, 400), keys);
    let listed = 0;
    const counting = wrapped(db, {
      campaigns: {
        ranges: (id) => {
          listed++;
          return db.campaigns.ranges(id);
        },
      },
    });
    const start = performance.now();
    expect(await runCampaign({ db: counting, keys, id: record.id, worker: 'a' })).toBe('done');
    expect(await db.campaigns.ranges(record.id)).toHaveLength(100);
    // By the second, for what other workers do; and at the end, for what is left.
    expect(listed).toBeLessThan(10 + (performance.now() - start) / 500);
  });

  test('goes on where a worker was stopped, again and again, each instance once', async () => {
    const { db, keys } = await cluster(400);
    const { record } = await started(inRangesOf(db, 75, 400), keys);
    let rewritten = 0;
    const counting = wrapped(db, {
      instances: {
        rewrite: async (read, next) => {
          const won = await db.instances.rewrite(read, next);
          if (won) rewritten++;
          return won;
        },
      },
    });
    let state = 'running';
    for (let round = 0; state === 'running'; round++) {
      const stop = new AbortController();
      const timer = setTimeout(() => stop.abort(), round < 12 ? Math.random() * 80 : 60_000);
      state = await runCampaign({ db: counting, keys, id: record.id, worker: `w${round}`, signal: stop.signal });
      clearTimeout(timer);
    }
    expect(state).toBe('done');
    expect(rewritten).toBe(400);
    expect(await campaignStatus(db, record.id)).toMatchObject({ done: 400, outcome: { proven: true, rewritten: 400 } });
    expect((await db.campaigns.ranges(record.id)).reduce((sum, range) => sum + range.passed, 0)).toBe(400);
  });

  test('a range of which all was done just as the worker was stopped counts once', async () => {
    const { db, keys } = await cluster(40);
    const { record } = await started(db, keys);
    const stop = new AbortController();
    let rewritten = 0;
    const stopping = wrapped(db, {
      instances: {
        rewrite: async (read, next) => {
          const won = await db.instances.rewrite(read, next);
          if (++rewritten === 40) stop.abort();
          return won;
        },
      },
    });
    expect(await runCampaign({ db: stopping, keys, id: record.id, worker: 'a', signal: stop.signal })).toBe('running');
    expect(await runCampaign({ db, keys, id: record.id, worker: 'b' })).toBe('done');
    expect((await db.campaigns.ranges(record.id)).reduce((sum, range) => sum + range.passed, 0)).toBe(40);
    expect(await campaignStatus(db, record.id)).toMatchObject({ state: 'done', done: 40, outcome: { proven: true } });
  });

  test('counts what another worker did of a range after this one had listed it', async () => {
    const { db, other, keys } = await cluster(1_000);
    const { record } = await started(db, keys);
    const listed = await db.campaigns.ranges(record.id);
    const stop = new AbortController();
    let written = 0;
    const stopping = wrapped(db, {
      instances: {
        rewrite: async (read, next) => {
          const won = await db.instances.rewrite(read, next);
          if (++written === 400) stop.abort();
          return won;
        },
      },
    });
    expect(await runCampaign({ db: stopping, keys, id: record.id, worker: 'a', signal: stop.signal })).toBe('running');
    let asked = 0;
    const late = wrapped(other, { campaigns: { ranges: async (id) => (asked++ === 0 ? listed : other.campaigns.ranges(id)) } });
    expect(await runCampaign({ db: late, keys, id: record.id, worker: 'b' })).toBe('done');
    const [range] = await db.campaigns.ranges(record.id);
    expect(range).toMatchObject({ state: 'done', passed: 1_000, rewritten: 1_000, superseded: 0, failed: 0 });
  });

  test('goes on after a worker that vanished, once its leases end', async () => {
    const { db, other, keys, instances } = await cluster(1_000);
    const { record } = await started(db, keys);
    let dead = false;
    const never = new Promise<never>(() => undefined);
    // Seconds: long enough for a busy machine to come as far as the assertion.
    const LEASE = 4;
    const brief = wrapped(db, {
      campaigns: {
        claim: (id, seq, worker) => (dead ? never : db.campaigns.claim(id, seq, worker, LEASE)),
        progress: (id, seq, worker, _seconds, progress) => (dead ? never : db.campaigns.progress(id, seq, worker, LEASE, progress)),
      },
      instances: {
        rewrite: (read, next) => {
          if (!dead && Number(read.id) >= 400) dead = true;
          return dead ? never : db.instances.rewrite(read, next);
        },
      },
    });
    const stop = new AbortController();
    void runCampaign({ db: brief, keys, id: record.id, worker: 'vanishes', signal: stop.signal });
    await until(async () => dead);
    expect((await campaignStatus(db, record.id)).workers).toMatchObject([{ worker: 'vanishes', ranges: 1 }]);
    expect(await runCampaign({ db: other, keys, id: record.id, worker: 'b' })).toBe('done');
    expect(await instances.verify()).toMatchObject({ checked: 1_000, unreadable: [] });
    expect(await campaignStatus(db, record.id)).toMatchObject({ done: 1_000, total: 1_000, failed: 0, outcome: { proven: true } });
  });

  test('goes to what another worker began and left, once that is free, before what nobody began', async () => {
    const { db, keys } = await cluster(400);
    const { record } = await started(inRangesOf(db, 4, 400), keys);
    const SEQ = 60;
    const begun = await db.campaigns.claim(record.id, SEQ, 'gone', LEASE_SECONDS);
    const cursor = writeBookmark(startBookmark(begun?.range.start ?? '', Date.now(), 0));
    await db.campaigns.progress(record.id, SEQ, 'gone', LEASE_SECONDS, { state: 'waiting', cursor, passed: 0, rewritten: 0, superseded: 0, failed: 0, bytes: 0, updatedAt: Date.now() });
    let passed = 0;
    const claimed: number[] = [];
    const spied = wrapped(db, {
      campaigns: {
        claim: async (id, seq, worker, seconds) => {
          if (claimed.push(seq) === 10) {
            await db.campaigns.release(id, SEQ, 'gone');
            passed = LEASE_MS;
          }
          return db.campaigns.claim(id, seq, worker, seconds);
        },
      },
    });
    const clock = { ...systemClock, elapsed: () => systemClock.elapsed() + passed };
    expect(await runCampaign({ db: spied, keys, id: record.id, worker: 'a', clock })).toBe('done');
    expect(claimed.length).toBe(100);
    expect(claimed.indexOf(SEQ)).toBeLessThan(15);
  });

  test('a worker that lost a range stops working on it at once', async () => {
    const { db, keys } = await cluster(1_500);
    const { record } = await started(db, keys, { instancesPerSecond: 500 });
    let lost = false;
    let after = 0;
    const losing = wrapped(db, {
      campaigns: {
        progress: async (...args) => {
          const kept = lost ? false : await db.campaigns.progress(...args);
          return kept;
        },
        claim: async (...args) => (lost ? null : db.campaigns.claim(...args)),
      },
      instances: {
        rewrite: async (read, next) => {
          if (lost) after++;
          return db.instances.rewrite(read, next);
        },
      },
    });
    const stop = new AbortController();
    const run = runCampaign({ db: losing, keys, id: record.id, worker: 'a', signal: stop.signal });
    await sleep(400);
    lost = true;
    await sleep(2_400);
    const atLoss = after;
    await sleep(500);
    expect(after).toBe(atLoss);
    stop.abort();
    expect(await run).toBe('running');
  });

  test('a worker that can not renew its lease sends no write near its end, and goes on once it could', async () => {
    const { db, keys } = await cluster(1_000);
    const clock = new SteppedClock();
    const { record } = await started(db, keys, { instancesPerSecond: 20 });
    let answering: Promise<void> | null = null;
    let renewedAt = 0;
    /** When each write began, since the last lease that was granted had been asked for. */
    const begun: number[] = [];
    const silent = wrapped(db, {
      campaigns: {
        claim: (...args) => {
          renewedAt = clock.elapsed();
          return db.campaigns.claim(...args);
        },
        progress: async (...args) => {
          const sentAt = clock.elapsed();
          await answering;
          const kept = await db.campaigns.progress(...args);
          renewedAt = sentAt;
          return kept;
        },
      },
      instances: {
        rewrite: (read, next) => {
          begun.push(clock.elapsed() - renewedAt);
          return db.instances.rewrite(read, next);
        },
      },
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.at(10_000, () => void (answering = promise));
    clock.at(10_000 + 2 * LEASE_MS, () => {
      answering = null;
      resolve();
    });
    expect(await clock.run(runCampaign({ db: silent, keys, id: record.id, worker: 'a', clock }))).toBe('done');
    expect(await db.campaigns.ranges(record.id)).toHaveLength(1);
    expect(begun).toHaveLength(1_000);
    expect(Math.max(...begun)).toBeLessThan(LEASE_MS - QUIET_END_MS);
    // Until then it works as ever.
    expect(Math.max(...begun)).toBeGreaterThan(LEASE_MS - QUIET_END_MS - 1_000);
  });
});

describe('people', () => {
  test('pause, resume and cancel from another process', async () => {
    const { db, other, keys } = await cluster(1_500);
    const { record } = await started(db, keys, { instancesPerSecond: 200 });
    const run = runCampaign({ db, keys, id: record.id, worker: 'a' });
    await sleep(300);
    await pauseCampaign(other, record.id);
    const asked = performance.now();
    expect(await run).toBe('paused');
    expect(performance.now() - asked).toBeLessThan(2_000);
    const paused = await campaignStatus(db, record.id);
    expect(paused).toMatchObject({ state: 'paused', workers: [], rate: 0, total: 1_500 });
    expect(paused.done).toBe((await generationsOf(db))['key-2']);
    expect(await runCampaign({ db, keys, id: record.id, worker: 'a' })).toBe('paused');

    await resumeCampaign(other, record.id);
    const again = runCampaign({ db, keys, id: record.id, worker: 'a' });
    await sleep(200);
    await cancelCampaign(other, record.id);
    expect(await again).toBe('cancelled');
    expect((await failureOf(() => resumeCampaign(db, record.id))).code).toBe('REKEY_STATE');
    expect((await failureOf(() => pauseCampaign(db, 'no such'))).code).toBe('REKEY_UNKNOWN');
    expect((await generationsOf(db))['key-1']).toBeGreaterThan(0);
  });

  test('resume what was made and never started', async () => {
    const { db, other, keys } = await cluster(20);
    const { record } = await createCampaign(db, await planFor(db, keys));
    expect((await failureOf(() => pauseCampaign(other, record.id))).code).toBe('REKEY_STATE');
    await resumeCampaign(other, record.id);
    expect(await runCampaign({ db, keys, id: record.id, worker: 'a' })).toBe('done');
    expect((await failureOf(() => resumeCampaign(db, record.id))).code).toBe('REKEY_STATE');
  });

  test('change the limits while it runs', async () => {
    const { db, other, keys } = await cluster(1_500);
    const { record } = await started(db, keys, { instancesPerSecond: 20 });
    const run = runCampaign({ db, keys, id: record.id, worker: 'a' });
    await sleep(300);
    expect((await generationsOf(db))['key-2']).toBeLessThan(40);
    await limitCampaign(other, record.id, { instancesPerSecond: null, concurrency: 4 });
    expect((await failureOf(() => limitCampaign(other, record.id, { concurrency: 257 }))).code).toBe('INPUT_INVALID');
    expect(await run).toBe('done');
    expect((await getCampaign(db, record.id)).limits).toEqual({ instancesPerSecond: null, mebibytesPerSecond: null, concurrency: 4 });
  });
});

describe('a concurrent save', () => {
  test('wins, whenever it comes between read and rewrite', async () => {
    const { db, other, keys, instances } = await cluster(200);
    const { record } = await started(db, keys);
    const saved = new Set<string>();
    const racing = wrapped(db, {
      instances: {
        rewrite: async (read, next) => {
          if (Number(read.id) % 3 === 0) {
            saved.add(read.id);
            if (Number(read.id) % 2 === 0) await instances.save(LU, read.id, image('newer'));
            else await other.instances.remove(LU, read.id);
          }
          return db.instances.rewrite(read, next);
        },
      },
    });
    expect(await runCampaign({ db: racing, keys, id: record.id, worker: 'a' })).toBe('done');
    for (const id of saved) {
      if (Number(id) % 2 === 0) expect(Buffer.compare((await instances.read(LU, id)).image, image('newer'))).toBe(0);
      else expect(await db.instances.get(LU, id)).toBeNull();
    }
    const { outcome } = await campaignStatus(db, record.id);
    expect(outcome).toMatchObject({ proven: true, rewritten: 200 - saved.size, superseded: saved.size, failures: 0 });
  });

  test('under an old generation is what the proof says is left', async () => {
    const { db, keys } = await cluster(30);
    const { record } = await started(db, keys);
    const old = (await db.instances.get(LU, '000003')) as StoredInstance;
    const late = wrapped(db, {
      instances: {
        rewrite: async (read, next) => {
          if (read.id === '000003') await db.instances.save({ ...old, savedAt: 99 });
          return db.instances.rewrite(read, next);
        },
      },
    });
    await runCampaign({ db: late, keys, id: record.id, worker: 'a' });
    expect(await campaignStatus(db, record.id)).toMatchObject({
      state: 'done',
      done: 29,
      left: 1,
      outcome: { proven: false, left: [{ lu: LU, keyDescription: 'key-1', instances: 1 }], superseded: 1 },
    });
  });
});

describe('failures', () => {
  test('are kept with their reason, stop nothing, leave the instance as it is, and can be retried', async () => {
    const { db, keys } = await cluster(50);
    const good = (await db.instances.get(LU, '000007')) as StoredInstance;
    const torn = Buffer.from(good.sealed);
    torn[torn.length - 1]! ^= 1;
    await db.instances.save({ ...good, sealed: torn });
    const corrupt = await db.instances.get(LU, '000007');
    const future = wrapped(db, {
      instances: {
        rewrite: (read, next) => {
          if (read.id === '000009') throw new AppError('INSTANCE_FROM_FUTURE', 'It lies ahead.', 'Wait.');
          return db.instances.rewrite(read, next);
        },
      },
    });
    const { record } = await started(db, keys);
    expect(await runCampaign({ db: future, keys, id: record.id, worker: 'a' })).toBe('done');
    const failures = await db.campaigns.failures(record.id, { limit: 10 });
    expect(failures.map(({ id, code, keyDescription }) => [id, code, keyDescription])).toEqual([
      ['000007', 'ENVELOPE_AUTHENTICATION_FAILED', 'key-1'],
      ['000009', 'INSTANCE_FROM_FUTURE', 'key-1'],
    ]);
    expect(await db.instances.get(LU, '000007')).toEqual(corrupt);
    expect(await campaignStatus(db, record.id)).toMatchObject({ state: 'done', done: 48, failed: 2, left: 0, outcome: { proven: false, failures: 2 } });

    expect(await retryCampaign({ db, keys, id: record.id })).toEqual({ state: 'done', retried: 2, rewritten: 1, unneeded: 0, failed: 1 });
    await db.instances.remove(LU, '000007');
    expect(await retryCampaign({ db, keys, id: record.id })).toEqual({ state: 'done', retried: 1, rewritten: 0, unneeded: 1, failed: 0 });
    expect(await campaignStatus(db, record.id)).toMatchObject({ done: 50, failed: 0, outcome: { proven: true, failures: 0 } });
  });

  test('of a range that can not be read fail the campaign, and a retry works it through', async () => {
    const { db, keys } = await cluster(60);
    const { record } = await started(inRangesOf(db, 20, 60), keys);
    const unreadable = wrapped(db, {
      instances: {
        scanRange: (range, page) => {
          if (range.start !== '' && range.end !== '') throw new AppError('DATABASE_CORRUPT', 'It is damaged.', 'Restore it.');
          return db.instances.scanRange(range, page);
        },
      },
    });
    expect(await runCampaign({ db: unreadable, keys, id: record.id, worker: 'a' })).toBe('failed');
    const failed = await campaignStatus(db, record.id);
    expect(failed).toMatchObject({ state: 'failed', outcome: { kind: 'failure', code: 'DATABASE_CORRUPT' } });
    expect(failed.ranges.filter((range) => range.state === 'failed')).toHaveLength(1);
    expect(await retryCampaign({ db, keys, id: record.id })).toMatchObject({ state: 'running', retried: 0 });
    expect(await runCampaign({ db, keys, id: record.id, worker: 'a' })).toBe('done');
    expect(await campaignStatus(db, record.id)).toMatchObject({ done: 60, outcome: { proven: true } });
  });

  test('of the database are waited for, and seen while it waits', async () => {
    const { db, keys } = await cluster(500);
    const { record } = await started(db, keys);
    const down = performance.now() + 700;
    const waits: RunProgress[] = [];
    const trouble = async <T>(act: () => Promise<T>): Promise<T> => {
      if (performance.now() < down) throw new AppError('DATABASE_UNAVAILABLE', 'Too few nodes answer.', 'Start them.');
      return act();
    };
    const flaky = wrapped(db, {
      instances: {
        rewrite: (read, next) => trouble(() => db.instances.rewrite(read, next)),
        scanRange: (range, page) => trouble(() => db.instances.scanRange(range, page)),
      },
    });
    const state = await runCampaign({ db: flaky, keys, id: record.id, worker: 'a', onProgress: (progress) => waits.push(progress) });
    expect(state).toBe('done');
    expect(waits.some(({ waiting }) => waiting?.code === 'DATABASE_UNAVAILABLE')).toBe(true);
    expect(waits.at(-1)?.waiting).toBeNull();
    expect(await campaignStatus(db, record.id)).toMatchObject({ done: 500, failed: 0 });
  });

  test('that concern all end the worker, not the campaign', async () => {
    const { db, keys, instances } = await cluster(200);
    const { record } = await started(db, keys, { instancesPerSecond: 100 });
    const run = runCampaign({ db, keys, id: record.id, worker: 'a' });
    await sleep(300);
    keys.locked = true;
    expect((await failureOf(() => run)).code).toBe('LOCKED');
    keys.locked = false;
    const status = await campaignStatus(db, record.id);
    expect(status).toMatchObject({ state: 'running', failed: 0, workers: [] });
    keys.forget('key-1');
    expect((await failureOf(() => runCampaign({ db, keys, id: record.id, worker: 'b' }))).code).toBe('REKEY_GENERATION_UNREADABLE');
    expect(await db.campaigns.failures(record.id, { limit: 1 })).toEqual([]);
    expect(isOfInstance(new AppError('INSTANCE_FROM_FUTURE', '', ''))).toBe(true);
    expect((await instances.verify()).readable).toBe(status.done);
  });
});
