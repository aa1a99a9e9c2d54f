import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { KeyStoreFile } from '../../../main/keystore/keystore-file.ts';
import { SecretBytes } from '../../../main/secret.ts';
import { codeOfPromise, hexOf, secret } from '../../keystore/fixtures.ts';
import { PASSWORD, genKeyPair, genSecretKey, keytool, readWithJava, type JavaEntry } from './java.ts';

const password = secret(PASSWORD);
let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fkc-keytool-'));
  file = join(folder, 'fabric.keystore');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const newKey = (): { hex: string; key: SecretBytes } => {
  const bytes = randomBytes(32);
  return { hex: bytes.toString('hex'), key: SecretBytes.take(bytes) };
};

/** Our view of the secret keys must be Java's, byte for byte and to the millisecond. */
async function expectSameAsJava(): Promise<Map<string, JavaEntry>> {
  const java = await readWithJava(file);
  using keystore = await KeyStoreFile.open(file, password);
  const secretKeys = keystore.entries().filter(({ kind }) => kind === 'secret-key');
  expect(secretKeys.map(({ alias }) => alias).toSorted()).toEqual([...java.values()].filter(({ kind }) => kind === 'secret-key').map(({ alias }) => alias).toSorted());
  for (const { alias, createdAt } of secretKeys) {
    const entry = java.get(alias ?? '');
    expect(entry?.algorithm).toBe('AES');
    expect(hexOf(keystore.secretKey(alias ?? ''))).toBe(entry?.key);
    expect(createdAt).toBe(entry?.createdAt);
  }
  return java;
}

describe.each([
  ['as it writes now', {}],
  ['with -Dkeystore.pkcs12.legacy', { legacy: true }],
])('keytool %s', (_name, options) => {
  test("the operator's own command makes a file that we read", async () => {
    await genSecretKey(file, 'masterkey_key_name', options);
    expect(await expectSameAsJava()).toHaveProperty('size', 1);
  });

  test('what we add to its file, it lists and Java reads, after it added another entry too', async () => {
    await genSecretKey(file, 'MasterKey_Key_Name', options);
    const added = newKey();
    using keystore = await KeyStoreFile.open(file, password);
    await keystore.update((content) => content.withSecretKey('ours', added.key, 1_700_000_000_000));
    expect(await keytool(file, ['-list'])).toContain('Your keystore contains 2 entries');
    expect((await expectSameAsJava()).get('ours')).toMatchObject({ key: added.hex, createdAt: 1_700_000_000_000 });

    await genSecretKey(file, 'theirs', options);
    const java = await expectSameAsJava();
    expect([...java.keys()].toSorted()).toEqual(['masterkey_key_name', 'ours', 'theirs']);
    expect(java.get('ours')?.key).toBe(added.hex);
  });

  test('a private key and its certificate stay as they are when we add, replace and add again', async () => {
    await genKeyPair(file, 'server', options);
    await genSecretKey(file, 'masterkey_key_name', options);
    const before = await readWithJava(file);
    const replaced = newKey();
    using keystore = await KeyStoreFile.open(file, password);
    await keystore.update((content) => content.withSecretKey('history', newKey().key, 1).withSecretKey('masterkey_key_name', replaced.key, 2));
    await keystore.update((content) => content.withSecretKey('history', newKey().key, 3));
    const after = await expectSameAsJava();
    expect(after.get('server')).toEqual(before.get('server'));
    expect(after.get('masterkey_key_name')).toMatchObject({ key: replaced.hex, createdAt: 2 });
    expect([...after.keys()].toSorted()).toEqual(['history', 'masterkey_key_name', 'server']);
    expect(await keytool(file, ['-list'])).toContain('server, ');
  });
});

test('a file that we made from nothing', async () => {
  using keystore = await KeyStoreFile.create(file, password);
  expect(await keytool(file, ['-list'])).toContain('Your keystore contains 0 entries');
  const aliases = ['masterkey_key_name', 'Ünïcode-Größe', 'ΑΒΓΣ', 'ключ', '鍵', 'emoji 🔑', 'with space', 'x'.repeat(255)];
  await keystore.update((content) => aliases.reduce((changed, alias, index) => changed.withSecretKey(alias, newKey().key, index + 1), content));
  expect(await expectSameAsJava()).toHaveProperty('size', aliases.length);
});

test('every password of printable ASCII', async () => {
  const text = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index)).join('');
  using given = secret(text);
  using keystore = await KeyStoreFile.create(file, given);
  const made = newKey();
  await keystore.update((content) => content.withSecretKey('a', made.key, 1));
  expect((await readWithJava(file, text)).get('a')?.key).toBe(made.hex);
});

test('our backup is a KeyStore too', async () => {
  using keystore = await KeyStoreFile.create(file, password);
  await keystore.update((content) => content.withSecretKey('a', newKey().key, 1));
  await keystore.update((content) => content.withSecretKey('b', newKey().key, 2));
  await copyFile(`${file}.bak`, file);
  expect([...(await expectSameAsJava()).keys()]).toEqual(['a']);
});

test('keytool moves our entries to a KeyStore of its own', async () => {
  using keystore = await KeyStoreFile.create(file, password);
  const made = newKey();
  await keystore.update((content) => content.withSecretKey('a', made.key, 1));
  const copy = join(folder, 'copy.p12');
  await keytool(copy, ['-importkeystore', '-srckeystore', file, '-srcstorepass', PASSWORD]);
  expect((await readWithJava(copy)).get('a')?.key).toBe(made.hex);
});

test('the most iterations that Java takes, 5,000,000, we take too', async () => {
  await keytool(file, ['-J-Dkeystore.pkcs12.macIterationCount=5000000', '-genseckey', '-alias', 'a', '-keyalg', 'aes', '-keysize', '256']);
  await expectSameAsJava();
});

test('a JCEKS file is named as what it is, and the remedy that is given works', async () => {
  const old = join(folder, 'old.jceks');
  const parameters = ['-genseckey', '-alias', 'masterkey_key_name', '-keyalg', 'aes', '-keysize', '256', '-keypass', PASSWORD];
  execFileSync('keytool', [...parameters, '-keystore', old, '-storetype', 'JCEKS', '-storepass', PASSWORD], { stdio: 'pipe' });
  expect(await codeOfPromise(KeyStoreFile.open(old, password))).toBe('KEYSTORE_FORMAT_UNKNOWN');
  execFileSync('keytool', ['-importkeystore', '-srckeystore', old, '-srcstorepass', PASSWORD, '-destkeystore', file, '-deststoretype', 'PKCS12', '-deststorepass', PASSWORD], { stdio: 'pipe' });
  expect(await expectSameAsJava()).toHaveProperty('size', 1);
});
