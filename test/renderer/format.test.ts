import { describe, expect, test } from 'vitest';
import { counted, duration, exactUtc, figure, latency, middle, percent, relativeTime, size } from '../../renderer/format.ts';

const NOW = Date.UTC(2026, 9, 2, 14, 3, 11);
const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

test.each([
  [0, '0 B'],
  [1023, '1,023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [1024 * 1024 - 1, '1 MiB'],
  [5 * 1024 ** 3, '5 GiB'],
])('%d bytes are %s', (bytes, words) => expect(size(bytes)).toBe(words));

test.each([
  [10_000, 'just now'],
  [4 * MINUTE, '4 min ago'],
  [59.9 * MINUTE, '1 h ago'],
  [26 * 60 * MINUTE, '1 day ago'],
  [3 * DAY, '3 days ago'],
  [90 * DAY, '3 months ago'],
  [800 * DAY, '2 years ago'],
])('%d ms back is %s', (back, words) => expect(relativeTime(NOW - back, NOW)).toBe(words));

test('what is to come is said so', () => expect(relativeTime(NOW + 5 * MINUTE, NOW)).toBe('in 5 min'));

test('the exact time is UTC', () => expect(exactUtc(NOW)).toBe('2026-10-02 14:03:11 UTC'));

test.each([
  [400, '0 s'],
  [45_000, '45 s'],
  [60_000, '1 min'],
  [125_000, '2 min 5 s'],
  [3 * 3_600_000 + 12 * MINUTE, '3 h 12 min'],
  [4 * DAY, '4 days'],
])('%d ms last %s', (length, words) => expect(duration(length)).toBe(words));

describe('figures stay exact', () => {
  test('thousands are parted', () => expect(figure(16044)).toBe('16,044'));
  test('one is one', () => expect([counted(1, 'instance'), counted(2, 'instance'), counted(0, 'entry', 'entries')]).toEqual(['1 instance', '2 instances', '0 entries']));
  test('a share is never rounded to all or nothing', () => expect([percent(0), percent(0.0004), percent(0.5), percent(0.9996), percent(1)]).toEqual(['0%', '<1%', '50%', '>99%', '100%']));
  test('latencies', () => expect([latency(0.42), latency(38.4), latency(1240)]).toEqual(['0.4 ms', '38 ms', '1.2 s']));
});

test('identifiers are cut in the middle, their end kept', () => {
  expect(middle('short', 10)).toBe('short');
  const cut = middle('masterkey_key_name-20261002t140311.000z-deadbeef', 30);
  expect(cut).toHaveLength(30);
  expect(cut.endsWith('-deadbeef')).toBe(true);
  expect(cut.startsWith('masterkey_')).toBe(true);
});
