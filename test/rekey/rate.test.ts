import { describe, expect, test } from 'vitest';
import { moveBookmark, rateOf, RATE_WINDOW_MS, startBookmark, writeBookmark, type Bookmark } from '../../main/rekey/bookmark.ts';
import { type Campaign, DEFAULT_LIMITS } from '../../main/rekey/campaign.ts';
import { statusOf } from '../../main/rekey/state.ts';
import type { CampaignRange } from '../../main/systemdb/repositories.ts';

const AT = 10_000_000;
const second = (n: number): number => AT + n * 1_000;

/** A range that was worked on every two seconds at `perSecond`, from `from` to `to` (seconds). */
function worked(perSecond: number, from: number, to: number): { book: Bookmark; treated: number } {
  let book = startBookmark(null, second(from), 0);
  for (let at = from + 2; at <= to; at += 2) book = moveBookmark(book, `${at}`, second(at), (at - from) * perSecond);
  return { book, treated: (to - from) * perSecond };
}

function range(seq: number, perSecond: number, from: number, to: number): CampaignRange {
  const { book, treated } = worked(perSecond, from, to);
  return { seq, range: { lu: 'A', start: '', end: '', nodes: [] }, state: 'waiting', cursor: writeBookmark(book), passed: treated, rewritten: treated, superseded: 0, failed: 0, bytes: 0, updatedAt: second(to), worker: 'w' };
}

function campaign(instances: number, state: Campaign['record']['state'] = 'running'): Campaign {
  const params = { lus: ['A'], from: ['k1'], target: 'k2', requestedAs: '', planned: { instances, bytes: 0, rows: [] } };
  return { record: { id: 'c', state, params: '', limits: '', outcome: null, createdAt: AT, updatedAt: AT }, params, limits: DEFAULT_LIMITS, outcome: null };
}

describe('the marks of a range', () => {
  test('are moved on every half window, so that they tell of half a window to one', () => {
    for (const to of [2, 10, 28]) expect(worked(5, 0, to).book).toMatchObject({ cursor: `${to}`, since: { at: AT, treated: 0 }, next: { at: AT, treated: 0 } });
    expect(worked(5, 0, 30).book).toMatchObject({ since: { at: AT, treated: 0 }, next: { at: second(30), treated: 150 } });
    expect(worked(5, 0, 58).book).toMatchObject({ since: { at: AT, treated: 0 }, next: { at: second(30), treated: 150 } });
    expect(worked(5, 0, 60).book).toMatchObject({ since: { at: second(30), treated: 150 }, next: { at: second(60), treated: 300 } });
    expect(worked(5, 0, 90).book).toMatchObject({ since: { at: second(60), treated: 300 }, next: { at: second(90), treated: 450 } });
  });

  test('give the share of a window that was worked', () => {
    const { book, treated } = worked(5, 0, 58);
    expect(rateOf(book, treated, second(58), second(58))).toBeCloseTo((5 * 58) / 60, 6);
    // Over for half a window: the half that it ran still counts.
    expect(rateOf(book, treated, second(58), second(88))).toBeCloseTo((5 * 30) / 60, 6);
    expect(rateOf(book, treated, second(58), second(58) + RATE_WINDOW_MS)).toBe(0);
    expect(rateOf(book, treated, second(58), second(58) + RATE_WINDOW_MS + 1)).toBe(0);
  });

  test('give none where nobody worked yet, nothing moved, or the clock went back', () => {
    expect(rateOf(null, 5, AT, AT)).toBe(0);
    expect(rateOf(startBookmark(null, AT, 7), 7, second(10), second(10))).toBe(0);
    expect(rateOf(startBookmark(null, AT, 0), 7, AT, AT)).toBe(0);
    expect(rateOf(startBookmark(null, AT, 0), 7, second(-5), AT)).toBe(0);
  });
});

describe('the rate of a campaign', () => {
  test.each([4, 20, 44, 58, 60, 74, 118, 300])('is that of its ranges together, after %d seconds', (to) => {
    const ranges = [range(0, 5, 0, to), range(1, 15, 0, to)];
    const { rate, secondsLeft, done, left } = statusOf(campaign(10_000), ranges, second(to));
    expect(done).toBe(20 * to);
    expect(rate).toBeGreaterThan(20 * 0.99);
    expect(rate).toBeLessThan(20 * 1.01);
    expect(Math.abs((secondsLeft ?? 0) - left / 20)).toBeLessThanOrEqual(left / 20 / 99 + 1);
  });

  test('follows ranges that one worker does one after the other', () => {
    const ranges = [range(0, 10, 0, 40), range(1, 10, 40, 80), range(2, 10, 80, 100)];
    expect(statusOf(campaign(2_000), ranges, second(100)).rate).toBeCloseTo(10, 1);
  });

  test('sinks where nobody works any more, and is none after a window', () => {
    const ranges = [range(0, 20, 0, 120)];
    const rates = [120, 135, 150, 181].map((at) => statusOf(campaign(10_000), ranges, second(at)));
    // What came before the last mark, half a window ago, is not known any more: 600 instances in 45 s are told at 135.
    expect(rates.map(({ rate }) => Math.round(rate))).toEqual([20, 13, 10, 0]);
    expect(rates.at(-1)?.secondsLeft).toBeNull();
  });

  test.each(['planned', 'paused', 'done', 'cancelled', 'failed'] as const)('is none of one that is %s', (state) => {
    expect(statusOf(campaign(1_000, state), [range(0, 20, 0, 20)], second(20))).toMatchObject({ rate: 0, secondsLeft: null });
  });
});
