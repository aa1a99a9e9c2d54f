import type { Keyspace } from './keyspaces.ts';
import type { CassandraSession } from './session.ts';
import { asText } from './values.ts';

/** Which tables stand in these keyspaces, as `keyspace.table`: asked of the cluster, since the driver hears of changes later. */
export async function standingTables(session: CassandraSession, keyspaces: readonly Keyspace[]): Promise<ReadonlySet<string>> {
  const rows = await session.readAll('SELECT keyspace_name, table_name FROM system_schema.tables WHERE keyspace_name IN ?', [keyspaces.map(({ name }) => name)]);
  return new Set(rows.map((row) => `${asText(row['keyspace_name'])}.${asText(row['table_name'])}`));
}
