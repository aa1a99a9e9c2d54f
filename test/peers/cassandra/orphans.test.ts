import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isAppError } from '../../../main/errors.ts';
import { removeOrphan } from '../../../main/masterkey/orphans.ts';
import { CassandraKeys } from '../../../main/systemdb/cassandra/keys.ts';
import type { CassandraSession } from '../../../main/systemdb/cassandra/session.ts';
import { CassandraStripes } from '../../../main/systemdb/cassandra/stripes.ts';
import type { SystemDb } from '../../../main/systemdb/repositories.ts';
import { generation } from '../../conformance/samples.ts';
import { testDatabase, type TestDatabase } from './empty-database.ts';
import { Crash, crashAtWrite, fated, interposed } from './unreliable.ts';

const ROUNDS = process.env['FKC_SOAK'] === '1' ? 2_000 : 80;

/** Longest head start of either side, in milliseconds: an activation takes some ten. */
const HEAD_START = 25;

const WRAPPED = Uint8Array.from({ length: 20 }, (_, i) => 255 - i);

let database: TestDatabase;
let session: CassandraSession;
let keys: CassandraKeys;
let stripes: CassandraStripes;

beforeAll(async () => {
  database = await testDatabase('test_orphans');
});
beforeEach(async () => {
  await database.empty();
  session = await database.connect();
  keys = new CassandraKeys(session);
  stripes = new CassandraStripes(session);
});
afterEach(async () => {
  await database.closeAll();
});
afterAll(async () => {
  await database.stop();
});

describe('a process that ends', () => {
  test('between the claim of a description and its facts leaves nothing to be seen, and nothing that can not be removed', async () => {
    await stripes.write('a-1', WRAPPED);
    const dying = new CassandraKeys(fated(await database.connect(), ['told', 'crash']));
    await expect(dying.insert(generation('a', 'a-1'))).rejects.toThrow(Crash);
    expect(await keys.get('a-1')).toBeNull();
    expect(await keys.list()).toEqual([]);
    expect(await keys.removeOrphan('a-1')).toBe(false);
    await expect(keys.activate({ name: 'a', revision: 1, description: 'a-1', activatedAt: 1 })).rejects.toMatchObject({ code: 'KEY_DESCRIPTION_UNKNOWN' });
    expect(await stripes.descriptions()).toEqual(['a-1']);
    expect(await stripes.removeOrphan('a-1')).toBe(true);
    expect(await stripes.descriptions()).toEqual([]);
    expect(await keys.list()).toEqual([]);
  });

  test('before it claims a description leaves it free', async () => {
    const dying = new CassandraKeys(fated(await database.connect(), ['crash']));
    await expect(dying.insert(generation('a', 'a-1'))).rejects.toThrow(Crash);
    await keys.insert(generation('a', 'a-1'));
    expect(await keys.list()).toHaveLength(1);
  });

  test.each([0, 1, 10, 18])('while it writes stripes (after %i of the others) leaves an orphan that is found and removed', async (written) => {
    const dying = new CassandraStripes(crashAtWrite(await database.connect(), written));
    await expect(dying.write('a-1', WRAPPED)).rejects.toThrow(Crash);
    expect(await stripes.descriptions()).toEqual(['a-1']);
    await expect(stripes.write('a-1', WRAPPED)).rejects.toMatchObject({ code: 'KEY_DESCRIPTION_EXISTS' });
    expect(await stripes.removeOrphan('a-1')).toBe(true);
    expect(await stripes.read('a-1')).toEqual([]);
  });

  test.each([0, 1, 10, 18])('while it removes stripes (after %i of the others) can be followed by another', async (removed) => {
    await stripes.write('a-1', WRAPPED);
    const dying = new CassandraStripes(crashAtWrite(await database.connect(), removed));
    await expect(dying.removeOrphan('a-1')).rejects.toThrow(Crash);
    expect(await stripes.descriptions()).toEqual(['a-1']);
    await expect(keys.insert(generation('a', 'a-1'))).rejects.toMatchObject({ code: 'KEY_ACTIVATION_LOST' });
    expect(await stripes.removeOrphan('a-1')).toBe(true);
    expect(await stripes.read('a-1')).toEqual([]);
    expect(await keys.list()).toEqual([]);
  });

  test('before it removes the claim, after all others, can be followed by another', async () => {
    await stripes.write('a-1', WRAPPED);
    const dying = new CassandraStripes(fated(await database.connect(), ['told', 'crash']));
    await expect(dying.removeOrphan('a-1')).rejects.toThrow(Crash);
    expect(await stripes.read('a-1')).toEqual([{ idx: 0, value: 255 }]);
    expect(await stripes.removeOrphan('a-1')).toBe(true);
    expect(await stripes.descriptions()).toEqual([]);
  });
});

describe('stripes that are not as they were written', () => {
  test.each([0, 1, 10, 19])('number %i: what is left is read, is not overwritten, and can be removed', async (lost) => {
    await stripes.write('a-1', WRAPPED);
    await session.write(`DELETE FROM ${session.keyspaces.auth.quoted}.stripe_key_storage WHERE key_description = ? AND idx = ?`, ['a-1', lost]);
    const left = Array.from(WRAPPED, (value, idx) => ({ idx, value })).filter(({ idx }) => idx !== lost);
    expect(await stripes.read('a-1')).toEqual(left);
    expect(await stripes.descriptions()).toEqual(['a-1']);
    await expect(stripes.write('a-1', WRAPPED)).rejects.toMatchObject({ code: 'KEY_DESCRIPTION_EXISTS' });
    expect(await stripes.removeOrphan('a-1')).toBe(true);
    expect(await stripes.read('a-1')).toEqual([]);
  });

  test('are removed also where a faster clock wrote them', async () => {
    await stripes.write('fast-1', WRAPPED);
    const write = `INSERT INTO ${session.keyspaces.auth.quoted}.stripe_key_storage (key_description, idx, value) VALUES (?, ?, ?) USING TIMESTAMP ?`;
    // The removal is as late: nothing can be written under this description for an hour.
    await session.write(write, ['fast-1', 5, 1, BigInt(Date.now() + 3_600_000) * 1000n]);
    expect(await stripes.removeOrphan('fast-1')).toBe(true);
    expect(await stripes.read('fast-1')).toEqual([]);
  });
});

describe('a removal in the middle of another process’s insert', () => {
  test.each([
    ['before the claim', 0],
    ['between the claim and the facts', 1],
  ] as const)('%s wins: there are no facts without stripes', async (_, step) => {
    await stripes.write('a-1', WRAPPED);
    const slow = new CassandraKeys(interposed(await database.connect(), step, () => stripes.removeOrphan('a-1')));
    await expect(slow.insert(generation('a', 'a-1'))).rejects.toMatchObject({ code: 'KEY_ACTIVATION_LOST' });
    expect(await keys.list()).toEqual([]);
    expect(await stripes.descriptions()).toEqual([]);
  });

  test('loses against facts that stand by then', async () => {
    await stripes.write('a-1', WRAPPED);
    const slow = new CassandraStripes(interposed(await database.connect(), 0, () => keys.insert(generation('a', 'a-1'))));
    expect(await slow.removeOrphan('a-1')).toBe(false);
    expect(await stripes.read('a-1')).toHaveLength(WRAPPED.length);
  });

  test('of facts against their activation: one of the two wins', async () => {
    await keys.insert(generation('a', 'a-1'));
    const activation = { name: 'a', revision: 1, description: 'a-1', activatedAt: 1 };
    const slow = new CassandraKeys(interposed(await database.connect(), 0, () => keys.activate(activation)));
    expect(await slow.removeOrphan('a-1')).toBe(false);
    await keys.insert(generation('a', 'a-2'));
    const late = new CassandraKeys(interposed(await database.connect(), 0, () => keys.removeOrphan('a-2')));
    await expect(late.activate({ ...activation, revision: 2, description: 'a-2' })).rejects.toMatchObject({ code: 'KEY_DESCRIPTION_UNKNOWN' });
    expect(await keys.active('a')).toMatchObject({ description: 'a-1' });
  });
});

test(`${ROUNDS} activations against a removal of their parts at some moment: what is active is whole`, async () => {
  const [activating, removing] = [await database.open(), await database.open()];
  const outcomes = new Map<string, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = `n${round % 8}`;
    const description = `${name}-${round}`;
    const [activated, removed] = await Promise.all([
      delay(Math.random() * HEAD_START).then(() => activate(activating, name, description)),
      delay(Math.random() * HEAD_START * 2).then(() => removeOrphan(removing, description)),
    ]);
    const facts = await removing.keys.get(description);
    const isActive = (await removing.keys.active(name))?.description === description;
    expect(isActive).toBe(activated);
    if (activated) {
      expect(facts).not.toBeNull();
      expect((await removing.stripes.read(description)).map(({ value }) => value)).toEqual([...WRAPPED]);
    } else {
      await removeOrphan(removing, description);
      expect(await removing.keys.get(description)).toBeNull();
      expect(await removing.stripes.read(description)).toEqual([]);
    }
    const outcome = `${activated ? 'activated' : 'lost'}, ${removed ? 'removed' : 'left'}`;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  expect([...outcomes.keys()]).not.toContain('activated, removed');
  expect(outcomes.size).toBeGreaterThan(1);
}, 3_600_000);

/** The steps of an activation that touch the database. */
async function activate({ keys, stripes }: SystemDb, name: string, description: string): Promise<boolean> {
  try {
    const revision = ((await keys.active(name))?.revision ?? 0) + 1;
    await stripes.write(description, WRAPPED);
    await keys.insert(generation(name, description, { stripes: WRAPPED.length }));
    if ((await stripes.read(description)).length !== WRAPPED.length) return false;
    return await keys.activate({ name, revision, description, activatedAt: revision });
  } catch (error) {
    if (isAppError(error, 'KEY_ACTIVATION_LOST') || isAppError(error, 'KEY_DESCRIPTION_UNKNOWN')) return false;
    throw error;
  }
}
