import { expect, test } from 'vitest';
import { Keyspaces } from '../../../main/systemdb/cassandra/keyspaces.ts';
import { createKeyspace } from '../../../main/systemdb/cassandra/migrations/index.ts';
import type { CassandraSession } from '../../../main/systemdb/cassandra/session.ts';

/** A session of a cluster with two data centres, whose nodes are asked in `local`. */
function asking(local: string, replication: Readonly<Record<string, string>>): { session: CassandraSession; made: string[] } {
  const made: string[] = [];
  const session = {
    settings: { replication },
    localDataCenter: local,
    client: { hosts: { values: () => [{ datacenter: 'dc1' }, { datacenter: 'dc2' }] }, metadata: { keyspaces: {}, refreshKeyspace: async () => undefined } },
    schema: async (cql: string) => {
      made.push(cql);
    },
  };
  return { session: session as unknown as CassandraSession, made };
}

test.each([
  ['dc2', { class: 'NetworkTopologyStrategy', dc1: '3' }],
  ['dc1', { class: 'NetworkTopologyStrategy', dc3: '3' }],
])('a keyspace without a copy where it is asked for (%s), or in no data centre, is not made', async (local, replication) => {
  const { session, made } = asking(local, replication);
  await expect(createKeyspace(session, new Keyspaces(null).auth)).rejects.toMatchObject({ code: 'DATABASE_DATA_CENTER_UNKNOWN' });
  expect(made).toEqual([]);
});

test.each([
  { class: 'NetworkTopologyStrategy', dc1: '3', dc2: '2' },
  { class: 'NetworkTopologyStrategy', replication_factor: '3' },
  { class: 'SimpleStrategy', replication_factor: '3' },
])('a keyspace with copies there is made: %o', async (replication) => {
  const { session, made } = asking('dc2', replication);
  await createKeyspace(session, new Keyspaces(null).auth);
  expect(made).toHaveLength(1);
});
