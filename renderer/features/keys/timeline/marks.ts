import type { Bar } from './layout.ts';

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
