import type { Colours } from './colours.ts';
import type { BarHit } from './hit.ts';
import type { Bar, Lane } from './layout.ts';
import type { PlacedMark } from './marks.ts';
import type { View } from './scale.ts';
import type { ProtectionSpan } from './strips.ts';

/** Everything that one picture shows. Sizes in CSS pixels; `plot` is the width right of the names. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly plot: number;
  readonly view: View;
  readonly extent: View;
  readonly now: number;
  readonly lanes: readonly Lane[];
  /** The bars of the lanes in sight, by the lane's index. */
  readonly bars: ReadonlyMap<number, readonly Bar[]>;
  /** Indexes of generations whose tails are drawn one by one, for each lane. */
  readonly thick: readonly (readonly number[])[];
  /** Those in sight: of the strip, and by the index of their lane. */
  readonly signs: readonly PlacedMark[];
  readonly rekeys: ReadonlyMap<number, readonly PlacedMark[]>;
  /** The mark under the pointer, or the one that has the focus. */
  readonly mark: PlacedMark | null;
  readonly spans: readonly ProtectionSpan[];
  readonly density: Uint8Array;
  readonly scrollTop: number;
  readonly hover: BarHit | null;
  readonly selected: { readonly lane: number; readonly index: number } | null;
  /** A stretch that is being chosen with the pointer, in pixels of the plot. */
  readonly choosing: readonly [number, number] | null;
  readonly colours: Colours;
  readonly hatch: CanvasPattern | string;
}

export type Context = CanvasRenderingContext2D;

/** Draws with nothing outside of this rectangle touched. */
export function clipped(context: Context, x: number, y: number, width: number, height: number, draw: () => void): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  draw();
  context.restore();
}
