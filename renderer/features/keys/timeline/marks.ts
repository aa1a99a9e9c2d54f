import type { KeyMark } from '../../../../app/contract/keys.ts';
import type { Bar } from './layout.ts';
import { xOf, type View } from './scale.ts';

/** The moment at which a generation was activated, in pixels from the left edge of the plot. */
export interface ActivationMark {
  readonly x: number;
  /** A tick where a triangle would lie over the one before. */
  readonly shape: 'triangle' | 'tick';
  readonly active: boolean;
}

/** Room for one triangle in pixels. */
export const TRIANGLE = 8;

/**
 * A mark for every bar, left to right; generations that share a bar share its mark. The active generation has a
 * triangle always, so that a new one is seen at once.
 */
export function activationMarks(bars: readonly Bar[]): ActivationMark[] {
  let taken = -Infinity;
  return bars.map(({ x, kind }) => {
    const active = kind === 'active';
    if (!active && x - taken < TRIANGLE) return { x, shape: 'tick', active };
    taken = x;
    return { x, shape: 'triangle', active };
  });
}

/** The end of one rekey, or of several that are too near each other to be told apart, in pixels from the left edge of the plot. */
export interface RekeyMark {
  readonly x: number;
  readonly count: number;
  /** Nothing was left by the last of them. */
  readonly proven: boolean;
}

/** The rekeys of the lane `name` in sight, left to right. `marks` run in time. */
export function rekeyMarksIn(marks: readonly KeyMark[], name: string, view: View, width: number): RekeyMark[] {
  const shown: RekeyMark[] = [];
  for (const mark of marks) {
    if (mark.rekey === null || mark.name !== name || mark.at < view.from || mark.at > view.to) continue;
    const x = xOf(view, width, mark.at);
    const before = shown.at(-1);
    if (before !== undefined && x - before.x < TRIANGLE) shown[shown.length - 1] = { x: before.x, count: before.count + 1, proven: mark.rekey.proven };
    else shown.push({ x, count: 1, proven: mark.rekey.proven });
  }
  return shown;
}
