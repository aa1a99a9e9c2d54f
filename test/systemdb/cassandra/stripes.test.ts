import { expect, test } from 'vitest';
import { Keyspaces } from '../../../main/systemdb/cassandra/keyspaces.ts';
import type { CassandraSession, ReadOptions } from '../../../main/systemdb/cassandra/session.ts';
import { CassandraStripes } from '../../../main/systemdb/cassandra/stripes.ts';

test('descriptions are gathered page by page, each once, and never all stripes at a time', async () => {
  const pages = [['b', 'a'], ['a', 'a'], ['c']];
  const read = async (_cql: string, _params: unknown, { pageState, reach }: ReadOptions = {}) => {
    expect(reach).toBe('global');
    const place = Number(pageState ?? 0);
    return { rows: (pages[place] ?? []).map((one) => ({ key_description: one })), pageState: place + 1 < pages.length ? String(place + 1) : null };
  };
  const stripes = new CassandraStripes({ keyspaces: new Keyspaces(null), read } as unknown as CassandraSession);
  expect(await stripes.descriptions()).toEqual(['a', 'b', 'c']);
});
