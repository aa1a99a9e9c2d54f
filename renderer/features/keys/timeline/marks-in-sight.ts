import type { KeyMark } from '../../../../app/contract/keys.ts';
import { GUTTER, LANE, REKEY_TOP, SIGN_Y, TOP } from './geometry.ts';
import { markAt } from './hit.ts';
import type { Lane } from './layout.ts';
import { isSameMark, rekeyMarksIn, stripMarksIn, type PlacedMark } from './marks.ts';
import type { View } from './scale.ts';

/** How far from the middle of a mark the pointer still means it, in pixels. */
const REACH = 7;

/** What a picture shows, as far as marks stand by it. */
export interface Sight {
  readonly view: View;
  readonly plot: number;
  readonly lanes: readonly Lane[];
  /** The first and the last lane in sight. */
  readonly from: number;
  readonly to: number;
  readonly scrollTop: number;
}

/** Every mark but activations, which are the begins of bars: where each stands, and which one the keyboard is at. */
export class MarksInSight {
  #all: readonly KeyMark[] = [];
  #focused: KeyMark | null = null;
  #scrollTop = 0;
  #signs: readonly PlacedMark[] = [];
  #rekeys: ReadonlyMap<number, readonly PlacedMark[]> = new Map();

  get signs(): readonly PlacedMark[] {
    return this.#signs;
  }

  get rekeys(): ReadonlyMap<number, readonly PlacedMark[]> {
    return this.#rekeys;
  }

  get focused(): KeyMark | null {
    return this.#focused;
  }

  /** `marks` run in time. The focus stays on the mark that is the same. */
  set(marks: readonly KeyMark[]): void {
    const before = this.#focused;
    this.#all = marks.filter(({ kind }) => kind !== 'activation');
    this.#focused = before === null ? null : (this.#all.find((mark) => isSameMark(mark, before)) ?? null);
  }

  place({ view, plot, lanes, from, to, scrollTop }: Sight): void {
    this.#scrollTop = scrollTop;
    this.#signs = stripMarksIn(this.#all, view, plot);
    const rekeys = new Map<number, readonly PlacedMark[]>();
    for (let lane = from; lane <= to; lane += 1) {
      const name = lanes[lane]?.name;
      if (name !== undefined) rekeys.set(lane, rekeyMarksIn(this.#all, name, lane, view, plot));
    }
    this.#rekeys = rekeys;
  }

  /** The mark at this place of the canvas. */
  at(x: number, y: number): PlacedMark | null {
    if (Math.abs(y - SIGN_Y) <= REACH + 1) return markAt(this.#signs, x - GUTTER, REACH);
    const lane = Math.floor((y - TOP + this.#scrollTop) / LANE);
    const depth = y - (TOP + lane * LANE - this.#scrollTop);
    return Math.abs(depth - REKEY_TOP) > REACH ? null : markAt(this.#rekeys.get(lane) ?? [], x - GUTTER, REACH);
  }

  /** Where a mark in sight stands on the canvas. */
  placeOf({ x, lane }: PlacedMark): { readonly x: number; readonly y: number } {
    return { x: GUTTER + x, y: lane === null ? SIGN_Y : TOP + lane * LANE - this.#scrollTop + REKEY_TOP };
  }

  /** Where the mark with the focus stands; null where it is out of sight, or none has it. */
  get focusedPlace(): PlacedMark | null {
    return this.#focused === null ? null : this.#groupOf(this.#focused);
  }

  /** Takes the focus one mark on (1) or back (-1) in time; from none, to the first in `view` or the last. Those that stand together are one step. */
  step(direction: 1 | -1, view: View): KeyMark | null {
    this.#focused = this.#next(direction, view) ?? this.#focused;
    return this.#focused;
  }

  unfocus(): void {
    this.#focused = null;
  }

  #next(direction: 1 | -1, view: View): KeyMark | undefined {
    if (this.#focused === null) {
      return direction === 1 ? (this.#all.find(({ at }) => at >= view.from) ?? this.#all.at(-1)) : (this.#all.findLast(({ at }) => at <= view.to) ?? this.#all[0]);
    }
    const group = this.#groupOf(this.#focused);
    let index = this.#all.indexOf(this.#focused) + direction;
    while (group !== null && this.#all[index] !== undefined && group.marks.includes(this.#all[index] as KeyMark)) index += direction;
    return this.#all[index];
  }

  #groupOf(mark: KeyMark): PlacedMark | null {
    for (const placed of [this.#signs, ...this.#rekeys.values()]) {
      const found = placed.find(({ marks }) => marks.includes(mark));
      if (found !== undefined) return found;
    }
    return null;
  }
}
