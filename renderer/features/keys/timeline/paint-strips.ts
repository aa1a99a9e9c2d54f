import { AXIS, BRUSH, GUTTER, PROTECTION } from './geometry.ts';
import { SIGN } from './marks.ts';
import { xOf } from './scale.ts';
import type { Context, Scene } from './scene.ts';

/** The strip above the lanes: which protection key or KMS key wrapped what was activated when. */
export function paintProtection(context: Context, scene: Scene): void {
  const { colours, view, plot, spans, hover, selected, mark } = scene;
  const y = AXIS + 1;
  const chosen = selected ?? (hover === null ? null : { lane: hover.lane, index: hover.first });
  const acted = new Set(mark?.marks.map(({ kms }) => kms?.keyId));
  const generation = chosen === null ? undefined : scene.lanes[chosen.lane]?.generations[chosen.index];
  for (const [index, each] of spans.entries()) {
    const x = GUTTER + xOf(view, plot, each.from);
    const end = GUTTER + xOf(view, plot, each.to);
    if (end < GUTTER || x > GUTTER + plot) continue;
    const joined = acted.has(each.keyId) || (generation !== undefined && generation.wrapping['keyId'] === each.keyId && generation.wrapping['kind'] === each.kind);
    context.fillStyle = joined ? colours.accentSoft : index % 2 === 0 ? colours.sunken : colours.surface;
    context.fillRect(x, y, end - x, PROTECTION - 4);
    context.strokeStyle = joined ? colours.accent : each.kind === 'internal' ? colours.warn : colours.line;
    context.lineWidth = 1;
    context.strokeRect(x + 0.5, y + 0.5, Math.max(0, end - x - 1), PROTECTION - 5);
    context.font = colours.font;
    const left = besideSigns(scene, Math.max(x, GUTTER) + 6, context.measureText(each.name).width);
    if (Math.min(end, GUTTER + plot) - left > 130) {
      context.fillStyle = joined ? colours.text : colours.muted;
      context.fillText(each.name, left, y + PROTECTION / 2 - 1.5);
    }
  }
}

/** Where words of this width do not lie under the signs of marks, from `left` on. */
function besideSigns({ signs }: Scene, left: number, width: number): number {
  return signs.reduce((from, { x }) => (GUTTER + x + SIGN / 2 > from && GUTTER + x - SIGN / 2 < from + width ? GUTTER + x + SIGN / 2 + 4 : from), left);
}

/** The whole of time in one strip, with the stretch in sight as a window that can be moved. */
export function paintBrush(context: Context, scene: Scene): void {
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
