import { expect, test } from 'vitest';
import { limitCampaign } from '../../main/rekey/control.ts';
import { runCampaign, type RunProgress } from '../../main/rekey/run.ts';
import { campaignStatus, type CampaignStatus } from '../../main/rekey/state.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { cluster, started, wrapped } from './fixtures.ts';
import { SteppedClock } from './stepped-clock.ts';

interface Written {
  readonly at: number;
  readonly bytes: number;
}

/** The database, each write of which takes `latency()` milliseconds; and what was under way at once, and written when. */
function paced(db: SystemDb, clock: SteppedClock, latency: () => number) {
  const seen = { inHand: 0, most: 0, written: [] as Written[] };
  const slow = wrapped(db, {
    instances: {
      rewrite: async (read, next) => {
        seen.most = Math.max(seen.most, ++seen.inHand);
        await clock.sleep(latency());
        seen.inHand--;
        seen.written.push({ at: clock.elapsed(), bytes: next.sealed.length });
        return db.instances.rewrite(read, next);
      },
    },
  });
  return { slow, seen };
}

test('concurrency, instances a second and MiB a second are changed while a worker runs, and it keeps to them', async () => {
  const { db, other, keys } = await cluster(3_500);
  const clock = new SteppedClock();
  const { record } = await started(db, keys);
  const { slow, seen } = paced(db, clock, () => 100);
  const reports: (RunProgress & { readonly at: number })[] = [];
  const stop = new AbortController();
  const { bytes } = (await db.instances.get('CUSTOMER', '000000')) ?? { bytes: 0 };
  const change = (at: number, limits: Parameters<typeof limitCampaign>[2]): void => clock.at(at, async () => void (await limitCampaign(other, record.id, limits, clock.now())));
  change(2_000, { concurrency: 4 });
  clock.at(3_500, () => {
    seen.most = 0;
  });
  change(6_000, { instancesPerSecond: 10 });
  change(16_000, { instancesPerSecond: null, mebibytesPerSecond: (20 * bytes) / (1024 * 1024) });
  change(26_000, { mebibytesPerSecond: (5 * bytes) / (1024 * 1024) });
  clock.at(36_000, () => stop.abort());
  const state = await clock.run(runCampaign({ db: slow, keys, id: record.id, worker: 'a', clock, signal: stop.signal, onProgress: (progress) => reports.push({ ...progress, at: clock.elapsed() }) }));
  expect(state).toBe('running');
  expect(Math.max(...reports.filter(({ at }) => at <= 2_000).map(({ width }) => width))).toBeGreaterThan(8);
  const after = reports.filter(({ at }) => at > 3_500).map(({ width }) => width);
  expect(after.length).toBeGreaterThan(20);
  expect(Math.max(...after)).toBeLessThanOrEqual(4);
  expect(seen.most).toBeLessThanOrEqual(4);
  const perSecond = (from: number, to: number): number => (seen.written.filter(({ at }) => at > from && at <= to).length * 1_000) / (to - from);
  expect(perSecond(3_500, 6_000)).toBeGreaterThan(30);
  for (const [from, to, rate] of [[8_000, 16_000, 10], [18_000, 26_000, 20], [28_000, 36_000, 5]] as const) {
    expect(perSecond(from, to)).toBeGreaterThan(rate * 0.85);
    expect(perSecond(from, to)).toBeLessThan(rate * 1.15);
  }
});

test('a worker has less under way while the cluster is slow, and more again once it is quick', async () => {
  const { db, keys } = await cluster(1_600);
  const clock = new SteppedClock();
  const { record } = await started(db, keys, { concurrency: 24 });
  let slowed = false;
  const { slow } = paced(db, clock, () => (slowed ? 2_000 : 100));
  const turns: number[] = [];
  const state = await clock.run(
    runCampaign({
      db: slow,
      keys,
      id: record.id,
      worker: 'a',
      clock,
      onProgress: ({ width, phase }) => {
        if (phase === 'counting') return;
        const wanted = turns.length === 1 ? width <= 4 : width >= 20;
        if (!wanted || turns.length === 3) return;
        turns.push(width);
        slowed = turns.length === 1;
      },
    }),
  );
  expect(state).toBe('done');
  expect(turns).toHaveLength(3);
  expect(await campaignStatus(db, record.id, clock.now())).toMatchObject({ done: 1_600, failed: 0, outcome: { proven: true } });
});

test('a throttled run tells the rate at which it goes, and the time that is left', async () => {
  const { db, keys } = await cluster(1_700);
  const clock = new SteppedClock();
  const { record } = await started(db, keys, { instancesPerSecond: 20 });
  const seen: CampaignStatus[] = [];
  for (const at of [10, 25, 45, 70, 84]) {
    clock.at(at * 1_000, async () => {
      seen.push(await campaignStatus(db, record.id, clock.now()));
    });
  }
  expect(await clock.run(runCampaign({ db, keys, id: record.id, worker: 'a', clock }))).toBe('done');
  const took = 1_700 / 20;
  expect(seen).toHaveLength(5);
  for (const [place, { rate, secondsLeft, done }] of seen.entries()) {
    const at = [10, 25, 45, 70, 84][place] ?? 0;
    expect(Math.abs(done - at * 20)).toBeLessThanOrEqual(60);
    expect(rate).toBeGreaterThan(15);
    expect(rate).toBeLessThan(22);
    expect(Math.abs((secondsLeft ?? Infinity) - (took - at))).toBeLessThan(4 + (took - at) * 0.25);
  }
});
