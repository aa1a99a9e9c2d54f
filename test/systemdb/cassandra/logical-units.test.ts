import { expect, test } from 'vitest';
import { Keyspaces } from '../../../main/systemdb/cassandra/keyspaces.ts';
import { LogicalUnits } from '../../../main/systemdb/cassandra/logical-units.ts';
import type { CassandraSession, ReadOptions } from '../../../main/systemdb/cassandra/session.ts';

test('an LU that was registered through another data centre is seen: both looks ask all of them', async () => {
  const reaches: unknown[] = [];
  const session = {
    keyspaces: new Keyspaces(null),
    readOne: async (cql: string, _params: unknown, options: ReadOptions = {}) => {
      if (cql.includes('logical_units')) reaches.push(options.reach);
      return null;
    },
    readAll: async (cql: string, _params: unknown = [], options: ReadOptions = {}) => {
      if (cql.includes('logical_units')) reaches.push(options.reach);
      return [];
    },
  } as unknown as CassandraSession;
  const units = new LogicalUnits(session);
  expect(await units.find('CUSTOMER')).toBeNull();
  expect(await units.list()).toEqual([]);
  expect(reaches).toEqual(['global', 'global']);
});
