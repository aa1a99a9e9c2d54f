import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync as writeFileNow } from 'node:fs';
import { chown, link, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { AppError } from '../../main/errors.ts';
import { onFailPoint } from '../../main/fail-point.ts';
import { KeyStoreFile } from '../../main/keystore/keystore-file.ts';
import { SecretBytes } from '../../main/secret.ts';
import { FIXTURE_KEYS, FIXTURE_PASSWORD, codeOf, codeOfPromise, fixture, hexOf, secret } from './fixtures.ts';

const password = secret(FIXTURE_PASSWORD);
const key = (): SecretBytes => SecretBytes.take(randomBytes(32));
let folder = '';
let file = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fkc-keystore-'));
  file = join(folder, 'fabric.keystore');
});
afterEach(async () => {
  onFailPoint(null);
  await rm(folder, { recursive: true, force: true });
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('opening', () => {
  test('reads keys, entries and the digest of the file', async () => {
    await writeFile(file, fixture('mixed-current.p12'));
    using keystore = await KeyStoreFile.open(file, password);
    expect(hexOf(keystore.secretKey('second_key'))).toBe(FIXTURE_KEYS['mixed-current.p12']?.['second_key']);
    expect(keystore.entries()).toHaveLength(4);
    expect(keystore.digest).toBe(sha256(fixture('mixed-current.p12')));
    expect(keystore.path).toBe(file);
  });

  test.each([
    ['an empty file', Buffer.alloc(0), 'KEYSTORE_MALFORMED'],
    ['garbage', Buffer.from('not a KeyStore at all'), 'KEYSTORE_MALFORMED'],
    ['a truncated file', fixture('current.p12').subarray(0, 300), 'KEYSTORE_MALFORMED'],
    ['JKS', fixture('java.jks'), 'KEYSTORE_FORMAT_UNKNOWN'],
    ['JCEKS', fixture('java.jceks'), 'KEYSTORE_FORMAT_UNKNOWN'],
  ])('%s', async (_name, bytes, code) => {
    await writeFile(file, bytes);
    expect(await codeOfPromise(KeyStoreFile.open(file, password))).toBe(code);
    expect(await readFile(file)).toEqual(bytes);
  });

  test('the remedy for JKS names the command that converts it', async () => {
    await writeFile(file, fixture('java.jks'));
    const failure = await KeyStoreFile.open(file, password).catch((error: unknown) => error as AppError);
    expect(failure).toMatchObject({ remedy: expect.stringContaining('keytool -importkeystore') as string });
  });

  test('a file that is not there, a folder, and a device without end', async () => {
    expect(await codeOfPromise(KeyStoreFile.open(file, password))).toBe('KEYSTORE_NOT_FOUND');
    expect(await codeOfPromise(KeyStoreFile.open(join(file, 'below'), password))).toBe('KEYSTORE_NOT_FOUND');
    expect(await codeOfPromise(KeyStoreFile.open(folder, password))).toBe('FILE_UNREADABLE');
    expect(await codeOfPromise(KeyStoreFile.open('/dev/zero', password))).toBe('FILE_UNREADABLE');
  });

  test('wrong, missing and impossible passwords', async () => {
    await writeFile(file, fixture('current.p12'));
    expect(await codeOfPromise(KeyStoreFile.open(file, secret('wrong password')))).toBe('KEYSTORE_PASSWORD_WRONG');
    expect(await codeOfPromise(KeyStoreFile.open(file, secret('')))).toBe('KEYSTORE_PASSWORD_MISSING');
    expect(await codeOfPromise(KeyStoreFile.open(file, secret('chängeit')))).toBe('KEYSTORE_PASSWORD_NOT_ASCII');
  });

  test('a file too large to be one is refused before it is read', async () => {
    await writeFile(file, '');
    await truncate(file, 65 * 1024 * 1024);
    expect(await codeOfPromise(KeyStoreFile.open(file, password))).toBe('KEYSTORE_MALFORMED');
  });
});

describe('creating', () => {
  test('makes an empty file of mode 0600', async () => {
    using keystore = await KeyStoreFile.create(file, password);
    expect(keystore.entries()).toEqual([]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).toSorted()).toEqual(['fabric.keystore', 'fabric.keystore.lock']);
  });

  test('refuses an existing file and leaves it alone', async () => {
    await writeFile(file, 'something else');
    expect(await codeOfPromise(KeyStoreFile.create(file, password))).toBe('FILE_EXISTS');
    expect(await readFile(file, 'utf8')).toBe('something else');
  });

  test('refuses a folder that is not there and passwords that keytool would refuse', async () => {
    expect(await codeOfPromise(KeyStoreFile.create(join(folder, 'no', 'file'), password))).toBe('KEYSTORE_WRITE_FAILED');
    expect(await codeOfPromise(KeyStoreFile.create(file, secret('short')))).toBe('KEYSTORE_PASSWORD_TOO_SHORT');
    expect(await codeOfPromise(KeyStoreFile.create(file, secret('pässword')))).toBe('KEYSTORE_PASSWORD_NOT_ASCII');
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('updating', () => {
  test('writes the new entry, keeps the others, keeps a backup, mode 0600, leaves no other file', async () => {
    await writeFile(file, fixture('mixed-legacy.p12'), { mode: 0o644 });
    using keystore = await KeyStoreFile.open(file, password);
    using added = key();
    await keystore.update((content) => content.withSecretKey('History', added, 7));
    expect(hexOf(keystore.secretKey('history'))).toBe(added.use((bytes) => bytes.toString('hex')));
    expect(keystore.digest).toBe(sha256(await readFile(file)));

    using again = await KeyStoreFile.open(file, password);
    expect(again.entries()).toHaveLength(4);
    expect(hexOf(again.secretKey('history'))).toBe(added.use((bytes) => bytes.toString('hex')));
    expect(hexOf(again.secretKey('second_key'))).toBe(FIXTURE_KEYS['mixed-legacy.p12']?.['second_key']);
    expect(await readFile(`${file}.bak`)).toEqual(fixture('mixed-legacy.p12'));
    for (const name of [file, `${file}.bak`]) expect((await stat(name)).mode & 0o777).toBe(0o600);
    expect((await readdir(folder)).toSorted()).toEqual(['fabric.keystore', 'fabric.keystore.bak', 'fabric.keystore.lock']);
  });

  test('merges into what the file holds now', async () => {
    using first = await KeyStoreFile.create(file, password);
    using second = await KeyStoreFile.open(file, password);
    await first.update((content) => content.withSecretKey('a', key(), 1));
    await second.update((content) => content.withSecretKey('b', key(), 2));
    expect(second.entries().map(({ alias }) => alias)).toEqual(['a', 'b']);
    expect(first.entries().map(({ alias }) => alias)).toEqual(['a']);
    expect(await first.reload()).toBe(true);
    expect(await first.reload()).toBe(false);
    expect(first.digest).toBe(second.digest);
  });

  test('many at once in one process lose nothing', async () => {
    using keystore = await KeyStoreFile.create(file, password);
    await Promise.all(Array.from({ length: 12 }, (_, index) => keystore.update((content) => content.withSecretKey(`k${index}`, key(), index))));
    expect(keystore.entries()).toHaveLength(12);
  });

  test('the same content again writes nothing, but shows what is there', async () => {
    using keystore = await KeyStoreFile.create(file, password);
    using other = await KeyStoreFile.open(file, password);
    await other.update((content) => content.withSecretKey('a', key(), 1));
    const before = await stat(file);
    await keystore.update((content) => content);
    expect(keystore.entries()).toHaveLength(1);
    expect((await stat(file)).ino).toBe(before.ino);
  });

  test('a change that fails changes nothing and frees the lock', async () => {
    using keystore = await KeyStoreFile.create(file, password);
    const before = await readFile(file);
    expect(await codeOfPromise(keystore.update((content) => content.withSecretKey('', key(), 1)))).toBe('INPUT_INVALID');
    expect(await readFile(file)).toEqual(before);
    await keystore.update((content) => content.withSecretKey('a', key(), 1));
  });

  test('through a link writes the file that it points to', async () => {
    await mkdir(join(folder, 'real'));
    const real = join(folder, 'real', 'fabric.keystore');
    await writeFile(real, fixture('current.p12'));
    await symlink(real, file);
    using keystore = await KeyStoreFile.open(file, password);
    expect(keystore.path).toBe(real);
    await keystore.update((content) => content.withSecretKey('a', key(), 1));
    expect((await readdir(folder)).toSorted()).toEqual(['fabric.keystore', 'real']);
    expect(await readFile(file)).toEqual(await readFile(real));
  });

  test('sweeps away what a killed process left', async () => {
    using keystore = await KeyStoreFile.create(file, password);
    await writeFile(`${file}.fkc-new`, 'half');
    await link(`${file}.fkc-new`, `${file}.bak.fkc-new`);
    await keystore.update((content) => content.withSecretKey('a', key(), 1));
    expect((await readdir(folder)).toSorted()).toEqual(['fabric.keystore', 'fabric.keystore.bak', 'fabric.keystore.lock']);
  });

  test('leaves the file to its owner, also where root writes', async () => {
    await writeFile(file, fixture('current.p12'));
    // Only root can have the file of somebody else; everybody else's stays their own.
    if (process.getuid?.() === 0) await chown(file, 1234, 1235);
    const { uid, gid } = await stat(file);
    using keystore = await KeyStoreFile.open(file, password);
    await keystore.update((content) => content.withSecretKey('a', key(), 1));
    for (const name of [file, `${file}.bak`, `${file}.lock`]) expect(await stat(name)).toMatchObject({ uid, gid });
  });

  test('one writer that knows no lock in between: its entry is kept too', async () => {
    using keystore = await KeyStoreFile.create(file, password);
    let done = false;
    onFailPoint((name) => {
      if (name !== 'keystore:backup-made' || done) return;
      done = true;
      writeFileNow(file, fixture('current.p12'));
    });
    await keystore.update((content) => content.withSecretKey('a', key(), 1));
    expect(keystore.entries().map(({ alias }) => alias)).toEqual(['masterkey_key_name', 'a']);
  });

  test('a writer that never ends: a code, and its file stands', async () => {
    using keystore = await KeyStoreFile.create(file, password);
    let turn = 0;
    onFailPoint((name) => {
      if (name === 'keystore:backup-made') writeFileNow(file, fixture(turn++ % 2 === 0 ? 'current.p12' : 'legacy.p12'));
    });
    expect(await codeOfPromise(keystore.update((content) => content.withSecretKey('a', key(), 1)))).toBe('KEYSTORE_CHANGED_MEANWHILE');
    expect(await readFile(file)).toEqual(fixture('current.p12'));
    expect((await readdir(folder)).includes('fabric.keystore.fkc-new')).toBe(false);
  });

  test('a file that vanished or was damaged meanwhile is not made anew', async () => {
    using keystore = await KeyStoreFile.create(file, password);
    await writeFile(file, 'damaged');
    expect(await codeOfPromise(keystore.update((content) => content.withSecretKey('a', key(), 1)))).toBe('KEYSTORE_MALFORMED');
    expect(await codeOfPromise(keystore.reload())).toBe('KEYSTORE_MALFORMED');
    await rm(file);
    expect(await codeOfPromise(keystore.update((content) => content.withSecretKey('a', key(), 1)))).toBe('KEYSTORE_NOT_FOUND');
    expect(keystore.entries()).toEqual([]);
  });

  test('a lock file that can not be made', async () => {
    using keystore = await KeyStoreFile.create(file, password);
    await rm(`${file}.lock`);
    await mkdir(`${file}.lock`);
    expect(await codeOfPromise(keystore.update((content) => content.withSecretKey('a', key(), 1)))).toBe('KEYSTORE_WRITE_FAILED');
  });

  test('a temporary name that is taken by a folder', async () => {
    using keystore = await KeyStoreFile.create(file, password);
    const before = await readFile(file);
    await mkdir(`${file}.fkc-new`);
    expect(await codeOfPromise(keystore.update((content) => content.withSecretKey('a', key(), 1)))).toBe('KEYSTORE_WRITE_FAILED');
    expect(await readFile(file)).toEqual(before);
  });
});

test('after dispose nothing can be read or written, and the given password lives on', async () => {
  const keystore = await KeyStoreFile.create(file, password);
  await keystore.update((content) => content.withSecretKey('a', key(), 1));
  keystore.dispose();
  expect(codeOf(() => keystore.secretKey('a'))).toBe('SECRET_DISPOSED');
  expect(await codeOfPromise(keystore.update((content) => content))).toBe('SECRET_DISPOSED');
  expect(password.disposed).toBe(false);
});
