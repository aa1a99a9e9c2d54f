import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { AuditTrail } from '../../../main/audit/trail.ts';
import { CassandraAudit } from '../../../main/systemdb/cassandra/audit.ts';
import type { CassandraSession } from '../../../main/systemdb/cassandra/session.ts';
import { auditRecord } from '../../conformance/samples.ts';
import { testDatabase, type TestDatabase } from './empty-database.ts';

/** Records of one partition. */
const BUCKET = 1000;

let database: TestDatabase;
let session: CassandraSession;

beforeAll(async () => {
  database = await testDatabase('test_audit');
});
beforeEach(async () => {
  await database.empty();
  session = await database.connect();
});
afterEach(async () => {
  await database.closeAll();
});
afterAll(async () => {
  await database.stop();
});

/** Puts records there as if they had been appended. */
async function fill(from: number, to: number): Promise<void> {
  const insert = `
    INSERT INTO ${session.keyspaces.audit.quoted}.k2_auditing
    (bucket, seq, written_at, user, action, object, params, result, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  for (let seq = from; seq <= to; seq += 1) {
    const { at, actor, act, object, context, outcome, previous, hash } = auditRecord(seq);
    const write = session.write(insert, [Math.floor((seq - 1) / BUCKET), BigInt(seq), at, actor, act, object, context, outcome, previous, hash]);
    if (seq % 64 === 0 || seq === to) await write;
  }
}

test.each([BUCKET - 1, BUCKET, BUCKET + 1, 3 * BUCKET - 1, 3 * BUCKET, 6 * BUCKET])('the trail goes on from record %i', async (length) => {
  await fill(length - 2, length);
  // A partition that is full was begun at its first record.
  for (let bucket = 0; bucket * BUCKET < length; bucket += 1) await fill(bucket * BUCKET + 1, bucket * BUCKET + 1);
  const audit = new CassandraAudit(session);
  const other = new CassandraAudit(await database.connect());
  expect((await audit.head())?.seq).toBe(length);
  expect(await audit.append(auditRecord(length))).toBe(false);
  expect(await audit.append(auditRecord(length + 2))).toBe(false);
  expect(await audit.append(auditRecord(length + 1))).toBe(true);
  expect(await other.append(auditRecord(length + 1))).toBe(false);
  expect(await other.append(auditRecord(length + 2))).toBe(true);
  for (const one of [audit, other]) {
    expect((await one.head())?.seq).toBe(length + 2);
    expect((await one.read(length - 1, 100)).map(({ seq }) => seq)).toEqual([length - 1, length, length + 1, length + 2]);
    expect((await one.read(length - 1, 2)).map(({ seq }) => seq)).toEqual([length - 1, length]);
    expect(await one.read(length + 3, 100)).toEqual([]);
  }
});

test('a page goes over several partitions', async () => {
  await fill(1, 2 * BUCKET + 10);
  const audit = new CassandraAudit(session);
  expect((await audit.read(1, 10_000)).map(({ seq }) => seq)).toEqual(Array.from({ length: 2 * BUCKET + 10 }, (_, i) => i + 1));
  expect((await audit.read(BUCKET - 5, BUCKET + 10)).map(({ seq }) => seq)).toEqual(Array.from({ length: BUCKET + 10 }, (_, i) => BUCKET - 5 + i));
});

test('a console that saw a longer trail follows one that was put back', async () => {
  await fill(2 * BUCKET, 2 * BUCKET + 1);
  await fill(BUCKET + 1, BUCKET + 1);
  const audit = new CassandraAudit(session);
  expect((await audit.head())?.seq).toBe(2 * BUCKET + 1);
  await database.empty();
  expect(await audit.head()).toBeNull();
  expect(await audit.append(auditRecord(2 * BUCKET + 2))).toBe(false);
  expect(await audit.append(auditRecord(1))).toBe(true);
  expect((await audit.head())?.seq).toBe(1);
});

test('several looks for the newest record at once find it, and go no further for one another', async () => {
  for (const bucket of [0, 1, 2]) await fill(bucket * BUCKET + 1, bucket * BUCKET + 1);
  const asked: number[] = [];
  const readOne = session.readOne.bind(session);
  session.readOne = async (cql, params, options) => {
    asked.push(Number(params[0]));
    return readOne(cql, params, options);
  };
  const audit = new CassandraAudit(session);
  const heads = await Promise.all(Array.from({ length: 8 }, () => audit.head()));
  expect(heads.map((head) => head?.seq)).toEqual(Array.from({ length: 8 }, () => 2 * BUCKET + 1));
  expect(Math.max(...asked)).toBe(3);
});

test('trails of several consoles at once make one chain', async () => {
  const trails = [new AuditTrail((await database.open()).audit, 'a@one'), new AuditTrail((await database.open()).audit, 'b@two'), new AuditTrail((await database.open()).audit, 'c@three')];
  await Promise.all(trails.flatMap((trail) => Array.from({ length: 12 }, (_, i) => trail.record({ act: 'test', object: String(i), context: {}, outcome: 'done' }))));
  expect(await trails[0]?.verify()).toMatchObject({ records: 36 });
  const records = await new CassandraAudit(session).read(1, 100);
  expect(new Set(records.map(({ actor, object }) => `${actor} ${object}`)).size).toBe(36);
});
