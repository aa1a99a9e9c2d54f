import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fingerprintOf } from '../../main/crypto/fingerprint.ts';
import { onFailPoint } from '../../main/fail-point.ts';
import { activateKey, type ActivationStep } from '../../main/masterkey/activate.ts';
import { generationsOf } from '../../main/masterkey/generations.ts';
import type { KeyRing } from '../../main/masterkey/key-ring.ts';
import { findOrphans, ORPHAN_GRACE_MS, removeOrphans } from '../../main/masterkey/orphans.ts';
import { LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import { verifyKeys } from '../../main/masterkey/verify.ts';
import { openTestCluster, type TestCluster } from './cluster-fixture.ts';

let cluster: TestCluster;
let ring: KeyRing;

beforeEach(async () => {
  cluster = await openTestCluster();
  ring = await cluster.goLive();
});

afterEach(async () => {
  onFailPoint(null);
  await cluster.close();
});

const request = { name: LUI_KEY_NAME, generator: 'Java_AES', store: 'Stripe_AES', actor: 'tester@host', reason: 'test' } as const;

function activate(steps?: ActivationStep[]): ReturnType<typeof activateKey> {
  return activateKey(
    { db: cluster.db, protection: ring.protection, onProgress: ({ step }) => steps?.push(step) },
    request,
  );
}

describe('activation', () => {
  it('makes a new active generation and keeps the old one readable', async () => {
    const before = await ring.active();
    const steps: ActivationStep[] = [];
    const result = await activate(steps);
    const after = await ring.active();
    expect(after.description).toBe(result.description);
    expect(result.previous).toBe(before.description);
    expect(fingerprintOf(after.key)).toBe(result.fingerprint);
    expect((await ring.get(before.description)).length).toBe(32);
    expect([...new Set(steps)]).toEqual(['generated', 'wrapped', 'stored', 'read-back', 'verified', 'described', 'active']);
    const generations = generationsOf(await cluster.db.keys.list(), await cluster.db.keys.activations());
    expect(generations.filter((g) => g.name === LUI_KEY_NAME).map((g) => g.state)).toEqual(['deactivated', 'active']);
  });

  it('stores each byte of the wrapped key as a record of its own', async () => {
    const { description } = await activate();
    const stripes = await cluster.db.stripes.read(description);
    const facts = await cluster.db.keys.get(description);
    expect(stripes.length).toBe(facts?.stripes);
    expect(stripes.map((stripe) => stripe.idx)).toEqual(stripes.map((_, i) => i));
  });

  it('has one winner where two activate at once; the loser leaves nothing behind', async () => {
    const results = await Promise.allSettled([activate(), activate(), activate()]);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'KEY_ACTIVATION_LOST' });
    }
    expect(await findOrphans(cluster.db)).toEqual([]);
    expect((await cluster.db.keys.list()).filter((g) => g.name === LUI_KEY_NAME)).toHaveLength(2);
  });

  for (const place of ['generated', 'wrapped', 'stored', 'verified', 'described']) {
    it(`leaves the old generation active when it fails at "${place}"`, async () => {
      const before = await ring.active();
      onFailPoint((name) => {
        if (name === `activate:${place}`) throw new Error('the power went');
      });
      await expect(activate()).rejects.toThrow('the power went');
      onFailPoint(null);
      expect((await ring.active()).description).toBe(before.description);
      expect((await verifyKeys(ring.protectors)).unreadable).toEqual([]);
      expect(await findOrphans(cluster.db)).toEqual([]);
    });
  }

  it('refuses to activate what did not come back from storage as it was made', async () => {
    const before = await ring.active();
    const write = cluster.db.stripes.write.bind(cluster.db.stripes);
    cluster.db.stripes.write = (description, bytes, onStored) => {
      const torn = Uint8Array.from(bytes);
      torn[20] = (torn[20] ?? 0) ^ 1;
      return write(description, torn, onStored);
    };
    await expect(activate()).rejects.toMatchObject({ code: 'KEY_STRIPES_CHANGED' });
    expect((await ring.active()).description).toBe(before.description);
  });

  it("never removes stripes that another activation wrote under the same description", async () => {
    const write = cluster.db.stripes.write.bind(cluster.db.stripes);
    let taken = '';
    cluster.db.stripes.write = async (description, bytes, onStored) => {
      taken = description;
      await write(description, Uint8Array.of(1, 2, 3));
      return write(description, bytes, onStored);
    };
    await expect(activate()).rejects.toMatchObject({ code: 'KEY_DESCRIPTION_EXISTS' });
    expect((await cluster.db.stripes.read(taken)).map((stripe) => stripe.value)).toEqual([1, 2, 3]);
  });

  it('counts no instances where nothing could be an orphan', async () => {
    const census = vi.spyOn(cluster.db.instances, 'census');
    expect(await findOrphans(cluster.db)).toEqual([]);
    expect(census).not.toHaveBeenCalled();
  });

  it('names orphans, and removes only old ones', async () => {
    await cluster.db.stripes.write('masterkey_key_name-20200101t000000.000z-00000000', Uint8Array.of(1, 2, 3));
    const orphans = await findOrphans(cluster.db);
    expect(orphans).toEqual(['masterkey_key_name-20200101t000000.000z-00000000']);
    const made = Date.UTC(2020, 0, 1);
    expect(await removeOrphans(cluster.db, made + ORPHAN_GRACE_MS)).toEqual([]);
    expect(await removeOrphans(cluster.db, made + ORPHAN_GRACE_MS + 1)).toEqual(orphans);
    expect(await findOrphans(cluster.db)).toEqual([]);
  });
});
