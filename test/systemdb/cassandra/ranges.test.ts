import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundsOf, ringRanges, split, type TokenArc } from '../../../main/systemdb/cassandra/ranges.ts';
import type { CassandraSession } from '../../../main/systemdb/cassandra/session.ts';

const LEAST = -(2n ** 63n);
const GREATEST = 2n ** 63n - 1n;

/** A ring cut at these tokens, whose last range wraps around. */
function ringOf(tokens: readonly bigint[]): TokenArc[] {
  const cuts = [LEAST, ...new Set([...tokens].sort((a, b) => (a < b ? -1 : 1)).filter((token) => token > LEAST && token < GREATEST)), GREATEST];
  return cuts.slice(1).map((end, place) => ({ start: cuts[place] ?? LEAST, end, nodes: [`10.0.0.${place % 3}`] }));
}

test('parts cover the ring once, are some tens at least, and hold a few thousand instances each', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(LEAST, GREATEST), { maxLength: 60 }), fc.bigInt(0n, 2_000_000n), (tokens, instances) => {
      const arcs = ringOf(tokens);
      const parts = split(arcs, instances);
      expect(parts.length).toBeGreaterThanOrEqual(32);
      expect(parts[0]?.start).toBe(LEAST);
      expect(parts.at(-1)?.end).toBe(GREATEST);
      for (const [place, part] of parts.entries()) {
        expect(part.start < part.end).toBe(true);
        if (place > 0) expect(part.start).toBe(parts[place - 1]?.end);
        const arc = arcs.find(({ start, end }) => start <= part.start && part.end <= end);
        expect(part.nodes).toEqual(arc?.nodes);
        expect(((part.end - part.start) * instances) / 2n ** 64n).toBeLessThanOrEqual(8_000n);
      }
    }),
    { numRuns: 50 },
  );
});

test('bounds that are no tokens are refused', () => {
  const range = { lu: 'L', start: '-5', end: '7', nodes: [] };
  expect(boundsOf(range, undefined)).toEqual({ after: -5n, end: 7n });
  expect(boundsOf(range, '7')).toEqual({ after: 7n, end: 7n });
  for (const [start, end, cursor] of [
    ['', '7'],
    ['id-1', 'id-9'],
    ['8', '7'],
    ['-5', '9223372036854775808'],
    ['-5', '7', '8'],
    ['-5', '7', '-6'],
    ['-5', '7', 'x'],
  ] as const) {
    expect(() => boundsOf({ ...range, start, end }, cursor)).toThrowError(expect.objectContaining({ code: 'INPUT_INVALID' }));
  }
});

/** A session whose driver knows these token ranges of the cluster. */
function knowing(ranges: readonly (readonly [bigint, bigint])[] | undefined): CassandraSession {
  const token = (value: bigint) => ({ getValue: () => value });
  const metadata = {
    getTokenRanges: () => ranges?.map(([start, end]) => ({ start: token(start), end: token(end) })),
    getReplicas: () => [{ address: '10.0.0.1:9042' }],
  };
  return { keyspaces: { auth: { name: 'k2auth' } }, client: { metadata } } as unknown as CassandraSession;
}

test.each([
  ['one node with one token', [[5n, 5n]]],
  ['one node with the least token', [[LEAST, LEAST]]],
  ['a range that ends at the least token', [[7n, LEAST], [LEAST, 7n]]],
  ['a range that wraps around', [[-3n, 9n], [9n, -3n]]],
] as const)('a ring is covered: %s', async (_, ranges) => {
  const parts = await ringRanges(knowing(ranges), 'L');
  expect([parts[0]?.start, parts.at(-1)?.end]).toEqual([String(LEAST), String(GREATEST)]);
  expect(parts.every(({ start }, place) => place === 0 || start === parts[place - 1]?.end)).toBe(true);
});

test.each([
  ['unknown yet', undefined],
  ['without tokens', []],
  ['with a gap', [[-3n, 9n], [10n, -3n]]],
  ['with an overlap', [[-3n, 9n], [8n, -3n]]],
  ['of another partitioner', [[0n, 2n ** 126n], [2n ** 126n, 0n]]],
] as const)('a ring %s is refused, not counted as far as it is known', async (_, ranges) => {
  await expect(ringRanges(knowing(ranges), 'L')).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
});
