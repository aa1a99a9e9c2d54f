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

/** One moment, or several that are too near each other to be told apart, in pixels from the left edge of the plot. */
export interface PlacedMark {
  readonly x: number;
  /** In the order of time; never empty. */
  readonly marks: readonly KeyMark[];
  /** The lane in which it stands; null on the strip above them, where what concerns all stands. */
  readonly lane: number | null;
}

/** Room for one sign of the strip in pixels. */
export const SIGN = 15;

/** The rekeys of the lane `name` in sight, left to right. `marks` run in time. */
export function rekeyMarksIn(marks: readonly KeyMark[], name: string, lane: number, view: View, width: number): PlacedMark[] {
  return placed(marks, (mark) => mark.rekey !== null && mark.name === name, lane, TRIANGLE, view, width);
}

/** What concerns all lanes, in sight, left to right. `marks` run in time. */
export function stripMarksIn(marks: readonly KeyMark[], view: View, width: number): PlacedMark[] {
  return placed(marks, (mark) => mark.name === null, null, SIGN, view, width);
}

function placed(marks: readonly KeyMark[], isOne: (mark: KeyMark) => boolean, lane: number | null, room: number, view: View, width: number): PlacedMark[] {
  const shown: PlacedMark[] = [];
  for (const mark of marks) {
    if (mark.at < view.from || mark.at > view.to || !isOne(mark)) continue;
    const x = xOf(view, width, mark.at);
    const before = shown.at(-1);
    if (before !== undefined && x - before.x < room) shown[shown.length - 1] = { ...before, marks: [...before.marks, mark] };
    else shown.push({ x, marks: [mark], lane });
  }
  return shown;
}

/** Whether two answers of the system database tell of the same moment. */
export function isSameMark(a: KeyMark, b: KeyMark): boolean {
  return a.at === b.at && a.kind === b.kind && a.name === b.name && a.label === b.label && a.rekey?.campaign === b.rekey?.campaign && a.kms?.keyId === b.kms?.keyId;
}
