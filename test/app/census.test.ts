import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { census as censusSchema } from '../../app/contract/census.ts';
import { Censuses, censusView } from '../../app/services/census.ts';
import type { ClusterMap } from '../../app/services/cluster-map.ts';
import type { Cluster } from '../../app/services/cluster.ts';
import { Jobs } from '../../app/services/jobs.ts';
import type { KeyList } from '../../app/services/key-list.ts';
import type { KmsWatch } from '../../app/services/kms-watch.ts';
import { OverviewReport } from '../../app/services/overview.ts';
import type { ConsoleEvent } from '../../app/contract/events.ts';
import { openServices, type Services } from '../../app/services.ts';
import { takeCensus } from '../../main/census/take.ts';
import { onFailPoint } from '../../main/fail-point.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { onNodes, plain, unavailable } from '../census/fixtures.ts';

let home: string;
const opened: Services[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fkc-census-'));
});

afterEach(async () => {
  onFailPoint(null);
  vi.restoreAllMocks();
  for (const services of opened.splice(0)) await services.close().catch(() => undefined);
  await rm(home, { recursive: true, force: true });
});

async function open(emit: (event: ConsoleEvent) => void = () => undefined): Promise<Services> {
  const services = await openServices({ home, emit });
  opened.push(services);
  return services;
}

/** The services of an empty profile, and the same database as a cluster of three nodes that replicate twice. */
async function onCluster(emit?: (event: ConsoleEvent) => void): Promise<{ services: Services; db: SystemDb; censuses: Censuses; jobs: Jobs; clock: { now: number } }> {
  const maker = await open();
  await maker.createProfile({ name: 'mine', sqlite: join(home, 'mine.sqlite') }, null);
  const services = await openServices({ home, profile: 'mine' });
  opened.push(services);
  const clock = { now: 1_000_000 };
  const db = onNodes(services.cluster.db, (_, place) => [`10.0.0.${1 + (place % 3)}`, `10.0.0.${1 + ((place + 1) % 3)}`]);
  const { trail } = services.cluster;
  const cluster = { db, now: () => clock.now, unlocked: false, guarded: trail.guarded.bind(trail) } as unknown as Cluster;
  const jobs = new Jobs(emit ?? (() => undefined), (_, error) => ({ ok: false, code: 'INTERNAL', message: String(error), remedy: '' }));
  return { services, db, censuses: new Censuses(cluster, jobs), jobs, clock };
}

describe('on one file', () => {
  test('every page tells the same live figures; a census is kept, audited and shown as a job', async () => {
    const events: ConsoleEvent[] = [];
    const services = await open((event) => events.push(event));
    await services.start();
    const before = await services.data.census();
    expect(censusSchema.parse(before)).toMatchObject({ live: true, complete: true, total: 658, byNode: [], deep: null });
    const started = services.censuses.start({ deep: { share: 1 } });
    expect(services.censuses.start({ deep: { share: 1 } }).id).toBe(started.id);
    expect(await started.ended).toMatchObject({ id: started.id, total: 658, deep: { checked: 658, opened: 658, findings: 0 } });
    expect(events.findLast((event) => event.type === 'job')).toMatchObject({ job: { id: started.id, kind: 'census', title: 'Deep census of every Logical Unit', state: 'done', done: 658, total: 658 } });
    expect(await services.data.census()).toMatchObject({ live: true, deep: { id: started.id, findings: 0, only: null } });
    expect(await services.keys.list()).toMatchObject({ census: { live: true, complete: true } });
    expect(await services.overview.get()).toMatchObject({ census: { live: true }, instances: 658 });
    expect((await services.status()).censusAt).not.toBeNull();
    expect((await services.cluster.trail.list({ limit: 2, act: 'census.take' })).records.map((record) => record.outcome)).toEqual(['done', 'started']);
    expect((await services.censuses.renewIfOlderThan(0)).live).toBe(true);
  }, 60_000);

  test('deep while locked is LOCKED, and nothing is stored', async () => {
    const services = await open();
    await services.start();
    await services.lock('asked');
    await expect(services.censuses.take({ deep: { share: 0.5 } })).rejects.toMatchObject({ code: 'LOCKED' });
    expect(await services.cluster.db.censuses.list(1)).toEqual([]);
    expect(await services.censuses.take({ deep: { share: 0 } })).toMatchObject({ total: 658, deep: { opened: 0, findings: 0 } });
  }, 60_000);
});

describe('on a cluster', () => {
  test('shows what was last stored, with its age, by node; an act can ask for fresher figures', async () => {
    const { db, censuses, clock } = await onCluster();
    expect(await censuses.standing()).toMatchObject({ live: true, total: 0 });
    await db.instances.saveMany(plain('A', 0, 10, 'k1'));
    expect(censusView(await censuses.standing())).toMatchObject({ at: null, live: false, complete: false, total: 0 });
    expect(censuses.at).toBeNull();
    await censuses.take({});
    await db.instances.saveMany(plain('A', 10, 5, 'k2'));
    clock.now += 60_000;
    const view = censusSchema.parse(censusView(await censuses.standing()));
    expect(view).toMatchObject({ at: 1_000_000, live: false, complete: true, total: 10, coverage: { ranges: 1, counted: 1 } });
    expect(view.byNode).toEqual(['10.0.0.1', '10.0.0.2'].map((node) => ({ lu: 'A', keyDescription: 'k1', node, instances: 10 })));
    expect((await censuses.renewIfOlderThan(60_000)).total).toBe(10);
    expect((await censuses.renewIfOlderThan(59_999)).total).toBe(15);
  }, 30_000);

  test('a plan takes one that is an hour old or incomplete anew, and goes on with the standing one where that fails', async () => {
    const { db, censuses, clock, jobs } = await onCluster();
    let taken = 0;
    const renewed = () => censuses.renewed(async (take) => ((taken += 1), take()));
    await db.instances.saveMany(plain('A', 0, 10, 'k1'));
    await censuses.take({ lus: ['A'] });
    expect((await censuses.standing()).complete).toBe(false);
    clock.now += 1;
    expect(await renewed()).toMatchObject({ complete: true, total: 10, at: 1_000_001 });
    await db.instances.saveMany(plain('A', 10, 5, 'k2'));
    clock.now += 60 * 60_000;
    expect((await renewed()).total).toBe(10);
    expect(taken).toBe(1);
    clock.now += 1;
    const stopped = censuses.renewed(async (take) => {
      const ended = take();
      await jobs.stop(jobs.list().find(({ state }) => state === 'running')?.id ?? '', 'cancelled');
      expect(await ended).toMatchObject({ code: 'CANCELLED' });
    });
    expect(await stopped).toMatchObject({ total: 10, at: 1_000_001 });
    expect(await renewed()).toMatchObject({ total: 15, at: clock.now });
    expect(taken).toBe(2);
  }, 30_000);

  test('an LU that came since the last census is counted for plans and acts, and only it', async () => {
    const { db, censuses, clock } = await onCluster();
    await db.instances.saveMany(plain('A', 0, 10, 'k1'));
    await censuses.take({});
    clock.now += 1;
    await db.instances.saveMany([...plain('A', 10, 5, 'k2'), ...plain('B', 0, 7, 'k1')]);
    expect(await censuses.standing()).toMatchObject({ total: 10, complete: true });
    expect((await censuses.renewIfOlderThan(60_000)).rows).toMatchObject([{ lu: 'A', instances: 10 }, { lu: 'B', instances: 7 }]);
    await db.instances.saveMany(plain('C', 0, 3, 'k1'));
    expect(await censuses.renewed()).toMatchObject({ total: 20, complete: true });
    expect(await db.censuses.list(10)).toHaveLength(3);
    await censuses.renewed();
    expect(await db.censuses.list(10)).toHaveLength(3);
  }, 30_000);

  test('where it can not be told which LUs there are, a plan goes on with a fresh census, and an act that relies on it does not', async () => {
    const { services, db, censuses, clock } = await onCluster();
    await db.instances.saveMany(plain('A', 0, 10, 'k1'));
    await censuses.take({});
    clock.now += 1;
    vi.spyOn(services.cluster.db.instances, 'lus').mockRejectedValue(unavailable());
    expect(await censuses.renewed()).toMatchObject({ total: 10, complete: true });
    await expect(censuses.renewIfOlderThan(60_000)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  }, 30_000);

  test('what is not known of it is a finding on the first page: no census, parts of the LUs, or a finding that a narrower one did not settle', async () => {
    const { db, censuses, clock } = await onCluster();
    const cluster = { db, now: () => clock.now, unlocked: false, profile: { name: 'mine', keystore: null }, notes: () => [] } as unknown as Cluster;
    const kms = { touch: () => undefined, keys: () => Promise.resolve([]), endpoints: [] } as unknown as KmsWatch;
    const overview = new OverviewReport(cluster, { list: () => Promise.resolve({ keys: [] }) } as unknown as KeyList, censuses, {} as unknown as ClusterMap, kms);
    const found = async (): Promise<string[]> => (await overview.get()).findings.filter(({ id }) => id.startsWith('census-')).map(({ what }) => what);
    await db.instances.saveMany([...plain('A', 0, 2, 'k1'), ...plain('B', 0, 2, 'k1')]);
    expect(await found()).toEqual(['Nobody has counted yet which data needs which key.']);
    await censuses.take({ lus: ['A'] });
    expect(await found()).toEqual(['Only A was counted: nobody knows yet which other data needs which key.']);
    clock.now += 1;
    await censuses.take({});
    expect(await found()).toEqual([]);
    clock.now += 1;
    // None of these is a sealed instance.
    await censuses.take({ deep: { share: 0 } });
    expect(await found()).toEqual(['4 instances failed the deep census.']);
    clock.now += 1;
    await censuses.take({ deep: { share: 0 }, lus: ['B'] });
    for (let i = 0; i < 51; i += 1) {
      clock.now += 1;
      await censuses.take({ lus: ['B'] });
    }
    expect(await found()).toEqual(['4 instances failed the deep census.']);
    expect(await censuses.standing()).toMatchObject({ total: 4, complete: true });
  }, 30_000);

  test('one that another process left unfinished is offered, resumed, and counts what is left', async () => {
    const { db, censuses, jobs } = await onCluster();
    await db.instances.saveMany([...plain('A', 0, 20_000, 'k1')]);
    onFailPoint((name) => {
      if (name === 'census:range-counted') throw new Error('the process ended');
    });
    await expect(takeCensus({ db, jobId: 'left', concurrency: 1, now: () => 5 })).rejects.toThrow('the process ended');
    onFailPoint(null);
    await censuses.offerUnfinished();
    await censuses.offerUnfinished();
    expect(jobs.list()).toMatchObject([{ id: 'left', kind: 'census', state: 'paused', title: 'Census of every Logical Unit' }]);
    expect(await censuses.needsKeys('left')).toBe(false);
    jobs.resume('left');
    await expect.poll(() => jobs.list()[0]?.state).toBe('done');
    expect(await censuses.standing()).toMatchObject({ total: 20_000, complete: true });
    await expect(censuses.resume('left')).rejects.toMatchObject({ code: 'JOB_UNKNOWN' });
  }, 30_000);

  test('pause and cancel by the job', async () => {
    const { db, censuses, jobs } = await onCluster();
    await db.instances.saveMany(plain('A', 0, 20_000, 'k1'));
    let counted = 0;
    const stops: Promise<void>[] = [];
    onFailPoint((name) => {
      if (name === 'census:range-counted' && ++counted === 1) stops.push(jobs.stop(jobs.list()[0]?.id ?? '', 'paused'));
    });
    const started = censuses.start({});
    await expect(started.ended).rejects.toMatchObject({ code: 'CANCELLED', remedy: `Go on with: fkc census --resume ${started.id}` });
    await Promise.all(stops);
    onFailPoint(null);
    expect(jobs.list()).toMatchObject([{ state: 'paused' }]);
    expect(await db.jobs.get(started.id)).toMatchObject({ state: 'paused' });
    await jobs.stop(started.id, 'cancelled');
    expect(jobs.list()).toMatchObject([{ state: 'cancelled' }]);
    await censuses.abandon(started.id);
    expect(await db.jobs.get(started.id)).toMatchObject({ state: 'cancelled' });
    await censuses.offerUnfinished();
    expect(jobs.list()).toHaveLength(1);
    expect((await censuses.standing()).at).toBeNull();
  }, 30_000);
});
