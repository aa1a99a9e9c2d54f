import { setImmediate as turn } from 'node:timers/promises';
import type { InstanceRange, RangeCount, RangePage, StoredInstance } from '../repositories.ts';
import type { Session } from './session.ts';

/** Instances of one range, at the time it is made. */
const RANGE_INSTANCES = 4096;

/** Sealed bytes of one page; a single instance may be larger. */
const PAGE_BYTES = 8 * 1024 * 1024;

/** A bound of a range that has none on this side. No id stands for it: the least of all ends no range of several. */
const OPEN = '';

const BOUNDS = `
  SELECT id FROM k2view_entity INDEXED BY sqlite_autoindex_k2view_entity_1
  WHERE lu = ?1 AND id >= ?2 ORDER BY id LIMIT 2 OFFSET ${RANGE_INSTANCES - 1}`;

const ONE = `
  SELECT e.key_description, e.bytes, e.saved_at, e.revision, d.sealed
  FROM k2view_entity AS e JOIN k2view_entity_data AS d ON d.place = e.place
  WHERE e.lu = ? AND e.id = ?`;

type Page = { readonly cursor?: string; readonly limit: number };

/**
 * The LU as intervals of ids: a range holds what lies after `start` up to and with `end`. The first begins and the last
 * ends open, so that they cover also what is saved later. Only the index of ids is read.
 */
export async function idRanges(session: Session, lu: string): Promise<InstanceRange[]> {
  const ranges: InstanceRange[] = [];
  let start = OPEN;
  let from = '';
  for (;;) {
    const bounds = await session.run(() => session.statement(BOUNDS).all(lu, from));
    const [end, next] = bounds.map((row) => row['id'] as string);
    if (end === undefined || next === undefined) {
      return [...ranges, { lu, start, end: OPEN, nodes: [] }];
    }
    ranges.push({ lu, start, end, nodes: [] });
    start = end;
    from = next;
    // A walk over many millions of ids lets others of this process have their turn.
    await turn();
  }
}

/** As `InstanceRepository.countRange`; the cursor is the last id. */
export async function countIds(session: Session, range: InstanceRange, page: Page): Promise<RangePage<RangeCount>> {
  const { where, values } = interval(range, page.cursor);
  const sql = `
    SELECT key_description, count(*), sum(bytes), max(max(id)) OVER ()
    FROM (SELECT id, key_description, bytes FROM k2view_entity WHERE ${where} ORDER BY id LIMIT ?)
    GROUP BY key_description ORDER BY key_description`;
  const found = await session.run(() => arrays<[string, number, number, string]>(session, sql, ...values, page.limit));
  const rows = found.map(([keyDescription, instances, bytes]) => ({ keyDescription, instances, bytes }));
  const passed = rows.reduce((sum, row) => sum + row.instances, 0);
  return { rows, passed, cursor: passed < page.limit ? null : cursorAt(range, found[0]?.[3]) };
}

/** As `InstanceRepository.scanRange`; the cursor is the last id. A page ends early where its bytes grow too many. */
export async function scanIds(
  session: Session,
  range: InstanceRange,
  page: Page & { readonly wanted: (keyDescription: string) => boolean },
): Promise<RangePage<StoredInstance>> {
  const { lu } = range;
  const { where, values } = interval(range, page.cursor);
  const sql = `SELECT id, key_description, bytes FROM k2view_entity WHERE ${where} ORDER BY id LIMIT ?`;
  return session.run(() => {
    const found = arrays<[string, string, number]>(session, sql, ...values, page.limit);
    const one = session.statement(ONE);
    one.setReturnArrays(true);
    const rows: StoredInstance[] = [];
    let bytes = 0;
    for (const [place, [id, keyDescription, size]] of found.entries()) {
      if (!page.wanted(keyDescription)) {
        continue;
      }
      bytes += size;
      if (bytes > PAGE_BYTES && rows.length > 0) {
        return { rows, passed: place, cursor: cursorAt(range, found[place - 1]?.[0]) };
      }
      // Another process may have removed it, or saved it anew, since its line was read.
      const row = one.get(lu, id) as unknown as [string, number, number, number, Uint8Array] | undefined;
      if (row !== undefined && page.wanted(row[0])) {
        rows.push({ lu, id, keyDescription: row[0], bytes: row[1], savedAt: row[2], revision: row[3], sealed: row[4] });
      }
    }
    return { rows, passed: found.length, cursor: found.length < page.limit ? null : cursorAt(range, found.at(-1)?.[0]) };
  });
}

function interval({ lu, start, end }: InstanceRange, cursor: string | undefined): { where: string; values: string[] } {
  const after = cursor ?? (start === OPEN ? undefined : start);
  return {
    where: ['lu = ?', ...(after === undefined ? [] : ['id > ?']), ...(end === OPEN ? [] : ['id <= ?'])].join(' AND '),
    values: [lu, ...(after === undefined ? [] : [after]), ...(end === OPEN ? [] : [end])],
  };
}

function cursorAt({ end }: InstanceRange, last: string | undefined): string | null {
  return last === undefined || last === end ? null : last;
}

/** Rows as arrays: the objects that node:sqlite makes otherwise pile up by the million in V8's old generation. */
function arrays<T>(session: Session, sql: string, ...values: (string | number)[]): T[] {
  const statement = session.statement(sql);
  statement.setReturnArrays(true);
  return statement.all(...values) as unknown as T[];
}
