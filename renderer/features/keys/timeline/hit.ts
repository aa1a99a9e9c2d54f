import { upperBound } from './scale.ts';
import type { Bar, Lane } from './layout.ts';

/** What lies under the pointer: a bar of a lane, or the tail of one generation. */
export interface Hit {
  readonly lane: number;
  readonly first: number;
  readonly last: number;
  readonly part: 'bar' | 'tail';
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
