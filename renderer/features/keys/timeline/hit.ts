import { upperBound } from './scale.ts';
import type { Bar, Lane } from './layout.ts';
import type { PlacedMark } from './marks.ts';

/** A bar of a lane, or the tail of one generation. */
export interface BarHit {
  readonly part: 'bar' | 'tail';
  readonly lane: number;
  readonly first: number;
  readonly last: number;
}

/** What lies under the pointer, or has the keyboard's focus. */
export type Hit = BarHit | (PlacedMark & { readonly part: 'mark' });

export function isSameHit(a: Hit | null, b: Hit | null): boolean {
  if (a === null || b === null) return a === b;
  if (a.part === 'mark') return b.part === 'mark' && a.x === b.x && a.lane === b.lane && a.marks.length === b.marks.length && a.marks[0] === b.marks[0];
  return b.part === a.part && a.lane === b.lane && a.first === b.first && a.last === b.last;
}

/** The mark nearest to `x` within `reach` pixels. */
export function markAt<M extends { readonly x: number }>(marks: readonly M[], x: number, reach: number): M | null {
  let best: M | null = null;
  let distance = reach;
  for (const mark of marks) {
    const away = Math.abs(mark.x - x);
    if (away <= distance) {
      best = mark;
      distance = away;
    }
  }
  return best;
}

/** The bar under `x`, with `slack` pixels of mercy for narrow ones; `bars` run left to right. */
export function barAt(bars: readonly Bar[], x: number, slack: number): Bar | null {
  let low = 0;
  let high = bars.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if ((bars[mid]?.x ?? Infinity) <= x) low = mid + 1;
    else high = mid;
  }
  const under = bars[low - 1];
  if (under !== undefined && x <= under.x + under.width) return under;
  let best: Bar | null = null;
  let distance = slack;
  for (const bar of [under, bars[low]]) {
    if (bar === undefined) continue;
    const away = Math.max(bar.x - x, x - bar.x - bar.width, 0);
    if (away <= distance) {
      best = bar;
      distance = away;
    }
  }
  return best;
}

/** The generation whose tail lies at `fromBottom` (a share of the lane's instances) at `time`; the oldest lies lowest. Null above the edge. */
export function tailAt(lane: Lane, time: number, fromBottom: number): number | null {
  const ended = upperBound(lane.ends, time);
  if (fromBottom < 0 || fromBottom >= (lane.tailBefore[ended] ?? 0)) return null;
  const index = upperBound(lane.tailBefore, fromBottom, 0, ended + 1) - 1;
  return index < 0 ? null : index;
}
