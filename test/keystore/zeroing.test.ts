import { mkdtemp, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KeyStoreFile } from '../../main/keystore/keystore-file.ts';
import { SecretBytes } from '../../main/secret.ts';

let folder: string;
let file: string;
/** Every secret that was made since the last {@link watch}. */
let made: SecretBytes[];

const password = (text = 'correct horse 8'): SecretBytes => SecretBytes.take(Buffer.from(text));

function watch(): void {
  made = [];
  const copyOf = SecretBytes.copyOf.bind(SecretBytes);
  vi.spyOn(SecretBytes, 'copyOf').mockImplementation((source) => {
    const secret = copyOf(source);
    made.push(secret);
    return secret;
  });
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fkc-zeroing-'));
  file = join(folder, 'fabric.keystore');
  using given = password();
  using keystore = await KeyStoreFile.create(file, given);
  using key = SecretBytes.take(Buffer.alloc(32, 7));
  await keystore.update((content) => content.withSecretKey('masterkey_key_name', key, 1));
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

test('no copy of the password or a key outlives an opened KeyStore', async () => {
  using given = password();
  using key = SecretBytes.take(Buffer.alloc(32, 8));
  using short = SecretBytes.take(Buffer.alloc(16, 9));
  watch();
  const keystore = await KeyStoreFile.open(file, given);
  keystore.secretKey('masterkey_key_name')?.dispose();
  await keystore.update((content) => content.withSecretKey('another', key, 2));
  await expect(keystore.update((content) => content.withSecretKey('short', short, 3))).rejects.toMatchObject({ code: 'KEYSTORE_ENTRY_NOT_AES256' });
  await keystore.reload();
  keystore.dispose();
  expect(made.length).toBeGreaterThan(5);
  expect(made.filter((secret) => !secret.disposed)).toEqual([]);
});

test.each<[string, () => Promise<void>, string]>([
  ['the password is wrong', async () => undefined, 'not this one'],
  ['the file is cut', () => truncate(file, 200), 'correct horse 8'],
])('no copy of the password is left where %s', async (_, damage, text) => {
  await damage();
  using given = password(text);
  watch();
  await expect(KeyStoreFile.open(file, given)).rejects.toMatchObject({ code: expect.stringMatching(/^KEYSTORE_/) as string });
  expect(made.filter((secret) => !secret.disposed)).toEqual([]);
});
