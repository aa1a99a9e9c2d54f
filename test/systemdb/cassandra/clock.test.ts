import { afterEach, expect, test, vi } from 'vitest';
import { isFromFuture, nextSaveTime, now, SAVE_STEP, saveTimeAfter, TOLERATED_LEAD } from '../../../main/systemdb/cassandra/clock.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('save times grow strictly, in steps that leave room for rewrites, and are of now', () => {
  const times = Array.from({ length: 10_000 }, nextSaveTime);
  expect(times.every((time, place) => time % SAVE_STEP === 0 && (place === 0 || time > (times[place - 1] ?? 0)))).toBe(true);
  expect(Math.abs(nextSaveTime() / 1000 - Date.now())).toBeLessThan(1000);
});

test('save times grow also while the clock is set back', () => {
  const before = nextSaveTime();
  vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 3_600_000);
  expect(now()).toBeLessThan(before);
  expect(nextSaveTime()).toBe(before + SAVE_STEP);
});

test('a clock that was set stays finer than a millisecond', () => {
  const before = Date.now;
  vi.spyOn(Date, 'now').mockImplementation(() => before() + 3_600_000);
  const times = Array.from({ length: 2_000 }, now);
  expect(Math.abs((times[0] ?? 0) / 1000 - Date.now())).toBeLessThan(100);
  expect(times.some((time) => time % 1000 !== 0)).toBe(true);
});

test('the save time after a write is later than it, and than no more', () => {
  for (const time of [0, 1, 7, 8, 1_790_000_000_000_003]) {
    expect(saveTimeAfter(time)).toBeGreaterThan(time);
    expect(saveTimeAfter(time) - time).toBeLessThanOrEqual(SAVE_STEP);
    expect(saveTimeAfter(time) % SAVE_STEP).toBe(0);
  }
});

test('the future begins beyond what clocks differ', () => {
  expect(isFromFuture(now() + TOLERATED_LEAD / 2)).toBe(false);
  expect(isFromFuture(now() + TOLERATED_LEAD * 2)).toBe(true);
});
