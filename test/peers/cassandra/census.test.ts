import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { sealInstance } from '../../../main/crypto/envelope.ts';
import { readPlan } from '../../../main/census/plan.ts';
import { takeCensus } from '../../../main/census/take.ts';
import { PAUSE } from '../../../main/lu/import.ts';
import { LogicalUnits } from '../../../main/systemdb/cassandra/logical-units.ts';
import type { JobRecord, SystemDb } from '../../../main/systemdb/repositories.ts';
import { TestKeys } from '../../lu/fixtures.ts';
import { fill, LU, wrapped } from '../../rekey/fixtures.ts';
import { testDatabase, type TestDatabase } from './empty-database.ts';

const INSTANCES = 2_000;
const UNDER_OTHER = 500;
const OTHER = 'ORDER';
/** Bytes of an instance in several chunks. */
const LARGE = 3 * 1024 * 1024;
/** Ranges after which it is paused, of 64 for each LU. */
const COUNTED = 20;

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase('census');
});
beforeEach(() => database.empty());
afterEach(() => database.closeAll());
afterAll(async () => {
  await database.stop();
});

/** A session that tells, by range, how often it was counted through to its end. */
function telling(db: SystemDb, ended: Map<string, number>): SystemDb {
  return wrapped(db, {
    instances: {
      countRange: async (range, page) => {
        const found = await db.instances.countRange(range, page);
        const key = `${range.lu} ${range.start} ${range.end}`;
        if (found.cursor === null) ended.set(key, (ended.get(key) ?? 0) + 1);
        return found;
      },
    },
  });
}

test('a census that is paused goes on through another session: the same total, each range counted once', async () => {
  const [first, second] = [await database.open(), await database.open()];
  const keys = new TestKeys();
  keys.rotate('key-1');
  await fill(first, keys, INSTANCES);
  keys.rotate('key-2');
  await fill(first, keys, UNDER_OTHER, OTHER);

  const before = new Map<string, number>();
  const stop = new AbortController();
  const paused = takeCensus({
    db: telling(first, before),
    jobId: 'shared',
    signal: stop.signal,
    onProgress: ({ ranges }) => {
      if (ranges.counted >= COUNTED) stop.abort(PAUSE);
    },
  });
  await expect(paused).rejects.toMatchObject({ code: 'CANCELLED' });
  const job = (await second.jobs.get('shared')) as JobRecord;
  expect(job).toMatchObject({ kind: 'census', state: 'paused' });
  const kept = (JSON.parse(job.cursor ?? '') as { ranges: string }).ranges;
  const { ranges } = readPlan(job);
  const countedBefore = ranges.filter((_, place) => kept[place] === '+');
  expect(countedBefore.length).toBeGreaterThanOrEqual(COUNTED);
  expect(countedBefore.length).toBeLessThan(ranges.length);
  expect(job.done).toBeLessThan(INSTANCES + UNDER_OTHER);

  const after = new Map<string, number>();
  const result = await takeCensus({ db: telling(second, after), jobId: 'shared' });
  expect(result).toMatchObject({
    id: 'shared',
    startedAt: job.startedAt,
    total: INSTANCES + UNDER_OTHER,
    rows: [{ lu: LU, keyDescription: 'key-1', instances: INSTANCES }, { lu: OTHER, keyDescription: 'key-2', instances: UNDER_OTHER }],
    notCovered: [],
  });
  expect(result.rows).toEqual(await second.instances.census());
  // What the first session had counted is not read again, and everything else is read once.
  const name = ({ lu, start, end }: { lu: string; start: string; end: string }): string => `${lu} ${start} ${end}`;
  const left = ranges.filter((range) => !countedBefore.includes(range)).map(name);
  expect([...after].sort()).toEqual(left.map((each) => [each, 1] as const).sort());
  for (const range of countedBefore) expect(before.get(name(range))).toBe(1);
  expect(await second.jobs.get('shared')).toMatchObject({ state: 'done', cursor: null, done: INSTANCES + UNDER_OTHER });
});

test('a chunk that is gone is found without any key', async () => {
  const [db, session] = [await database.open(), await database.connect()];
  const keys = new TestKeys();
  const { description, key } = await keys.active();
  await db.instances.saveMany(
    ['1', '2', '3'].map((id) => ({ lu: LU, id, keyDescription: description, savedAt: 1, sealed: sealInstance(keys.suite, key, { keyDescription: description, lu: LU, instanceId: id }, new Uint8Array(LARGE)) })),
  );
  const keyspace = (await new LogicalUnits(session).find(LU))?.keyspace.quoted;
  const row = await session.readOne(`SELECT version, chunks FROM ${keyspace}.entity WHERE id = ?`, ['2']);
  expect(row?.['chunks']).toBe(4);
  expect((await takeCensus({ db, deep: { share: 0 } })).deep).toMatchObject({ checked: 3, findings: 0 });
  await session.write(`DELETE FROM ${keyspace}.entity_chunks WHERE id = ? AND version = ? AND idx = 1`, ['2', row?.['version'] ?? null]);
  const { deep } = await takeCensus({ db, deep: { share: 0 } });
  expect(deep).toMatchObject({ checked: 3, opened: 0, findings: 1, byCode: { ENVELOPE_MALFORMED: 1 }, list: [{ lu: LU, id: '2' }] });
});
