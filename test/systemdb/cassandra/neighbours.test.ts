import { types } from 'cassandra-driver';
import { expect, test } from 'vitest';
import { AppError, type ErrorCode } from '../../../main/errors.ts';
import { readNeighbours } from '../../../main/systemdb/cassandra/neighbours.ts';
import type { CassandraSession, Page, Row, Value } from '../../../main/systemdb/cassandra/session.ts';
import { viewStatements } from '../../../main/systemdb/cassandra/view-statements.ts';

const KIB = 1024;
const cql = viewStatements({ name: 'k', quoted: 'k' });

function row(place: number, bytes: number, chunks = 1): Row {
  return { id: `id-${place}`, place: BigInt(place), bytes, chunks, version: types.Uuid.random() };
}

function chunkOf(of: Row, { version = of['version'], bytes = of['bytes'] as number } = {}): Row {
  return { id: of['id'], version, data: Buffer.alloc(bytes, Number(of['place']) % 251) };
}

/** A table of chunks, which tells what was asked of it. */
function table(chunks: readonly Row[]) {
  const asked: [bigint, bigint][] = [];
  const placeOf = (chunk: Row): bigint => BigInt((chunk['id'] as string).slice(3));
  const session = {
    async read(statement: string, params: readonly Value[], { fetchSize, routingKey }: { fetchSize: number; routingKey: Buffer }): Promise<Page> {
      expect(statement).toBe(cql.neighbours);
      const [after, last] = params as [bigint, bigint];
      asked.push([after, last]);
      const rows = chunks.filter((chunk) => placeOf(chunk) > after && placeOf(chunk) <= last);
      expect(rows.some((chunk) => chunk['id'] === routingKey.toString())).toBe(true);
      return { rows: rows.slice(0, fetchSize), pageState: rows.length < fetchSize ? null : 'more' };
    },
  } as unknown as CassandraSession;
  return { session, asked };
}

test('instances of one chunk that follow each other come with one request for 64 of them', async () => {
  const rows = Array.from({ length: 150 }, (_, place) => row(place, 9 * KIB));
  const { session, asked } = table(rows.map((one) => chunkOf(one)));
  const found = await readNeighbours(session, cql, rows, new Set(rows));
  expect([...found.keys()]).toEqual(rows);
  expect(rows.every((one) => found.get(one)?.equals(chunkOf(one)['data'] as Buffer))).toBe(true);
  expect(asked).toEqual([[-1n, 63n], [63n, 127n], [127n, 149n]]);
});

test('one request brings a MiB at most, and none brings what has more than one chunk', async () => {
  const rows = [row(0, 400 * KIB), row(1, 400 * KIB), row(2, 400 * KIB), row(3, 5 * KIB), row(4, 2048 * KIB, 2), row(5, 5 * KIB), row(6, 5 * KIB)];
  const { session, asked } = table(rows.map((one) => chunkOf(one)));
  const found = await readNeighbours(session, cql, rows, new Set(rows));
  expect(asked).toEqual([[-1n, 1n], [1n, 3n], [4n, 6n]]);
  expect(found.has(rows[4] as Row)).toBe(false);
  expect(found.size).toBe(6);
});

test('instances that lie in their rows are passed by', async () => {
  const rows = [row(0, 5 * KIB), row(1, 10, 0), row(2, 5 * KIB)];
  const { session, asked } = table([chunkOf(rows[0] as Row), chunkOf(rows[2] as Row)]);
  const found = await readNeighbours(session, cql, rows, new Set(rows));
  expect([...found.keys()]).toEqual([rows[0], rows[2]]);
  expect(asked).toEqual([[-1n, 2n]]);
});

test('where few of the neighbours are wanted, or one alone, nobody reads the others', async () => {
  const rows = Array.from({ length: 10 }, (_, place) => row(place, 9 * KIB));
  const { session, asked } = table(rows.map((one) => chunkOf(one)));
  expect((await readNeighbours(session, cql, rows, new Set(rows.slice(0, 4)))).size).toBe(0);
  expect((await readNeighbours(session, cql, rows.slice(0, 1), new Set(rows))).size).toBe(0);
  expect(asked).toEqual([]);
  expect([...(await readNeighbours(session, cql, rows, new Set(rows.slice(0, 5)))).keys()]).toEqual(rows.slice(0, 5));
});

test('a large one is not read for the sake of small ones beside it', async () => {
  const rows = [row(0, 5 * KIB), row(1, 5 * KIB), row(2, 400 * KIB)];
  const { session, asked } = table(rows.map((one) => chunkOf(one)));
  expect((await readNeighbours(session, cql, rows, new Set(rows.slice(0, 2)))).size).toBe(0);
  expect(asked).toEqual([]);
});

test('what lies between neighbours is not paged through: what the answer leaves out is read by itself', async () => {
  const rows = [row(0, 9 * KIB), row(2, 9 * KIB)];
  const between = Array.from({ length: 1_000 }, () => chunkOf(row(1, KIB)));
  const { session, asked } = table([chunkOf(rows[0] as Row), ...between, chunkOf(rows[1] as Row)]);
  expect([...(await readNeighbours(session, cql, rows, new Set(rows))).keys()]).toEqual([rows[0]]);
  expect(asked).toHaveLength(1);
});

test.each<[ErrorCode, boolean]>([
  ['DATABASE_FAILED', true],
  ['DATABASE_TIMEOUT', true],
  ['DATABASE_UNREACHABLE', false],
  ['DATABASE_KEYSPACE_MISSING', false],
])('neighbours that can not be read together (%s) are left to be read by themselves: %s', async (code, left) => {
  const session = { read: () => Promise.reject(new AppError(code, 'x', 'y')) } as unknown as CassandraSession;
  const rows = [row(0, 9 * KIB), row(1, 9 * KIB)];
  const reading = readNeighbours(session, cql, rows, new Set(rows));
  await (left ? expect(reading).resolves.toEqual(new Map()) : expect(reading).rejects.toMatchObject({ code }));
});

test('another version, a chunk of another size and one that is gone are left to be read by themselves', async () => {
  const rows = Array.from({ length: 5 }, (_, place) => row(place, 9 * KIB));
  const [first, second, third, , fifth] = rows as [Row, Row, Row, Row, Row];
  const { session } = table([
    chunkOf(first, { version: types.Uuid.random() }),
    chunkOf(second, { version: types.Uuid.random(), bytes: 7 * KIB }),
    chunkOf(second),
    chunkOf(third, { bytes: 8 * KIB }),
    chunkOf(fifth),
  ]);
  const found = await readNeighbours(session, cql, rows, new Set(rows));
  expect([...found.keys()]).toEqual([second, fifth]);
  expect(found.get(second)).toHaveLength(9 * KIB);
});
