import { expect, test } from 'vitest';
import { barAt, tailAt } from '../../../renderer/features/keys/timeline/hit.ts';
import { buildLanes, type Bar } from '../../../renderer/features/keys/timeline/layout.ts';
import { history } from '../fixtures.ts';

const bars: Bar[] = [
  { x: 0, width: 100, first: 0, last: 0, kind: 'old' },
  { x: 120, width: 1, first: 1, last: 40, kind: 'merged' },
  { x: 300, width: 50, first: 41, last: 41, kind: 'active' },
];

test.each([
  [0, 0],
  [99, 0],
  [118, 1],
  [122, 1],
  [320, 41],
])('at %d lies the bar that begins with generation %d', (x, first) => {
  expect(barAt(bars, x, 3)?.first).toBe(first);
});

test.each([110, 200, 360, -20])('at %d lies nothing', (x) => {
  expect(barAt(bars, x, 3)).toBeNull();
});

test('tails lie on each other, the oldest lowest', () => {
  const [lane] = buildLanes(history(3, 1000, (index) => [20, 30, 50][index] ?? 0), [], 3000);
  if (lane === undefined) throw new Error('no lane');
  expect(tailAt(lane, 2500, 0.1)).toBe(0);
  expect(tailAt(lane, 2500, 0.3)).toBe(1);
  expect(tailAt(lane, 2500, 0.6)).toBeNull();
  expect(tailAt(lane, 1500, 0.3)).toBeNull();
  expect(tailAt(lane, 500, 0.1)).toBeNull();
});
