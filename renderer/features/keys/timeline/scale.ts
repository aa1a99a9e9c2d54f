/** The stretch of time that is in sight, in milliseconds since the epoch. */
export interface View {
  readonly from: number;
  readonly to: number;
}

const MINUTE = 60_000;
const YEAR = 365.25 * 86_400_000;
/** Nearest and farthest sight. */
export const MIN_SPAN = 2 * MINUTE;
export const MAX_SPAN = 80 * YEAR;

export function span(view: View): number {
  return view.to - view.from;
}

/** Pixels from the left edge of a plot of `width` at which `time` lies; may be outside of it. */
export function xOf(view: View, width: number, time: number): number {
  return ((time - view.from) / span(view)) * width;
}

/** The time under the pixel `x`. */
export function timeAt(view: View, width: number, x: number): number {
  return view.from + (x / width) * span(view);
}

/** `view` with its span multiplied by `factor`, the time `anchor` staying under the same pixel. */
export function zoom(view: View, factor: number, anchor: number): View {
  const wanted = Math.min(MAX_SPAN, Math.max(MIN_SPAN, span(view) * factor));
  const share = (anchor - view.from) / span(view);
  const from = anchor - share * wanted;
  return { from, to: from + wanted };
}

export function pan(view: View, milliseconds: number): View {
  return { from: view.from + milliseconds, to: view.to + milliseconds };
}

/** `view` moved so that some of `extent` stays in sight: at least a tenth of the view. */
export function keepInSight(view: View, extent: View): View {
  const margin = span(view) * 0.1;
  if (view.to < extent.from + margin) return pan(view, extent.from + margin - view.to);
  if (view.from > extent.to - margin) return pan(view, extent.to - margin - view.from);
  return view;
}

/** All of `extent`, with a little room at both ends. */
export function fit(extent: View): View {
  const length = Math.max(MIN_SPAN, span(extent));
  return { from: extent.from - length * 0.015, to: extent.from + length * 1.035 };
}

/** Between two views at `share` (0 to 1) of the way; spans change by ratio, so that a zoom looks even. */
export function between(a: View, b: View, share: number): View {
  const length = span(a) * (span(b) / span(a)) ** share;
  const ease = Math.abs(span(b) - span(a)) < 1 ? share : (length - span(a)) / (span(b) - span(a));
  const from = a.from + (b.from - a.from) * ease;
  return { from, to: from + length };
}

/** The first index whose value is greater than `value`; `sorted` ascends. */
export function upperBound(sorted: Float64Array, value: number, from = 0, to = sorted.length): number {
  let low = from;
  let high = to;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if ((sorted[mid] ?? Infinity) <= value) low = mid + 1;
    else high = mid;
  }
  return low;
}
