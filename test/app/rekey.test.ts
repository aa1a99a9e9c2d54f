import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConsoleEvent } from '../../app/contract/events.ts';
import { contract } from '../../app/contract/index.ts';
import { openServices, type Services } from '../../app/services.ts';
import { RekeyServer } from '../../app/services/rekey-serve.ts';
import { rangeBins } from '../../app/services/rekey-view.ts';
import { toFailure } from '../../main/errors.ts';
import { DEFAULT_LIMITS } from '../../main/rekey/campaign.ts';
import { addSchedule } from '../../main/rekey/schedule-store.ts';
import type { CampaignState } from '../../main/systemdb/repositories.ts';
import { imageOf } from '../lu/fixtures.ts';

const LU = 'CUSTOMER';
const LINE = "activatekey name='masterkey_key_name'";
let home: string;
const opened: Services[] = [];

async function open(profile: string, emit?: (event: ConsoleEvent) => void): Promise<Services> {
  const services = await openServices({ home, profile, ...(emit === undefined ? {} : { emit }) });
  opened.push(services);
  return services;
}

/** A live profile with `count` instances under its first generation, and a second one active. */
async function rotated(count: number, { production = false, emit }: { production?: boolean; emit?: (event: ConsoleEvent) => void } = {}): Promise<{ services: Services; first: string; second: string }> {
  const maker = await openServices({ home });
  await maker.createProfile({ name: 'mine', sqlite: join(home, 'mine.sqlite'), production }, null);
  await maker.close();
  const services = await open('mine', emit);
  await services.unlock(null);
  await services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
  const image = imageOf("CREATE TABLE customer(name TEXT); INSERT INTO customer VALUES ('x')");
  for (let id = 0; id < count; id += 1) await services.cluster.instances.save(LU, String(id).padStart(4, '0'), image);
  const { description, previous } = await services.activation.run(LINE, null);
  return { services, first: previous ?? '', second: description };
}

async function ended(services: Services, id: string): Promise<string> {
  for (;;) {
    const { state } = await services.rekeys.get(id);
    if (state !== 'running' && services.rekeys.workers.running === 0) return state;
    await delay(20);
  }
}

async function acts(services: Services, act: string): Promise<{ outcome: string; context: Record<string, unknown> }[]> {
  const { records } = await services.auditList({ act, limit: 50 });
  return records.map(({ outcome, context }) => ({ outcome, context: JSON.parse(context) as Record<string, unknown> })).reverse();
}

/** Rewrites begin, and end only once they are let go. */
function held(services: Services): { readonly begun: number; letGo(): void } {
  const { instances } = services.cluster.db;
  const rewrite = instances.rewrite.bind(instances);
  const gate = Promise.withResolvers<void>();
  const spy = vi.spyOn(instances, 'rewrite').mockImplementation(async (...args) => {
    await gate.promise;
    return rewrite(...args);
  });
  return {
    get begun() {
      return spy.mock.calls.length;
    },
    letGo: gate.resolve,
  };
}

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fkc-rekey-'));
});

afterEach(async () => {
  for (const services of opened.splice(0)) await services.close().catch(() => undefined);
  await rm(home, { recursive: true, force: true });
});

describe('a rekey', () => {
  it('is planned with exact figures, and the plan changes nothing', async () => {
    const { services, first, second } = await rotated(12);
    expect(await services.rekeys.needs()).toMatchObject({ older: 12, total: 12, generations: 1, active: second, census: { live: true } });
    const plan = await services.rekeys.plan({});
    expect(plan).toMatchObject({ target: second, lus: [LU], from: [first], total: 12, refusals: [], warnings: [], confirm: null, rows: [{ lu: LU, keyDescription: first, instances: 12, readable: true }] });
    expect(plan.estimate.seconds).toBeGreaterThan(0);
    expect(await services.rekeys.list()).toEqual([]);
    expect((await services.rekeys.plan({ lus: ['NONE'] })).refusals).toMatchObject([{ code: 'LU_UNKNOWN', object: 'NONE' }]);
    expect((await services.rekeys.plan({ from: ['no-such-key'] })).refusals).toMatchObject([{ code: 'KEY_DESCRIPTION_UNKNOWN' }]);
    await expect(services.rekeys.plan({}, { concurrency: 1000 })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('is estimated by the fastest campaign that ended well and was large enough to tell', async () => {
    const { services, first, second } = await rotated(12);
    expect((await services.rekeys.plan({})).estimate.basis).toBe('assumed');
    const { campaigns } = services.cluster.db;
    const make = async (id: string, instances: number, seconds: number, state: CampaignState): Promise<void> => {
      const params = { lus: [LU], from: [first], target: second, requestedAs: '', planned: { instances, bytes: 0, rows: [] } };
      const outcome = { kind: 'proof', at: 1, proven: true, left: [], failures: 0, census: 'c', counted: instances, rewritten: instances, superseded: 0 };
      await campaigns.create(
        { id, state, params: JSON.stringify(params), limits: JSON.stringify(DEFAULT_LIMITS), outcome: JSON.stringify(outcome), createdAt: 1_000_000, updatedAt: 1_000_000 + seconds * 1_000 },
        [],
      );
    };
    await make('small', 999, 1, 'done');
    await make('stopped', 1_000_000, 10, 'cancelled');
    await make('at-once', 5_000, 0, 'done');
    expect((await services.rekeys.plan({})).estimate.basis).toBe('assumed');
    await make('slow', 2_000, 2_000, 'done');
    await make('telling', 2_000, 500, 'done');
    expect((await services.rekeys.plan({})).estimate).toEqual({ seconds: 3, instancesPerSecond: 4, basis: 'measured' });
    expect((await services.rekeys.plan({}, { instancesPerSecond: 2 })).estimate).toEqual({ seconds: 6, instancesPerSecond: 2, basis: 'limits' });
  });

  it('is worked on here to the proof, tells of it, and is audited from start to end', async () => {
    const events: ConsoleEvent[] = [];
    const { services, first, second } = await rotated(30, { emit: (event) => events.push(event) });
    const id = await services.rekeys.begin({}, { instancesPerSecond: 1000 });
    expect(await ended(services, id)).toBe('done');
    const campaign = await services.rekeys.get(id);
    expect(campaign).toMatchObject({ state: 'done', done: 30, total: 30, failed: 0, left: 0, here: null, failure: null, target: second, from: [first], fields: null, limits: { instancesPerSecond: 1000 } });
    expect(campaign.outcome).toMatchObject({ kind: 'proof', proven: true, left: [], failures: 0, counted: 30, rewritten: 30 });
    expect(campaign.ranges).toEqual({ done: 1, running: 0, failed: 0, waiting: 0, bins: [{ done: 1, running: 0, failed: 0, waiting: 0, begun: 0 }] });
    expect(await services.rekeys.needs()).toMatchObject({ older: 0, total: 30 });
    expect(await services.data.verify()).toMatchObject({ readable: 30, unreadable: [] });
    expect(events.some((event) => event.type === 'changed' && event.what === 'rekey')).toBe(true);
    expect(await acts(services, 'rekey.start')).toMatchObject([{ outcome: 'started', context: { lus: [LU], from: [first], target: second, instances: 30 } }, { outcome: 'done' }]);
    expect(await acts(services, 'rekey.work')).toMatchObject([{ outcome: 'started' }, { outcome: 'done', context: { state: 'done', rewritten: 30, failed: 0, proven: true, left: 0 } }]);
    const { keys, marks } = await services.keys.list();
    expect(marks.filter(({ kind }) => kind === 'rekey')).toMatchObject([{ name: keys.find(({ description }) => description === second)?.name, at: campaign.outcome?.at, rekey: { campaign: id, target: second, rewritten: 30, proven: true } }]);
    await expect(services.rekeys.begin({})).rejects.toMatchObject({ code: 'REKEY_NOTHING_TO_DO' });
    await expect(services.rekeys.cancel(id)).rejects.toMatchObject({ code: 'REKEY_STATE' });
    await expect(services.rekeys.get('none')).rejects.toMatchObject({ code: 'REKEY_UNKNOWN' });
  });

  it('is throttled while it runs, paused, resumed and cancelled', async () => {
    const { services } = await rotated(40);
    const id = await services.rekeys.begin({}, { instancesPerSecond: 1 });
    expect(await services.rekeys.setLimits(id, { instancesPerSecond: 2 })).toMatchObject({ instancesPerSecond: 2, concurrency: 128 });
    await expect(services.rekeys.setLimits(id, { instancesPerSecond: -1 })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(services.rekeys.begin({})).rejects.toMatchObject({ code: 'REKEY_OVERLAPS' });
    await services.rekeys.pause(id);
    expect(services.rekeys.workers.running).toBe(0);
    const paused = await services.rekeys.get(id);
    expect(paused).toMatchObject({ state: 'paused', workers: [], here: null });
    expect(paused.done).toBeLessThan(40);
    await services.rekeys.setLimits(id, { instancesPerSecond: null });
    await services.rekeys.goOn(id);
    expect(await ended(services, id)).toBe('done');
    await services.activation.run(LINE, null);
    const next = await services.rekeys.begin({}, { instancesPerSecond: 1 });
    await services.rekeys.cancel(next);
    expect(await services.rekeys.get(next)).toMatchObject({ state: 'cancelled', workers: [] });
    expect(await services.rekeys.list()).toMatchObject([{ id: next }, { id }]);
    expect(await services.data.verify()).toMatchObject({ readable: 40 });
  });

  describe('that is set running again while the instances in hand of a pause are still written', () => {
    it.each(['here', 'by another process'] as const)('%s is worked on to its end', async (where) => {
      const { services } = await rotated(20);
      const other = await open('mine');
      const write = held(services);
      const id = await services.rekeys.begin({}, { concurrency: 4 });
      await vi.waitUntil(() => write.begun > 0);
      const paused = (where === 'here' ? services : other).rekeys.pause(id);
      await vi.waitUntil(async () => (await other.rekeys.get(id)).state === 'paused');
      // The worker sees it within a second.
      if (where !== 'here') await delay(1_500);
      await services.rekeys.goOn(id);
      write.letGo();
      await paused;
      expect(await ended(services, id)).toBe('done');
      expect(await services.rekeys.get(id)).toMatchObject({ done: 20, outcome: { proven: true } });
      const worked = (await acts(services, 'rekey.work')).filter(({ outcome }) => outcome === 'done');
      expect(worked.reduce((sum, { context }) => sum + Number(context['rewritten']), 0)).toBe(20);
    });
  });

  it('stops here at a lock, stays running without a worker, and another process goes on', async () => {
    const { services } = await rotated(30);
    const id = await services.rekeys.begin({}, { instancesPerSecond: 2 });
    await services.lock('asked');
    expect(services.cluster.unlocked).toBe(false);
    expect(await services.rekeys.get(id)).toMatchObject({ state: 'running', workers: [], here: null, failure: null });
    await expect(services.rekeys.goOn(id)).rejects.toMatchObject({ code: 'LOCKED' });
    const other = await open('mine');
    await other.unlock(null);
    await other.rekeys.setLimits(id, { instancesPerSecond: null });
    await other.rekeys.goOn(id);
    expect(await ended(other, id)).toBe('done');
    expect(await services.rekeys.get(id)).toMatchObject({ state: 'done', done: 30 });
  });

  it('keeps an instance that can not be opened, lists it, and tries it again', async () => {
    const { services, first } = await rotated(10);
    const { db } = services.cluster;
    const stored = await db.instances.get(LU, '0003');
    if (stored === null) throw new Error('no instance');
    const broken = Uint8Array.from(stored.sealed);
    broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
    await db.instances.save({ ...stored, sealed: broken });
    const id = await services.rekeys.begin({});
    expect(await ended(services, id)).toBe('done');
    expect(await services.rekeys.get(id)).toMatchObject({ done: 9, failed: 1, outcome: { kind: 'proof', proven: false, failures: 1, left: [{ lu: LU, keyDescription: first, instances: 1 }] } });
    expect(await services.rekeys.failures(id, { limit: 5 })).toMatchObject({ failures: [{ lu: LU, id: '0003', keyDescription: first, code: 'ENVELOPE_AUTHENTICATION_FAILED' }], more: false });
    expect(await services.rekeys.retryAndGoOn(id)).toEqual({ retried: 1, rewritten: 0, unneeded: 0, failed: 1 });
    await db.instances.save(stored);
    expect(await services.rekeys.retryAndGoOn(id)).toEqual({ retried: 1, rewritten: 1, unneeded: 0, failed: 0 });
    expect(await services.rekeys.get(id)).toMatchObject({ done: 10, failed: 0, outcome: { proven: true, left: [], failures: 0 } });
    expect(await services.rekeys.failures(id, { limit: 5 })).toEqual({ failures: [], more: false });
  });

  it('is retried once at a time, and a lock ends the retry that runs', async () => {
    const { services, first } = await rotated(3);
    const { instances, campaigns } = services.cluster.db;
    const stored = await instances.get(LU, '0001');
    if (stored === null) throw new Error('The instance is gone.');
    await instances.save({ ...stored, sealed: Buffer.from(stored.sealed).fill(0, stored.bytes - 4) });
    const id = await services.rekeys.begin({});
    expect(await ended(services, id)).toBe('done');
    await instances.save(stored);
    // A second one, so that the retry still has something to do when it is stopped.
    await campaigns.putFailure(id, { lu: LU, id: '0002', keyDescription: first, code: 'INSTANCE_FROM_FUTURE', message: '', remedy: '', at: 1 });
    const write = held(services);
    const retry = services.rekeys.retry(id).catch((error: unknown) => error);
    await vi.waitUntil(() => write.begun > 0);
    await expect(services.rekeys.retry(id)).rejects.toMatchObject({ code: 'REKEY_STATE' });
    const closing = services.rekeys.close();
    write.letGo();
    await closing;
    expect(await retry).toMatchObject({ code: 'CANCELLED' });
  });

  it('that was cancelled tells what a retry did in another process', async () => {
    const { services, first } = await rotated(20);
    const id = await services.rekeys.begin({}, { instancesPerSecond: 1 });
    await services.rekeys.cancel(id);
    const { done } = await services.rekeys.get(id);
    const left = (await services.cluster.db.instances.list(LU, { limit: 1, keyDescription: first }))[0]?.id ?? '';
    await services.cluster.db.campaigns.putFailure(id, { lu: LU, id: left, keyDescription: first, code: 'INSTANCE_FROM_FUTURE', message: '', remedy: '', at: 1 });
    const other = await open('mine');
    await other.unlock(null);
    expect(await other.rekeys.retryAndGoOn(id)).toEqual({ retried: 1, rewritten: 1, unneeded: 0, failed: 0 });
    // As it crosses to the window.
    expect(contract['rekey.get'].output.parse(await services.rekeys.get(id))).toMatchObject({ state: 'cancelled', done: done + 1, failed: 0, outcome: null });
  });

  it('asks for the profile’s name in production', async () => {
    const { services } = await rotated(3, { production: true });
    expect((await services.rekeys.plan({})).confirm).toBe('mine');
    await expect(services.rekeys.begin({})).rejects.toMatchObject({ code: 'CONFIRMATION_MISMATCH' });
    expect(await services.rekeys.list()).toEqual([]);
    expect(await acts(services, 'rekey.start')).toMatchObject([{ outcome: 'started' }, { outcome: 'refused' }]);
    expect(await ended(services, await services.rekeys.begin({}, {}, 'mine'))).toBe('done');
  });

  it('tells why this process can not take part', async () => {
    const { services } = await rotated(3);
    await services.lock('asked');
    await expect(services.rekeys.plan({})).rejects.toMatchObject({ code: 'LOCKED' });
    await expect(services.rekeys.workers.work('none')).rejects.toMatchObject({ code: 'LOCKED' });
    expect(services.rekeys.workers.failureOf('none')).toMatchObject({ code: 'LOCKED' });
  });
});

describe('the long-running worker', () => {
  it('starts what a schedule wants, audited before and after, works on it, and gives everything back', async () => {
    const { services, first } = await rotated(20);
    const { cluster, rekeys } = services;
    const { id: schedule } = await addSchedule(cluster.db, { when: { kind: 'whenever', everyMinutes: 1 }, conditions: [{ kind: 'instances', per: 'generation', more: 5 }] }, Date.now() - 120_000);
    expect((await rekeys.schedules.list()).schedules).toMatchObject([{ id: schedule, last: null }]);
    const abort = new AbortController();
    const said: string[] = [];
    const server = new RekeyServer({ cluster, worker: rekeys.workers.name, signal: abort.signal, explain: (_, error) => toFailure(error, ''), say: (line) => said.push(line) });
    const ran = server.run();
    await expect.poll(async () => (await rekeys.list())[0]?.state, { timeout: 15_000 }).toBe('done');
    expect(server.state).toMatchObject({ status: 'ok', profile: 'mine', scheduler: true, failures: [] });
    const { schedules, scheduler } = await rekeys.schedules.list();
    expect([scheduler, schedules]).toMatchObject([rekeys.workers.name, [{ last: { result: 'started', campaign: (await rekeys.list())[0]?.id } }]]);
    abort.abort();
    expect(server.state.status).toBe('stopping');
    await ran;
    expect((await rekeys.schedules.list()).scheduler).toBeNull();
    expect(await acts(services, 'rekey.start')).toMatchObject([{ outcome: 'started', context: { schedule, from: [first], instances: 20 } }, { outcome: 'done' }]);
    expect(await acts(services, 'rekey.work')).toMatchObject([{ outcome: 'started' }, { outcome: 'done', context: { state: 'done', rewritten: 20 } }]);
    expect(said.some((line) => line.includes(schedule))).toBe(true);
  });

  it('refuses a schedule that makes no sense, and one in production without its name; tells the limits of the others', async () => {
    const { services } = await rotated(1, { production: true });
    const schedule = { when: { kind: 'daily' as const, at: '02:30', zone: 'UTC' }, conditions: [] };
    await expect(services.rekeys.schedules.add(schedule)).rejects.toMatchObject({ code: 'CONFIRMATION_MISMATCH' });
    await expect(services.rekeys.schedules.add({ ...schedule, when: { ...schedule.when, zone: 'Mars/Olympus' } }, 'mine')).rejects.toMatchObject({ code: 'SCHEDULE_INVALID' });
    await expect(services.rekeys.schedules.add({ ...schedule, limits: { concurrency: 0 } }, 'mine')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    const id = await services.rekeys.schedules.add({ ...schedule, limits: { instancesPerSecond: 5 } }, 'mine');
    const most = await services.rekeys.schedules.add({ ...schedule, limits: { mebibytesPerSecond: 2, concurrency: 256 } }, 'mine');
    // As it crosses to the window.
    const { schedules } = contract['rekey.schedules'].output.parse(await services.rekeys.schedules.list());
    expect(new Map(schedules.map((one) => [one.id, one.limits]))).toEqual(
      new Map([
        [id, { instancesPerSecond: 5, mebibytesPerSecond: null, concurrency: 128 }],
        [most, { instancesPerSecond: null, mebibytesPerSecond: 2, concurrency: 256 }],
      ]),
    );
    expect(schedules.every(({ next }) => Number(next) > Date.now())).toBe(true);
    await services.rekeys.schedules.remove(most);
    await services.rekeys.schedules.remove(id);
    await expect(services.rekeys.schedules.remove(id)).rejects.toMatchObject({ code: 'SCHEDULE_UNKNOWN' });
  });
});

describe('the picture of the ranges', () => {
  const states = (text: string): { state: 'done' | 'running' | 'failed' | 'waiting'; begun: number }[] => [...text].map((letter) => ({ begun: letter === 'b' ? 0.5 : 0, state: letter === 'd' ? 'done' : letter === 'r' ? 'running' : letter === 'f' ? 'failed' : 'waiting' }));

  it('has one bin for each where there is room, and every range in one bin where there is none', () => {
    expect(rangeBins(states('drfw'), 10)).toEqual([
      { done: 1, running: 0, failed: 0, waiting: 0, begun: 0 },
      { done: 0, running: 1, failed: 0, waiting: 0, begun: 0 },
      { done: 0, running: 0, failed: 1, waiting: 0, begun: 0 },
      { done: 0, running: 0, failed: 0, waiting: 1, begun: 0 },
    ]);
    const bins = rangeBins(states('ddrdwwfwwww'), 3);
    expect(bins).toHaveLength(3);
    expect(bins.reduce((sum, bin) => sum + bin.done + bin.running + bin.failed + bin.waiting, 0)).toBe(11);
    expect(rangeBins(states('dddddww'), 10)).toEqual([
      { done: 5, running: 0, failed: 0, waiting: 0, begun: 0 },
      { done: 0, running: 0, failed: 0, waiting: 2, begun: 0 },
    ]);
    expect(rangeBins(states('wwbw'), 10)).toEqual([
      { done: 0, running: 0, failed: 0, waiting: 2, begun: 0 },
      { done: 0, running: 0, failed: 0, waiting: 1, begun: 0.5 },
      { done: 0, running: 0, failed: 0, waiting: 1, begun: 0 },
    ]);
    expect(rangeBins([], 10)).toEqual([]);
  });
});
