import { middle } from '../../../format.ts';
import { BAR, BAR_TOP, GUTTER, LANE, REKEY_TOP, TAIL, TAIL_TOP, TOP } from './geometry.ts';
import { tailSteps, type Bar, type Lane } from './layout.ts';
import { activationMarks } from './marks.ts';
import { paintFocus } from './paint-marks.ts';
import { xOf } from './scale.ts';
import { clipped, type Context, type Scene } from './scene.ts';

/** One key name: its words, the bars of its generations, their tails, and the moments of activation. */
export function paintLane(context: Context, scene: Scene, index: number, bars: readonly Bar[]): void {
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
    paintActivations(context, scene, bars, top + BAR_TOP);
    paintRekeys(context, scene, index, top);
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
export const SHORT = 9;
/** Bars narrower than this have no room for words. */
const LABELLED = 74;
/** How far the tail of what nothing needs any more reaches. */
const FADE = 22;

function paintBar(context: Context, scene: Scene, laneIndex: number, lane: Lane, bar: Bar, top: number): void {
  const { colours, hover, selected, plot } = scene;
  const x = GUTTER + bar.x;
  const y = top + BAR_TOP;
  const gap = bar.first === bar.last && bar.width > 4 && bar.kind !== 'active' ? 1 : 0;
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
}

/** The moments of activation, above the bars that end at `y`; the active generation's in its colour. */
function paintActivations(context: Context, { colours }: Scene, bars: readonly Bar[], y: number): void {
  for (const mark of activationMarks(bars)) {
    const x = GUTTER + mark.x;
    context.fillStyle = mark.active ? colours.active : colours.muted;
    if (mark.shape === 'tick') {
      context.fillRect(x - 0.5, y - 5, 1, 4);
      continue;
    }
    context.beginPath();
    context.moveTo(x - 3.5, y - 7);
    context.lineTo(x + 3.5, y - 7);
    context.lineTo(x, y - 1.5);
    context.fill();
  }
}

/** The ends of rekeys, below the bars: a disc where the last of them left nothing, a ring where something was. */
function paintRekeys(context: Context, { colours, rekeys, mark: shown }: Scene, lane: number, top: number): void {
  for (const { x: at, marks } of rekeys.get(lane) ?? []) {
    const x = Math.round(GUTTER + at) + 0.5;
    const y = top + REKEY_TOP;
    context.strokeStyle = colours.text;
    context.lineWidth = 1;
    context.setLineDash([2, 2]);
    context.beginPath();
    context.moveTo(x, y + 3);
    context.lineTo(x, top + TAIL_TOP + TAIL);
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
    context.arc(x, y, 3.5, 0, 2 * Math.PI);
    context.fillStyle = marks.at(-1)?.rekey?.proven === true ? colours.text : colours.surface;
    context.lineWidth = 1.5;
    context.fill();
    context.stroke();
    if (shown?.lane === lane && shown.x === at) paintFocus(context, colours, x, y, 6.5);
  }
}
