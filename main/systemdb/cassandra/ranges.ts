import type { token as tokens, types } from 'cassandra-driver';
import { AppError, isAppError } from '../../errors.ts';
import type { InstanceRange } from '../repositories.ts';
import type { Keyspace } from './keyspaces.ts';
import type { LogicalUnit } from './logical-units.ts';
import type { CassandraSession } from './session.ts';

/** Tokens of Murmur3Partitioner: 64 bits, signed. No key has the least one, so that it stands before all of them. */
const LEAST = -(2n ** 63n);
const GREATEST = 2n ** 63n - 1n;
const ALL = 2n ** 64n;

/** Parts of the ring however small the LU, for the picture of a campaign and for several workers. */
const PARTS = 32n;

/** Instances that a part has at most, about. */
const PART_INSTANCES = 4000n;

/** Tokens that are read to estimate the size of an LU. They spread evenly, so that some thousand tell it to a few percent. */
const SAMPLE = 2000;

/** Tokens after `start` up to and with `end`, which the same nodes hold. */
export interface TokenArc {
  readonly start: bigint;
  readonly end: bigint;
  readonly nodes: readonly string[];
}

/**
 * The LU as token ranges. Each lies within one range of the ring, so that one node has all of it. Bounds are tokens in
 * decimal, the first exclusive: ranges that were made before the ring changed still cover the LU exactly once, only
 * their `nodes` are of the past then.
 */
export async function tokenRanges(session: CassandraSession, unit: LogicalUnit): Promise<InstanceRange[]> {
  const [arcs, instances] = await Promise.all([ring(session, unit.keyspace), estimate(session, unit)]);
  return asRanges(unit.lu, split(arcs, instances));
}

/** The ranges of an LU that has no keyspace yet: they cover what comes. */
export async function ringRanges(session: CassandraSession, lu: string): Promise<InstanceRange[]> {
  return asRanges(lu, split(await ring(session, session.keyspaces.auth), 0n));
}

function asRanges(lu: string, arcs: readonly TokenArc[]): InstanceRange[] {
  return arcs.map(({ start, end, nodes }) => ({ lu, start: String(start), end: String(end), nodes }));
}

/** Cuts arcs evenly until none has more than a share of the ring, and of `instances` spread over it. */
export function split(arcs: readonly TokenArc[], instances: bigint): TokenArc[] {
  const parts = instances / PART_INSTANCES > PARTS ? instances / PART_INSTANCES : PARTS;
  return arcs.flatMap(({ start, end, nodes }) => {
    const width = end - start;
    const pieces = (width * parts + ALL - 1n) / ALL;
    return Array.from({ length: Number(pieces) }, (_, piece) => ({
      start: start + (width * BigInt(piece)) / pieces,
      end: start + (width * BigInt(piece + 1)) / pieces,
      nodes,
    }));
  });
}

/** The bounds of a range. @throws AppError `INPUT_INVALID` where this adapter did not make them */
export function boundsOf({ lu, start, end }: InstanceRange, cursor: string | undefined): { after: bigint; end: bigint } {
  const [first, last, place] = [start, end, cursor ?? start].map(asToken);
  if (first === undefined || last === undefined || place === undefined || place < first || place > last) {
    throw new AppError('INPUT_INVALID', `A range of ${lu} has bounds that are no tokens of this cluster. Nothing was read.`, 'Make the plan anew.', {
      details: { lu, start, end, ...(cursor === undefined ? {} : { cursor }) },
    });
  }
  return { after: place, end: last };
}

function asToken(text: string): bigint | undefined {
  if (!/^-?\d{1,19}$/.test(text)) return undefined;
  const token = BigInt(text);
  return token >= LEAST && token <= GREATEST ? token : undefined;
}

/**
 * The ranges of the ring with their replicas, the primary one first, in token order.
 * @throws AppError `DATABASE_UNAVAILABLE` where they are not known to cover the whole ring: a census of less would find too
 *   few instances, and nobody would see it
 */
async function ring({ client }: CassandraSession, keyspace: Keyspace): Promise<TokenArc[]> {
  const { metadata } = client;
  const replicas = (range: tokens.TokenRange) => metadata.getReplicas(keyspace.name, range.end) as ReturnType<typeof metadata.getReplicas> | null;
  // Not there before the driver has read the nodes' tokens, whatever its types say.
  const ranges = [...((metadata.getTokenRanges() as Set<tokens.TokenRange> | undefined) ?? [])];
  if (ranges.some((range) => replicas(range) === null)) {
    await metadata.refreshKeyspace(keyspace.name);
  }
  const arcs = ranges
    .flatMap((range) => {
      const nodes = (replicas(range) ?? []).map(({ address }) => address.replace(/:\d+$/, ''));
      const [start, end] = [valueOf(range.start), valueOf(range.end)];
      const arcs = start < end ? [{ start, end, nodes }] : [{ start, end: GREATEST, nodes }, { start: LEAST, end, nodes }];
      return arcs.filter((arc) => arc.start < arc.end);
    })
    .sort((a, b) => (a.start < b.start ? -1 : 1));
  if (isWhole(arcs)) return arcs;
  throw new AppError(
    'DATABASE_UNAVAILABLE',
    'The nodes of the cluster did not tell of tokens that cover the whole ring. Nothing was read: instances would be missed.',
    'Check that all nodes have joined (nodetool ring) and that the cluster uses Murmur3Partitioner, then open the profile again.',
  );
}

/** Whether the arcs, in token order, lead from the least token to the greatest without a gap or an overlap. */
function isWhole(arcs: readonly TokenArc[]): boolean {
  return arcs.length > 0 && arcs.every(({ start }, place) => start === (arcs[place - 1]?.end ?? LEAST)) && arcs.at(-1)?.end === GREATEST;
}

function valueOf(token: tokens.Token): bigint {
  return BigInt((token.getValue() as types.Long).toString());
}

/** About how many instances an LU has: exact where they are few; 0 where the nodes that would tell are away. */
async function estimate(session: CassandraSession, { cql }: LogicalUnit): Promise<bigint> {
  const rows = await session.readAll(cql.tokens, [SAMPLE], { fetchSize: SAMPLE }).catch((error: unknown) => {
    // It only decides how finely the ring is cut: the ranges that can be read are worth reading.
    if (isAppError(error, 'DATABASE_UNAVAILABLE') || isAppError(error, 'DATABASE_TIMEOUT')) return [];
    throw error;
  });
  const last = rows.at(-1)?.['place'] as bigint | undefined;
  return last === undefined || rows.length < SAMPLE ? BigInt(rows.length) : (BigInt(rows.length) * ALL) / (last - LEAST);
}
