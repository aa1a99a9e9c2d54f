import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../main/crypto/fingerprint.ts';
import { randomSecret } from '../../main/crypto/random.ts';
import { onFailPoint } from '../../main/fail-point.ts';
import { KeyStoreFile } from '../../main/keystore/keystore-file.ts';
import { activateKey } from '../../main/masterkey/activate.ts';
import { findOrphans, ORPHAN_GRACE_MS, removeOrphans } from '../../main/masterkey/orphans.ts';
import { PROTECTION_ALIAS } from '../../main/masterkey/protection.ts';
import { LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import { verifyKeys } from '../../main/masterkey/verify.ts';
import { openTestCluster, password, type TestCluster } from './cluster-fixture.ts';

/** Several rings on one system database, as window and CLI have it: what one does, the others must live with. */
let cluster: TestCluster;

beforeEach(async () => {
  cluster = await openTestCluster();
});

afterEach(async () => {
  onFailPoint(null);
  await cluster.close();
});

const request = { name: LUI_KEY_NAME, generator: 'Java_AES', store: 'Stripe_AES', actor: 'tester@host', reason: null } as const;

describe('another process changes the KeyStore', () => {
  it('reads what was activated under a rotated protection key, and calls no copy stale', async () => {
    const here = await cluster.goLive({ keystore: true });
    const there = await cluster.goLive({ keystore: true });
    await there.protection.rotate(await cluster.db.keys.list());
    const { description, fingerprint } = await activateKey({ db: cluster.db, protection: there.protection }, request);
    expect(fingerprintOf((await here.active()).key)).toBe(fingerprint);
    expect([...here.stale]).toEqual([]);
    expect((await here.active()).description).toBe(description);
  });

  it('calls no copy stale where only a record was added', async () => {
    const here = await cluster.goLive({ keystore: true });
    const there = await cluster.goLive({ keystore: true });
    await activateKey({ db: cluster.db, protection: there.protection }, request);
    await here.active();
    expect([...here.stale]).toEqual([]);
  });

  it('loses no protection key over rotations, also one that wrapped nothing here', async () => {
    const ring = await cluster.goLive({ keystore: true });
    await ring.protection.rotate(await cluster.db.keys.list());
    const copy = join(cluster.folder, 'other-node.keystore');
    await copyFile(cluster.keystoreFile, copy);
    await ring.protection.rotate(await cluster.db.keys.list());
    const other = await cluster.goLive({ keystore: true, keystoreFile: copy });
    const { description } = await activateKey({ db: cluster.db, protection: other.protection }, request);
    const again = await cluster.goLive({ keystore: true });
    expect(again.holds(description)).toBe(true);
  });

  it('keeps every protection key where two rotate at once', async () => {
    const here = await cluster.goLive({ keystore: true });
    const there = await cluster.goLive({ keystore: true });
    const generations = await cluster.db.keys.list();
    const rotated = await Promise.all([here.protection.rotate(generations), there.protection.rotate(generations)]);
    const kept = await Promise.all(
      rotated.map(({ id }) =>
        here.protection.find({ ...(generations[0] as (typeof generations)[number]), wrapping: { kind: 'keystore', keyId: id } }),
      ),
    );
    expect(kept.map(({ id }) => id)).toEqual(rotated.map(({ id }) => id));
    for (const { key } of kept) key.dispose();
  });
});

describe('another process turned the KeyStore on', () => {
  it('activates nothing under the internal protection key any longer', async () => {
    const internal = await cluster.goLive();
    const ring = await cluster.goLive({ keystore: true });
    const before = await ring.active();
    await expect(activateKey({ db: cluster.db, protection: internal.protection }, request)).rejects.toMatchObject({
      code: 'KEYSTORE_CANNOT_TURN_OFF',
    });
    expect((await ring.active()).description).toBe(before.description);
    expect(await findOrphans(cluster.db)).toEqual([]);
  });

  it('makes no second protection key in a KeyStore that is not the cluster’s', async () => {
    await cluster.goLive({ keystore: true });
    const file = join(cluster.folder, 'foreign.keystore');
    await expect(cluster.goLive({ keystore: true, keystoreFile: file })).rejects.toMatchObject({ code: 'KEYSTORE_ENTRY_MISSING' });
    const foreign = await cluster.protection(true, file);
    await expect(activateKey({ db: cluster.db, protection: foreign }, request)).rejects.toMatchObject({ code: 'KEYSTORE_ENTRY_MISSING' });
    foreign.dispose();
  });

  it('makes no key under the protection key of another cluster’s KeyStore', async () => {
    await cluster.goLive({ keystore: true });
    const file = join(cluster.folder, 'foreign.keystore');
    using given = password();
    using theirs = randomSecret(32);
    using keystore = await KeyStoreFile.create(file, given);
    await keystore.update((content) => content.withSecretKey(PROTECTION_ALIAS, theirs, 1));
    const before = await readFile(file);
    await expect(cluster.goLive({ keystore: true, keystoreFile: file })).rejects.toMatchObject({ code: 'KEYSTORE_ENTRY_MISSING' });
    const foreign = await cluster.protection(true, file);
    await expect(activateKey({ db: cluster.db, protection: foreign }, request)).rejects.toMatchObject({ code: 'KEYSTORE_ENTRY_MISSING' });
    await expect(foreign.rotate(await cluster.db.keys.list())).rejects.toMatchObject({ code: 'KEYSTORE_ENTRY_MISSING' });
    foreign.dispose();
    expect(await readFile(file)).toEqual(before);
    expect(await findOrphans(cluster.db)).toEqual([]);
  });
});

describe('another process removes orphans', () => {
  /** Its clock is far ahead, or this process slept in the middle: the grace period protects nothing. */
  const late = (): number => Date.now() + 10 * ORPHAN_GRACE_MS;

  for (const place of ['stored', 'verified', 'described', 'active']) {
    it(`never leaves an active generation without its stripes, at "${place}"`, async () => {
      const ring = await cluster.goLive();
      let removal: Promise<unknown> = Promise.resolve();
      onFailPoint((name) => {
        if (name === `activate:${place}`) removal = removeOrphans(cluster.db, late());
      });
      await activateKey({ db: cluster.db, protection: ring.protection }, request).catch(() => undefined);
      await removal;
      onFailPoint(null);
      expect((await verifyKeys(ring.protectors)).unreadable).toEqual([]);
      expect(await findOrphans(cluster.db)).toEqual([]);
    });
  }

  it('keeps the stripes of a generation that was activated after it was listed', async () => {
    const ring = await cluster.goLive();
    const activations = cluster.db.keys.activations.bind(cluster.db.keys);
    const { description } = await activateKey({ db: cluster.db, protection: ring.protection }, request);
    // What the remover read was read before the activation.
    cluster.db.keys.activations = async () => (await activations()).filter((activation) => activation.description !== description);
    await removeOrphans(cluster.db, late());
    cluster.db.keys.activations = activations;
    expect((await verifyKeys(ring.protectors)).unreadable).toEqual([]);
  });
});
