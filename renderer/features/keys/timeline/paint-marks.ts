import type { KeyMark } from '../../../../app/contract/keys.ts';
import type { Colours } from './colours.ts';
import { AXIS, BRUSH, GUTTER, SIGN_Y } from './geometry.ts';
import type { Context, Scene } from './scene.ts';

type Draw = (context: Context, x: number, y: number) => void;

/** A shape for each kind, told without colour; filled, or only its lines. */
const SIGNS: Readonly<Partial<Record<KeyMark['kind'], { readonly filled: boolean; readonly draw: Draw }>>> = {
  'keystore-enabled': { filled: true, draw: (context, x, y) => context.rect(x - 4, y - 4, 8, 8) },
  'protection-rotated': { filled: true, draw: (context, x, y) => path(context, [x, y - 6], [x + 6, y], [x, y + 6], [x - 6, y]) },
  // Two bars, as what is halted has everywhere.
  'kms-disabled': {
    filled: true,
    draw: (context, x, y) => {
      context.rect(x - 4, y - 4.5, 3, 9);
      context.rect(x + 1, y - 4.5, 3, 9);
    },
  },
  'kms-enabled': { filled: true, draw: (context, x, y) => path(context, [x - 3.5, y - 5], [x + 5, y], [x - 3.5, y + 5]) },
  // Most of a circle, and the tip of an arrow.
  'kms-rotated': {
    filled: false,
    draw: (context, x, y) => {
      context.arc(x, y, 4, -0.2 * Math.PI, 1.4 * Math.PI);
      context.moveTo(x + 0.5, y - 4.5);
      context.lineTo(x + 4.5, y - 5.5);
      context.moveTo(x + 3.5, y - 2);
      context.lineTo(x + 4.5, y - 5.5);
    },
  },
  'kms-deletion-scheduled': { filled: false, draw: cross },
  // The cross of a deletion, in the ring that keeps it off.
  'kms-deletion-cancelled': {
    filled: false,
    draw: (context, x, y) => {
      context.arc(x, y, 5.5, 0, 2 * Math.PI);
      context.moveTo(x - 2.5, y);
      context.lineTo(x + 2.5, y);
    },
  },
};

function path(context: Context, [x, y]: readonly [number, number], ...rest: readonly (readonly [number, number])[]): void {
  context.moveTo(x, y);
  for (const [toX, toY] of rest) context.lineTo(toX, toY);
  context.closePath();
}

function cross(context: Context, x: number, y: number): void {
  context.moveTo(x - 4, y - 4);
  context.lineTo(x + 4, y + 4);
  context.moveTo(x + 4, y - 4);
  context.lineTo(x - 4, y + 4);
}

/** What concerns all lanes, on the strip above them: the newest of those that stand together has its sign. */
export function paintSigns(context: Context, { colours, height, signs, mark: shown }: Scene): void {
  for (const { x: at, marks } of signs) {
    const x = Math.round(GUTTER + at) + 0.5;
    const isShown = shown?.lane === null && shown.x === at;
    const newest = marks.at(-1);
    const sign = newest === undefined ? undefined : SIGNS[newest.kind];
    if (newest === undefined || sign === undefined) continue;
    // Those of a KMS are many: their line goes through the lanes only while it is asked for.
    if (newest.kms === null || isShown) paintLine(context, x, AXIS, height - BRUSH - 4, colours.accent, [3, 3]);
    context.fillStyle = colours.surface;
    context.beginPath();
    context.arc(x, SIGN_Y, 7.5, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = colours.accent;
    context.strokeStyle = colours.accent;
    context.lineWidth = 1.75;
    context.beginPath();
    sign.draw(context, x, SIGN_Y);
    if (sign.filled) context.fill();
    else context.stroke();
    if (isShown) paintFocus(context, colours, x, SIGN_Y, 9);
  }
}

/** A ring around the mark whose words are shown. */
export function paintFocus(context: Context, colours: Colours, x: number, y: number, radius: number): void {
  context.strokeStyle = colours.text;
  context.lineWidth = 1.5;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
}

export function paintLine(context: Context, x: number, from: number, to: number, colour: string, dash: number[]): void {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x, from);
  context.lineTo(x, to);
  context.stroke();
  context.setLineDash([]);
}
