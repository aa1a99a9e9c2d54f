import { copyFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../main/crypto/fingerprint.ts';
import { randomSecret } from '../../main/crypto/random.ts';
import { derSequence } from '../../main/keystore/der.ts';
import { KeyStoreFile } from '../../main/keystore/keystore-file.ts';
import { writeSecretKeyBag } from '../../main/keystore/pkcs12/bags.ts';
import { openPkcs12 } from '../../main/keystore/pkcs12/content.ts';
import { writeMac } from '../../main/keystore/pkcs12/mac.ts';
import { writeDataContentInfo, writePfx } from '../../main/keystore/pkcs12/pfx.ts';
import { sealSecretKey } from '../../main/keystore/pkcs12/secret-key.ts';
import { activateKey } from '../../main/masterkey/activate.ts';
import type { KeyRing } from '../../main/masterkey/key-ring.ts';
import { HASH_KEY_NAME, LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import { verifyKeys } from '../../main/masterkey/verify.ts';
import { SecretBytes } from '../../main/secret.ts';
import { openTestCluster, password, type TestCluster } from './cluster-fixture.ts';

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await openTestCluster();
});

afterEach(() => cluster.close());

const request = { name: LUI_KEY_NAME, generator: 'Java_AES', store: 'Stripe_AES', actor: 'tester@host', reason: null } as const;

/** Every generation's key, as fingerprints by description: equal before and after means nothing was lost. */
async function fingerprints(ring: KeyRing): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { description } of await cluster.db.keys.list()) found[description] = fingerprintOf(await ring.get(description));
  return found;
}

describe('going live', () => {
  it('creates the LUI key and the hash key, once', async () => {
    const first = await cluster.goLive();
    const second = await cluster.goLive();
    expect(await fingerprints(second)).toEqual(await fingerprints(first));
    expect((await cluster.db.keys.list()).map((g) => g.name).sort()).toEqual([HASH_KEY_NAME, LUI_KEY_NAME]);
  });

  it('sees a generation that another process activated', async () => {
    const here = await cluster.goLive();
    const there = await cluster.goLive();
    const { description } = await activateKey({ db: cluster.db, protection: there.protection }, request);
    expect((await here.active()).description).toBe(description);
  });

  it('zeroes every key on lock', async () => {
    const ring = await cluster.goLive();
    const { key } = await ring.active();
    ring.lock();
    expect(key.disposed).toBe(true);
    await expect(ring.active()).rejects.toMatchObject({ code: 'LOCKED' });
    expect(JSON.stringify({ key })).not.toMatch(/\d/);
  });

  it('leaves out what is damaged and goes on with the rest', async () => {
    const ring = await cluster.goLive();
    const old = (await ring.active()).description;
    await activateKey({ db: cluster.db, protection: ring.protection }, request);
    cluster.loseStripes(old);
    const again = await cluster.goLive();
    expect(again.failures.get(old)).toMatchObject({ code: 'KEY_STRIPES_MISSING' });
    await expect(again.get(old)).rejects.toMatchObject({ code: 'KEY_STRIPES_MISSING' });
    expect((await again.active()).key.length).toBe(32);
  });

  it.each([-1, 0, 3, 66, 256, 2 ** 40])('leaves out a generation whose facts name %d stripes, and goes on with the rest', async (stripes) => {
    const ring = await cluster.goLive();
    cluster.changeFacts(HASH_KEY_NAME, 'stripes', stripes);
    const again = await cluster.goLive();
    expect((await again.active(LUI_KEY_NAME)).description).toBe((await ring.active(LUI_KEY_NAME)).description);
    expect([...again.failures.values()].map((failure) => failure.code)).toEqual([expect.stringMatching(/^(KEY_STRIPES|WRAPPED_KEY)_/)]);
  });

  it.each(['null', '[]', '7', '{"keyId":7}'])('has a clear code where the facts hold %s as wrapping', async (wrapping) => {
    await cluster.goLive();
    cluster.changeFacts(HASH_KEY_NAME, 'wrapping', wrapping);
    await expect(cluster.goLive()).rejects.toMatchObject({ code: 'DATABASE_CORRUPT' });
  });

  it('says which key description it does not know', async () => {
    const ring = await cluster.goLive();
    await expect(ring.get('nowhere')).rejects.toMatchObject({ code: 'KEY_DESCRIPTION_UNKNOWN' });
  });
});

describe('stripes', () => {
  async function damaged(change: (bytes: Uint8Array) => void): Promise<{ code: string; details: unknown }> {
    const ring = await cluster.goLive();
    const description = (await cluster.db.keys.active(LUI_KEY_NAME))?.description ?? '';
    const whole = Uint8Array.from((await cluster.db.stripes.read(description)).map((stripe) => stripe.value));
    const rewrite = async (bytes: Uint8Array): Promise<void> => {
      cluster.loseStripes(description);
      await cluster.db.stripes.write(description, bytes);
    };
    const bytes = Uint8Array.from(whole);
    change(bytes);
    await rewrite(bytes);
    const { unreadable } = await verifyKeys(ring.protectors, description);
    const again = await cluster.goLive();
    await rewrite(whole);
    return { code: unreadable[0]?.code ?? '', details: again.failures.get(description)?.details };
  }

  it('names any one stripe that was changed', async () => {
    for (const place of [0, 1, 12, 40, 64]) {
      const found = await damaged((bytes) => {
        bytes[place] = (bytes[place] ?? 0) ^ 0x40;
      });
      expect(found).toMatchObject({ code: 'KEY_STRIPES_CHANGED', details: { stripes: [place] } });
    }
  });

  it('names two stripes that were exchanged', async () => {
    let other = 5;
    const found = await damaged((bytes) => {
      while (bytes[other] === bytes[4]) other += 1;
      [bytes[4], bytes[other]] = [bytes[other] ?? 0, bytes[4] ?? 0];
    });
    expect(found).toMatchObject({ code: 'KEY_STRIPES_CHANGED', details: { stripes: [4, other] } });
  });

  it('names a stripe that is missing', async () => {
    const ring = await cluster.goLive();
    const { description } = await ring.active();
    const stripes = await cluster.db.stripes.read(description);
    const read = cluster.db.stripes.read.bind(cluster.db.stripes);
    cluster.db.stripes.read = async (d) => (await read(d)).filter((stripe) => stripe.idx !== 7);
    const { unreadable } = await verifyKeys(ring.protectors, description);
    expect(stripes.length).toBeGreaterThan(7);
    expect(unreadable[0]).toMatchObject({ code: 'KEY_STRIPES_MISSING' });
    expect(unreadable[0]?.message).toContain('stripe 7');
  });

  it("refuses another generation's stripes", async () => {
    const ring = await cluster.goLive();
    const first = await ring.active();
    const second = await activateKey({ db: cluster.db, protection: ring.protection }, request);
    const bytes = Uint8Array.from((await cluster.db.stripes.read(first.description)).map((stripe) => stripe.value));
    cluster.loseStripes(second.description);
    await cluster.db.stripes.write(second.description, bytes);
    const { unreadable } = await verifyKeys(ring.protectors, second.description);
    expect(unreadable[0]).toMatchObject({ code: 'WRAPPED_KEY_AUTHENTICATION_FAILED' });
  });
});

describe('the KeyStore as protection', () => {
  it('regenerates the master keys under it and keeps the old generations readable', async () => {
    const before = await cluster.goLive();
    const kept = await fingerprints(before);
    const ring = await cluster.goLive({ keystore: true });
    const facts = await cluster.db.keys.get((await ring.active()).description);
    expect(facts?.wrapping['kind']).toBe('keystore');
    expect(await fingerprints(ring)).toMatchObject(kept);
    expect(Object.keys(await fingerprints(ring))).toHaveLength(4);
  });

  it('can not be turned off again', async () => {
    await cluster.goLive({ keystore: true });
    await expect(cluster.goLive({ keystore: false })).rejects.toMatchObject({ code: 'KEYSTORE_CANNOT_TURN_OFF' });
  });

  it('keeps every generation readable over rotations of the protection key', async () => {
    const ring = await cluster.goLive({ keystore: true });
    for (let round = 0; round < 3; round += 1) {
      await activateKey({ db: cluster.db, protection: ring.protection }, request);
      await ring.protection.rotate(await cluster.db.keys.list());
    }
    const kept = await fingerprints(ring);
    const again = await cluster.goLive({ keystore: true });
    expect(await fingerprints(again)).toEqual(kept);
    expect(again.stale.size).toBe(0);
  });

  it('goes live with an older copy that holds the same current key, and says that it is stale', async () => {
    const ring = await cluster.goLive({ keystore: true });
    const copy = join(cluster.folder, 'older.keystore');
    await copyFile(cluster.keystoreFile, copy);
    const { description } = await activateKey({ db: cluster.db, protection: ring.protection }, request);
    const older = await cluster.goLive({ keystore: true, keystoreFile: copy });
    expect(older.holds(description)).toBe(true);
    expect([...older.stale]).toEqual([description]);
  });

  it('finds its protection key behind the entry of another program, which has a password of its own', async () => {
    const ring = await cluster.goLive({ keystore: true });
    const { description } = await ring.active();
    using own = SecretBytes.take(Buffer.from('another password'));
    using content = openPkcs12(await readFile(cluster.keystoreFile), password());
    using protection = content.secretKey('masterkey_key_name');
    if (protection === null) throw new Error('no protection key');
    using foreign = randomSecret(32);
    const bag = (alias: string, key: SecretBytes, under: SecretBytes): Buffer => writeSecretKeyBag(alias, sealSecretKey(alias, key, under), 1).raw;
    using given = password();
    const bags = [bag('masterkey_key_name', foreign, given), bag('theirs', foreign, own), bag('kept', protection, given)];
    const safe = derSequence(writeDataContentInfo(derSequence(...bags)));
    const copy = join(cluster.folder, 'mixed.keystore');
    await writeFile(copy, writePfx(safe, writeMac(safe, given)));
    const mixed = await cluster.goLive({ keystore: true, keystoreFile: copy });
    expect(mixed.failures.get(description)).toBeUndefined();
    expect(mixed.holds(description)).toBe(true);
  });

  it('says which protection key is missing where the copy is too old', async () => {
    const ring = await cluster.goLive({ keystore: true });
    const copy = join(cluster.folder, 'older.keystore');
    await copyFile(cluster.keystoreFile, copy);
    await ring.protection.rotate(await cluster.db.keys.list());
    const { description } = await activateKey({ db: cluster.db, protection: ring.protection }, request);
    const older = await cluster.goLive({ keystore: true, keystoreFile: copy });
    expect(older.failures.get(description)).toMatchObject({ code: 'KEY_PROTECTION_MISSING' });
  });

  it('makes the entry where it is missing', async () => {
    const keystore = await KeyStoreFile.create(cluster.keystoreFile, password());
    expect(keystore.secretKey('masterkey_key_name')).toBeNull();
    keystore.dispose();
    const ring = await cluster.goLive({ keystore: true });
    expect((await ring.active()).key.length).toBe(32);
  });

  it('has a clear code for a file that is gone, cut or locked by another password', async () => {
    await cluster.goLive({ keystore: true });
    await expect(KeyStoreFile.open(cluster.keystoreFile, SecretBytes.take(Buffer.from('something else')))).rejects.toMatchObject({
      code: 'KEYSTORE_PASSWORD_WRONG',
    });
    await truncate(cluster.keystoreFile, 100);
    await expect(KeyStoreFile.open(cluster.keystoreFile, password())).rejects.toMatchObject({ code: 'KEYSTORE_MALFORMED' });
    await rm(cluster.keystoreFile);
    await expect(KeyStoreFile.open(cluster.keystoreFile, password())).rejects.toMatchObject({ code: 'KEYSTORE_NOT_FOUND' });
  });
});
