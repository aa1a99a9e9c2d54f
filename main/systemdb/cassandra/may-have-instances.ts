import { isAppError, type ErrorCode } from '../../errors.ts';
import type { LogicalUnit } from './logical-units.ts';
import type { CassandraSession } from './session.ts';

/** Where the tables are gone, or the nodes away on which the search begins. */
const UNTOLD: readonly ErrorCode[] = ['DATABASE_KEYSPACE_MISSING', 'DATABASE_UNAVAILABLE', 'DATABASE_TIMEOUT'];

/** Whether an LU has instances; true where that can not be told, so that nobody takes it for empty. */
export async function mayHaveInstances(session: CassandraSession, { cql }: LogicalUnit): Promise<boolean> {
  try {
    return (await session.readOne(cql.any, [])) !== null;
  } catch (error) {
    if (UNTOLD.some((code) => isAppError(error, code))) return true;
    throw error;
  }
}
