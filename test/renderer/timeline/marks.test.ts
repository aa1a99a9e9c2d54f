import { expect, test } from 'vitest';
import { ACTIVE_LEAST, buildLanes, visibleBars, type Bar } from '../../../renderer/features/keys/timeline/layout.ts';
import type { KeyMark } from '../../../app/contract/keys.ts';
import { activationMarks, rekeyMarksIn, TRIANGLE } from '../../../renderer/features/keys/timeline/marks.ts';
import { fit, xOf } from '../../../renderer/features/keys/timeline/scale.ts';
import { generation } from '../fixtures.ts';

const WIDTH = 400;
const DAY = 86_400_000;
const NOW = 75 * DAY;
const VIEW = fit({ from: 0, to: NOW });

/** A long-lived generation, then `count` within the last seconds, the last of them active. */
function justActivated(count: number): Bar[] {
  const starts = [0, ...Array.from({ length: count }, (_, index) => NOW - (count - index) * 1000)];
  const keys = starts.map((activatedAt, index) => generation({ activatedAt, deactivatedAt: starts[index + 1] ?? null, state: index === count ? 'active' : 'deactivated' }));
  const [lane] = buildLanes(keys, [], NOW);
  if (lane === undefined) throw new Error('no lane');
  return visibleBars(lane, VIEW, WIDTH);
}

test.each([1, 2, 40])('of %d generations of the last seconds the active one has a bar of its own at now, which is all in sight', (count) => {
  const bars = justActivated(count);
  const active = bars.at(-1);
  expect(active).toMatchObject({ kind: 'active', first: count, last: count });
  expect(active?.width).toBeCloseTo(ACTIVE_LEAST, 9);
  expect(active?.x).toBeCloseTo(xOf(VIEW, WIDTH, NOW), 1);
  expect((active?.x ?? Infinity) + ACTIVE_LEAST).toBeLessThan(WIDTH);
  expect(bars.map((bar) => [bar.first, bar.last])).toEqual(count === 1 ? [[0, 0], [1, 1]] : [[0, 0], [1, count - 1], [count, count]]);
});

test('an active generation that is wide enough ends at now', () => {
  const [lane] = buildLanes([generation({ activatedAt: 0, state: 'active' })], [], NOW);
  const [bar] = lane === undefined ? [] : visibleBars(lane, VIEW, WIDTH);
  expect((bar?.x ?? 0) + (bar?.width ?? 0)).toBeCloseTo(xOf(VIEW, WIDTH, NOW), 6);
});

test('every bar has its mark at its left end; the active one a triangle, whatever is near', () => {
  const bars = justActivated(2);
  const marks = activationMarks(bars);
  expect(marks.map((mark) => mark.x)).toEqual(bars.map((bar) => bar.x));
  expect(marks.map((mark) => [mark.shape, mark.active])).toEqual([
    ['triangle', false],
    ['triangle', false],
    ['triangle', true],
  ]);
});

test('where triangles would lie over each other there are ticks', () => {
  const bars = [0, 3, 6, 9, 20].map((x, index): Bar => ({ x, width: 3, first: index, last: index, kind: 'old' }));
  expect(activationMarks(bars).map((mark) => mark.shape)).toEqual(['triangle', 'tick', 'tick', 'triangle', 'triangle']);
  expect(TRIANGLE).toBeGreaterThan(6);
});

const rekey = (at: number, proven: boolean, name = 'masterkey_key_name'): KeyMark => ({ at, kind: 'rekey', name, label: 'everything', rekey: { campaign: String(at), target: 'key', rewritten: 1, proven } });

test('a rekey stands in the lane of its name, where it ended, while that is in sight', () => {
  const marks = [rekey(10 * DAY, false), rekey(40 * DAY, true), rekey(50 * DAY, true, 'k2_hash_key'), { at: 45 * DAY, kind: 'keystore-enabled' as const, name: null, label: 'KeyStore', rekey: null }];
  expect(rekeyMarksIn(marks, 'masterkey_key_name', VIEW, WIDTH)).toEqual([
    { x: xOf(VIEW, WIDTH, 10 * DAY), count: 1, proven: false },
    { x: xOf(VIEW, WIDTH, 40 * DAY), count: 1, proven: true },
  ]);
  expect(rekeyMarksIn(marks, 'masterkey_key_name', { from: 30 * DAY, to: 45 * DAY }, WIDTH)).toHaveLength(1);
});

test('rekeys too near each other are one mark, which looks as the last of them ended', () => {
  expect(rekeyMarksIn([rekey(40 * DAY, false), rekey(40 * DAY + 1000, true)], 'masterkey_key_name', VIEW, WIDTH)).toEqual([{ x: xOf(VIEW, WIDTH, 40 * DAY), count: 2, proven: true }]);
});
