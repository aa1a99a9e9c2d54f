import fc from 'fast-check';
import { expect, test } from 'vitest';
import { buildLanes, extentOf, MERGE_BELOW, tailShareAt, tailSteps, thickTails, visibleBars, type Lane } from '../../../renderer/features/keys/timeline/layout.ts';
import { generation, history } from '../fixtures.ts';

const WIDTH = 1000;

function lane(count: number, step: number, instances?: (index: number) => number): Lane {
  const [built] = buildLanes(history(count, step, instances), [], count * step);
  if (built === undefined) throw new Error('no lane');
  return built;
}

test('lanes follow the order of the names; generations the order of their activation', () => {
  const keys = [
    generation({ name: 'b', description: 'b2', activatedAt: 20 }),
    generation({ name: 'a', description: 'a1', activatedAt: 5 }),
    generation({ name: 'b', description: 'b1', activatedAt: 10 }),
    generation({ name: 'c', description: 'never', activatedAt: null }),
  ];
  const lanes = buildLanes(keys, ['a', 'b', 'c'], 100);
  expect(lanes.map((each) => each.name)).toEqual(['a', 'b']);
  expect(lanes[1]?.generations.map((each) => each.description)).toEqual(['b1', 'b2']);
  expect([...(lanes[1]?.ends ?? [])]).toEqual([20, 100]);
  expect(extentOf(lanes, 10_000_000).from).toBe(5);
});

test('wide bars stand alone, from activation to the next one', () => {
  const bars = visibleBars(lane(4, 1000), { from: 0, to: 4000 }, WIDTH);
  expect(bars.map(({ x, width, first, last, kind }) => [x, width, first, last, kind])).toEqual([
    [0, 250, 0, 0, 'old'],
    [250, 250, 1, 1, 'old'],
    [500, 250, 2, 2, 'old'],
    [750, 250, 3, 3, 'active'],
  ]);
});

test('narrow bars are drawn together; one that can not be used shows in its run', () => {
  const keys = history(10_000, 10).map((each, index) => (index === 5000 ? { ...each, readable: false, failure: { ok: false as const, code: 'X', message: '', remedy: '' } } : each));
  const [built] = buildLanes(keys, [], 100_000);
  if (built === undefined) throw new Error('no lane');
  const bars = visibleBars(built, { from: 0, to: 100_000 }, WIDTH);
  expect(bars.filter((bar) => bar.kind === 'unusable')).toHaveLength(1);
  const broken = bars.find((bar) => bar.kind === 'unusable');
  expect(broken?.first).toBeLessThanOrEqual(5000);
  expect(broken?.last).toBeGreaterThanOrEqual(5000);
  expect(bars.length).toBeLessThan(6);
});

test('whatever the history and the view: bars cover it once, in order, few enough to draw', () => {
  const random = fc.record({
    gaps: fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 400 }),
    from: fc.double({ min: -0.5, max: 1, noNaN: true }),
    share: fc.double({ min: 0.001, max: 1.5, noNaN: true }),
  });
  fc.assert(
    fc.property(random, ({ gaps, from, share }) => {
      let at = 0;
      const keys = gaps.map((gap, index) => generation({ description: `k${index}`, activatedAt: at, deactivatedAt: (at += gap) }));
      const [built] = buildLanes(keys, [], at);
      if (built === undefined) throw new Error('no lane');
      const view = { from: from * at, to: from * at + Math.max(2, share * at) };
      const bars = visibleBars(built, view, WIDTH);
      expect(bars.length).toBeLessThanOrEqual(WIDTH / MERGE_BELOW + gaps.length * 0.5 + 3);
      for (const [index, bar] of bars.entries()) {
        expect(bar.last).toBeGreaterThanOrEqual(bar.first);
        expect(bar.width).toBeGreaterThan(0);
        if (index > 0) {
          expect(bar.first).toBe((bars[index - 1]?.last ?? 0) + 1);
          expect(bar.x).toBeGreaterThanOrEqual(bars[index - 1]?.x ?? 0);
        }
      }
      // Everything that overlaps the view is in some bar.
      const inView = keys.flatMap((key, index) => ((key.deactivatedAt ?? 0) > view.from && (key.activatedAt ?? 0) <= view.to ? [index] : []));
      for (const index of inView) expect(bars.some((bar) => bar.first <= index && bar.last >= index)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('a hundred thousand generations are a few hundred bars', () => {
  const long = lane(100_000, 1000);
  for (let round = 0; round < 20; round += 1) {
    const from = round * 1e6;
    expect(visibleBars(long, { from, to: from + 5e7 }, 1400).length).toBeLessThan(500);
  }
});

test('a tail is the share of the instances that older generations still hold', () => {
  const built = lane(4, 1000, (index) => [50, 0, 30, 20][index] ?? 0);
  expect(tailShareAt(built, 500)).toBe(0);
  expect(tailShareAt(built, 1500)).toBeCloseTo(0.5);
  expect(tailShareAt(built, 2500)).toBeCloseTo(0.5);
  expect(tailShareAt(built, 3500)).toBeCloseTo(0.8);
  expect(thickTails(built, 0.4)).toEqual([0]);
  const steps = tailSteps(built, { from: 0, to: 4000 }, WIDTH, 4000);
  expect(steps.map((step) => [step.x, Math.round(step.share * 10) / 10])).toEqual([
    [0, 0],
    [250, 0.5],
    [750, 0.8],
  ]);
});

test('where no instance needs an older generation, there is no tail', () => {
  expect(tailSteps(lane(4, 1000, (index) => (index === 3 ? 9 : 0)), { from: 0, to: 4000 }, WIDTH, 4000)).toEqual([]);
  expect(thickTails(lane(3, 1000), 0.01)).toEqual([]);
});
