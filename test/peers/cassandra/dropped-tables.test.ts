import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { takeCensus } from '../../../main/census/take.ts';
import { refuseOverlap } from '../../../main/rekey/create.ts';
import { runCampaign } from '../../../main/rekey/run.ts';
import { campaignStatus } from '../../../main/rekey/state.ts';
import { CassandraInstances } from '../../../main/systemdb/cassandra/instances.ts';
import type { CassandraSession } from '../../../main/systemdb/cassandra/session.ts';
import type { SystemDb } from '../../../main/systemdb/repositories.ts';
import { instance } from '../../conformance/samples.ts';
import { TestKeys } from '../../lu/fixtures.ts';
import { fill, started, wrapped } from '../../rekey/fixtures.ts';
import { testDatabase, type TestDatabase } from './empty-database.ts';

let database: TestDatabase;
let db: SystemDb;
let admin: CassandraSession;

beforeAll(async () => {
  database = await testDatabase('dropped');
});
afterAll(() => database.stop());
beforeEach(async () => {
  await database.empty();
  db = await database.open();
  admin = await database.connect();
  for (const lu of ['KEPT', 'GONE']) for (const id of ['1', '2', '3']) await db.instances.save(instance(lu, id));
  // Once each, so that what is asked later is prepared.
  expect(await db.instances.lus()).toEqual(['GONE', 'KEPT']);
  expect(await db.instances.get('GONE', '1')).not.toBeNull();
  expect(await db.instances.census()).toMatchObject([{ lu: 'GONE', instances: 3 }, { lu: 'KEPT', instances: 3 }]);
});
afterEach(() => database.closeAll());

const missing = expect.objectContaining({ code: 'DATABASE_LU_MISSING', details: expect.objectContaining({ lu: 'GONE', keyspace: 'k2view_gone_dropped' }) as unknown });

test.each([
  ['its table', 'DROP TABLE k2view_gone_dropped.entity'],
  ['its keyspace', 'DROP KEYSPACE k2view_gone_dropped'],
])('while the console is open %s is dropped: that LU alone is gone, by a code of its own', async (_, drop) => {
  await admin.schema(drop);
  // Many at once: each of them meets a statement that the nodes have forgotten.
  const reads = await Promise.allSettled(Array.from({ length: 40 }, (_, place) => db.instances.get('GONE', String(place % 3))));
  expect(reads.map((read) => (read.status === 'rejected' ? read.reason as unknown : null))).toEqual(reads.map(() => missing));
  await expect(db.instances.save(instance('GONE', '1'))).rejects.toEqual(missing);
  await expect(db.instances.replace(instance('GONE', '1'), 1)).rejects.toMatchObject({ code: 'DATABASE_LU_MISSING' });
  await expect(db.instances.list('GONE', { limit: 5 })).rejects.toEqual(missing);
  await expect(db.instances.remove('GONE', '1')).rejects.toEqual(missing);
  // What decides whether a key is needed must not take it for empty.
  await expect(db.instances.census()).rejects.toEqual(missing);
  expect(await db.instances.lus()).toEqual(['GONE', 'KEPT']);
  // And one that opens the database only now hears the same.
  const another = new CassandraInstances(await database.connect());
  expect(await another.lus()).toEqual(['GONE', 'KEPT']);
  await expect(another.get('GONE', '1')).rejects.toEqual(missing);
  await db.instances.save(instance('KEPT', '4'));
  expect(await db.instances.list('KEPT', { limit: 9 })).toHaveLength(4);
});

test('a census counts the other LUs, and names the one that it can not count', async () => {
  await admin.schema('DROP TABLE k2view_gone_dropped.entity');
  const result = await takeCensus({ db, patience: { attempts: 1, waitMs: 1 } });
  expect(result.rows.reduce((sum, { instances }) => sum + instances, 0)).toBe(3);
  expect(new Set(result.notCovered.map(({ lu, code }) => `${lu} ${code}`))).toEqual(new Set(['GONE DATABASE_LU_MISSING']));
  expect(result.says.join(' ')).toContain('DATABASE_LU_MISSING');
});

test.each([['is dropped before its turn'], ['is dropped while it is re-encrypted']])('a campaign over two LUs of which one %s brings the other over, and fails with the reason', async (when) => {
  const keys = new TestKeys();
  for (const lu of ['KEPT', 'GONE']) await fill(db, keys, 200, lu);
  keys.rotate('key-2');
  const { record } = await started(db, keys, {}, { from: ['key-1'] });
  const drop = (): Promise<void> => admin.schema('DROP TABLE k2view_gone_dropped.entity');
  let dropped = when === 'is dropped before its turn' ? drop() : null;
  await dropped;
  const dropping = wrapped(db, {
    instances: {
      rewrite: async (read, next) => {
        if (read.lu === 'GONE') await (dropped ??= drop());
        return db.instances.rewrite(read, next);
      },
    },
  });
  expect(await runCampaign({ db: dropping, keys, id: record.id, worker: 'a' })).toBe('failed');
  const status = await campaignStatus(db, record.id);
  expect(status).toMatchObject({ done: 200, total: 400, failed: 0, workers: [], outcome: { kind: 'failure', code: 'DATABASE_LU_MISSING' } });
  const states = (lu: string): Set<string> => new Set(status.ranges.filter((range) => range.lu === lu).map(({ state }) => state));
  expect(states('KEPT')).toEqual(new Set(['done']));
  expect(states('GONE')).toContain('failed');
  expect(states('GONE')).not.toContain('waiting');
  const { rows } = await takeCensus({ db, lus: ['KEPT'] });
  expect(rows.filter(({ keyDescription }) => keyDescription.startsWith('key-'))).toMatchObject([{ keyDescription: 'key-2', instances: 200 }]);
  await expect(refuseOverlap(db, ['KEPT', 'GONE'])).resolves.toBeUndefined();
});
