/** What a retry does beside others, and that what failed, was retried or was mended meanwhile counts rightly. */
import { expect, test } from 'vitest';
import { AppError } from '../../main/errors.ts';
import { readFieldHeader } from '../../main/crypto/field.ts';
import { Fields } from '../../main/lu/fields.ts';
import { systemClock } from '../../main/rekey/clock.ts';
import { cancelCampaign } from '../../main/rekey/control.ts';
import { retryCampaign } from '../../main/rekey/retry.ts';
import { runCampaign } from '../../main/rekey/run.ts';
import { campaignStatus } from '../../main/rekey/state.ts';
import type { StoredInstance, SystemDb } from '../../main/systemdb/repositories.ts';
import { failureOf, imageOf, rowsOf } from '../lu/fixtures.ts';
import { cluster, image, inRangesOf, LU, started, wrapped } from './fixtures.ts';

const idOf = (i: number): string => String(i).padStart(6, '0');

/** Rewrites of these instances fail, as long as `ids` has them. */
function failing(db: SystemDb, ids: Set<string>): SystemDb {
  return wrapped(db, {
    instances: {
      rewrite: (read, next) => {
        if (ids.has(read.id)) throw new AppError('INSTANCE_FROM_FUTURE', 'It lies ahead.', 'Wait.');
        return db.instances.rewrite(read, next);
      },
    },
  });
}

/** Ranges that begin with one of these can not be read. */
function damaged(db: SystemDb, ...starts: string[]): SystemDb {
  return wrapped(db, {
    instances: {
      scanRange: (range, page) => {
        if (starts.includes(range.start)) throw new AppError('DATABASE_CORRUPT', 'It is damaged.', 'Restore it.');
        return db.instances.scanRange(range, page);
      },
    },
  });
}

test('while a retry is under way no campaign begins on its LUs, and no other retry; afterwards they do', async () => {
  const { db, other, keys, instances } = await cluster(10);
  const { record } = await started(db, keys);
  await runCampaign({ db: failing(db, new Set([idOf(3)])), keys, id: record.id, worker: 'a' });
  keys.rotate('key-3');
  await instances.save('OTHER', '1', image('x'));
  keys.rotate('key-4');
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
  const { promise: allowed, resolve: allow } = Promise.withResolvers<void>();
  const slow = wrapped(db, {
    instances: {
      rewrite: async (read, next) => {
        reach();
        await allowed;
        return db.instances.rewrite(read, next);
      },
    },
  });
  const retry = retryCampaign({ db: slow, keys, id: record.id });
  await reached;
  expect(await failureOf(() => started(other, keys))).toMatchObject({ code: 'REKEY_OVERLAPS', details: { campaign: record.id, lus: [LU] } });
  expect((await failureOf(() => retryCampaign({ db: other, keys, id: record.id }))).code).toBe('REKEY_STATE');
  // Another LU is none of its business.
  const aside = await started(other, keys, {}, { lus: ['OTHER'] });
  allow();
  expect(await retry).toMatchObject({ state: 'done', rewritten: 1 });
  const next = await started(other, keys, {}, { lus: [LU] });
  expect((await failureOf(() => retryCampaign({ db, keys, id: record.id }))).code).toBe('REKEY_OVERLAPS');
  await cancelCampaign(db, next.record.id);
  await cancelCampaign(db, aside.record.id);
  expect(await retryCampaign({ db, keys, id: record.id })).toMatchObject({ state: 'done', retried: 0 });
});

test('a campaign that came meanwhile keeps a failed one from running again, and what was retried stays and counts', async () => {
  const { db, other, keys } = await cluster(40);
  const at = inRangesOf(db, 10, 40);
  const { record } = await started(at, keys);
  expect(await runCampaign({ db: damaged(failing(at, new Set([idOf(3)])), idOf(19)), keys, id: record.id, worker: 'a' })).toBe('failed');
  // A process that stood still for so long that its leases ended.
  const lapsed = wrapped(db, {
    instances: {
      rewrite: async (read, next) => {
        await db.leases.release(`rekey:retry:${LU}`, (await db.leases.holder(`rekey:retry:${LU}`)) ?? '');
        await started(other, keys);
        return db.instances.rewrite(read, next);
      },
    },
  });
  expect((await failureOf(() => retryCampaign({ db: lapsed, keys, id: record.id }))).code).toBe('REKEY_OVERLAPS');
  expect(await campaignStatus(db, record.id)).toMatchObject({ state: 'failed', done: 30, total: 40, failed: 0, left: 10 });
  expect((await db.campaigns.list(5)).filter(({ state }) => state === 'running')).toHaveLength(1);
});

test('a retry that lost its claim on an LU stops, and what it did stays and counts', async () => {
  const { db, other, keys } = await cluster(10);
  const { record } = await started(db, keys);
  await runCampaign({ db: failing(db, new Set([3, 4, 5].map(idOf))), keys, id: record.id, worker: 'a' });
  const claim = `rekey:retry:${LU}`;
  const losing = wrapped(db, {
    instances: {
      rewrite: async (read, next) => {
        await other.leases.release(claim, (await other.leases.holder(claim)) ?? '');
        expect(await other.leases.acquire(claim, 'another process', 60)).toBe(true);
        await systemClock.sleep(200);
        return db.instances.rewrite(read, next);
      },
    },
  });
  // Leases are renewed at once, not after a quarter of a minute.
  const clock = { ...systemClock, sleep: (_ms: number, signal?: AbortSignal) => systemClock.sleep(5, signal) };
  expect((await failureOf(() => retryCampaign({ db: losing, keys, id: record.id, clock }))).code).toBe('DATABASE_TIMEOUT');
  expect(await db.campaigns.failures(record.id, { limit: 5 })).toHaveLength(2);
  expect(await db.leases.holder(claim)).toBe('another process');
  await db.leases.release(claim, 'another process');
  expect(await retryCampaign({ db, keys, id: record.id })).toMatchObject({ state: 'done', retried: 2, rewritten: 2 });
  expect(await campaignStatus(db, record.id)).toMatchObject({ done: 10, failed: 0, outcome: { rewritten: 10 } });
});

test('of a cancelled campaign what was retried counts as done, and what was not as failed', async () => {
  const { db, keys } = await cluster(40);
  const at = inRangesOf(db, 10, 40);
  const { record } = await started(at, keys, { instancesPerSecond: 100 });
  const bad = new Set([0, 1, 10, 11, 20, 21, 30, 31].map(idOf));
  const run = runCampaign({ db: failing(at, bad), keys, id: record.id, worker: 'a' });
  while ((await campaignStatus(db, record.id)).failed < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  await cancelCampaign(db, record.id);
  await run;
  const cancelled = await campaignStatus(db, record.id);
  const listed = (await db.campaigns.failures(record.id, { limit: 50 })).map(({ id }) => id);
  bad.clear();
  bad.add(listed[0] ?? '');
  expect(await retryCampaign({ db: failing(db, bad), keys, id: record.id })).toMatchObject({ state: 'cancelled', retried: listed.length, rewritten: listed.length - 1, failed: 1 });
  const again = await campaignStatus(db, record.id);
  expect(again).toMatchObject({ state: 'cancelled', done: cancelled.done + listed.length - 1, failed: 1 });
  expect(again.bytes).toBeGreaterThan(cancelled.bytes);
  bad.clear();
  await retryCampaign({ db, keys, id: record.id });
  expect(await campaignStatus(db, record.id)).toMatchObject({ done: cancelled.done + listed.length, failed: 0 });
  expect(await campaignStatus(db, record.id)).toMatchObject({ done: (await db.instances.census()).find(({ keyDescription }) => keyDescription === 'key-2')?.instances });
});

test('a retry that is stopped counts what it did', async () => {
  const { db, keys } = await cluster(40);
  const at = inRangesOf(db, 10, 40);
  const { record } = await started(at, keys);
  const bad = new Set([3, 4, 5].map(idOf));
  expect(await runCampaign({ db: damaged(failing(at, bad), idOf(19)), keys, id: record.id, worker: 'a' })).toBe('failed');
  const stop = new AbortController();
  expect((await failureOf(() => retryCampaign({ db, keys, id: record.id, signal: stop.signal, onProgress: () => stop.abort() }))).code).toBe('CANCELLED');
  expect(await campaignStatus(db, record.id)).toMatchObject({ state: 'failed', done: 28, total: 40, failed: 2, left: 10 });
  expect(await db.campaigns.failures(record.id, { limit: 5 })).toHaveLength(2);
});

test('a failure that was mended since is none at the end', async () => {
  const { db, keys, instances } = await cluster(30);
  const { record } = await started(inRangesOf(db, 10, 30), keys);
  const bad = new Set([2, 12, 22].map(idOf));
  let mended = false;
  const saving = wrapped(failing(db, bad), {
    campaigns: {
      // By the time the last range is done, the platform has saved one anew and removed another.
      progress: async (...args) => {
        if (args[4].state === 'done' && !mended && (await db.campaigns.failures(record.id, { limit: 5 })).length === 3) {
          mended = true;
          await instances.save(LU, idOf(2), image('newer'));
          await db.instances.remove(LU, idOf(12));
        }
        return db.campaigns.progress(...args);
      },
    },
  });
  expect(await runCampaign({ db: saving, keys, id: record.id, worker: 'a' })).toBe('done');
  expect((await db.campaigns.failures(record.id, { limit: 5 })).map(({ id }) => id)).toEqual([idOf(22)]);
  expect(await campaignStatus(db, record.id)).toMatchObject({ done: 29, total: 30, failed: 1, outcome: { proven: false, failures: 1, rewritten: 27 } });
});

test('a failure of a worker that was killed before it counted is none where its range was done again', async () => {
  const { db, keys } = await cluster(20);
  const { record } = await started(db, keys);
  const { lu, id, keyDescription } = (await db.instances.get(LU, idOf(7))) as StoredInstance;
  await db.campaigns.putFailure(record.id, { lu, id, keyDescription, code: 'INSTANCE_FROM_FUTURE', message: '', remedy: '', at: 1 });
  await runCampaign({ db, keys, id: record.id, worker: 'a' });
  expect(await campaignStatus(db, record.id)).toMatchObject({ done: 20, total: 20, failed: 0, outcome: { proven: true, failures: 0, rewritten: 20 } });
  expect(await db.campaigns.failures(record.id, { limit: 5 })).toEqual([]);
});

test('a campaign that failed keeps its counts when it is retried, while it runs and in its proof', async () => {
  const { db, keys } = await cluster(40);
  const at = inRangesOf(db, 10, 40);
  const { record } = await started(at, keys);
  const bad = new Set([3, 4, 15, 16].map(idOf));
  let scans = 0;
  // The second range breaks after its first page.
  const breaking = wrapped(failing(at, bad), {
    instances: {
      rewrite: failing(db, bad).instances.rewrite.bind(failing(db, bad).instances),
      scanRange: (range, page) => {
        if (range.start !== idOf(9)) return db.instances.scanRange(range, page);
        if (++scans % 2 === 0) throw new AppError('DATABASE_CORRUPT', 'It is damaged.', 'Restore it.');
        return db.instances.scanRange(range, { ...page, limit: 7 });
      },
    },
  });
  expect(await runCampaign({ db: breaking, keys, id: record.id, worker: 'a' })).toBe('failed');
  const failed = await campaignStatus(db, record.id);
  expect(failed).toMatchObject({ state: 'failed', done: 33, failed: 4, left: 3 });
  bad.clear();
  bad.add(idOf(16));
  expect(await retryCampaign({ db: failing(db, bad), keys, id: record.id })).toMatchObject({ state: 'running', rewritten: 3, failed: 1 });
  const running = await campaignStatus(db, record.id);
  expect(running).toMatchObject({ state: 'running', done: 36 });
  expect(running.bytes).toBe((failed.bytes / 33) * 36);
  expect(await runCampaign({ db: failing(db, bad), keys, id: record.id, worker: 'a' })).toBe('done');
  expect(await campaignStatus(db, record.id)).toMatchObject({ done: 39, total: 40, failed: 1, outcome: { rewritten: 39, failures: 1 } });
  expect(await retryCampaign({ db, keys, id: record.id })).toMatchObject({ state: 'done', rewritten: 1 });
  expect(await campaignStatus(db, record.id)).toMatchObject({ done: 40, failed: 0, bytes: (failed.bytes / 33) * 40, outcome: { proven: true, rewritten: 40, superseded: 0 } });
});

test('the proof of a campaign over fields counts values that were re-encrypted before and by retries', async () => {
  const { db, keys, instances } = await cluster(0);
  for (let i = 0; i < 20; i++) {
    const token = await new Fields(keys).luEncrypt(Buffer.from('x'), LU, idOf(i));
    await instances.save(LU, idOf(i), imageOf(`CREATE TABLE p(v TEXT); INSERT INTO p VALUES ('${token}')`));
  }
  keys.rotate('key-3');
  const at = inRangesOf(db, 10, 20);
  const { record } = await started(at, keys, {}, { fields: [{ lu: LU, table: 'p', column: 'v' }] });
  const bad = new Set([2, 13].map(idOf));
  let scans = 0;
  const breaking = wrapped(failing(at, bad), {
    instances: {
      rewrite: failing(db, bad).instances.rewrite.bind(failing(db, bad).instances),
      scanRange: (range, page) => {
        if (range.start === '') return db.instances.scanRange(range, page);
        if (++scans % 2 === 0) throw new AppError('DATABASE_CORRUPT', 'It is damaged.', 'Restore it.');
        return db.instances.scanRange(range, { ...page, limit: 6 });
      },
    },
  });
  expect(await runCampaign({ db: breaking, keys, id: record.id, worker: 'a' })).toBe('failed');
  expect(await retryCampaign({ db, keys, id: record.id })).toMatchObject({ state: 'running', rewritten: 2 });
  expect(await campaignStatus(db, record.id)).toMatchObject({ done: 10, failed: 0 });
  expect(await runCampaign({ db, keys, id: record.id, worker: 'a' })).toBe('done');
  expect(await campaignStatus(db, record.id)).toMatchObject({ done: 20, failed: 0, outcome: { rewritten: 20, fields: { renewed: [{ keyDescription: 'key-2', values: 20 }], left: 0 } } });
  const [row] = rowsOf((await instances.read(LU, idOf(2))).image, 'p');
  expect(readFieldHeader(String(row?.[0])).keyDescription).toBe('key-3');
});
