import { AppError, isAppError } from '../../errors.ts';
import type { LogicalUnit } from './logical-units.ts';

/**
 * What asks the tables of one LU. Where they are gone, that LU alone is meant: the rest of the system database stands.
 * @throws AppError `DATABASE_LU_MISSING`, and what `ask` throws
 */
export async function ofTables<T>(unit: LogicalUnit, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw orLuMissing(unit, error);
  }
}

/** What is thrown for an error that the tables of an LU gave: itself, or that they are gone. */
export function orLuMissing({ lu, keyspace }: LogicalUnit, error: unknown): unknown {
  if (!isAppError(error, 'DATABASE_KEYSPACE_MISSING')) return error;
  return new AppError(
    'DATABASE_LU_MISSING',
    `The tables of LU "${lu}" are gone from the cluster (keyspace ${keyspace.name}): they were dropped from outside. None of its instances can be read, saved or counted; other LUs are not touched.`,
    'Restore the keyspace from a snapshot. Where it was dropped for good, see "An LU whose tables are gone" in docs/operations.md.',
    { details: { lu, keyspace: keyspace.name }, cause: error },
  );
}
