import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Instances } from '../../../main/lu/instances.ts';
import { runCampaign } from '../../../main/rekey/run.ts';
import { campaignStatus } from '../../../main/rekey/state.ts';
import type { SystemDb } from '../../../main/systemdb/repositories.ts';
import { TestKeys } from '../../lu/fixtures.ts';
import { fill, generationsOf, image, LU, started, wrapped } from '../../rekey/fixtures.ts';
import { testDatabase, type TestDatabase } from './empty-database.ts';

let database: TestDatabase;
let db: SystemDb;
let other: SystemDb;
const keys = new TestKeys();

beforeAll(async () => {
  database = await testDatabase('rekey');
});
beforeEach(async () => {
  await database.empty();
  db = await database.open();
  other = await database.open();
  keys.rotate('key-1');
  await fill(db, keys, 3_000);
  keys.rotate('key-2');
});
afterAll(async () => {
  await database.closeAll();
  await database.stop();
});

test('two workers share a campaign over a real ring, while a save in between wins', async () => {
  const { record } = await started(db, keys);
  const instances = new Instances(other, keys);
  let saved = 0;
  const racing = wrapped(db, {
    instances: {
      rewrite: async (read, next) => {
        if (Number(read.id) % 100 === 0) {
          await instances.save(LU, read.id, image('newer'));
          saved++;
        }
        return db.instances.rewrite(read, next);
      },
    },
  });
  const states = await Promise.all([runCampaign({ db: racing, keys, id: record.id, worker: 'a' }), runCampaign({ db: other, keys, id: record.id, worker: 'b' })]);
  expect(states).toEqual(['done', 'done']);
  expect(saved).toBeGreaterThan(0);
  expect(await generationsOf(db)).toEqual({ 'key-2': 3_000 });
  const status = await campaignStatus(db, record.id);
  expect(status).toMatchObject({ done: 3_000, failed: 0, workers: [], outcome: { proven: true, rewritten: 3_000 } });
  expect(status.ranges.reduce((sum, range) => sum + range.passed, 0)).toBe(3_000);
  const verified = await instances.verify(LU);
  expect(verified.unreadable).toEqual([]);
  let newer = 0;
  for await (const page of instances.readPages(LU)) for (const { image: plain } of page) if (Buffer.compare(plain, image('newer')) === 0) newer++;
  expect(newer).toBe(saved);
});
