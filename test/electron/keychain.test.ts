import { expect, test } from 'vitest';
import { safeStorage } from '../../app/chromium/index.ts';
import { osKeychain, type SealingStorage } from '../../app/electron/keychain.ts';
import { SecretBytes } from '../../main/secret.ts';

/** Behaves as Electron's reference says of `safeStorage`. */
const storage = (change: Partial<SealingStorage> = {}): SealingStorage => ({
  isEncryptionAvailable: () => true,
  encryptString: (text) => Buffer.from(text, 'utf8').reverse(),
  decryptString: (sealed) => Buffer.from(sealed).reverse().toString('utf8'),
  getSelectedStorageBackend: () => 'gnome_libsecret',
  ...change,
});

test.each(['basic_text', 'unknown'] as const)('the backend %s of Linux is no keychain: its password is the same everywhere, or not known', (backend) => {
  const basic = storage({ getSelectedStorageBackend: () => backend });
  expect(osKeychain(basic, 'linux').available()).toBe(false);
  expect(osKeychain(storage(), 'linux').available()).toBe(true);
});

test('elsewhere no backend is asked for: only Linux has the call', () => {
  const none = storage({ getSelectedStorageBackend: undefined as never });
  expect(['darwin', 'win32'].map((platform) => osKeychain(none, platform as NodeJS.Platform).available())).toEqual([true, true]);
  expect(osKeychain(storage({ isEncryptionAvailable: () => false }), 'darwin').available()).toBe(false);
});

test('what is sealed comes back, byte for byte', async () => {
  const keychain = osKeychain(storage(), 'linux');
  using plain = SecretBytes.copyOf(Buffer.from('mine\nAKIA\nsecret/+=\n'));
  const sealed = await keychain.seal(plain);
  using opened = await keychain.open(sealed);
  expect(plain.use((one) => opened.use((other) => one.equals(other)))).toBe(true);
});

test('what the keychain refuses is a rejection, not an answer', async () => {
  const refusing = storage({
    decryptString: () => {
      throw new Error('Error while decrypting the ciphertext provided to safeStorage.decryptString.');
    },
  });
  await expect(osKeychain(refusing, 'linux').open(Buffer.from('x'))).rejects.toThrow('decrypting');
});

test('the Chromium host has none', () => {
  expect(osKeychain(safeStorage, 'darwin').available()).toBe(false);
});
