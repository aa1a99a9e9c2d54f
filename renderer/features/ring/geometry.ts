import type { Ring } from '../../../app/contract/cluster.ts';

/** One stripe on the ring, at its primary replica. Coordinates in the picture's own units, its centre at 0, 0. */
export interface Dot {
  readonly x: number;
  readonly y: number;
  readonly stripe: number;
  readonly address: string;
}

/** A stretch of the circle: angles in radians, clockwise from the top. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** One node's part of the circle. */
export interface Arc extends Stretch {
  readonly address: string;
  readonly up: boolean;
  /** Stripes of which it holds the primary replica. */
  readonly primary: number;
}

/** The nodes of one data centre, side by side. */
export interface Centre extends Stretch {
  readonly name: string;
}

export const RADIUS = 100;
const DOT = 6.6;
/** Rows of dots lie inside the circle, the first this far from its line. */
const INSET = 14;
const ROW = 8;
const GAP = 0.05;
/** Between data centres, as a share of the circle in all. */
const CENTRE_GAP = 0.09;

/** The circle of nodes, data centre by data centre, with a dot for each stripe, in each node's part as many rows as are needed. Pure. */
export function ringGeometry({ nodes, places }: Pick<Ring, 'nodes' | 'places'>): { arcs: Arc[]; dots: Dot[]; centres: Centre[] } {
  const names = [...new Set(nodes.map((node) => node.dataCenter))].sort();
  const between = names.length > 1 ? (CENTRE_GAP * 2 * Math.PI) / names.length : 0;
  const width = (2 * Math.PI - between * names.length) / Math.max(1, nodes.length);
  const gap = nodes.length > 1 ? Math.min(GAP, width / 8) : 0;
  const primary = new Map<string, number>();
  for (const [first] of places) if (first !== undefined) primary.set(first, (primary.get(first) ?? 0) + 1);
  const arcs: Arc[] = [];
  const centres: Centre[] = [];
  // The first of several lies around the top, where its name is read best.
  let angle = names.length > 1 ? (-width * nodes.filter((node) => node.dataCenter === names[0]).length) / 2 : 0;
  for (const name of names) {
    const from = angle;
    for (const { address, up } of nodes.filter((node) => node.dataCenter === name).sort((a, b) => compareAddresses(a.address, b.address))) {
      arcs.push({ address, up, from: angle + gap, to: angle + width - gap, primary: primary.get(address) ?? 0 });
      angle += width;
    }
    centres.push({ name, from, to: angle });
    angle += between;
  }
  return { arcs, dots: arcs.flatMap((arc) => dotsOf(arc, places)), centres };
}

function dotsOf({ address, from, to }: Arc, places: Ring['places']): Dot[] {
  const stripes = places.flatMap(([first], stripe) => (first === address ? [stripe] : []));
  const dots: Dot[] = [];
  rowsOf(stripes.length, to - from).forEach((here, row) => {
    for (let i = 0; i < here; i += 1) {
      dots.push({ ...at(from + ((i + 0.5) * (to - from)) / here, radiusOf(row)), stripe: stripes[dots.length] ?? 0, address });
    }
  });
  return dots;
}

/** How many dots lie in each row, from the outside: as evenly as the rows have room, since a lone dot would look as if it meant something. */
function rowsOf(dots: number, angle: number): number[] {
  const room: number[] = [];
  for (let held = 0; held < dots; held += room.at(-1) ?? 0) room.push(fits(room.length, angle));
  let left = dots;
  return room.map((most, row) => {
    const further = room.slice(row + 1);
    const here = Math.min(most, Math.max(Math.ceil(left / (further.length + 1)), left - further.reduce((sum, each) => sum + each, 0)));
    left -= here;
    return here;
  });
}

function fits(row: number, angle: number): number {
  return Math.max(1, Math.floor((angle * radiusOf(row)) / DOT));
}

function radiusOf(row: number): number {
  return Math.max(ROW, RADIUS - INSET - row * ROW);
}

/** A point on the circle of `radius`; the angle runs clockwise from the top. */
export function at(angle: number, radius: number): { x: number; y: number } {
  return { x: Math.sin(angle) * radius, y: -Math.cos(angle) * radius };
}

/** The path of a stretch; `reversed` runs against the clock, so that text on it stands upright below the centre. */
export function arcPath({ from, to }: Stretch, radius: number, reversed = false): string {
  const [a, b] = reversed ? [at(to, radius), at(from, radius)] : [at(from, radius), at(to, radius)];
  return `M${a.x.toFixed(2)} ${a.y.toFixed(2)}A${radius} ${radius} 0 ${to - from > Math.PI ? 1 : 0} ${reversed ? 0 : 1} ${b.x.toFixed(2)} ${b.y.toFixed(2)}`;
}

/** For each node the shortest ending of its address that tells it from others of its data centre; the whole address of an only node. */
export function shortAddresses(nodes: Ring['nodes']): ReadonlyMap<string, string> {
  const centres = Map.groupBy(nodes, (node) => node.dataCenter);
  return new Map([...centres.values()].flatMap((group) => [...endings(group.map((node) => node.address), nodes.length === 1)]));
}

function endings(addresses: readonly string[], whole: boolean): ReadonlyMap<string, string> {
  const parts = addresses.map((address) => address.split(/(?=[.:])/));
  for (let kept = 1; !whole && parts.some((each) => each.length > kept); kept += 1) {
    const short = parts.map((each) => each.slice(-kept).join(''));
    if (new Set(short).size === addresses.length) return new Map(addresses.map((address, i) => [address, short[i] ?? address]));
  }
  return new Map(addresses.map((address) => [address, address]));
}

/** As people count: .9 before .10. */
export function compareAddresses(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
