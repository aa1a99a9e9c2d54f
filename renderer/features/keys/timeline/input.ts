import type { KeyMark } from '../../../../app/contract/keys.ts';
import { GUTTER, LANE } from './geometry.ts';
import { MIN_SPAN, pan, span, timeAt, type View } from './scale.ts';
import type { TimelineView } from './view.ts';

/** A press that moved less than this is a click, in pixels. */
const STILL = 4;
/** How near the edge of the brush's window one may take it, in pixels. */
const EDGE = 6;

export interface TimelineActs {
  /** A generation was chosen; `open` where its panel is wanted. */
  readonly choose: (description: string, open: boolean) => void;
  /** The page of what a mark tells of is wanted. */
  readonly open: (mark: KeyMark) => void;
}

interface PlotDrag {
  readonly on: 'plot';
  readonly kind: 'pan' | 'choose';
  readonly startX: number;
  readonly startY: number;
  lastX: number;
  lastY: number;
  moved: boolean;
}

interface BrushDrag {
  readonly on: 'brush';
  readonly kind: 'window' | 'from' | 'to' | 'new';
  readonly startX: number;
  readonly view: View;
}

/** Lets the pointer and the keyboard work on the timeline; returns the end of it. */
export function listen(canvas: HTMLCanvasElement, view: TimelineView, acts: TimelineActs): () => void {
  let drag: PlotDrag | BrushDrag | null = null;
  const off = new AbortController();
  const options = { signal: off.signal };

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    const { offsetX: x, offsetY: y } = event;
    if (view.inBrush(y)) drag = { on: 'brush', kind: brushPart(view, x), startX: x, view: view.view };
    else drag = { on: 'plot', kind: event.shiftKey ? 'choose' : 'pan', startX: x, startY: y, lastX: x, lastY: y, moved: false };
  }, options);

  canvas.addEventListener('pointermove', (event) => {
    const { offsetX: x, offsetY: y } = event;
    if (drag === null) {
      canvas.style.cursor = cursorAt(view, x, y);
      view.hoverAt(x, y);
    } else if (drag.on === 'plot') {
      drag.moved ||= Math.hypot(x - drag.startX, y - drag.startY) > STILL;
      if (!drag.moved) return;
      if (drag.kind === 'choose') view.choose([drag.startX - GUTTER, x - GUTTER]);
      else {
        view.leave();
        canvas.style.cursor = 'grabbing';
        view.panPixels(x - drag.lastX, y - drag.lastY);
      }
      drag.lastX = x;
      drag.lastY = y;
    } else moveBrush(view, drag, x);
  }, options);

  canvas.addEventListener('pointerup', (event) => {
    const { offsetX: x, offsetY: y } = event;
    const ended = drag;
    drag = null;
    if (ended?.on !== 'plot') return;
    if (ended.kind === 'choose' && ended.moved) {
      const [a, b] = [ended.startX, x].sort((p, q) => p - q) as [number, number];
      view.choose(null);
      view.jumpTo({ from: timeAt(view.view, view.plot, a - GUTTER), to: timeAt(view.view, view.plot, b - GUTTER) });
    } else if (!ended.moved) click(view, acts, x, y);
  }, options);

  canvas.addEventListener('pointercancel', () => {
    drag = null;
    view.choose(null);
  }, options);
  canvas.addEventListener('pointerleave', () => {
    if (view.focusedMark === null) view.leave();
  }, options);
  canvas.addEventListener('blur', () => view.leave(), options);

  canvas.addEventListener('wheel', (event) => {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.shiftKey) view.scroll((event.deltaY || event.deltaX) * unit);
    else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) view.panPixels(-event.deltaX * unit, 0);
    // A pinch arrives as a wheel with Ctrl, in smaller steps.
    else view.zoomAt(event.offsetX - GUTTER, Math.exp(event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.0018)));
  }, { ...options, passive: false });

  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (onKey(view, acts, event)) event.preventDefault();
  }, options);

  return () => off.abort();
}

function brushPart(view: TimelineView, x: number): BrushDrag['kind'] {
  const { from, to } = view.brushWindow();
  if (Math.abs(x - from) <= EDGE) return 'from';
  if (Math.abs(x - to) <= EDGE) return 'to';
  return x > from && x < to ? 'window' : 'new';
}

function moveBrush(view: TimelineView, drag: BrushDrag, x: number): void {
  const before = drag.view;
  const time = view.brushTime(x);
  if (drag.kind === 'window') view.show(pan(before, time - view.brushTime(drag.startX)));
  else {
    const anchor = drag.kind === 'new' ? view.brushTime(drag.startX) : drag.kind === 'from' ? before.to : before.from;
    const least = 120_000;
    view.show(time < anchor ? { from: Math.min(time, anchor - least), to: anchor } : { from: anchor, to: Math.max(time, anchor + least) });
  }
}

function cursorAt(view: TimelineView, x: number, y: number): string {
  if (view.inBrush(y)) {
    const part = brushPart(view, x);
    return part === 'window' ? 'grab' : part === 'new' ? 'crosshair' : 'ew-resize';
  }
  if (view.hitAt(x, y) !== null) return 'pointer';
  return view.inPlot(x, y) ? 'grab' : 'default';
}

function click(view: TimelineView, acts: TimelineActs, x: number, y: number): void {
  const hit = view.hitAt(x, y);
  if (hit?.part === 'mark') return openMarks(view, acts, hit.marks);
  const lane = hit === null ? undefined : view.lanes[hit.lane];
  if (hit === null || lane === undefined) return;
  if (hit.first === hit.last) {
    const chosen = lane.generations[hit.first];
    if (chosen !== undefined) acts.choose(chosen.description, true);
    return;
  }
  // Many in one bar: nearer, until they can be told apart.
  const from = lane.starts[hit.first] ?? 0;
  const to = lane.ends[hit.last] ?? from;
  const around = timeAt(view.view, view.plot, x - GUTTER);
  const length = Math.min(to - from, span(view.view) / 8);
  view.jumpTo({ from: around - length / 2, to: around + length / 2 });
}

/** The page of the only one; of several nearer, until they can be told apart, else the newest. */
function openMarks(view: TimelineView, acts: TimelineActs, marks: readonly KeyMark[]): void {
  const [first, newest] = [marks[0], marks.at(-1)];
  if (first === undefined || newest === undefined) return;
  if (marks.length === 1 || span(view.view) <= MIN_SPAN) return acts.open(newest);
  const length = Math.max(MIN_SPAN, Math.min((newest.at - first.at) * 1.5, span(view.view) / 8));
  const middle = (first.at + newest.at) / 2;
  view.jumpTo({ from: middle - length / 2, to: middle + length / 2 });
}

function onKey(view: TimelineView, acts: TimelineActs, event: KeyboardEvent): boolean {
  if (event.shiftKey && (event.key === 'ArrowLeft' || event.key === 'ArrowRight')) step(view, acts, event.key === 'ArrowLeft' ? -1 : 1, 0);
  else if (event.key === 'ArrowLeft') view.panStep(-0.15);
  else if (event.key === 'ArrowRight') view.panStep(0.15);
  else if (event.key === '[') step(view, acts, -1, 0);
  else if (event.key === ']') step(view, acts, 1, 0);
  else if (event.key === 'ArrowUp') step(view, acts, 0, -1);
  else if (event.key === 'ArrowDown') step(view, acts, 0, 1);
  else if (event.key === '+' || event.key === '=') view.zoomStep(0.6);
  else if (event.key === '-') view.zoomStep(1 / 0.6);
  else if (event.key === '0' || event.key === 'f') view.fitAll();
  else if (event.key === ',') return view.stepMark(-1);
  else if (event.key === '.') return view.stepMark(1);
  else if (event.key === 'Escape') {
    if (view.focusedMark === null) return false;
    view.leave();
  } else if (event.key === 'PageDown') view.scroll(LANE);
  else if (event.key === 'PageUp') view.scroll(-LANE);
  else if (event.key === 'Enter') {
    const { selected, focusedMark } = view;
    if (focusedMark !== null) {
      acts.open(focusedMark);
      return true;
    }
    const chosen = selected === null ? undefined : view.lanes[selected.lane]?.generations[selected.index];
    if (chosen === undefined) return false;
    acts.choose(chosen.description, true);
  } else return false;
  return true;
}

/** Chooses the neighbour in the lane, or the newest of the next lane; the newest of all where nothing is chosen. */
function step(view: TimelineView, acts: TimelineActs, sideways: number, down: number): void {
  const { selected, lanes } = view;
  const lane = selected === null ? 0 : Math.max(0, Math.min(lanes.length - 1, selected.lane + down));
  const last = (lanes[lane]?.generations.length ?? 0) - 1;
  const index = selected === null || down !== 0 ? last : Math.max(0, Math.min(last, selected.index + sideways));
  const chosen = lanes[lane]?.generations[index];
  if (chosen !== undefined) acts.choose(chosen.description, false);
}
