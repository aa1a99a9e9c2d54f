import { AppError, isAppError } from '../../errors.ts';
import type { LogicalUnit } from './logical-units.ts';

/**
 * What asks the tables of one LU. Where they are gone, that LU alone is meant: the rest of the system database stands.
 * @throws AppError `DATABASE_LU_MISSING`, and what `ask` throws
 */
export async function ofTables<T>({ lu, keyspace }: LogicalUnit, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!isAppError(error, 'DATABASE_KEYSPACE_MISSING')) throw error;
    throw new AppError(
      'DATABASE_LU_MISSING',
      `The tables of LU "${lu}" are gone from the cluster (keyspace ${keyspace.name}): they were dropped from outside. None of its instances can be read, saved or counted; other LUs are not touched.`,
      'Restore the keyspace from a snapshot. Where it was dropped for good, see "An LU whose tables are gone" in docs/operations.md.',
      { details: { lu, keyspace: keyspace.name }, cause: error },
    );
  }
}
