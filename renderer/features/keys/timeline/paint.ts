import type { KeyMark } from '../../../../app/contract/keys.ts';
import { middle } from '../../../format.ts';
import { contextLabel, ticks } from './axis.ts';
import type { Colours } from './colours.ts';
import { AXIS, BAR, BAR_TOP, BRUSH, GUTTER, LANE, PROTECTION, TAIL, TAIL_TOP, TOP } from './geometry.ts';
import type { Hit } from './hit.ts';
import { tailSteps, type Bar, type Lane } from './layout.ts';
import { xOf, type View } from './scale.ts';
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
  readonly marks: readonly KeyMark[];
  readonly spans: readonly ProtectionSpan[];
  readonly density: Uint8Array;
  readonly scrollTop: number;
  readonly hover: Hit | null;
  readonly selected: { readonly lane: number; readonly index: number } | null;
  /** A stretch that is being chosen with the pointer, in pixels of the plot. */
  readonly choosing: readonly [number, number] | null;
  readonly colours: Colours;
  readonly hatch: CanvasPattern | string;
}

type Context = CanvasRenderingContext2D;

export function paint(context: Context, scene: Scene): void {
  const { width, height, colours } = scene;
  context.fillStyle = colours.surface;
  context.fillRect(0, 0, width, height);
  context.textBaseline = 'middle';
  context.textAlign = 'left';
  paintAxis(context, scene);
  clipped(context, 0, TOP, width, height - TOP - BRUSH, () => {
    for (const [index, bars] of scene.bars) paintLane(context, scene, index, bars);
  });
  paintScroll(context, scene);
  clipped(context, GUTTER, 0, scene.plot, height - BRUSH, () => {
    paintProtection(context, scene);
    paintMarks(context, scene);
    if (scene.choosing !== null) {
      const [a, b] = scene.choosing;
      context.globalAlpha = 0.18;
      context.fillStyle = colours.accent;
      context.fillRect(GUTTER + Math.min(a, b), AXIS, Math.abs(b - a), height - AXIS - BRUSH);
      context.globalAlpha = 1;
    }
  });
  paintBrush(context, scene);
}

function clipped(context: Context, x: number, y: number, width: number, height: number, draw: () => void): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  draw();
  context.restore();
}

/** Where the lanes in sight lie among all of them. */
function paintScroll(context: Context, { colours, width, height, lanes, scrollTop }: Scene): void {
  const room = height - TOP - BRUSH;
  const all = lanes.length * LANE;
  if (all <= room) return;
  context.fillStyle = colours.muted;
  context.fillRect(width - 5, TOP + (scrollTop / all) * room, 4, Math.max(16, (room / all) * room));
}

function paintAxis(context: Context, scene: Scene): void {
  const { colours, view, plot, height } = scene;
  context.font = colours.font;
  context.fillStyle = colours.muted;
  context.fillText(contextLabel(view), 0, AXIS / 2);
  for (const tick of ticks(view, plot)) {
    const x = Math.round(GUTTER + xOf(view, plot, tick.at)) + 0.5;
    if (x < GUTTER) continue;
    context.strokeStyle = colours.line;
    context.lineWidth = tick.strong ? 1.5 : 1;
    context.beginPath();
    context.moveTo(x, AXIS - 5);
    context.lineTo(x, height - BRUSH - 4);
    context.stroke();
    const room = GUTTER + plot - x;
    if (room < 24) continue;
    context.fillStyle = tick.strong ? colours.text : colours.muted;
    context.fillText(tick.label, x + 4, AXIS / 2);
  }
}

function paintLane(context: Context, scene: Scene, index: number, bars: readonly Bar[]): void {
  const { colours, plot, scrollTop, lanes } = scene;
  const lane = lanes[index];
  if (lane === undefined) return;
  const top = TOP + index * LANE - scrollTop;
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(0, Math.round(top) + 0.5);
  context.lineTo(scene.width, Math.round(top) + 0.5);
  context.stroke();
  context.font = colours.mono;
  context.fillStyle = colours.text;
  context.fillText(middle(lane.name, 24), 0, top + BAR_TOP + BAR / 2);
  context.font = colours.font;
  context.fillStyle = colours.muted;
  const count = lane.generations.length;
  context.fillText(`${count.toLocaleString('en-US')} ${count === 1 ? 'generation' : 'generations'}`, 0, top + TAIL_TOP + 3);
  const older = lane.tailBefore[count] ?? 0;
  const needing = Math.round(older * lane.instances);
  if (needing > 0) context.fillText(`${needing.toLocaleString('en-US')} under older`, 0, top + TAIL_TOP + 18);
  clipped(context, GUTTER, top, plot, LANE, () => {
    paintTails(context, scene, index, lane, top);
    for (const bar of bars) paintBar(context, scene, index, lane, bar, top);
  });
}

function paintTails(context: Context, scene: Scene, laneIndex: number, lane: Lane, top: number): void {
  const { colours, view, plot, now } = scene;
  const steps = tailSteps(lane, view, plot, now);
  const total = lane.tailBefore[lane.generations.length] ?? 0;
  if (steps.length === 0) return;
  const bottom = top + TAIL_TOP + TAIL;
  const edge = (share: number): number => (share === 0 ? bottom : bottom - Math.max(1.5, share * TAIL));
  const end = GUTTER + Math.min(plot, xOf(view, plot, now));
  context.fillStyle = colours.tail;
  context.beginPath();
  context.moveTo(GUTTER, bottom);
  for (const [position, step] of steps.entries()) {
    context.lineTo(GUTTER + step.x, edge(steps[position - 1]?.share ?? step.share));
    context.lineTo(GUTTER + step.x, edge(step.share));
  }
  context.lineTo(end, edge(steps.at(-1)?.share ?? total));
  context.lineTo(end, bottom);
  context.fill();
  context.save();
  context.beginPath();
  context.rect(GUTTER, top, end - GUTTER, LANE);
  context.clip();
  for (const index of scene.thick[laneIndex] ?? []) {
    const start = GUTTER + xOf(view, plot, lane.ends[index] ?? 0);
    if (start > GUTTER + plot) continue;
    const low = bottom - (lane.tailBefore[index] ?? 0) * TAIL;
    const high = bottom - (lane.tailBefore[index + 1] ?? 0) * TAIL;
    const chosen = isChosen(scene, laneIndex, index);
    // From the end of the bar down into the tail.
    const barBottom = top + BAR_TOP + BAR;
    context.fillStyle = chosen ? colours.accent : colours.tail;
    context.beginPath();
    context.moveTo(start - 7, barBottom);
    context.bezierCurveTo(start - 7, low, start - 2, low, start + 12, low);
    context.lineTo(start + 12, high);
    context.bezierCurveTo(start + 3, high, start, high - 4, start, barBottom);
    context.fill();
    if (chosen) context.fillRect(start + 12, high, end - start - 12, low - high);
    context.strokeStyle = colours.tailLine;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(start + 12, high + 0.5);
    context.lineTo(end, high + 0.5);
    context.stroke();
  }
  context.restore();
}

function isChosen(scene: Scene, lane: number, index: number): boolean {
  const { hover, selected } = scene;
  return (selected?.lane === lane && selected.index === index) || (hover?.lane === lane && hover.first === index && hover.last === index);
}

/** So much of a fingerprint tells neighbours apart. */
const SHORT = 9;
/** Bars narrower than this have no room for words. */
const LABELLED = 74;
/** How far the tail of what nothing needs any more reaches. */
const FADE = 22;

function paintBar(context: Context, scene: Scene, laneIndex: number, lane: Lane, bar: Bar, top: number): void {
  const { colours, hover, selected, plot } = scene;
  const x = GUTTER + bar.x;
  const y = top + BAR_TOP;
  const gap = bar.first === bar.last && bar.width > 4 ? 1 : 0;
  const width = Math.max(1, bar.width - gap);
  context.fillStyle =
    bar.kind === 'active' ? colours.active : bar.kind === 'unusable' ? scene.hatch : bar.kind === 'merged' || bar.first % 2 === 0 ? colours.old : colours.oldAlt;
  context.fillRect(x, y, width, BAR);
  if (bar.kind === 'merged') {
    // A comb, so that a run of many does not look like one long-lived key.
    context.fillStyle = colours.oldAlt;
    context.fillRect(x, y + BAR / 2 - 1, width, 2);
  }
  if (bar.kind === 'unusable') {
    context.strokeStyle = colours.unusable;
    context.lineWidth = 1.5;
    context.strokeRect(x + 0.75, y + 0.75, Math.max(0.5, width - 1.5), BAR - 1.5);
  }
  const under = hover !== null && hover.lane === laneIndex && hover.first <= bar.last && hover.last >= bar.first && hover.part === 'bar';
  const isSelected = selected !== null && selected.lane === laneIndex && selected.index >= bar.first && selected.index <= bar.last;
  if (under || isSelected) {
    context.strokeStyle = isSelected ? colours.text : colours.muted;
    context.lineWidth = isSelected ? 2 : 1.5;
    context.strokeRect(x - 0.5, y - 1.5, Math.max(width, 3) + 1, BAR + 3);
  }
  if (bar.kind === 'old' && bar.width >= 12 && lane.generations[bar.first]?.instances === 0 && bar.x + bar.width + FADE < xOf(scene.view, plot, scene.now)) {
    // Nothing needs it any more: its tail fades at once.
    context.globalAlpha = 0.7;
    context.fillStyle = colours.tail;
    context.beginPath();
    context.moveTo(x + width - 8, y + BAR);
    context.lineTo(x + width, y + BAR);
    context.quadraticCurveTo(x + width + 4, y + BAR + 7, x + width + FADE, y + BAR + 8);
    context.quadraticCurveTo(x + width - 4, y + BAR + 9, x + width - 8, y + BAR);
    context.fill();
    context.globalAlpha = 1;
  }
  const left = Math.max(x, GUTTER);
  const room = Math.min(x + width, GUTTER + plot) - left;
  const generation = lane.generations[bar.first];
  if (room >= LABELLED && bar.kind !== 'unusable' && generation !== undefined) {
    context.font = colours.mono;
    context.fillStyle = bar.kind === 'active' ? colours.onBar : colours.onOld;
    const many = bar.last - bar.first + 1;
    const words = many > 1 ? `${many.toLocaleString('en-US')} keys` : `#${bar.first + 1}${room > 140 ? ` ${generation.fingerprint.slice(0, SHORT)}` : ''}`;
    context.fillText(words, left + 6, y + BAR / 2 + 0.5);
  }
  // A small triangle on the moment of activation.
  if (bar.first === bar.last && bar.width >= 12 && x >= GUTTER - 4) {
    context.fillStyle = colours.muted;
    context.beginPath();
    context.moveTo(x - 3.5, y - 7);
    context.lineTo(x + 3.5, y - 7);
    context.lineTo(x, y - 1.5);
    context.fill();
  }
}

function paintProtection(context: Context, scene: Scene): void {
  const { colours, view, plot, spans, hover, selected } = scene;
  const y = AXIS + 1;
  const chosen = selected ?? (hover === null ? null : { lane: hover.lane, index: hover.first });
  const generation = chosen === null ? undefined : scene.lanes[chosen.lane]?.generations[chosen.index];
  for (const [index, each] of spans.entries()) {
    const x = GUTTER + xOf(view, plot, each.from);
    const end = GUTTER + xOf(view, plot, each.to);
    if (end < GUTTER || x > GUTTER + plot) continue;
    const joined = generation !== undefined && generation.wrapping['keyId'] === each.keyId && generation.wrapping['kind'] === each.kind;
    context.fillStyle = joined ? colours.accentSoft : index % 2 === 0 ? colours.sunken : colours.surface;
    context.fillRect(x, y, end - x, PROTECTION - 4);
    context.strokeStyle = joined ? colours.accent : each.kind === 'internal' ? colours.warn : colours.line;
    context.lineWidth = 1;
    context.strokeRect(x + 0.5, y + 0.5, Math.max(0, end - x - 1), PROTECTION - 5);
    const left = Math.max(x, GUTTER) + 6;
    if (Math.min(end, GUTTER + plot) - left > 130) {
      context.font = colours.font;
      context.fillStyle = joined ? colours.text : colours.muted;
      context.fillText(`${each.kind === 'internal' ? 'internal key' : 'KeyStore key'} ${each.keyId.slice(0, SHORT)}`, left, y + PROTECTION / 2 - 1.5);
    }
  }
}

function paintMarks(context: Context, scene: Scene): void {
  const { colours, view, plot, height, now } = scene;
  for (const mark of scene.marks) {
    if (mark.kind === 'activation') continue;
    const x = Math.round(GUTTER + xOf(view, plot, mark.at)) + 0.5;
    if (x < GUTTER || x > GUTTER + plot) continue;
    line(context, x, AXIS, height - BRUSH - 4, colours.accent, [3, 3]);
    context.fillStyle = colours.accent;
    context.beginPath();
    if (mark.kind === 'keystore-enabled') context.rect(x - 4, AXIS + 5, 8, 8);
    else {
      context.moveTo(x, AXIS + 3);
      context.lineTo(x + 6, AXIS + 9);
      context.lineTo(x, AXIS + 15);
      context.lineTo(x - 6, AXIS + 9);
    }
    context.fill();
  }
  const x = Math.round(GUTTER + xOf(view, plot, now)) + 0.5;
  if (x >= GUTTER && x <= GUTTER + plot) line(context, x, AXIS, height - BRUSH - 4, colours.text, []);
}

function line(context: Context, x: number, from: number, to: number, colour: string, dash: number[]): void {
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x, from);
  context.lineTo(x, to);
  context.stroke();
  context.setLineDash([]);
}

/** The whole of time in one strip, with the stretch in sight as a window that can be moved. */
function paintBrush(context: Context, scene: Scene): void {
  const { colours, plot, height, extent, view, density } = scene;
  const top = height - BRUSH + 4;
  const tall = BRUSH - 8;
  context.font = colours.font;
  context.fillStyle = colours.muted;
  context.fillText('All of time', 0, top + tall / 2);
  context.fillStyle = colours.sunken;
  context.fillRect(GUTTER, top, plot, tall);
  context.fillStyle = colours.old;
  const column = plot / density.length;
  for (let index = 0; index < density.length; index += 1) {
    const value = density[index] ?? 0;
    if (value === 0) continue;
    const size = Math.min(tall, 6 + Math.log2(value + 1) * 2.4);
    context.fillRect(GUTTER + index * column, top + tall - size, Math.max(1.5, column), size);
  }
  const from = Math.max(0, xOf(extent, plot, view.from));
  const to = Math.min(plot, xOf(extent, plot, view.to));
  const width = Math.max(4, to - from);
  context.globalAlpha = 0.16;
  context.fillStyle = colours.accent;
  context.fillRect(GUTTER + from, top, width, tall);
  context.globalAlpha = 1;
  context.strokeStyle = colours.accent;
  context.lineWidth = 1.5;
  context.strokeRect(GUTTER + from + 0.75, top + 0.75, Math.max(1, width - 1.5), tall - 1.5);
}
