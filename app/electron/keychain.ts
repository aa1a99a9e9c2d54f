import type { SafeStorage } from 'electron';
import { SecretBytes } from '../../main/secret.ts';
import type { Keychain } from '../keychain.ts';

/** As much of Electron's `safeStorage` as is used. */
export type SealingStorage = Pick<SafeStorage, 'isEncryptionAvailable' | 'encryptString' | 'decryptString' | 'getSelectedStorageBackend'>;

/** Backends of Linux that are none: a password that is the same everywhere, and "not known yet". */
const NO_BACKEND: ReadonlySet<string> = new Set(['basic_text', 'unknown']);

/**
 * Electron's `safeStorage` as a {@link Keychain}: Keychain Access on macOS, DPAPI on Windows, a secret service or KWallet
 * on Linux. It takes and gives texts, which JavaScript can not zero. The backend that Linux names is that of these
 * synchronous calls.
 */
export function osKeychain(storage: SealingStorage, platform: NodeJS.Platform = process.platform): Keychain {
  return {
    available: () => storage.isEncryptionAvailable() && (platform !== 'linux' || !NO_BACKEND.has(storage.getSelectedStorageBackend())),
    seal: async (plain) => storage.encryptString(plain.use((bytes) => bytes.toString('utf8'))),
    open: async (sealed) => SecretBytes.take(Buffer.from(storage.decryptString(Buffer.from(sealed)), 'utf8')),
  };
}
