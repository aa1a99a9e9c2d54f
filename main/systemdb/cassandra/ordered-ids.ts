import { createHash } from 'node:crypto';
import { byCodePoints } from './code-points.ts';
import type { CassandraSession } from './session.ts';
import { BUCKETS, type ViewStatements } from './view-statements.ts';

const ALL_BUCKETS = Array.from({ length: BUCKETS }, (_, bucket) => bucket);

/** Ids asked of a bucket beyond its even share of a page. */
const SLACK = 4;

/** The bucket of the id index that holds an id: the first byte of its SHA-256 (UTF-8), modulo the buckets. Fixed for ever. */
export function bucketOf(id: string): number {
  return (createHash('sha256').update(id, 'utf8').digest()[0] ?? 0) % BUCKETS;
}

/** The next ids after `after` ('' from the first on) in code point order, up to `limit`; none only at the end. */
export async function idsAfter(session: CassandraSession, cql: ViewStatements, after: string, limit: number): Promise<string[]> {
  const share = Math.min(limit, Math.ceil((limit / BUCKETS) * 1.5) + SLACK);
  const rows = await session.readAll(cql.ids, [ALL_BUCKETS, after, share], { fetchSize: BUCKETS * share });
  const last = new Map<number, { count: number; id: string }>();
  for (const row of rows) {
    const bucket = row['bucket'] as number;
    last.set(bucket, { count: (last.get(bucket)?.count ?? 0) + 1, id: row['id'] as string });
  }
  // Beyond the last id of a bucket that may hold more, others of that bucket could be missing.
  const horizon = [...last.values()].filter(({ count }) => count === share).map(({ id }) => id).sort(byCodePoints)[0];
  return rows
    .map((row) => row['id'] as string)
    .filter((id) => horizon === undefined || byCodePoints(id, horizon) <= 0)
    .sort(byCodePoints)
    .slice(0, limit);
}
