import { AppError } from '../../main/errors.ts';
import type { SecretBytes } from '../../main/secret.ts';
import type { CassandraSettings } from '../../main/systemdb/cassandra/settings.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { DATABASE_PASSWORD, passwordFrom } from '../password.ts';
import type { CassandraProfile, Profile } from '../profiles.ts';

/**
 * Opens the profile's system database. `given` is the password where it was asked for; this takes it over.
 * @throws AppError `DATABASE_*`; `DATABASE_PASSWORD_MISSING` where a password is needed and no source gives it
 */
export async function openSystemDb({ sqlite, cassandra }: Profile, given: SecretBytes | null): Promise<SystemDb> {
  if (cassandra === null) {
    given?.dispose();
    return openSqlite(sqlite ?? '');
  }
  const password = await databasePassword(cassandra, given);
  // Only now: most starts need no driver, and loading it takes a good part of a start.
  const { openCassandra } = await import('../../main/systemdb/cassandra/open.ts');
  return openCassandra(settingsOf(cassandra), password);
}

/** Whether a password has to be asked for: a user, and no file or variable that gives it. */
export async function needsDatabasePassword({ cassandra }: Profile): Promise<boolean> {
  if (cassandra === null || cassandra.user === null) return false;
  const password = await passwordFrom(DATABASE_PASSWORD, cassandra).catch(() => null);
  password?.dispose();
  return password === null;
}

/** The password of the profile's user; null where it has none. Takes `given` over. @throws AppError `DATABASE_PASSWORD_MISSING` */
export async function databasePassword(cassandra: CassandraProfile, given: SecretBytes | null): Promise<SecretBytes | null> {
  if (cassandra.user === null) {
    given?.dispose();
    return null;
  }
  const password = given ?? (await passwordFrom(DATABASE_PASSWORD, cassandra));
  if (password !== null) return password;
  throw new AppError(
    'DATABASE_PASSWORD_MISSING',
    `User "${cassandra.user}" of the cluster needs a password. Nothing was opened.`,
    `Type it where the console asks, or give it by a file (--password-file) or the variable ${DATABASE_PASSWORD.variable}.`,
  );
}

/** What the adapter needs to know of a profile. */
export function settingsOf({ contactPoints, localDataCenter, clusterId, replication, user, tls }: CassandraProfile): CassandraSettings {
  return {
    contactPoints,
    localDataCenter,
    clusterId,
    replication,
    user,
    tls: tls === null ? null : { ca: tls.ca, ...(tls.cert === undefined || tls.key === undefined ? {} : { cert: tls.cert, key: tls.key }) },
  };
}
