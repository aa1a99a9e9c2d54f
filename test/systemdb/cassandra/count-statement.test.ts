import { expect, test } from 'vitest';
import { Keyspaces } from '../../../main/systemdb/cassandra/keyspaces.ts';
import type { LogicalUnit } from '../../../main/systemdb/cassandra/logical-units.ts';
import { countPage } from '../../../main/systemdb/cassandra/range-pages.ts';
import type { CassandraSession, Row } from '../../../main/systemdb/cassandra/session.ts';
import { viewStatements } from '../../../main/systemdb/cassandra/view-statements.ts';

test('a census asks for the key description and the size of each instance, and for nothing else', async () => {
  const keyspace = new Keyspaces(null).view('CUSTOMER');
  const unit: LogicalUnit = { lu: 'CUSTOMER', keyspace, epoch: 0, cql: viewStatements(keyspace) };
  const sent: string[] = [];
  const pages: readonly (readonly Row[])[] = [
    [{ key_description: 'b', bytes: 3 }, { key_description: 'a', bytes: 2 }],
    [{ key_description: 'a', bytes: 5 }],
  ];
  const session = {
    read: async (cql: string) => {
      sent.push(cql);
      return { rows: pages[sent.length - 1] ?? [], pageState: sent.length < pages.length ? 'next' : null };
    },
  } as unknown as CassandraSession;
  const range = { lu: 'CUSTOMER', start: '-5', end: '5', nodes: [] };
  const first = await countPage(session, unit, range, { limit: 100 });
  expect(first).toEqual({ rows: [{ keyDescription: 'a', instances: 1, bytes: 2 }, { keyDescription: 'b', instances: 1, bytes: 3 }], passed: 2, cursor: 'next' });
  expect(await countPage(session, unit, range, { limit: 100, cursor: 'next' })).toEqual({ rows: [{ keyDescription: 'a', instances: 1, bytes: 5 }], passed: 1, cursor: null });
  expect(sent).toHaveLength(2);
  for (const cql of sent) {
    const [, columns, from] = /^SELECT (.+) FROM (\S+) /.exec(cql) ?? [];
    expect(columns?.split(', ')).toEqual(['key_description', 'bytes']);
    expect(from).toBe('"k2view_customer".entity');
  }
});
