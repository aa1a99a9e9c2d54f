import { expect, test } from 'vitest';
import { AppError, type ErrorCode } from '../../../main/errors.ts';
import { CassandraInstances } from '../../../main/systemdb/cassandra/instances.ts';
import { Keyspaces } from '../../../main/systemdb/cassandra/keyspaces.ts';
import type { CassandraSession } from '../../../main/systemdb/cassandra/session.ts';

/** A cluster with one LU, whose first ranges answer with a failure. */
function failing(code: ErrorCode): CassandraSession {
  const session = {
    keyspaces: new Keyspaces(null),
    readAll: async (cql: string) => (cql.includes('logical_units') ? [{ lu: 'CUSTOMER', epoch: 8n }] : []),
    readOne: async () => {
      throw new AppError(code, 'It failed.', 'Mend it.');
    },
  };
  return session as unknown as CassandraSession;
}

test.each<ErrorCode>(['DATABASE_UNAVAILABLE', 'DATABASE_TIMEOUT', 'DATABASE_KEYSPACE_MISSING'])('an LU that answers %s is among those that a census begins with', async (code) => {
  expect(await new CassandraInstances(failing(code)).lus()).toEqual(['CUSTOMER']);
});

test('a failure that says nothing of the LU is told', async () => {
  await expect(new CassandraInstances(failing('DATABASE_PERMISSION_DENIED')).lus()).rejects.toMatchObject({ code: 'DATABASE_PERMISSION_DENIED' });
});
