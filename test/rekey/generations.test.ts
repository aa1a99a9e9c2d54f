/** What a process does that can not use a generation of the campaign: its part ends, and no good instance is on the list. */
import { expect, test } from 'vitest';
import { AppError, type ErrorCode } from '../../main/errors.ts';
import { Fields } from '../../main/lu/fields.ts';
import type { Instances } from '../../main/lu/instances.ts';
import type { InstanceKeys } from '../../main/lu/keys.ts';
import { retryCampaign } from '../../main/rekey/retry.ts';
import { runCampaign } from '../../main/rekey/run.ts';
import { campaignStatus } from '../../main/rekey/state.ts';
import { failureOf, imageOf, type TestKeys } from '../lu/fixtures.ts';
import { cluster, generationsOf, inRangesOf, LU, started, wrapped } from './fixtures.ts';

const COLUMN = { lu: LU, table: 'person', column: 'ssn' };

/** The keys of a process that is told `code` for a generation, once it has used it `after` times. */
function without(keys: TestKeys, description: string, code: ErrorCode, after = 0): InstanceKeys {
  let uses = 0;
  const get: InstanceKeys['get'] = async (asked) => {
    if (asked === description && ++uses > after) throw new AppError(code, 'It is away.', 'Wait.');
    return keys.get(asked);
  };
  const active: InstanceKeys['active'] = async () => {
    const { description: asked } = await keys.active();
    return { description: asked, key: await get(asked) };
  };
  return { suite: keys.suite, get, active, forSaving: active };
}

/** Instances of one field value each, all under the active generation. */
async function people(keys: TestKeys, instances: Instances, ...ids: string[]): Promise<void> {
  for (const id of ids) {
    const token = await new Fields(keys).luEncrypt(Buffer.from(id), LU, id);
    await instances.save(LU, id, imageOf(`CREATE TABLE person(ssn TEXT); INSERT INTO person VALUES ('${token}')`));
  }
}

test('a KMS that is away in the middle ends the worker, and another goes on', async () => {
  const { db, keys } = await cluster(60);
  const { record } = await started(inRangesOf(db, 10, 60), keys);
  // Handed out, and no longer in memory after some instances.
  const lent = (await keys.get('key-1')).clone();
  const get: InstanceKeys['get'] = async (asked) => {
    if (asked !== 'key-1') return keys.get(asked);
    if (lent.disposed) throw new AppError('KMS_UNREACHABLE', 'It is away.', 'Wait.');
    return lent;
  };
  const away: InstanceKeys = { suite: keys.suite, active: () => keys.active(), forSaving: () => keys.active(), get };
  let writes = 0;
  const leaving = wrapped(db, {
    instances: {
      rewrite: (read, next) => {
        if (++writes === 20) lent.dispose();
        return db.instances.rewrite(read, next);
      },
    },
  });
  expect((await failureOf(() => runCampaign({ db: leaving, keys: away, id: record.id, worker: 'a' })))).toMatchObject({ code: 'REKEY_GENERATION_UNREADABLE', details: { description: 'key-1', why: 'KMS_UNREACHABLE' } });
  expect(lent.disposed).toBe(true);
  expect(writes).toBeGreaterThanOrEqual(20);
  expect(await db.campaigns.failures(record.id, { limit: 5 })).toEqual([]);
  expect(await campaignStatus(db, record.id)).toMatchObject({ state: 'running', failed: 0, workers: [] });
  expect(await runCampaign({ db, keys, id: record.id, worker: 'b' })).toBe('done');
  expect(await generationsOf(db)).toEqual({ 'key-2': 60 });
});

test.each(['KEY_DESCRIPTION_UNKNOWN', 'KMS_PERMISSION_DENIED'] as const)('a process that can not use a generation takes no part in a campaign over fields (%s)', async (code) => {
  const { db, keys, instances } = await cluster(0);
  await people(keys, instances, '1', '2');
  keys.rotate('key-3');
  const { record } = await started(db, keys, {}, { fields: [COLUMN] });
  expect((await failureOf(() => runCampaign({ db, keys: without(keys, 'key-2', code), id: record.id, worker: 'a' }))).code).toBe('REKEY_GENERATION_UNREADABLE');
  expect((await campaignStatus(db, record.id))).toMatchObject({ state: 'running', failed: 0 });
  expect(await db.campaigns.failures(record.id, { limit: 5 })).toEqual([]);
  expect(await runCampaign({ db, keys, id: record.id, worker: 'b' })).toBe('done');
});

test('a value under a generation that only others can use ends the part of a process; one that nobody knows is a failure', async () => {
  const { db, keys, instances } = await cluster(0);
  const old = await new Fields(keys).luEncrypt(Buffer.from('x'), LU, '1');
  keys.rotate('key-3');
  await instances.save(LU, '1', imageOf(`CREATE TABLE person(ssn TEXT); INSERT INTO person VALUES ('${old}')`));
  keys.rotate('key-4');
  const { record } = await started(db, keys, {}, { fields: [COLUMN] });
  expect((await failureOf(() => runCampaign({ db, keys: without(keys, 'key-2', 'KMS_TIMEOUT'), id: record.id, worker: 'a' }))).code).toBe('REKEY_GENERATION_UNREADABLE');
  expect(await db.campaigns.failures(record.id, { limit: 5 })).toEqual([]);
  expect(await runCampaign({ db, keys: without(keys, 'key-2', 'KEY_DESCRIPTION_UNKNOWN'), id: record.id, worker: 'b' })).toBe('done');
  expect(await db.campaigns.failures(record.id, { limit: 5 })).toMatchObject([{ id: '1', code: 'KEY_DESCRIPTION_UNKNOWN' }]);
  expect((await failureOf(() => retryCampaign({ db, keys: without(keys, 'key-2', 'KMS_TIMEOUT'), id: record.id }))).code).toBe('REKEY_GENERATION_UNREADABLE');
  expect(await retryCampaign({ db, keys, id: record.id })).toMatchObject({ rewritten: 1, failed: 0 });
});

test('the active generation, away while values are sealed, ends the part too', async () => {
  const { db, keys, instances } = await cluster(0);
  await people(keys, instances, '1', '2', '3');
  keys.rotate('key-3');
  const { record } = await started(db, keys, {}, { fields: [COLUMN] });
  // Once for the page, then for the values.
  expect((await failureOf(() => runCampaign({ db, keys: without(keys, 'key-3', 'KMS_THROTTLED', 1), id: record.id, worker: 'a' }))).code).toBe('REKEY_GENERATION_UNREADABLE');
  expect(await db.campaigns.failures(record.id, { limit: 5 })).toEqual([]);
});

test('what the plan of a campaign over fields left out stays as it is, and is not known at its end', async () => {
  const { db, keys, instances } = await cluster(0);
  await people(keys, instances, 'old');
  const stored = await db.instances.get(LU, 'old');
  keys.rotate('key-3');
  await people(keys, instances, '1', '2');
  keys.rotate('key-4');
  keys.forget('key-2');
  const { record } = await started(db, keys, {}, { fields: [COLUMN] });
  expect(await runCampaign({ db, keys: without(keys, 'key-2', 'KMS_KEY_DISABLED'), id: record.id, worker: 'a' })).toBe('done');
  expect(await db.instances.get(LU, 'old')).toEqual(stored);
  expect(await campaignStatus(db, record.id)).toMatchObject({ done: 2, total: 2, failed: 0, outcome: { failures: 0, counted: 3, rewritten: 2, fields: { left: 0, unread: 1 } } });
});
