import { expect, test } from 'vitest';
import { ACTIVE_LEAST, buildLanes, visibleBars, type Bar } from '../../../renderer/features/keys/timeline/layout.ts';
import type { KeyMark } from '../../../app/contract/keys.ts';
import { markAfter, markWords } from '../../../renderer/features/keys/timeline/mark-words.ts';
import { MarksInSight } from '../../../renderer/features/keys/timeline/marks-in-sight.ts';
import { activationMarks, rekeyMarksIn, stripMarksIn, TRIANGLE, type PlacedMark } from '../../../renderer/features/keys/timeline/marks.ts';
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

const NAME = 'masterkey_key_name';
const NO_FACTS = { label: 'x', actor: null, record: null, rekey: null, kms: null };
const rekey = (at: number, proven: boolean, name = NAME): KeyMark => ({ ...NO_FACTS, at, kind: 'rekey', name, rekey: { campaign: String(at), target: 'key', rewritten: 1, proven, left: proven ? 0 : 2, failures: proven ? 0 : 2 } });
const kms = (at: number, kind: KeyMark['kind'] = 'kms-disabled', keyId = 'key'): KeyMark => ({ ...NO_FACTS, at, kind, name: null, kms: { provider: 'AWS_KMS', keyId, deletionAt: null } });
const shapes = (placed: readonly PlacedMark[]): unknown[] => placed.map(({ x, lane, marks }) => [x, lane, marks.length]);

test('a rekey stands in the lane of its name, where it ended, while that is in sight', () => {
  const marks = [rekey(10 * DAY, false), rekey(40 * DAY, true), rekey(50 * DAY, true, 'k2_hash_key'), { ...NO_FACTS, at: 45 * DAY, kind: 'keystore-enabled' as const, name: null }];
  expect(shapes(rekeyMarksIn(marks, NAME, 3, VIEW, WIDTH))).toEqual([
    [xOf(VIEW, WIDTH, 10 * DAY), 3, 1],
    [xOf(VIEW, WIDTH, 40 * DAY), 3, 1],
  ]);
  expect(rekeyMarksIn(marks, NAME, 3, { from: 30 * DAY, to: 45 * DAY }, WIDTH)).toHaveLength(1);
});

test('rekeys too near each other are one mark, which holds all of them', () => {
  const near = [rekey(40 * DAY, false), rekey(40 * DAY + 1000, true)];
  expect(rekeyMarksIn(near, NAME, 0, VIEW, WIDTH)).toEqual([{ x: xOf(VIEW, WIDTH, 40 * DAY), lane: 0, marks: near }]);
});

test('what concerns all lanes stands on the strip, apart from the rekeys', () => {
  const marks = [kms(10 * DAY), rekey(10 * DAY, true), kms(10 * DAY + 1, 'kms-enabled'), kms(60 * DAY, 'kms-rotated')];
  expect(shapes(stripMarksIn(marks, VIEW, WIDTH))).toEqual([
    [xOf(VIEW, WIDTH, 10 * DAY), null, 2],
    [xOf(VIEW, WIDTH, 60 * DAY), null, 1],
  ]);
});

test('the pointer finds a mark on the strip and in its lane, and nothing between', () => {
  const sight = new MarksInSight();
  sight.set([kms(10 * DAY), rekey(40 * DAY, true)]);
  sight.place({ view: VIEW, plot: WIDTH, lanes: lanesOf(), from: 0, to: 0, scrollTop: 0 });
  const [sign] = sight.signs;
  const [ended] = sight.rekeys.get(0) ?? [];
  if (sign === undefined || ended === undefined) throw new Error('no mark');
  for (const placed of [sign, ended]) {
    const { x, y } = sight.placeOf(placed);
    expect(sight.at(x + 5, y - 5)).toBe(placed);
    expect(sight.at(x + 30, y)).toBeNull();
    expect(sight.at(x, y + 20)).toBeNull();
  }
});

test('the keyboard goes through all marks in time, those that stand together as one, and stays at both ends', () => {
  const all = [kms(10 * DAY), kms(10 * DAY + 1, 'kms-enabled'), rekey(40 * DAY, true), kms(60 * DAY, 'kms-rotated')];
  const sight = new MarksInSight();
  sight.set([{ ...NO_FACTS, at: 1, kind: 'activation', name: NAME }, ...all]);
  sight.place({ view: VIEW, plot: WIDTH, lanes: lanesOf(), from: 0, to: 0, scrollTop: 0 });
  const walk = (direction: 1 | -1): number | undefined => sight.step(direction, VIEW)?.at;
  expect([walk(1), walk(1), walk(1), walk(1)]).toEqual([10 * DAY, 40 * DAY, 60 * DAY, 60 * DAY]);
  expect(sight.focusedPlace?.marks).toEqual([all[3]]);
  // Another answer of the system database with the same marks.
  sight.set(structuredClone(all));
  sight.place({ view: VIEW, plot: WIDTH, lanes: lanesOf(), from: 0, to: 0, scrollTop: 0 });
  expect(sight.focused).toEqual(all[3]);
  expect([walk(-1), walk(-1), walk(-1)]).toEqual([40 * DAY, 10 * DAY + 1, 10 * DAY + 1]);
  sight.unfocus();
  expect(sight.focusedPlace).toBeNull();
  expect(sight.step(-1, VIEW)).toEqual(all[3]);
  sight.set([]);
  expect(sight.step(1, VIEW)).toBeNull();
});

test('every mark has words: what happened, when, by whom, and what it meant for the data', () => {
  expect(markWords({ ...kms(0, 'kms-deletion-scheduled'), label: 'KMS key a scheduled for deletion', actor: 'eva@host', kms: { provider: 'AWS_KMS', keyId: 'a', deletionAt: DAY } })).toBe(
    'KMS key a scheduled for deletion, 1970-01-01 00:00:00 UTC by eva@host. Unless it is called back, it is gone after 1970-01-02 00:00:00 UTC.',
  );
  expect(markWords({ ...rekey(0, false), label: 'everything' })).toBe('Rekey ended: everything, 1970-01-01 00:00:00 UTC. 1 instance re-encrypted; 2 could not be. A second census found 2 instances left.');
  for (const kind of ['kms-disabled', 'kms-enabled', 'kms-rotated', 'kms-deletion-cancelled', 'keystore-enabled', 'protection-rotated'] as const) expect(markAfter(kms(0, kind))).toMatch(/\.$/);
});

function lanesOf(): ReturnType<typeof buildLanes> {
  return buildLanes([generation({ name: NAME, activatedAt: 0, state: 'active' })], [], NOW);
}
