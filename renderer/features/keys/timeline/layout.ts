import type { GenerationView } from '../../../../app/contract/keys.ts';
import { timeAt, upperBound, xOf, type View } from './scale.ts';

/** The generations of one key name in the order of their activation, as typed arrays that can be searched. */
export interface Lane {
  readonly name: string;
  readonly generations: readonly GenerationView[];
  /** When each was activated, and when the next took over (`now` for the active one). */
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  /** How many of the first i can not be used. */
  readonly unusableBefore: Uint32Array;
  /** The share of the lane's instances that the first i, no longer active, still hold. */
  readonly tailBefore: Float64Array;
  readonly instances: number;
}

/** A bar on the screen, or several that are too narrow to be told apart. Pixels from the left edge of the plot. */
export interface Bar {
  readonly x: number;
  readonly width: number;
  /** The generations first … last, both included. */
  readonly first: number;
  readonly last: number;
  readonly kind: 'active' | 'old' | 'unusable' | 'merged';
}

/** One step of the tails' upper edge: from `x` on, `share` of the instances need generations that ended before. */
export interface TailStep {
  readonly x: number;
  readonly share: number;
}

/** Narrower bars are drawn together with their neighbours, in pixels. */
export const MERGE_BELOW = 3;
/** The active generation has a bar of its own that is at least this wide, however new it is: it reaches beyond now. In pixels. */
export const ACTIVE_LEAST = 6;

export function buildLanes(keys: readonly GenerationView[], names: readonly string[], now: number): Lane[] {
  const byName = new Map<string, GenerationView[]>(names.map((name) => [name, []]));
  for (const key of keys) {
    if (key.activatedAt === null) continue;
    const lane = byName.get(key.name);
    if (lane === undefined) byName.set(key.name, [key]);
    else lane.push(key);
  }
  return [...byName].filter(([, generations]) => generations.length > 0).map(([name, generations]) => buildLane(name, generations, now));
}

function buildLane(name: string, generations: GenerationView[], now: number): Lane {
  generations.sort((a, b) => (a.activatedAt ?? 0) - (b.activatedAt ?? 0));
  const count = generations.length;
  const starts = new Float64Array(count);
  const ends = new Float64Array(count);
  const unusableBefore = new Uint32Array(count + 1);
  const tailBefore = new Float64Array(count + 1);
  const instances = generations.reduce((sum, each) => sum + each.instances, 0);
  generations.forEach((each, index) => {
    const start = each.activatedAt ?? 0;
    starts[index] = start;
    ends[index] = Math.max(start, each.deactivatedAt ?? generations[index + 1]?.activatedAt ?? now);
    unusableBefore[index + 1] = (unusableBefore[index] ?? 0) + (each.failure === null ? 0 : 1);
    const share = each.state === 'active' || instances === 0 ? 0 : each.instances / instances;
    tailBefore[index + 1] = (tailBefore[index] ?? 0) + share;
  });
  return { name, generations, starts, ends, unusableBefore, tailBefore, instances };
}

/** From the first activation to now; an hour back where there is none. */
export function extentOf(lanes: readonly Lane[], now: number): View {
  let from = now;
  for (const lane of lanes) from = Math.min(from, lane.starts[0] ?? now);
  return { from: Math.min(from, now - 3_600_000), to: now };
}

/**
 * The bars of `lane` in sight, at most about one for every {@link MERGE_BELOW} pixels however many generations there
 * are: the visible range and the end of each merged run are found by binary search.
 */
export function visibleBars(lane: Lane, view: View, width: number): Bar[] {
  const { starts, ends } = lane;
  const bars: Bar[] = [];
  const stop = upperBound(starts, view.to);
  let index = Math.max(0, upperBound(starts, view.from) - 1);
  while (index < stop) {
    const x = xOf(view, width, starts[index] ?? 0);
    const end = xOf(view, width, ends[index] ?? 0);
    if (end < 0) {
      index += 1;
    } else if (end - x >= MERGE_BELOW || index === stop - 1) {
      bars.push(barOf(lane, index, index, x, Math.max(end, x + (isActive(lane, index) ? ACTIVE_LEAST : 1))));
      index += 1;
    } else {
      // Everything that begins within the next few pixels belongs to this run.
      const next = Math.min(stop, Math.max(index + 1, upperBound(starts, timeAt(view, width, x + MERGE_BELOW), index)));
      const last = next - 1;
      const runEnd = xOf(view, width, ends[last] ?? 0);
      const wideLast = last > index && runEnd - xOf(view, width, starts[last] ?? 0) >= MERGE_BELOW;
      const end = wideLast || (last > index && isActive(lane, last)) ? last - 1 : last;
      pushMerged(bars, lane, index, end, x, Math.max(x + 1, xOf(view, width, ends[end] ?? 0)));
      index = end + 1;
    }
  }
  return bars;
}

function isActive(lane: Lane, index: number): boolean {
  return lane.generations[index]?.state === 'active';
}

function pushMerged(bars: Bar[], lane: Lane, first: number, last: number, x: number, end: number): void {
  const bar = barOf(lane, first, last, x, end);
  const before = bars.at(-1);
  // Runs that touch and look alike are one rectangle.
  if (before !== undefined && before.last > before.first && before.last === first - 1 && before.kind === bar.kind) {
    bars[bars.length - 1] = { ...before, last, width: end - before.x };
  } else bars.push(bar);
}

function barOf(lane: Lane, first: number, last: number, x: number, end: number): Bar {
  const unusable = (lane.unusableBefore[last + 1] ?? 0) - (lane.unusableBefore[first] ?? 0) > 0;
  const state = lane.generations[first]?.state;
  const kind = unusable ? 'unusable' : last > first ? 'merged' : state === 'active' ? 'active' : 'old';
  return { x, width: end - x, first, last, kind };
}

/** The share of the lane's instances that need a generation which was no longer active at `time`. */
export function tailShareAt(lane: Lane, time: number): number {
  return lane.tailBefore[upperBound(lane.ends, time)] ?? 0;
}

/** The upper edge of all tails together, left to right, one step a pixel at most. */
export function tailSteps(lane: Lane, view: View, width: number, now: number): TailStep[] {
  const { ends, tailBefore } = lane;
  const total = tailBefore[tailBefore.length - 1] ?? 0;
  if (total === 0) return [];
  let index = upperBound(ends, view.from);
  const steps: TailStep[] = [{ x: 0, share: tailBefore[index] ?? 0 }];
  const limit = Math.min(view.to, now);
  while (index < ends.length) {
    const end = ends[index] ?? Infinity;
    if (end > limit) break;
    const x = xOf(view, width, end);
    const next = Math.max(index + 1, upperBound(ends, timeAt(view, width, x + 1), index));
    const share = tailBefore[next] ?? total;
    if (share !== steps.at(-1)?.share) steps.push({ x, share });
    index = next;
  }
  return steps;
}

/** Generations whose tail by itself is at least `atLeast` of the lane's instances: few, whatever the lane's length. */
export function thickTails(lane: Lane, atLeast: number): number[] {
  const thick: number[] = [];
  lane.generations.forEach((each, index) => {
    if (each.state !== 'active' && lane.instances > 0 && each.instances / lane.instances >= atLeast) thick.push(index);
  });
  return thick;
}
