import { describe, expect, test } from 'vitest';
import { AppError } from '../../main/errors.ts';
import { systemClock } from '../../main/rekey/clock.ts';
import { holdsAny, type ConditionFacts } from '../../main/rekey/conditions.ts';
import { createCampaign } from '../../main/rekey/create.ts';
import { dueSchedules, nextTime, parseSchedule, type Schedule, type ScheduleTime } from '../../main/rekey/schedule.ts';
import { addSchedule, listSchedules, removeSchedule, scheduleRuns } from '../../main/rekey/schedule-store.ts';
import { beatScheduler, type ScheduledStart, type SchedulerBeat } from '../../main/rekey/scheduler.ts';
import { serveRekey, type ServeHealth } from '../../main/rekey/serve.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { failureOf } from '../lu/fixtures.ts';
import { unavailable, watching } from '../census/fixtures.ts';
import { cluster, generationsOf, inRangesOf, LU, planFor, wrapped } from './fixtures.ts';

const utc = (text: string): number => Date.parse(`${text}Z`);
const times = (when: ScheduleTime, after: string, count: number): string[] => {
  const found: string[] = [];
  for (let at: number | null = utc(after); found.length < count && at !== null; ) {
    at = nextTime(when, at);
    if (at !== null) found.push(new Date(at).toISOString().slice(0, 16));
  }
  return found;
};
const order = (when: unknown, more: object = {}): Schedule => parseSchedule({ id: 's', when, conditions: [], createdAt: utc('2026-01-01T00:00'), ...more });

describe('times', () => {
  test('of day and week follow the zone', () => {
    expect(times({ kind: 'daily', at: '03:00', zone: 'Europe/Berlin' }, '2026-06-30T12:00', 2)).toEqual(['2026-07-01T01:00', '2026-07-02T01:00']);
    expect(times({ kind: 'weekly', day: 'sunday', at: '00:30', zone: 'Asia/Kolkata' }, '2026-06-30T12:00', 2)).toEqual(['2026-07-04T19:00', '2026-07-11T19:00']);
    expect(times({ kind: 'cron', expression: '0 */6 * * 1-5', zone: 'UTC' }, '2026-07-03T17:00', 3)).toEqual(['2026-07-03T18:00', '2026-07-06T00:00', '2026-07-06T06:00']);
  });

  test('that a change to summer time skips come right after the gap, once', () => {
    const when: ScheduleTime = { kind: 'daily', at: '02:30', zone: 'Europe/Berlin' };
    const [before, change, after] = times(when, '2026-03-27T12:00', 3);
    expect([before, after]).toEqual(['2026-03-28T01:30', '2026-03-30T00:30']);
    expect(['2026-03-29T01:00', '2026-03-29T01:30']).toContain(change);
  });

  test('that a change to winter time repeats come once', () => {
    const when: ScheduleTime = { kind: 'daily', at: '02:30', zone: 'Europe/Berlin' };
    expect(times(when, '2026-10-24T12:00', 2)).toEqual(['2026-10-25T00:30', '2026-10-26T01:30']);
    expect(times({ ...when, zone: 'America/New_York', at: '01:30' }, '2026-10-31T12:00', 2)).toEqual(['2026-11-01T05:30', '2026-11-02T06:30']);
  });

  test('that were missed count as one, from the last run or the making on', () => {
    const daily = order({ kind: 'daily', at: '03:00', zone: 'UTC' });
    expect(dueSchedules([daily], utc('2026-01-01T02:59'), new Map())).toEqual([]);
    expect(dueSchedules([daily], utc('2026-01-09T05:00'), new Map())).toEqual([{ schedule: daily, dueAt: utc('2026-01-01T03:00') }]);
    expect(dueSchedules([daily], utc('2026-01-09T05:00'), new Map([['s', utc('2026-01-09T03:00')]]))).toEqual([]);
    const whenever = order({ kind: 'whenever', everyMinutes: 10 }, { conditions: [{ kind: 'bytes', more: 5 }] });
    expect(dueSchedules([whenever], utc('2026-01-01T00:09'), new Map())).toEqual([]);
    expect(dueSchedules([whenever], utc('2026-01-01T00:10'), new Map())).toHaveLength(1);
  });

  test.each([
    [{ kind: 'daily', at: '24:00', zone: 'UTC' }],
    [{ kind: 'daily', at: '02:30', zone: 'Europe/Nowhere' }],
    [{ kind: 'cron', expression: '61 * * * *', zone: 'UTC' }],
    [{ kind: 'cron', expression: '* * * * * *', zone: 'UTC' }],
    [{ kind: 'cron', expression: '0 0 31 2 *', zone: 'UTC' }],
    [{ kind: 'weekly', day: 'caturday', at: '02:30', zone: 'UTC' }],
    [{ kind: 'whenever', everyMinutes: 5 }],
    [{ kind: 'monthly' }],
  ])('that are none are refused: %j', async (when) => {
    expect((await failureOf(() => order(when))).code).toBe('SCHEDULE_INVALID');
  });
});

describe('conditions', () => {
  const DAY = 86_400_000;
  const facts: ConditionFacts = {
    now: 100 * DAY,
    rows: [
      { lu: 'A', keyDescription: 'k1', instances: 10, bytes: 100 },
      { lu: 'B', keyDescription: 'k1', instances: 5, bytes: 50 },
      { lu: 'B', keyDescription: 'k2', instances: 50, bytes: 500 },
    ],
    byNode: [
      { keyDescription: 'k1', node: 'n1', instances: 15 },
      { keyDescription: 'k1', node: 'n2', instances: 3 },
    ],
    active: 'k2',
    activatedAt: new Map([['k1', 40 * DAY], ['k2', 90 * DAY]]),
  };
  test.each([
    [{ kind: 'age', of: 'active', days: 10 }, true],
    [{ kind: 'age', of: 'active', days: 11 }, false],
    [{ kind: 'age', of: 'oldest', days: 60 }, true],
    [{ kind: 'age', of: 'oldest', days: 61 }, false],
    [{ kind: 'instances', per: 'generation', more: 14 }, true],
    [{ kind: 'instances', per: 'generation', more: 15 }, false],
    [{ kind: 'instances', per: 'node', more: 14 }, true],
    [{ kind: 'instances', per: 'node', more: 15 }, false],
    [{ kind: 'bytes', more: 499 }, true],
    [{ kind: 'bytes', more: 500 }, false],
  ] as const)('%j: %s', (condition, expected) => {
    expect(holdsAny([condition], facts)).toBe(expected);
  });
  test('none hold always; of several one is enough', () => {
    expect(holdsAny([], facts)).toBe(true);
    expect(holdsAny([{ kind: 'bytes', more: 500 }, { kind: 'bytes', more: 1 }], facts)).toBe(true);
  });
});

describe('the scheduler', () => {
  test('keeps schedules, and several processes may change them at once', async () => {
    const { db, other } = await cluster(0);
    const when: ScheduleTime = { kind: 'daily', at: '02:00', zone: 'UTC' };
    const made = await Promise.all([db, other, db, other].map((one) => addSchedule(one, { when, conditions: [] })));
    expect((await listSchedules(db)).map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
    await removeSchedule(other, made[0]!.id);
    expect(await listSchedules(db)).toHaveLength(3);
    expect((await failureOf(() => removeSchedule(db, made[0]!.id))).code).toBe('SCHEDULE_UNKNOWN');
    expect((await failureOf(() => addSchedule(db, { when: { ...when, zone: 'x' }, conditions: [] }))).code).toBe('SCHEDULE_INVALID');
  });

  test('is one process; the due campaign is made once, run, and its run kept', async () => {
    const { db, other, keys } = await cluster(40);
    const { id } = await addSchedule(db, { when: { kind: 'daily', at: '02:00', zone: 'UTC' }, conditions: [{ kind: 'instances', per: 'generation', more: 10 }] }, Date.now() - 2 * 86_400_000);
    const stop = new AbortController();
    const health = new Map<string, ServeHealth>();
    const serving = [db, other].map((one, i) => serveRekey({ db: one, keys, worker: `w${i}`, signal: stop.signal, onHealth: (now) => health.set(`w${i}`, now) }));
    for (let i = 0; i < 100 && (await generationsOf(db))['key-1'] !== undefined; i++) await systemClock.sleep(100);
    for (let i = 0; i < 50 && (await db.campaigns.list(1))[0]?.state !== 'done'; i++) await systemClock.sleep(100);
    await systemClock.sleep(2_200);
    expect([...health.values()].filter(({ schedulerLeader }) => schedulerLeader)).toHaveLength(1);
    stop.abort();
    await Promise.all(serving);
    const campaigns = await db.campaigns.list(5);
    expect(campaigns.map(({ state }) => state)).toEqual(['done']);
    expect((await scheduleRuns(db))[id]).toMatchObject({ campaign: campaigns[0]!.id, result: 'started' });
    expect(await db.leases.holder('rekey:scheduler')).toBeNull();
    expect([...health.values()].every(({ campaigns, lastBeat }) => campaigns.length === 0 && lastBeat > 0)).toBe(true);
  });

  test('keeps why it started nothing', async () => {
    const { db, keys } = await cluster(5);
    const past = Date.now() - 2 * 86_400_000;
    const when: ScheduleTime = { kind: 'daily', at: '02:00', zone: 'UTC' };
    const idle = await addSchedule(db, { when, conditions: [{ kind: 'instances', per: 'generation', more: 10 }] }, past);
    const wrong = await addSchedule(db, { when, conditions: [], lus: ['X'] }, past);
    expect(await beatScheduler({ db, keys, worker: 'a', clock: systemClock, signal: new AbortController().signal })).toBe(true);
    const runs = await scheduleRuns(db);
    expect(runs[idle.id]).toMatchObject({ campaign: null, result: 'no condition held' });
    expect(runs[wrong.id]).toMatchObject({ campaign: null, result: 'LU_UNKNOWN' });
    expect(await db.campaigns.list(5)).toEqual([]);
  });

  test('keeps no run where it could not count everything and what it counted is no reason to start; it tries again', async () => {
    const { db, keys } = await cluster(40);
    const past = Date.now() - 2 * 86_400_000;
    const when: ScheduleTime = { kind: 'daily', at: '02:00', zone: 'UTC' };
    const many = await addSchedule(db, { when, conditions: [{ kind: 'instances', per: 'generation', more: 35 }] }, past);
    const undecided = new Map<string, number>();
    let ms = 1_000;
    const clock = { ...systemClock, elapsed: () => ms };
    let away = true;
    const ranged = watching(inRangesOf(db, 10, 40), (range) => {
      if (away && range.start === '') throw unavailable();
    });
    const beat = { db: ranged, keys, worker: 'a', clock, signal: new AbortController().signal, undecided };
    expect(await beatScheduler(beat)).toBe(true);
    expect(await scheduleRuns(db)).toEqual({});
    away = false;
    expect(await beatScheduler(beat)).toBe(true);
    expect(await scheduleRuns(db)).toEqual({});
    ms += 60_000;
    await beatScheduler(beat);
    expect((await scheduleRuns(db))[many.id]).toMatchObject({ result: 'started' });
    expect(await db.campaigns.list(5)).toHaveLength(1);
  });

  test('keeps no refusal of a plan that may be for want of a count, and acts on the other schedules', async () => {
    const { db, keys } = await cluster(40);
    const past = Date.now() - 2 * 86_400_000;
    const when: ScheduleTime = { kind: 'daily', at: '02:00', zone: 'UTC' };
    const none = await addSchedule(db, { when, conditions: [], from: ['key-9'] }, past);
    const some = await addSchedule(db, { when, conditions: [{ kind: 'instances', per: 'generation', more: 25 }] }, past);
    const ranged = watching(inRangesOf(db, 10, 40), (range) => {
      if (range.start === '') throw unavailable('DATABASE_CORRUPT');
    });
    await beatScheduler({ db: ranged, keys, worker: 'a', clock: systemClock, signal: new AbortController().signal });
    const runs = await scheduleRuns(db);
    expect(runs[none.id]).toBeUndefined();
    expect(runs[some.id]).toMatchObject({ result: 'started' });
  });

  test('cut off between making a campaign and starting it, starts that one at its next look', async () => {
    const { db, keys } = await cluster(40);
    const { id } = await addSchedule(db, { when: { kind: 'daily', at: '02:00', zone: 'UTC' }, conditions: [] }, Date.now() - 2 * 86_400_000);
    const setState: SystemDb['campaigns']['setState'] = () => Promise.reject(new AppError('DATABASE_OUTCOME_UNKNOWN', 'Who knows?', 'Look.'));
    const beat = { keys, worker: 'a', clock: systemClock, signal: new AbortController().signal };
    expect((await failureOf(() => beatScheduler({ ...beat, db: wrapped(db, { campaigns: { setState } }) }))).code).toBe('DATABASE_OUTCOME_UNKNOWN');
    const [made] = await db.campaigns.list(5);
    expect(made?.state).toBe('planned');
    expect(await scheduleRuns(db)).toEqual({});
    const told: ScheduledStart[] = [];
    const aroundStart: SchedulerBeat['aroundStart'] = (start, body) => (told.push(start), body());
    await beatScheduler({ ...beat, db, worker: 'b', aroundStart });
    // The other's lease still stands.
    expect(await scheduleRuns(db)).toEqual({});
    await beatScheduler({ ...beat, db, aroundStart });
    expect(await db.campaigns.list(5)).toMatchObject([{ id: made?.id, state: 'running' }]);
    expect((await scheduleRuns(db))[id]).toMatchObject({ campaign: made?.id, result: 'started' });
    expect(told).toMatchObject([{ id: made?.id, schedule: { id }, params: { lus: [LU], from: ['key-1'], planned: { instances: 40 } } }]);
  });

  test('leaves a planned campaign of somebody else alone', async () => {
    const { db, keys } = await cluster(40);
    const { record } = await createCampaign(db, await planFor(db, keys));
    const { id } = await addSchedule(db, { when: { kind: 'daily', at: '02:00', zone: 'UTC' }, conditions: [] }, Date.now() - 2 * 86_400_000);
    await beatScheduler({ db, keys, worker: 'a', clock: systemClock, signal: new AbortController().signal });
    expect((await scheduleRuns(db))[id]).toMatchObject({ campaign: null, result: 'REKEY_OVERLAPS' });
    expect(await db.campaigns.list(5)).toMatchObject([{ id: record.id, state: 'planned' }]);
  });

  test.each([
    ['age', [{ kind: 'age', of: 'oldest', days: 10 }], [{ kind: 'age', of: 'oldest', days: 12 }]],
    ['age of the active one', [{ kind: 'age', of: 'active', days: 1 }], [{ kind: 'age', of: 'active', days: 3 }]],
    ['instances of a generation', [{ kind: 'instances', per: 'generation', more: 39 }], [{ kind: 'instances', per: 'generation', more: 40 }]],
    ['instances on a node, which is the file', [{ kind: 'instances', per: 'node', more: 39 }], [{ kind: 'instances', per: 'node', more: 40 }]],
    ['bytes', [{ kind: 'bytes', more: 40_000 }], [{ kind: 'bytes', more: 400_000 }]],
  ] as const)('acts on a condition: %s', async (_kind, held, notHeld) => {
    const { db, keys } = await cluster(40);
    const DAY = 86_400_000;
    const now = Date.now();
    const activations: SystemDb['keys']['activations'] = async () => [
      { name: 'm', revision: 1, description: 'key-1', activatedAt: now - 11 * DAY },
      { name: 'm', revision: 2, description: 'key-2', activatedAt: now - 2 * DAY },
    ];
    const dated = wrapped(db, { keys: { activations } });
    const when: ScheduleTime = { kind: 'whenever', everyMinutes: 5 };
    const no = await addSchedule(db, { when, conditions: [...notHeld] }, now - DAY);
    await beatScheduler({ db: dated, keys, worker: 'a', clock: systemClock, signal: new AbortController().signal });
    expect((await scheduleRuns(db))[no.id]).toMatchObject({ campaign: null, result: 'no condition held' });
    const yes = await addSchedule(db, { when, conditions: [...held] }, now - DAY);
    await beatScheduler({ db: dated, keys, worker: 'a', clock: systemClock, signal: new AbortController().signal });
    expect((await scheduleRuns(db))[yes.id]).toMatchObject({ result: 'started' });
    expect(await db.campaigns.list(5)).toHaveLength(1);
  });
});
