import { AppError, isAppError, type ErrorCode } from '../../errors.ts';
import { concurrently } from './concurrently.ts';
import { keyspaceMissing } from './errors.ts';
import { quoted, type Keyspace } from './keyspaces.ts';
import { LogicalUnits, type LogicalUnit } from './logical-units.ts';
import { schemaVersion } from './migrations/index.ts';
import { rowsOf, type CassandraSession } from './session.ts';

/** A key that no console uses. */
const NOBODY = ' connection test ';

/** LUs that are asked at once. */
const LUS = 16;

/** Who may not is told before it is asked which nodes are there. */
const LET_IN: readonly ErrorCode[] = ['DATABASE_UNAVAILABLE', 'DATABASE_TIMEOUT', 'DATABASE_OUTCOME_UNKNOWN'];

/**
 * Whether the role may do what a console does: read and write the tables that stand, those of every LU too, and make those
 * that do not. Writes nothing: the statements are conditional on a row that never is.
 * @returns what was found, as a sentence
 * @throws AppError `DATABASE_PERMISSION_DENIED`, `DATABASE_KEYSPACE_MISSING` (there is none, and the role may not make them), as `schemaVersion`
 */
export async function checkPermissions(session: CassandraSession): Promise<string> {
  const { keyspaces } = session;
  const standing = keyspaces.fixed.filter(({ name }) => Object.hasOwn(session.client.metadata.keyspaces, name));
  for (const keyspace of standing) await writeNothing(session, keyspace);
  await concurrently(await logicalUnits(session), LUS, (unit) => writeNothingOf(session, unit));
  const mayCreate = await mayCreateKeyspaces(session);
  if (standing.length < keyspaces.fixed.length && mayCreate === false) {
    // It says more where some of them were lost: those are not made anew.
    await schemaVersion(session);
    throw keyspaceMissing({ keyspaces: keyspaces.fixed.filter((keyspace) => !standing.includes(keyspace)).map(({ name }) => name) });
  }
  const existing = standing.length === 0 ? '' : 'Reading and writing the system database is allowed. ';
  const making = mayCreate === false ? 'Making keyspaces is not: a logical unit that is new to the cluster can not be saved.' : 'Making keyspaces is allowed.';
  return existing + making;
}

async function writeNothing(session: CassandraSession, keyspace: Keyspace): Promise<void> {
  const { auth, audit } = session.keyspaces;
  const work = {
    [auth.name]: { cql: `UPDATE ${auth.quoted}.key_description_owners SET name = ? WHERE key_description = ? IF name = ?`, params: [NOBODY, NOBODY, NOBODY] },
    [audit.name]: { cql: `UPDATE ${audit.quoted}.k2_auditing SET object = ? WHERE bucket = -1 AND seq = 0 IF object = ?`, params: [NOBODY, NOBODY] },
  }[keyspace.name] ?? { cql: `UPDATE ${keyspace.quoted}.settings SET value = ? WHERE key = ? IF value = ?`, params: [NOBODY, NOBODY, NOBODY] };
  try {
    await session.conditional(work, 'global');
  } catch (error) {
    // A table that is missing is told with the tables.
    if (!isAppError(error, 'DATABASE_KEYSPACE_MISSING')) throw error;
  }
}

async function logicalUnits(session: CassandraSession): Promise<readonly LogicalUnit[]> {
  try {
    return await new LogicalUnits(session).registered();
  } catch (error) {
    if (isAppError(error, 'DATABASE_KEYSPACE_MISSING')) return [];
    throw error;
  }
}

/** The local data centre decides, as for every instance. @throws AppError `DATABASE_PERMISSION_DENIED` */
async function writeNothingOf(session: CassandraSession, { lu, keyspace }: LogicalUnit): Promise<void> {
  const cql = `UPDATE ${keyspace.quoted}.entity SET key_description = ? WHERE id = ? IF key_description = ?`;
  try {
    await session.conditional({ cql, params: [NOBODY, NOBODY, NOBODY] }, 'local');
  } catch (error) {
    if (isAppError(error, 'DATABASE_PERMISSION_DENIED')) {
      throw new AppError(
        'DATABASE_PERMISSION_DENIED',
        `The user of the cluster may not read and write the instances of LU "${lu}" (keyspace ${keyspace.name}). Nothing was changed.`,
        `Grant the role SELECT and MODIFY on the keyspace of each LU, as: GRANT MODIFY ON KEYSPACE ${keyspace.quoted} TO …`,
        { details: { lu, keyspace: keyspace.name }, cause: error },
      );
    }
    // One LU's tables or nodes that are gone are told by that LU, and the others go on.
    if (![...LET_IN, 'DATABASE_KEYSPACE_MISSING' as const].some((code) => isAppError(error, code))) throw error;
  }
}

/** null where the cluster does not say. */
async function mayCreateKeyspaces({ settings: { user }, client }: CassandraSession): Promise<boolean | null> {
  if (user === null) return null;
  try {
    const roles = await client.execute(`LIST ROLES OF ${quoted(user)}`, [], { isIdempotent: true });
    if (rowsOf(roles).some((row) => row['super'] === true)) return true;
    const granted = await client.execute(`LIST CREATE PERMISSION ON ALL KEYSPACES OF ${quoted(user)}`, [], { isIdempotent: true });
    return rowsOf(granted).length > 0;
  } catch {
    return null;
  }
}
