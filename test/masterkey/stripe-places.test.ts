import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { HASH_KEY_NAME } from '../../main/masterkey/types.ts';
import { verifyKeys } from '../../main/masterkey/verify.ts';
import { openTestCluster, type TestCluster } from './cluster-fixture.ts';

let cluster: TestCluster;
let raw: DatabaseSync;
let description: string;
let stripes: readonly number[];

beforeEach(async () => {
  cluster = await openTestCluster();
  ({ description } = await (await cluster.goLive()).active());
  stripes = (await cluster.db.stripes.read(description)).map(({ value }) => value);
  raw = new DatabaseSync(cluster.file, { timeout: 5_000 });
  // Nothing here has to outlive a power failure.
  raw.exec('PRAGMA synchronous = OFF');
});

afterEach(async () => {
  raw.close();
  await cluster.close();
});

/** The key is refused with `code`, its place named, by verify and by a process that goes live; the other key is not touched. */
async function expectRefused(code: string, place: number): Promise<void> {
  const expected = { code, details: { description, stripes: [place] } };
  const { unreadable, readable } = await verifyKeys((await cluster.goLive()).protectors);
  expect({ readable, found: unreadable.map((key) => [key.description, key.code]) }).toEqual({ readable: 1, found: [[description, code]] });
  expect(unreadable[0]?.message).toMatch(new RegExp(`\\bstripe ${place}\\b`));
  const ring = await cluster.goLive();
  await expect(ring.get(description)).rejects.toMatchObject(expected);
  await expect(ring.active()).rejects.toMatchObject(expected);
  expect(ring.holds(description)).toBe(false);
  expect((await ring.active(HASH_KEY_NAME)).key.length).toBe(32);
}

it('each single stripe that is deleted is found and named, and the key refused', async () => {
  expect(stripes).toHaveLength(65);
  for (const [idx, value] of stripes.entries()) {
    expect(raw.prepare('DELETE FROM k2auth_stripe_key_storage WHERE key_description = ? AND idx = ?').run(description, idx).changes).toBe(1);
    await expectRefused('KEY_STRIPES_MISSING', idx);
    raw.prepare('INSERT INTO k2auth_stripe_key_storage VALUES (?, ?, ?)').run(description, idx, value);
  }
  expect((await verifyKeys((await cluster.goLive()).protectors)).unreadable).toEqual([]);
});

it('each single stripe that is changed is found and named, and the key refused', async () => {
  const change = raw.prepare('UPDATE k2auth_stripe_key_storage SET value = ? WHERE key_description = ? AND idx = ?');
  for (const [idx, value] of stripes.entries()) {
    // Another difference at each place, from one bit to all of them.
    change.run(value ^ (idx === 0 ? 0xff : ((idx * 37) % 255) + 1), description, idx);
    await expectRefused('KEY_STRIPES_CHANGED', idx);
    change.run(value, description, idx);
  }
  expect((await verifyKeys((await cluster.goLive()).protectors)).unreadable).toEqual([]);
});
