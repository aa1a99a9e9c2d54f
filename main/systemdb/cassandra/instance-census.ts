import type { CensusRow, InstanceRange } from '../repositories.ts';
import { byCodePoints } from './code-points.ts';
import { concurrently } from './concurrently.ts';
import type { LogicalUnit } from './logical-units.ts';
import { ofTables } from './lu-missing.ts';
import { countPage } from './range-pages.ts';
import { tokenRanges } from './ranges.ts';
import type { CassandraSession } from './session.ts';

/** Ranges that are counted at once, and LUs whose ranges are made at once. */
const RANGES = 8;

/** Instances of one answer. */
const PAGE = 5_000;

/** Counts whole LUs, all their ranges. */
export class InstanceCensus {
  readonly #session: CassandraSession;

  constructor(session: CassandraSession) {
    this.#session = session;
  }

  /** As `InstanceRepository.census`, of these LUs. @throws AppError also `DATABASE_LU_MISSING`: a count without it would be too low */
  async of(units: readonly LogicalUnit[]): Promise<CensusRow[]> {
    const ranges = await concurrently(units, RANGES, (unit) => ofTables(unit, () => tokenRanges(this.#session, unit)));
    const work = units.flatMap((unit, place) => (ranges[place] ?? []).map((range) => ({ unit, range })));
    const counts = await concurrently(work, RANGES, ({ unit, range }) => ofTables(unit, () => this.#count(unit, range)));
    const sums = new Map<string, CensusRow>();
    for (const row of counts.flat()) {
      const key = JSON.stringify([row.lu, row.keyDescription]);
      const sum = sums.get(key);
      sums.set(key, sum === undefined ? row : { ...row, instances: sum.instances + row.instances, bytes: sum.bytes + row.bytes });
    }
    return [...sums.values()].sort((a, b) => byCodePoints(a.lu, b.lu) || byCodePoints(a.keyDescription, b.keyDescription));
  }

  async #count(unit: LogicalUnit, range: InstanceRange): Promise<CensusRow[]> {
    const rows: CensusRow[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await countPage(this.#session, unit, range, { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      rows.push(...page.rows.map((row) => ({ lu: unit.lu, ...row })));
      cursor = page.cursor;
    }
    return rows;
  }
}
