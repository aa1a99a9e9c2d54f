import type { types } from 'cassandra-driver';
import { isAppError } from '../../errors.ts';
import { concurrently } from './concurrently.ts';
import type { CassandraSession, Row } from './session.ts';
import { CHUNKS_OF_NEIGHBOUR, type ViewStatements } from './view-statements.ts';

/** Instances, and sealed bytes, of one request. */
const GROUP_ROWS = 64;
const GROUP_BYTES = 1024 * 1024;
/** Requests of one page at once. */
const REQUESTS = 4;
/** Of a group's bytes at least this share has to be wanted: the rest is read for nothing. */
const WANTED_SHARE = 0.5;

/**
 * The sealed bytes of instances that are neighbours on the ring and of one chunk each, many with one request: a node
 * spends more on a request than on passing by some KiB. Chunks lie in the order of the rows they belong to. What else may
 * lie between them (versions that nobody took away, instances that are being saved) is not paged through.
 * @param rows of `entity`, in token order, with their tokens as `place`
 * @returns the bytes of those wanted rows whose version was there whole; whatever is missing has to be read by itself
 */
export async function readNeighbours(session: CassandraSession, cql: ViewStatements, rows: readonly Row[], wanted: ReadonlySet<Row>): Promise<Map<Row, Buffer>> {
  const groups = groupsOf(rows).filter((group) => worthWhile(group, wanted));
  const found = new Map<Row, Buffer>();
  await concurrently(groups, REQUESTS, async (group) => {
    const asked = new Map(group.filter((row) => wanted.has(row)).map((row) => [row['id'] as string, row]));
    for (const chunk of await readGroup(session, cql, group)) {
      const row = asked.get(chunk['id'] as string);
      const data = chunk['data'] as Buffer;
      // Another version, older or newer, may lie beside it.
      if (row !== undefined && (chunk['version'] as types.Uuid).equals(row['version'] as types.Uuid) && data.length === row['bytes']) found.set(row, data);
    }
  });
  return found;
}

/** What one answer brings of a group; nothing where there is none: a neighbour that nobody asked for may be the reason. */
async function readGroup(session: CassandraSession, cql: ViewStatements, group: readonly Row[]): Promise<readonly Row[]> {
  const [first, last] = [group[0] as Row, group.at(-1) as Row];
  const bounds = [(first['place'] as bigint) - 1n, last['place'] as bigint];
  try {
    const { rows } = await session.read(cql.neighbours, bounds, { fetchSize: CHUNKS_OF_NEIGHBOUR * GROUP_ROWS, routingKey: Buffer.from(first['id'] as string) });
    return rows;
  } catch (error) {
    if (isAppError(error, 'DATABASE_FAILED') || isAppError(error, 'DATABASE_TIMEOUT')) return [];
    throw error;
  }
}

/** What follows each other without a larger instance between. */
function groupsOf(rows: readonly Row[]): Row[][] {
  const groups: Row[][] = [];
  let bytes = Infinity;
  for (const row of rows) {
    if (row['chunks'] === 0) continue;
    const size = row['chunks'] === 1 ? (row['bytes'] as number) : Infinity;
    const last = groups.at(-1);
    bytes += size;
    if (last !== undefined && last.length < GROUP_ROWS && bytes <= GROUP_BYTES) {
      last.push(row);
    } else {
      groups.push([row]);
      bytes = size;
    }
  }
  return groups;
}

function worthWhile(group: readonly Row[], wanted: ReadonlySet<Row>): boolean {
  const asked = group.filter((row) => wanted.has(row));
  return asked.length > 1 && bytesOf(asked) >= bytesOf(group) * WANTED_SHARE;
}

function bytesOf(rows: readonly Row[]): number {
  return rows.reduce((sum, row) => sum + (row['bytes'] as number), 0);
}
