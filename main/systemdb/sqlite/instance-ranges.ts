import { setImmediate as turn } from 'node:timers/promises';
import type { InstanceRange, RangeCount, RangePage, StoredInstance } from '../repositories.ts';
import type { Session } from './session.ts';

/** Instances of one range, at the time it is made. */
const RANGE_INSTANCES = 4096;

/** Sealed bytes of one page; a single instance may be larger. */
const PAGE_BYTES = 8 * 1024 * 1024;

/** A bound of a range that has none on this side. No id stands for it: the least of all ends no range of several. */
const OPEN = '';

/** In the order of ids, by the index of ids: the planner may prefer the one of the census, and sort the whole LU. */
const BY_ID = 'k2view_entity INDEXED BY sqlite_autoindex_k2view_entity_1';

const BOUNDS = `
  SELECT id FROM ${BY_ID}
  WHERE lu = ?1 AND id >= ?2 ORDER BY id LIMIT 2 OFFSET ${RANGE_INSTANCES - 1}`;

/** One statement for a whole page: all of its rows, and each with its bytes, as they stand at one moment. */
const AT_PLACES = `
  SELECT e.id, e.key_description, e.bytes, e.saved_at, e.revision, d.sealed
  FROM json_each(?) AS asked
    CROSS JOIN k2view_entity AS e ON e.place = asked.value AND e.lu = ?
    JOIN k2view_entity_data AS d ON d.place = e.place`;

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
    FROM (SELECT id, key_description, bytes FROM ${BY_ID} WHERE ${where} ORDER BY id LIMIT ?)
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
  const { where, values } = interval(range, page.cursor);
  const sql = `SELECT place, id, key_description, bytes FROM ${BY_ID} WHERE ${where} ORDER BY id LIMIT ?`;
  return session.run(() => {
    const found = arrays<[number, string, string, number]>(session, sql, ...values, page.limit);
    const places = new Map<number, string>();
    let bytes = 0;
    let passed = 0;
    for (const [place, id, keyDescription, size] of found) {
      if (page.wanted(keyDescription)) {
        bytes += size;
        if (bytes > PAGE_BYTES && places.size > 0) {
          break;
        }
        places.set(place, id);
      }
      passed += 1;
    }
    const atEnd = passed === found.length && passed < page.limit;
    const rows = places.size === 0 ? [] : readAt(session, range.lu, places, page.wanted);
    return { rows, passed, cursor: atEnd ? null : cursorAt(range, found[passed - 1]?.[1]) };
  });
}

/** Another process may have removed an instance since its line was read, saved it anew, or put another in its place. */
function readAt(
  session: Session,
  lu: string,
  places: ReadonlyMap<number, string>,
  wanted: (keyDescription: string) => boolean,
): StoredInstance[] {
  const ids = new Set(places.values());
  return arrays<[string, string, number, number, number, Uint8Array]>(session, AT_PLACES, JSON.stringify([...places.keys()]), lu)
    .filter(([id, keyDescription]) => ids.has(id) && wanted(keyDescription))
    .map(([id, keyDescription, bytes, savedAt, revision, sealed]) => ({ lu, id, keyDescription, bytes, savedAt, revision, sealed }));
}

function interval({ lu, start, end }: InstanceRange, cursor: string | undefined): { where: string; values: string[] } {
  const after = cursor ?? (start === OPEN ? undefined : start);
  return {
    where: ['lu = ?', ...(after === undefined ? [] : ['id > ?']), ...(end === OPEN ? [] : ['id <= ?'])].join(' AND '),
    values: [lu, ...(after === undefined ? [] : [after]), ...(end === OPEN ? [] : [end])],
  };
}

function cursorAt({ end }: InstanceRange, last: string | undefined): string | null {
  return last === undefined || (end !== OPEN && last === end) ? null : last;
}

/** Rows as arrays: the objects that node:sqlite makes otherwise pile up by the million in V8's old generation. */
function arrays<T>(session: Session, sql: string, ...values: (string | number)[]): T[] {
  const statement = session.statement(sql);
  statement.setReturnArrays(true);
  return statement.all(...values) as unknown as T[];
}
