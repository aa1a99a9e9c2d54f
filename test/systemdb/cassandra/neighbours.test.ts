import { types } from 'cassandra-driver';
import { expect, test } from 'vitest';
import { readNeighbours } from '../../../main/systemdb/cassandra/neighbours.ts';
import type { CassandraSession, Row, Value } from '../../../main/systemdb/cassandra/session.ts';
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
    async readAll(statement: string, params: readonly Value[]): Promise<Row[]> {
      expect(statement).toBe(cql.rangeChunks);
      const [after, last] = params as [bigint, bigint];
      asked.push([after, last]);
      return chunks.filter((chunk) => placeOf(chunk) > after && placeOf(chunk) <= last);
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
