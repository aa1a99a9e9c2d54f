import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCampaign } from '../../main/rekey/create.ts';
import { cancelCampaign } from '../../main/rekey/control.ts';
import { type GenerationFacts, paramsOf, type PlanInput, planRekey } from '../../main/rekey/plan.ts';
import { failureOf } from '../lu/fixtures.ts';
import { cluster, LU, planFor } from './fixtures.ts';

const readable = (keyDescription: string, activated = true): GenerationFacts => ({ keyDescription, activated, unreadable: null });
const broken = (keyDescription: string): GenerationFacts => ({ keyDescription, activated: true, unreadable: { code: 'KEY_PROTECTION_MISSING', message: 'No key.', remedy: 'Bring it.' } });

const INPUT: PlanInput = {
  census: [
    { lu: 'A', keyDescription: 'k1', instances: 10, bytes: 1000 },
    { lu: 'A', keyDescription: 'k3', instances: 5, bytes: 500 },
    { lu: 'B', keyDescription: 'k2', instances: 20, bytes: 4000 },
  ],
  generations: [readable('k0'), readable('k1'), readable('k2'), readable('k3'), readable('k4', false)],
  active: 'k3',
  request: {},
};
const codes = (problems: readonly { code: string; object: string | null }[]): unknown[] => problems.map(({ code, object }) => [code, object]);

describe('a plan', () => {
  test('is everything that is not active, where nothing else is asked for', () => {
    const plan = planRekey(INPUT);
    expect(plan).toMatchObject({ target: 'k3', lus: ['A', 'B'], from: ['k0', 'k1', 'k2'], total: 30, bytes: 5000, refusals: [], warnings: [] });
    expect(plan.estimate).toEqual({ seconds: 1, instancesPerSecond: 2000, basis: 'assumed' });
    expect(paramsOf(plan).planned).toEqual({ instances: 30, bytes: 5000, rows: [INPUT.census[0], INPUT.census[2]] });
  });

  test('keeps to LUs and generations that were asked for', () => {
    expect(planRekey({ ...INPUT, request: { lus: ['A'] } })).toMatchObject({ lus: ['A'], total: 10 });
    expect(planRekey({ ...INPUT, request: { from: ['k2', 'k3'] } })).toMatchObject({ lus: ['B'], from: ['k2'], total: 20 });
  });

  test('names what is unknown, and refuses all of it', () => {
    const plan = planRekey({ ...INPUT, request: { lus: ['A', 'a'], from: ['k1', 'k9'] } });
    expect(codes(plan.refusals)).toEqual([['LU_UNKNOWN', 'a'], ['KEY_DESCRIPTION_UNKNOWN', 'k9']]);
  });

  test('leaves out a generation that can not be opened, while the others go on', () => {
    const generations = [broken('k1'), readable('k2'), readable('k3')];
    const plan = planRekey({ ...INPUT, generations });
    expect(plan).toMatchObject({ total: 20, lus: ['B'], from: ['k2'], refusals: [] });
    expect(codes(plan.warnings)).toEqual([['REKEY_GENERATION_UNREADABLE', 'k1']]);
    expect(plan.rows.map((row) => row.readable)).toEqual([false, true]);
    expect(codes(planRekey({ ...INPUT, generations, request: { lus: ['A'] } }).refusals)).toEqual([['REKEY_GENERATION_UNREADABLE', 'k1']]);
    expect(codes(planRekey({ ...INPUT, generations: [readable('k3'), readable('k1')] }).warnings)).toEqual([['REKEY_GENERATION_UNREADABLE', 'k2']]);
  });

  test('of nothing is refused', () => {
    expect(codes(planRekey({ ...INPUT, request: { from: ['k0'] } }).refusals)).toEqual([['REKEY_NOTHING_TO_DO', null]]);
    expect(codes(planRekey({ ...INPUT, request: { from: ['k3'] } }).refusals)).toEqual([['REKEY_NOTHING_TO_DO', null]]);
    expect(codes(planRekey({ ...INPUT, census: [] }).refusals)).toEqual([['REKEY_NOTHING_TO_DO', null]]);
  });

  test('over fields looks at every instance of their LUs', () => {
    const plan = planRekey({ ...INPUT, request: { fields: [{ lu: 'A', table: 't', column: 'c' }] } });
    expect(plan).toMatchObject({ lus: ['A'], from: [], total: 15 });
  });

  test('estimates from what was measured, within the limits', () => {
    const limits = (instancesPerSecond: number | null, mebibytesPerSecond: number | null): NonNullable<PlanInput['limits']> => ({ instancesPerSecond, mebibytesPerSecond });
    expect(planRekey({ ...INPUT, measuredRate: 3 }).estimate).toEqual({ seconds: 10, instancesPerSecond: 3, basis: 'measured' });
    expect(planRekey({ ...INPUT, measuredRate: 3, limits: limits(1, null) }).estimate).toEqual({ seconds: 30, instancesPerSecond: 1, basis: 'limits' });
    expect(planRekey({ ...INPUT, limits: limits(null, 5000 / 1024 / 1024 / 10) }).estimate).toMatchObject({ seconds: 10, basis: 'limits' });
  });

  test('counts exactly what it will do, whatever is asked for', () => {
    const name = fc.constantFrom<string>('k1', 'k2', 'k3', 'k4');
    const row = fc.record({ lu: fc.constantFrom('A', 'B', 'C'), keyDescription: name, instances: fc.nat(50), bytes: fc.nat(500) });
    const request = fc.record({ lus: fc.array(fc.constantFrom('A', 'B', 'C', 'D')), from: fc.array(name) }, { requiredKeys: [] });
    const census = fc.uniqueArray(row, { selector: (one) => `${one.lu} ${one.keyDescription}` });
    fc.assert(
      fc.property(census, fc.uniqueArray(name), fc.uniqueArray(name), name, request, (rows, known, unreadable, active, asked) => {
        const generations = known.map((one) => (unreadable.includes(one) ? broken(one) : readable(one)));
        const plan = planRekey({ census: rows, generations, active, request: asked });
        expect(plan.from).not.toContain(active);
        const own = rows.filter((one) => plan.lus.includes(one.lu) && plan.from.includes(one.keyDescription));
        expect(plan.total).toBe(own.reduce((sum, one) => sum + one.instances, 0));
        expect(plan.bytes).toBe(own.filter((one) => one.instances > 0).reduce((sum, one) => sum + one.bytes, 0));
        expect(plan.total === 0).toBe(plan.lus.length === 0);
        if (plan.total === 0) expect(plan.refusals.length).toBeGreaterThan(0);
        for (const one of plan.from) expect(known.includes(one) && !unreadable.includes(one)).toBe(true);
      }),
    );
  });
});

describe('a campaign of a plan', () => {
  test('has a range for every part of its LUs, and no other unfinished one beside it', async () => {
    const { db, keys } = await cluster(10);
    const plan = await planFor(db, keys);
    const { record, params } = await createCampaign(db, plan, { now: () => 77 });
    expect(record).toMatchObject({ state: 'planned', createdAt: 77 });
    expect(params).toMatchObject({ lus: [LU], from: ['key-1'], target: 'key-2' });
    expect((await db.campaigns.ranges(record.id)).map(({ range }) => range)).toEqual(await db.instances.ranges(LU));
    expect((await failureOf(() => createCampaign(db, plan))).code).toBe('REKEY_OVERLAPS');
    await cancelCampaign(db, record.id);
    await createCampaign(db, plan);
  });

  test('is not made of a plan that was refused, nor twice at once', async () => {
    const { db, other, keys } = await cluster(10);
    expect((await failureOf(async () => createCampaign(db, await planFor(db, keys, { lus: ['X'] })))).code).toBe('LU_UNKNOWN');
    const plan = await planFor(db, keys);
    const made = await Promise.allSettled([createCampaign(db, plan), createCampaign(other, plan)]);
    expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await db.campaigns.list(5)).toHaveLength(1);
  });
});
