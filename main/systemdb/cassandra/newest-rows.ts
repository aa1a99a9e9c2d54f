import { byCodePoints } from './code-points.ts';
import { concurrently } from './concurrently.ts';
import type { CassandraSession } from './session.ts';
import { asNumber, asText } from './values.ts';

const AT_ONCE = 32;

/**
 * The newest rows of a table whose key is `id` and that stays small: a look at the times of all, then only those that are
 * wanted, newest first by `time`, then by id from the end.
 * @param time a `timestamp` column
 */
export async function newestRows<T>(
  session: CassandraSession,
  table: string,
  time: string,
  limit: number,
  get: (id: string) => Promise<T | null>,
): Promise<T[]> {
  const rows = await session.readAll(`SELECT id, ${time} AS time FROM ${table}`, [], { reach: 'global' });
  const newest = rows
    .filter((row) => row['time'] !== null)
    .map((row) => ({ id: asText(row['id']), time: asNumber(row['time']) }))
    .sort((a, b) => b.time - a.time || byCodePoints(b.id, a.id))
    .slice(0, limit);
  const found = await concurrently(newest, AT_ONCE, ({ id }) => get(id));
  return found.filter((one) => one !== null);
}
