import type { Census } from '../../../app/contract/data.ts';

export interface Matrix {
  readonly lus: readonly string[];
  /** Key descriptions, oldest first: descriptions sort by their time within a name. */
  readonly generations: readonly string[];
  readonly cells: ReadonlyMap<string, number>;
  readonly rowTotals: ReadonlyMap<string, number>;
  readonly columnTotals: ReadonlyMap<string, number>;
  readonly total: number;
}

export function cellKey(lu: string, generation: string): string {
  return `${lu}\u0000${generation}`;
}

/**
 * The census as a table of Logical Units by generations, in the order of `order` (unknown generations last). Those of
 * `always` have a column even where nothing lies under them yet.
 */
export function matrixOf(census: Pick<Census, 'rows' | 'total'>, order: readonly string[], always: readonly string[]): Matrix {
  const cells = new Map<string, number>();
  const rowTotals = new Map<string, number>();
  const columnTotals = new Map<string, number>(always.map((description) => [description, 0]));
  for (const { lu, keyDescription, instances } of census.rows) {
    add(cells, cellKey(lu, keyDescription), instances);
    add(rowTotals, lu, instances);
    add(columnTotals, keyDescription, instances);
  }
  const place = new Map(order.map((description, index) => [description, index]));
  const generations = [...columnTotals.keys()].sort((a, b) => (place.get(a) ?? Infinity) - (place.get(b) ?? Infinity) || a.localeCompare(b));
  return { lus: [...rowTotals.keys()].sort((a, b) => a.localeCompare(b)), generations, cells, rowTotals, columnTotals, total: census.total };
}

function add(map: Map<string, number>, key: string, value: number): void {
  map.set(key, (map.get(key) ?? 0) + value);
}

/** How dark a cell is, 0 to 1: its share of the row, lifted so that the smallest share can still be seen. */
export function shade(instances: number, rowTotal: number): number {
  if (instances === 0 || rowTotal === 0) return 0;
  return 0.1 + 0.5 * (instances / rowTotal);
}

export interface Nodes {
  readonly nodes: readonly string[];
  /** By node and key description, joined by a line end. */
  readonly cells: ReadonlyMap<string, number>;
  readonly totals: ReadonlyMap<string, number>;
}

/** Instances with a replica on each node, over all Logical Units. */
export function nodesOf(rows: Census['byNode']): Nodes {
  const cells = new Map<string, number>();
  const totals = new Map<string, number>();
  for (const { node, keyDescription, instances } of rows) {
    add(cells, `${node}\n${keyDescription}`, instances);
    add(totals, node, instances);
  }
  return { nodes: [...totals.keys()].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })), cells, totals };
}
