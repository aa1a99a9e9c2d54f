import { expect, test } from 'vitest';
import { contextLabel, ticks } from '../../../renderer/features/keys/timeline/axis.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

test.each([
  ['two minutes', 2 * MINUTE],
  ['an hour', 60 * MINUTE],
  ['a day', DAY],
  ['a week', 7 * DAY],
  ['a quarter', 91 * DAY],
  ['three years', 3 * 365 * DAY],
  ['forty years', 40 * 365 * DAY],
])('over %s the axis names a few times, in order and without a repeated word beside it', (_, length) => {
  const from = Date.UTC(1998, 10, 3, 17, 41);
  const named = ticks({ from, to: from + length }, 1000);
  expect(named.length).toBeGreaterThanOrEqual(3);
  expect(named.length).toBeLessThanOrEqual(13);
  for (const [index, tick] of named.entries()) {
    expect(tick.at).toBeGreaterThanOrEqual(from);
    expect(tick.at).toBeLessThanOrEqual(from + length);
    if (index > 0) {
      expect(tick.at).toBeGreaterThan(named[index - 1]?.at ?? 0);
      expect(tick.label).not.toBe(named[index - 1]?.label);
    }
  }
});

test('hours say the day where it begins, months the year', () => {
  const day = ticks({ from: Date.UTC(2026, 9, 1, 14), to: Date.UTC(2026, 9, 2, 14) }, 900);
  expect(day.filter((tick) => tick.strong).map((tick) => tick.label)).toEqual(['2 Oct']);
  const years = ticks({ from: Date.UTC(2025, 6), to: Date.UTC(2026, 6) }, 900);
  expect(years.filter((tick) => tick.strong).map((tick) => tick.label)).toEqual(['2026']);
});

test('weeks begin on Monday and years on the first of January', () => {
  const weeks = ticks({ from: Date.UTC(2026, 8, 1), to: Date.UTC(2026, 10, 10) }, 900);
  expect(new Set(weeks.map((tick) => new Date(tick.at).getUTCDay()))).toEqual(new Set([1]));
  const decades = ticks({ from: Date.UTC(1960, 3), to: Date.UTC(2030, 3) }, 900);
  expect(decades.every((tick) => tick.at === Date.UTC(Number(tick.label), 0))).toBe(true);
});

test('what the labels leave out stands at the edge', () => {
  expect(contextLabel({ from: Date.UTC(2026, 9, 2, 5), to: Date.UTC(2026, 9, 2, 9) })).toBe('2 Oct 2026 · UTC');
  expect(contextLabel({ from: Date.UTC(2026, 0), to: Date.UTC(2026, 6) })).toBe('2026 · UTC');
});
