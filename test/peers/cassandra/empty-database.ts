import { setTimeout as delay } from 'node:timers/promises';
import { isAppError } from '../../../main/errors.ts';
import { connectCassandra } from '../../../main/systemdb/cassandra/connect.ts';
import { migrate } from '../../../main/systemdb/cassandra/migrations/index.ts';
import { openCassandra } from '../../../main/systemdb/cassandra/open.ts';
import type { CassandraSession } from '../../../main/systemdb/cassandra/session.ts';
import type { CassandraSettings } from '../../../main/systemdb/cassandra/settings.ts';
import type { SystemDb } from '../../../main/systemdb/repositories.ts';
import { startCassandra } from './cassandra.ts';

const TRIES = 5;
const PAUSE = 500;

/** What stays between two tests. */
const KEPT = ['schema_versions'];

/** One system database on a real node, made once and emptied for each test. */
export interface TestDatabase {
  /** Connects and empties the tables that have rows. */
  empty(): Promise<void>;
  open(): Promise<SystemDb>;
  /** A session alone, with the tables in place. */
  connect(): Promise<CassandraSession>;
  /** Closes all that was opened since. */
  closeAll(): Promise<void>;
  /** Ends the node too, where it was started for this. */
  stop(): Promise<void>;
}

/**
 * Starts a node, or takes the one whose address `FKC_TEST_CASSANDRA` names: starting one takes longer than most tests.
 * @param clusterId sets the keyspaces apart from those of other suites on the same node
 */
export async function testDatabase(clusterId: string): Promise<TestDatabase> {
  const running = process.env['FKC_TEST_CASSANDRA'];
  const cluster = running === undefined ? await startCassandra() : null;
  const settings: CassandraSettings = {
    contactPoints: cluster?.contactPoints ?? [running ?? ''],
    localDataCenter: null,
    clusterId,
    replication: { class: 'SimpleStrategy', replication_factor: '1' },
    user: null,
    tls: null,
  };
  const opened: { close(): Promise<void> }[] = [];
  const kept = async <T extends { close(): Promise<void> }>(one: T): Promise<T> => {
    opened.push(one);
    return one;
  };
  const owner = await connectCassandra(settings, null);
  await migrate(owner);
  return {
    empty: () => empty(owner, clusterId),
    open: async () => kept(await openCassandra(settings, null)),
    connect: async () => kept(await connectCassandra(settings, null)),
    closeAll: async () => {
      await Promise.all(opened.splice(0).map((one) => one.close()));
    },
    stop: async () => {
      await owner.close();
      await cluster?.stop();
    },
  };
}

async function empty(session: CassandraSession, clusterId: string): Promise<void> {
  const tables = await session.readAll('SELECT keyspace_name, table_name FROM system_schema.tables');
  const ours = tables.filter((row) => String(row['keyspace_name']).endsWith(`_${clusterId}`) && !KEPT.includes(String(row['table_name'])));
  await Promise.all(
    ours.map(async (row) => {
      const table = `"${String(row['keyspace_name'])}"."${String(row['table_name'])}"`;
      if ((await session.read(`SELECT * FROM ${table} LIMIT 1`)).rows.length > 0) await truncate(session, table);
    }),
  );
}

/** A busy node may take longer than the driver waits. */
async function truncate(session: CassandraSession, table: string): Promise<void> {
  for (let left = TRIES; ; left -= 1) {
    try {
      await session.write(`TRUNCATE ${table}`, []);
      return;
    } catch (error) {
      if (left === 0 || !isAppError(error)) throw error;
      await delay(PAUSE);
    }
  }
}
