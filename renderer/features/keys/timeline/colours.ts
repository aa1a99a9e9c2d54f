const NAMES = {
  surface: '--surface',
  sunken: '--sunken',
  line: '--line',
  text: '--text',
  muted: '--muted',
  accent: '--accent',
  accentSoft: '--accent-soft',
  warn: '--warn',
  active: '--bar-active',
  old: '--bar-old',
  oldAlt: '--bar-old-alt',
  unusable: '--bar-unreadable',
  tail: '--tail',
  tailLine: '--tail-line',
  onBar: '--on-bar',
  onOld: '--on-bar-old',
} as const;

export type Colours = Readonly<Record<keyof typeof NAMES | 'font' | 'mono', string>>;

/** The theme's colours and fonts for the canvas, read from the document as they are now. */
export function readColours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const colours = Object.fromEntries(Object.entries(NAMES).map(([name, property]) => [name, style.getPropertyValue(property).trim()]));
  return { ...colours, font: `12px ${style.getPropertyValue('--font')}`, mono: `11px ${style.getPropertyValue('--mono')}` } as Colours;
}

const HATCH = 6;

/** Slanted lines for what can not be used: to be told without colour. */
export function hatch(context: CanvasRenderingContext2D, colours: Colours): CanvasPattern | string {
  const tile = document.createElement('canvas');
  tile.width = HATCH;
  tile.height = HATCH;
  const drawing = tile.getContext('2d');
  if (drawing === null) return colours.unusable;
  drawing.fillStyle = colours.surface;
  drawing.fillRect(0, 0, HATCH, HATCH);
  drawing.strokeStyle = colours.unusable;
  drawing.lineWidth = 2.6;
  drawing.beginPath();
  for (const offset of [-HATCH, 0, HATCH]) {
    drawing.moveTo(offset, HATCH);
    drawing.lineTo(offset + HATCH, 0);
  }
  drawing.stroke();
  return context.createPattern(tile, 'repeat') ?? colours.unusable;
}
