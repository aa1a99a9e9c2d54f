import { contextLabel, ticks } from './axis.ts';
import { AXIS, BRUSH, GUTTER, LANE, TOP } from './geometry.ts';
import { paintLane } from './paint-lane.ts';
import { paintBrush, paintProtection } from './paint-strips.ts';
import { xOf } from './scale.ts';
import { clipped, type Context, type Scene } from './scene.ts';

/** One picture of the whole timeline. */
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

function paintMarks(context: Context, scene: Scene): void {
  const { colours, view, plot, height, now } = scene;
  for (const mark of scene.marks) {
    if (mark.name !== null) continue;
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
