import type { GenerationView, KeyMark } from '../../../../app/contract/keys.ts';
import { hatch, readColours, type Colours } from './colours.ts';
import { AXIS, BAR, BAR_TOP, BRUSH, GUTTER, LANE, RIGHT, TAIL, TAIL_TOP, TOP } from './geometry.ts';
import { barAt, isSameHit, tailAt, type Hit } from './hit.ts';
import { buildLanes, extentOf, thickTails, visibleBars, type Bar, type Lane } from './layout.ts';
import { MarksInSight } from './marks-in-sight.ts';
import { paint } from './paint.ts';
import { between, fit, keepInSight, pan, span, timeAt, xOf, zoom, type View } from './scale.ts';
import { activationDensity, protectionSpans, type ProtectionSpan } from './strips.ts';

/** A tail thinner than this is drawn with its neighbours, in pixels. */
const THICK = 1.5;
/** How long a jump to another stretch takes, in milliseconds. */
const JUMP = 180;

export interface TimelineEvents {
  /** Another thing is under the pointer, at this place of the canvas; null: nothing. */
  readonly onHover: (hit: Hit | null, x: number, y: number) => void;
}

/** The timeline as a thing of its own: what it shows, what is in sight, one picture a frame at most. Knows no React. */
export class TimelineView {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #events: TimelineEvents;
  #lanes: Lane[] = [];
  #thick: number[][] = [];
  readonly #marks = new MarksInSight();
  #spans: ProtectionSpan[] = [];
  #density: Uint8Array = new Uint8Array(0);
  #extent: View = { from: 0, to: 1 };
  #now = 0;
  #view: View = { from: 0, to: 1 };
  #width = 0;
  #height = 0;
  #ratio = 1;
  #scrollTop = 0;
  #hover: Hit | null = null;
  #selected: { lane: number; index: number } | null = null;
  #choosing: readonly [number, number] | null = null;
  #bars = new Map<number, Bar[]>();
  #colours: Colours = readColours();
  #hatch: CanvasPattern | string = '';
  #frame = 0;
  #jump: { from: View; to: View; start: number } | null = null;

  constructor(canvas: HTMLCanvasElement, events: TimelineEvents) {
    const context = canvas.getContext('2d', { alpha: false });
    if (context === null) throw new Error('This browser draws no canvas.');
    this.#canvas = canvas;
    this.#context = context;
    this.#events = events;
    this.retheme();
  }

  get lanes(): readonly Lane[] {
    return this.#lanes;
  }

  get view(): View {
    return this.#view;
  }

  get extent(): View {
    return this.#extent;
  }

  get plot(): number {
    return Math.max(1, this.#width - GUTTER - RIGHT);
  }

  get height(): number {
    return this.#height;
  }

  get selected(): { readonly lane: number; readonly index: number } | null {
    return this.#selected;
  }

  /** Shows these generations; the stretch in sight stays, except the first time. */
  setData(keys: readonly GenerationView[], names: readonly string[], marks: readonly KeyMark[], now: number): void {
    const first = this.#lanes.length === 0;
    this.#lanes = buildLanes(keys, names, now);
    this.#thick = this.#lanes.map((lane) => thickTails(lane, THICK / TAIL));
    this.#marks.set(marks);
    this.#now = now;
    this.#extent = extentOf(this.#lanes, now);
    this.#spans = protectionSpans(this.#lanes, now);
    this.#density = activationDensity(this.#lanes, fit(this.#extent), 400);
    if (first) this.#view = fit(this.#extent);
    this.request();
  }

  resize(width: number, height: number, ratio: number): void {
    this.#width = width;
    this.#height = height;
    this.#ratio = ratio;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    this.draw();
  }

  /** Reads the theme's colours again. */
  retheme(): void {
    this.#colours = readColours();
    this.#hatch = hatch(this.#context, this.#colours);
    this.request();
  }

  show(view: View): void {
    this.#jump = null;
    this.#view = keepInSight(view, this.#extent);
    this.request();
  }

  /** Goes to `view` with a short movement that shows where it lies; at once where motion is unwanted. */
  jumpTo(view: View): void {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) return this.show(view);
    this.#jump = { from: this.#view, to: keepInSight(view, this.#extent), start: performance.now() };
    this.request();
  }

  fitAll(): void {
    this.jumpTo(fit(this.#extent));
  }

  zoomAt(x: number, factor: number): void {
    this.show(zoom(this.#view, factor, timeAt(this.#view, this.plot, x)));
  }

  /** A step of the keyboard's zoom, about the middle. */
  zoomStep(factor: number): void {
    const target = this.#jump?.to ?? this.#view;
    this.jumpTo(zoom(target, factor, (target.from + target.to) / 2));
  }

  panStep(share: number): void {
    const target = this.#jump?.to ?? this.#view;
    this.jumpTo(pan(target, share * span(target)));
  }

  panPixels(x: number, y: number): void {
    this.scroll(-y);
    this.show(pan(this.#view, (-x / this.plot) * span(this.#view)));
  }

  scroll(pixels: number): void {
    const most = Math.max(0, this.#lanes.length * LANE - (this.#height - TOP - BRUSH));
    this.#scrollTop = Math.max(0, Math.min(most, this.#scrollTop + pixels));
    this.request();
  }

  choose(range: readonly [number, number] | null): void {
    this.#choosing = range;
    this.request();
  }

  /** Marks a generation, and brings it into sight where it is not. */
  select(description: string | null, reveal: boolean): void {
    this.#selected = description === null ? null : this.#find(description);
    if (this.#selected !== null && reveal) this.#reveal(this.#selected);
    this.request();
  }

  #find(description: string): { lane: number; index: number } | null {
    for (const [lane, { generations }] of this.#lanes.entries()) {
      const index = generations.findIndex((each) => each.description === description);
      if (index >= 0) return { lane, index };
    }
    return null;
  }

  #reveal({ lane, index }: { lane: number; index: number }): void {
    const start = this.#lanes[lane]?.starts[index] ?? 0;
    const end = this.#lanes[lane]?.ends[index] ?? start;
    this.#scrollTo(lane);
    const target = this.#jump?.to ?? this.#view;
    if (end < target.from || start > target.to) this.jumpTo(pan(target, (start + end) / 2 - (target.from + target.to) / 2));
  }

  #scrollTo(lane: number): void {
    const top = lane * LANE - this.#scrollTop;
    if (top < 0) this.scroll(top);
    const below = top + LANE - (this.#height - TOP - BRUSH);
    if (below > 0 && this.#height > 0) this.scroll(below);
  }

  /** What lies at this place of the canvas. */
  hitAt(x: number, y: number): Hit | null {
    if (y > this.#height - BRUSH || x < GUTTER) return null;
    const mark = this.#marks.at(x, y);
    if (mark !== null) return { part: 'mark', ...mark };
    const lane = Math.floor((y - TOP + this.#scrollTop) / LANE);
    const shown = this.#lanes[lane];
    if (shown === undefined || y < TOP) return null;
    const depth = y - (TOP + lane * LANE - this.#scrollTop);
    if (depth >= BAR_TOP - 4 && depth <= BAR_TOP + BAR + 3) {
      const bar = barAt(this.#bars.get(lane) ?? [], x - GUTTER, 3);
      return bar === null ? null : { lane, first: bar.first, last: bar.last, part: 'bar' };
    }
    const time = timeAt(this.#view, this.plot, x - GUTTER);
    if (depth < TAIL_TOP || depth > TAIL_TOP + TAIL || time > this.#now) return null;
    const index = tailAt(shown, time, 1 - (depth - TAIL_TOP) / TAIL);
    return index === null ? null : { lane, first: index, last: index, part: 'tail' };
  }

  hoverAt(x: number, y: number): void {
    const hit = this.hitAt(x, y);
    // Over nothing, the words of what has the focus stay.
    if (hit === null && this.#marks.focused !== null) return;
    this.#marks.unfocus();
    if (!isSameHit(hit, this.#hover)) {
      this.#hover = hit;
      this.request();
    }
    this.#events.onHover(hit, x, y);
  }

  leave(): void {
    this.#hover = null;
    this.#marks.unfocus();
    this.#events.onHover(null, 0, 0);
    this.request();
  }

  get focusedMark(): KeyMark | null {
    return this.#marks.focused;
  }

  /** Goes one mark on or back in time, and tells of it as of what is under the pointer. @returns false where there is none */
  stepMark(direction: 1 | -1): boolean {
    const mark = this.#marks.step(direction, this.#view);
    if (mark === null) return false;
    this.#hover = null;
    const lane = this.#lanes.findIndex(({ name }) => name === mark.name);
    if (lane !== -1) this.#scrollTo(lane);
    if (mark.at < this.#view.from || mark.at > this.#view.to) this.show(pan(this.#view, mark.at - (this.#view.from + this.#view.to) / 2));
    this.draw();
    return true;
  }

  #tellFocus(): void {
    if (this.#marks.focused === null) return;
    const placed = this.#marks.focusedPlace;
    if (placed === null) return this.#events.onHover(null, 0, 0);
    const { x, y } = this.#marks.placeOf(placed);
    this.#events.onHover({ part: 'mark', ...placed }, x, y);
  }

  /** True on the strip with all of time. */
  inBrush(y: number): boolean {
    return y > this.#height - BRUSH;
  }

  /** True on the names and the axis, where nothing is chosen. */
  inPlot(x: number, y: number): boolean {
    return x >= GUTTER && y >= AXIS && !this.inBrush(y);
  }

  /** The window of the brush in pixels of the canvas. */
  brushWindow(): { from: number; to: number } {
    const all = fit(this.#extent);
    return { from: GUTTER + xOf(all, this.plot, this.#view.from), to: GUTTER + xOf(all, this.plot, this.#view.to) };
  }

  /** The time at a place of the brush. */
  brushTime(x: number): number {
    return timeAt(fit(this.#extent), this.plot, x - GUTTER);
  }

  /** Draws in the next frame; many requests make one picture. */
  request(): void {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.draw();
    });
  }

  /** One picture, now. */
  draw(): void {
    if (this.#width === 0) return;
    this.#step();
    const visible = this.#height - TOP - BRUSH;
    const firstLane = Math.floor(this.#scrollTop / LANE);
    const lastLane = Math.min(this.#lanes.length - 1, Math.floor((this.#scrollTop + visible) / LANE));
    this.#bars.clear();
    for (let index = firstLane; index <= lastLane; index += 1) {
      const lane = this.#lanes[index];
      if (lane !== undefined) this.#bars.set(index, visibleBars(lane, this.#view, this.plot));
    }
    this.#marks.place({ view: this.#view, plot: this.plot, lanes: this.#lanes, from: firstLane, to: lastLane, scrollTop: this.#scrollTop });
    this.#context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    paint(this.#context, {
      width: this.#width,
      height: this.#height,
      plot: this.plot,
      view: this.#view,
      extent: fit(this.#extent),
      now: this.#now,
      lanes: this.#lanes,
      bars: this.#bars,
      thick: this.#thick,
      signs: this.#marks.signs,
      rekeys: this.#marks.rekeys,
      mark: this.#hover?.part === 'mark' ? this.#hover : this.#marks.focusedPlace,
      spans: this.#spans,
      density: this.#density,
      scrollTop: this.#scrollTop,
      hover: this.#hover?.part === 'mark' ? null : this.#hover,
      selected: this.#selected,
      choosing: this.#choosing,
      colours: this.#colours,
      hatch: this.#hatch,
    });
    this.#tellFocus();
  }

  #step(): void {
    if (this.#jump === null) return;
    const share = Math.min(1, (performance.now() - this.#jump.start) / JUMP);
    this.#view = between(this.#jump.from, this.#jump.to, 1 - (1 - share) ** 3);
    if (share === 1) this.#jump = null;
    else this.request();
  }

  /** The picture as it is now, as PNG. */
  async toPng(): Promise<Blob> {
    this.draw();
    const blob = await new Promise<Blob | null>((done) => this.#canvas.toBlob(done, 'image/png'));
    if (blob === null) throw new Error('The picture could not be made.');
    return blob;
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
  }
}
