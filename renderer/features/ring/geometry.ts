import type { Ring } from '../../../app/contract/cluster.ts';

/** One stripe on the ring, at its primary replica. Coordinates in the picture's own units, its centre at 0, 0. */
export interface Dot {
  readonly x: number;
  readonly y: number;
  readonly stripe: number;
  readonly address: string;
}

/** One node's part of the circle: angles in radians, clockwise from the top. */
export interface Arc {
  readonly address: string;
  readonly up: boolean;
  readonly from: number;
  readonly to: number;
  /** Stripes of which it holds the primary replica. */
  readonly primary: number;
}

export const RADIUS = 100;
const DOT = 7;
/** Rows of dots lie inside the circle, the first this far from its line. */
const INSET = 12;
const ROW = 8;
const GAP = 0.05;

/** The circle of nodes with a dot for each stripe, in each node's part as many rows as are needed. Pure. */
export function ringGeometry({ nodes, places }: Pick<Ring, 'nodes' | 'places'>): { arcs: Arc[]; dots: Dot[] } {
  const ordered = [...nodes].sort((a, b) => (a.dataCenter < b.dataCenter ? -1 : a.dataCenter > b.dataCenter ? 1 : a.address < b.address ? -1 : 1));
  const width = (2 * Math.PI) / Math.max(1, ordered.length);
  const gap = ordered.length > 1 ? Math.min(GAP, width / 8) : 0;
  const arcs = ordered.map(({ address, up }, i) => ({
    address,
    up,
    from: i * width + gap,
    to: (i + 1) * width - gap,
    primary: places.filter(([first]) => first === address).length,
  }));
  return { arcs, dots: arcs.flatMap((arc) => dotsOf(arc, places)) };
}

function dotsOf({ address, from, to }: Arc, places: Ring['places']): Dot[] {
  const stripes = places.flatMap(([first], stripe) => (first === address ? [stripe] : []));
  const dots: Dot[] = [];
  for (let row = 0; dots.length < stripes.length; row += 1) {
    const radius = Math.max(ROW, RADIUS - INSET - row * ROW);
    const fits = Math.max(1, Math.floor(((to - from) * radius) / DOT));
    const here = Math.min(fits, stripes.length - dots.length);
    for (let i = 0; i < here; i += 1) {
      const angle = from + ((i + 0.5) * (to - from)) / here;
      dots.push({ ...at(angle, radius), stripe: stripes[dots.length] ?? 0, address });
    }
  }
  return dots;
}

/** A point on the circle of `radius`; the angle runs clockwise from the top. */
export function at(angle: number, radius: number): { x: number; y: number } {
  return { x: Math.sin(angle) * radius, y: -Math.cos(angle) * radius };
}
