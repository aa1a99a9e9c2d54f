import { z } from 'zod';
import type { JobRecord } from '../systemdb/repositories.ts';
import { DeepTally } from './deep.ts';
import { ofCensus, type CensusPlan } from './plan.ts';
import type { RangeRead } from './range.ts';
import { deepFacts, type CensusResult, type NodeRow } from './result.ts';

const kept = z.object({
  /** One character for each range: `+` where it is counted. */
  ranges: z.string(),
  /** Range by range would be too much: what is counted, by LU, set of nodes and generation. */
  rows: z.array(z.tuple([z.string(), z.array(z.string()), z.string(), z.number(), z.number()])),
  deep: deepFacts.pick({ byLu: true, list: true }).nullable(),
});

interface Cell {
  readonly lu: string;
  readonly nodes: readonly string[];
  readonly keyDescription: string;
  instances: number;
  bytes: number;
}

/** What a census has counted so far. A range is added as a whole and once, so that what is kept is exact at any moment. */
export class Counted {
  readonly #plan: CensusPlan;
  readonly #ranges: boolean[];
  readonly #cells = new Map<string, Cell>();
  readonly #byLu = new Map<string, number>();
  readonly #deep = new DeepTally();

  /** @param job one that goes on; null for a new one. @throws AppError `INPUT_INVALID` */
  constructor(plan: CensusPlan, job: JobRecord | null) {
    this.#plan = plan;
    this.#ranges = plan.ranges.map(() => false);
    if (job === null || job.cursor === null) return;
    const { ranges, rows, deep } = ofCensus(job, kept, job.cursor);
    plan.ranges.forEach((_, index) => (this.#ranges[index] = ranges[index] === '+'));
    for (const [lu, nodes, keyDescription, instances, bytes] of rows) this.#add(lu, nodes, keyDescription, { instances, bytes });
    if (deep !== null) this.#deep.add(deep);
  }

  /** `JobRecord.cursor` of a census. */
  write(): string {
    const { byLu, list } = this.#deep.facts(0);
    const cells = [...this.#cells.values()];
    return JSON.stringify({
      ranges: this.#ranges.map((counted) => (counted ? '+' : '.')).join(''),
      rows: cells.map(({ lu, nodes, keyDescription, instances, bytes }) => [lu, [...nodes], keyDescription, instances, bytes]),
      deep: this.#plan.share === null ? null : { byLu, list },
    } satisfies z.input<typeof kept>);
  }

  /** Places of the ranges that are still to be counted. */
  waiting(): number[] {
    return this.#ranges.flatMap((counted, index) => (counted ? [] : [index]));
  }

  add(index: number, { counts, deep }: RangeRead): void {
    const range = this.#plan.ranges[index];
    if (range === undefined || this.#ranges[index] === true) return;
    this.#ranges[index] = true;
    for (const [keyDescription, count] of counts) this.#add(range.lu, range.nodes, keyDescription, count);
    if (deep !== null) this.#deep.add(deep.facts(0));
  }

  get instances(): number {
    return [...this.#byLu.values()].reduce((sum, instances) => sum + instances, 0);
  }

  get findings(): number {
    return this.#deep.facts(0).findings;
  }

  get ranges(): number {
    return this.#ranges.filter(Boolean).length;
  }

  /**
   * How many instances there may be: the ranges of an LU are about equally full, and where none of an LU is counted yet,
   * those of the others tell. Null until one is counted.
   */
  estimate(): number | null {
    const all = this.ranges;
    if (all === 0) return null;
    const average = this.instances / all;
    const expected = this.#parts().map(({ lu, ranges, counted }) => (counted === 0 ? ranges * average : ((this.#byLu.get(lu) ?? 0) * ranges) / counted));
    return Math.round(expected.reduce((sum, instances) => sum + instances, 0));
  }

  /** What a result says of what was counted. */
  facts(): Pick<CensusResult, 'total' | 'rows' | 'byNode' | 'parts' | 'deep'> {
    const rows = new Map<string, { lu: string; keyDescription: string; instances: number; bytes: number }>();
    const byNode = new Map<string, NodeRow>();
    for (const { lu, nodes, keyDescription, instances, bytes } of this.#cells.values()) {
      const row = at(rows, key(lu, keyDescription), { lu, keyDescription, instances: 0, bytes: 0 });
      row.instances += instances;
      row.bytes += bytes;
      for (const node of new Set(nodes)) at(byNode, key(lu, keyDescription, node), { lu, keyDescription, node, instances: 0 }).instances += instances;
    }
    return {
      total: this.instances,
      rows: [...rows.values()].sort((a, b) => order(a.lu, b.lu) || order(a.keyDescription, b.keyDescription)),
      byNode: [...byNode.values()].sort((a, b) => order(a.lu, b.lu) || order(a.keyDescription, b.keyDescription) || order(a.node, b.node)),
      parts: this.#parts(),
      deep: this.#plan.share === null ? null : this.#deep.facts(this.#plan.share),
    };
  }

  #parts(): CensusResult['parts'] {
    const parts = new Map(this.#plan.lus.map((lu) => [lu, { lu, ranges: 0, counted: 0 }]));
    this.#plan.ranges.forEach(({ lu }, index) => {
      const part = at(parts, lu, { lu, ranges: 0, counted: 0 });
      part.ranges += 1;
      if (this.#ranges[index] === true) part.counted += 1;
    });
    return [...parts.values()];
  }

  #add(lu: string, nodes: readonly string[], keyDescription: string, { instances, bytes }: { instances: number; bytes: number }): void {
    const cell = at(this.#cells, key(lu, keyDescription, ...nodes), { lu, nodes, keyDescription, instances: 0, bytes: 0 });
    cell.instances += instances;
    cell.bytes += bytes;
    this.#byLu.set(lu, (this.#byLu.get(lu) ?? 0) + instances);
  }
}

function at<T>(map: Map<string, T>, place: string, initial: T): T {
  const known = map.get(place);
  if (known !== undefined) return known;
  map.set(place, initial);
  return initial;
}

function key(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
