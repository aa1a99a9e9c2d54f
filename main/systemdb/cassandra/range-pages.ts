import type { InstanceRange, RangeCount, RangePage, StoredInstance } from '../repositories.ts';
import { byCodePoints } from './code-points.ts';
import { concurrently } from './concurrently.ts';
import { infoOf, inlineInstance, readInstance } from './instance-rows.ts';
import type { LogicalUnit } from './logical-units.ts';
import { readNeighbours } from './neighbours.ts';
import { boundsOf } from './ranges.ts';
import type { CassandraSession, Row } from './session.ts';

/** Rows of one answer, whatever page is asked for: a few hundred KiB of facts. */
const PAGE_ROWS = 10_000;

/** Sealed bytes of one page; a single instance may be larger. */
const PAGE_BYTES = 8 * 1024 * 1024;

/** Instances of one page that are read by themselves at once. */
const READS = 4;

/** The largest limit of a statement. */
const INT_MAX = 2 ** 31 - 1;

export interface PagePlace {
  readonly cursor?: string;
  readonly limit: number;
}

/** Rows of a range in token order; `cursor` is the token of the last, null at the end of the range. */
export interface TokenPage {
  readonly rows: readonly Row[];
  readonly cursor: string | null;
}

/**
 * The next rows of a range. `select` takes the token before the first, the last token and a limit, and names the token
 * of a row `place`. Ids with one token are never parted, so that the cursor may be that token alone.
 */
export async function tokenPage(session: CassandraSession, select: string, range: InstanceRange, page: PagePlace): Promise<TokenPage> {
  const { after, end } = boundsOf(range, page.cursor);
  if (after === end) return { rows: [], cursor: null };
  const limit = Math.max(1, Math.min(page.limit, PAGE_ROWS));
  const rows = await read(session, select, after, end, limit + 1);
  const next = rows[limit];
  if (next === undefined) return { rows, cursor: null };
  const kept = beforeToken(rows, limit, next['place'] as bigint);
  const last = rows[kept - 1]?.['place'] as bigint | undefined;
  if (last !== undefined) return { rows: rows.slice(0, kept), cursor: String(last) };
  // More ids than a page has share one token.
  const token = next['place'] as bigint;
  const tied = await session.readAll(select, [token - 1n, token, INT_MAX], { fetchSize: limit });
  return { rows: tied, cursor: token === end ? null : String(token) };
}

/** How many of the first `length` rows come before `token`. */
export function beforeToken(rows: readonly Row[], length: number, token: bigint): number {
  let kept = length;
  while (kept > 0 && rows[kept - 1]?.['place'] === token) kept -= 1;
  return kept;
}

/**
 * As `InstanceRepository.countRange`. The cursor is the cluster's own paging state, for as long as one pass lasts: asking
 * for each row's token, as a scan does whose cursor is kept, makes the node work a tenth more.
 */
export async function countPage(session: CassandraSession, { cql }: LogicalUnit, range: InstanceRange, page: PagePlace): Promise<RangePage<RangeCount>> {
  const { after, end } = boundsOf(range, undefined);
  const fetchSize = Math.max(1, Math.min(page.limit, PAGE_ROWS));
  const { rows, pageState } = await session.read(cql.count, [after, end], { fetchSize, pageState: page.cursor ?? null });
  const counts = new Map<string, { keyDescription: string; instances: number; bytes: number }>();
  for (const row of rows) {
    const keyDescription = row['key_description'] as string;
    const count = counts.get(keyDescription);
    if (count === undefined) {
      counts.set(keyDescription, { keyDescription, instances: 1, bytes: row['bytes'] as number });
    } else {
      count.instances += 1;
      count.bytes += row['bytes'] as number;
    }
  }
  return { rows: [...counts.values()].sort((a, b) => byCodePoints(a.keyDescription, b.keyDescription)), passed: rows.length, cursor: pageState };
}

/** As `InstanceRepository.scanRange`. A page ends early where its bytes grow too many. */
export async function scanPage(
  session: CassandraSession,
  unit: LogicalUnit,
  range: InstanceRange,
  page: PagePlace & { readonly wanted: (keyDescription: string) => boolean },
): Promise<RangePage<StoredInstance>> {
  const whole = await tokenPage(session, unit.cql.scan, range, page);
  const { rows, cursor } = cutByBytes(whole, page.wanted);
  const wanted = rows.filter((row) => page.wanted(row['key_description'] as string));
  const together = await readNeighbours(session, unit.cql, rows, new Set(wanted));
  const found = wanted.map((row) => {
    const sealed = together.get(row);
    return sealed === undefined ? inlineInstance(unit, row['id'] as string, row) : { ...infoOf(unit, row['id'] as string, row), sealed };
  });
  const alone = [...found.keys()].filter((place) => found[place] === null);
  await concurrently(alone, READS, async (place) => {
    const row = wanted[place] as Row;
    found[place] = await readInstance(session, unit, row['id'] as string, row);
  });
  // Between the two reads another process may have removed it, or saved it under another generation.
  const stored = found.filter((one) => one !== null && page.wanted(one.keyDescription)) as StoredInstance[];
  return { rows: stored, passed: rows.length, cursor };
}

function cutByBytes(page: TokenPage, wanted: (keyDescription: string) => boolean): TokenPage {
  let bytes = 0;
  let first = true;
  for (const [place, row] of page.rows.entries()) {
    if (!wanted(row['key_description'] as string)) continue;
    bytes += row['bytes'] as number;
    if (bytes > PAGE_BYTES && !first) {
      const kept = beforeToken(page.rows, place, row['place'] as bigint);
      const last = page.rows[kept - 1]?.['place'] as bigint | undefined;
      if (last !== undefined) return { rows: page.rows.slice(0, kept), cursor: String(last) };
    }
    first = false;
  }
  return page;
}

async function read(session: CassandraSession, select: string, after: bigint, end: bigint, limit: number): Promise<readonly Row[]> {
  const first = await session.read(select, [after, end, limit], { fetchSize: limit });
  // A node may end an answer early.
  if (first.pageState === null || first.rows.length >= limit) return first.rows;
  const rows = [...first.rows];
  for (let pageState: string | null = first.pageState; pageState !== null && rows.length < limit; ) {
    const more = await session.read(select, [after, end, limit], { fetchSize: limit, pageState });
    rows.push(...more.rows);
    pageState = more.pageState;
  }
  return rows;
}
