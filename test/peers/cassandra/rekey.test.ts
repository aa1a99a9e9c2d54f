import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Instances } from '../../../main/lu/instances.ts';
import { retryCampaign } from '../../../main/rekey/retry.ts';
import { runCampaign } from '../../../main/rekey/run.ts';
import { campaignStatus } from '../../../main/rekey/state.ts';
import { LogicalUnits } from '../../../main/systemdb/cassandra/logical-units.ts';
import type { CassandraSession, Row } from '../../../main/systemdb/cassandra/session.ts';
import type { SystemDb } from '../../../main/systemdb/repositories.ts';
import { counterOf, imageOf, saveUnder } from '../../faults/cassandra/content.ts';
import { TestKeys } from '../../lu/fixtures.ts';
import { fill, generationsOf, image, LU, started, wrapped } from '../../rekey/fixtures.ts';
import { testDatabase, type TestDatabase } from './empty-database.ts';

const MIB = 1024 * 1024;

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

test('a changed byte and a missing chunk are failures with their reasons, which stop nobody and stay as they are until they are mended', async () => {
  const [changed, chunked] = ['000007', '000008'];
  await saveUnder({ db, keys }, LU, changed, imageOf(7, 0), 'key-1');
  await saveUnder({ db, keys }, LU, chunked, imageOf(8, 2 * MIB), 'key-1');
  const session = await database.connect();
  const unit = await new LogicalUnits(session).find(LU);
  if (unit === null) throw new Error(`${LU} has no tables`);
  const { quoted: ks } = unit.keyspace;
  const ids = [changed, chunked];
  const [row] = await session.readAll(`SELECT sealed FROM ${ks}.entity WHERE id = ?`, [changed]);
  const [, middle] = await session.readAll(`SELECT version, idx, data FROM ${ks}.entity_chunks WHERE id = ?`, [chunked]);
  const good = row?.['sealed'] as Buffer;
  const bad = Buffer.from(good);
  bad.writeUInt8(bad.readUInt8(bad.length - 1) ^ 1, bad.length - 1);
  await session.write(`UPDATE ${ks}.entity SET sealed = ? WHERE id = ?`, [bad, changed]);
  await session.write(`DELETE FROM ${ks}.entity_chunks WHERE id = ? AND version = ? AND idx = ?`, [chunked, middle?.['version'], middle?.['idx']]);
  const before = await storedOf(session, ks, ids);

  const { record } = await started(db, keys);
  expect(await runCampaign({ db, keys, id: record.id, worker: 'a' })).toBe('done');
  const failed = { state: 'done', total: 3_000, done: 2_998, failed: 2, outcome: { proven: false, rewritten: 2_998, failures: 2, left: [{ lu: LU, keyDescription: 'key-1', instances: 2 }] } };
  expect(await campaignStatus(db, record.id)).toMatchObject(failed);
  const reason = { keyDescription: 'key-1', code: 'ENVELOPE_AUTHENTICATION_FAILED', message: expect.stringMatching(/was changed/), remedy: expect.stringMatching(/restore the instance from a backup/) };
  const failures = [{ id: changed, ...reason }, { id: chunked, ...reason }];
  expect(await db.campaigns.failures(record.id, { limit: 10 })).toMatchObject(failures);
  expect(await storedOf(session, ks, ids)).toEqual(before);

  expect(await retryCampaign({ db, keys, id: record.id })).toMatchObject({ state: 'done', retried: 2, rewritten: 0, failed: 2 });
  expect(await campaignStatus(db, record.id)).toMatchObject(failed);
  expect(await storedOf(session, ks, ids)).toEqual(before);

  await session.write(`UPDATE ${ks}.entity SET sealed = ? WHERE id = ?`, [good, changed]);
  await session.write(`INSERT INTO ${ks}.entity_chunks (id, version, idx, data) VALUES (?, ?, ?, ?)`, [chunked, middle?.['version'], middle?.['idx'], middle?.['data']]);
  expect(await retryCampaign({ db, keys, id: record.id })).toMatchObject({ state: 'done', retried: 2, rewritten: 2, failed: 0 });
  expect(await campaignStatus(db, record.id)).toMatchObject({ done: 3_000, failed: 0, outcome: { proven: true, failures: 0, left: [] } });
  expect(await db.campaigns.failures(record.id, { limit: 10 })).toEqual([]);
  const instances = new Instances(other, keys);
  for (const [id, counter] of [[changed, 7], [chunked, 8]] as const) {
    const { info, image: plain } = await instances.read(LU, id);
    expect([info.keyDescription, counterOf(plain)]).toEqual(['key-2', counter]);
  }
});

/** Everything that lies in the tables of these instances, with when it was written; of bytes their digest. */
async function storedOf(session: CassandraSession, ks: string, ids: readonly string[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const id of ids) {
    rows.push(...(await session.readAll(`SELECT id, key_description, bytes, saved_at, sealed, version, chunks, has_chunks, WRITETIME(key_description) AS written FROM ${ks}.entity WHERE id = ?`, [id])));
    rows.push(...(await session.readAll(`SELECT id, version, idx, data, WRITETIME(data) AS written FROM ${ks}.entity_chunks WHERE id = ?`, [id])));
  }
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? createHash('sha256').update(value).digest('hex') : String(value)])));
}
