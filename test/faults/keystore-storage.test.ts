import { copyFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Profiles } from '../../app/profiles.ts';
import { passwordOf } from '../../app/password.ts';
import { openServices } from '../../app/services.ts';
import { randomSecret } from '../../main/crypto/random.ts';
import { KeyStoreFile } from '../../main/keystore/keystore-file.ts';
import { PROTECTION_ALIAS } from '../../main/masterkey/protection.ts';
import { CUSTOMERS, KEYSTORE_PASSWORD, makeHome, openCluster, PROFILE } from './cluster.ts';
import { standing } from './standing.ts';

const ACTIVATE = "activatekey name='masterkey_key_name'";
const WHOLE = { unreadable: 0, brokenGenerations: 0, active: { masterkey_key_name: 1, k2_hash_key: 1 }, auditIntact: true };

let home: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ home, remove } = await makeHome({ keystore: true }));
});
afterEach(() => remove());

describe('a KeyStore', () => {
  const file = (): string => join(home, 'fabric.keystore');

  /** What unlocking answers with the file as `damage` leaves it; then the file is put back, and all is well. */
  async function unlockWith(damage: () => Promise<void>, password: string | null = null): Promise<string> {
    await copyFile(file(), `${file()}.kept`);
    await damage();
    const damaged = await readFile(file()).catch(() => null);
    const services = await openServices({ home, profile: PROFILE });
    const code = await services.unlock(password === null ? null : passwordOf(password)).then(
      () => 'none',
      (error: { code: string; message: string; remedy: string }) => (error.message !== '' && error.remedy !== '' ? error.code : 'no words'),
    );
    expect(services.cluster.unlocked).toBe(code === 'none');
    await expect(services.activation.run(ACTIVATE, null)).rejects.toMatchObject({ code: 'LOCKED' });
    // A failed start changes nothing, least of all the file.
    expect(await readFile(file()).catch(() => null)).toEqual(damaged);
    await copyFile(`${file()}.kept`, file());
    await services.unlock(null);
    expect(await standing(services)).toMatchObject({ ...WHOLE, instances: CUSTOMERS });
    await services.close();
    return code;
  }

  test('that is gone is never made anew', async () => {
    expect(await unlockWith(() => rm(file()))).toBe('KEYSTORE_NOT_FOUND');
  });

  test.each([0, 1, 100, 600])('cut to %d bytes is refused', async (length) => {
    expect(await unlockWith(() => truncate(file(), length))).toMatch(/^KEYSTORE_(MALFORMED|FORMAT_UNKNOWN)$/);
  });

  test('with a changed byte is refused', async () => {
    const damage = async (): Promise<void> => {
      const bytes = await readFile(file());
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      await writeFile(file(), bytes);
    };
    expect(await unlockWith(damage)).toMatch(/^KEYSTORE_(MALFORMED|PASSWORD_WRONG)$/);
  });

  test('with another password is refused', async () => {
    expect(await unlockWith(async () => undefined, 'not the password')).toBe('KEYSTORE_PASSWORD_WRONG');
  });

  /** Puts a KeyStore with the same password and no entry, or another cluster's, in the place of the cluster's. */
  async function replaceFile(withKey: boolean): Promise<void> {
    await rm(file());
    using password = passwordOf(KEYSTORE_PASSWORD);
    using fresh = await KeyStoreFile.create(file(), password);
    using key = randomSecret(32);
    if (withKey) await fresh.update((content) => content.withSecretKey(PROTECTION_ALIAS, key, 1));
  }

  test.each([
    ['without the entry', false],
    ["with another cluster's entry", true],
  ])('%s in the place of the right one is refused at once', async (_, withKey) => {
    expect(await unlockWith(() => replaceFile(withKey))).toBe('KEYSTORE_ENTRY_MISSING');
  });

  test.each([
    ['without the entry', false],
    ["with another cluster's entry", true],
  ])('%s that replaces the right one under a running process: each place says so, the file is left alone, and with the old one all is well', async (_, withKey) => {
    const services = await openCluster(home);
    const { description } = await services.cluster.ring.active();
    const before = (await services.keys.list()).keys;
    await copyFile(file(), `${file()}.kept`);
    await replaceFile(withKey);
    const wrong = await readFile(file());
    const verified = await services.keys.verify();
    expect(verified).toMatchObject({ checked: 2, readable: 0, orphans: [] });
    expect(verified.unreadable.map(({ code }) => code)).toEqual(['KEY_PROTECTION_MISSING', 'KEY_PROTECTION_MISSING']);
    await expect(services.activation.run(ACTIVATE, 'under the wrong KeyStore')).rejects.toMatchObject({ code: 'KEYSTORE_ENTRY_MISSING', message: /\S/, remedy: /\S/ });
    await expect(services.keystore.rotate(PROFILE)).rejects.toMatchObject({ code: 'KEYSTORE_ENTRY_MISSING' });
    expect((await services.cluster.ring.active()).description).toBe(description);
    // What is in memory goes on serving.
    expect(await services.data.verify()).toMatchObject({ readable: CUSTOMERS, unreadable: [] });
    expect(await readFile(file())).toEqual(wrong);
    expect((await services.keys.list()).keys).toEqual(before);
    expect(await services.cluster.db.stripes.descriptions()).toHaveLength(2);
    await services.close();
    await copyFile(`${file()}.kept`, file());
    const after = await openCluster(home);
    expect(await standing(after)).toEqual({ ...WHOLE, instances: CUSTOMERS });
    await after.activation.run(ACTIVATE, 'with it again');
    await after.close();
  });

  test('without the entry gets one, made when the cluster first goes live', async () => {
    const fresh = join(home, 'fresh.keystore');
    using password = passwordOf(KEYSTORE_PASSWORD);
    (await KeyStoreFile.create(fresh, password)).dispose();
    await new Profiles(home).create({ name: 'fresh', sqlite: join(home, 'fresh.sqlite'), keystore: { file: fresh, passwordFile: join(home, 'password') } });
    const services = await openServices({ home, profile: 'fresh' });
    await services.unlock(null);
    expect(await standing(services)).toMatchObject({ ...WHOLE, instances: 0 });
    await services.close();
    using opened = await KeyStoreFile.open(fresh, password);
    using key = opened.secretKey(PROTECTION_ALIAS);
    expect(key?.length).toBe(32);
  });

  test('that vanishes or breaks under a running process: activation is refused, all that was readable stays so', async () => {
    const services = await openCluster(home);
    const { description } = await services.cluster.ring.active();
    await copyFile(file(), `${file()}.kept`);
    for (const [damage, codes] of [
      [() => rm(file()), /^KEYSTORE_NOT_FOUND$/],
      [() => truncate(file(), 300), /^KEYSTORE_(MALFORMED|FORMAT_UNKNOWN)$/],
    ] as const) {
      await damage();
      const error: unknown = await services.activation.run(ACTIVATE, 'without its KeyStore').catch((caught: unknown) => caught);
      expect((error as { code: string }).code).toMatch(codes);
      expect((await services.cluster.ring.active()).description).toBe(description);
      expect(await services.data.verify()).toMatchObject({ readable: CUSTOMERS, unreadable: [] });
      await copyFile(`${file()}.kept`, file());
    }
    await services.activation.run(ACTIVATE, 'with it again');
    expect(await standing(services)).toMatchObject(WHOLE);
    await services.close();
  });
});
