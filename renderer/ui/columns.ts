/** What decides whether a column has room. */
export interface Fitted {
  readonly width: string;
  readonly yields?: number;
}

/** Between columns, and at both ends of a row together, in pixels; as in table.css. */
const GAP = 16;
const ENDS = 20;

/** The least width in pixels of a track like `120px` or `minmax(160px, 2fr)`. */
export function leastWidth(track: string): number {
  return Number(/(\d+)px/.exec(track)?.[1] ?? 0);
}

/**
 * Those of `columns` that fit into `width` pixels, in their order: the one that yields first (the lowest number) is
 * left out first. Columns without `yields` stay, though they may not fit.
 */
export function fitting<Column extends Fitted>(columns: readonly Column[], width: number): Column[] {
  const least = (kept: readonly Column[]): number => kept.reduce((sum, column) => sum + leastWidth(column.width), ENDS + GAP * (kept.length - 1));
  let kept = [...columns];
  while (least(kept) > width) {
    const [first] = kept.filter((column) => column.yields !== undefined).sort((a, b) => (a.yields ?? 0) - (b.yields ?? 0));
    if (first === undefined) break;
    kept = kept.filter((column) => column !== first);
  }
  return kept;
}
