import { contextLabel, ticks } from './axis.ts';
import { AXIS, BRUSH, GUTTER, LANE, TOP } from './geometry.ts';
import { paintLane } from './paint-lane.ts';
import { paintLine, paintSigns } from './paint-marks.ts';
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
    paintNow(context, scene);
    paintSigns(context, scene);
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

function paintNow(context: Context, { colours, view, plot, height, now }: Scene): void {
  const x = Math.round(GUTTER + xOf(view, plot, now)) + 0.5;
  if (x >= GUTTER && x <= GUTTER + plot) paintLine(context, x, AXIS, height - BRUSH - 4, colours.text, []);
}
