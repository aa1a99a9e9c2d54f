import { fingerprintOf } from '../crypto/fingerprint.ts';
import { AppError, isAppError } from '../errors.ts';
import type { KeyStoreFile } from '../keystore/keystore-file.ts';
import type { SecretBytes } from '../secret.ts';
import type { GenerationRecord } from '../systemdb/repositories.ts';

/**
 * Keys made, or used, under a KeyStore that holds none of the cluster's protection keys would split its nodes into two
 * camps, of which neither reads what the other saved.
 * @param aliases to look under, the likeliest first
 * @throws AppError `KEYSTORE_ENTRY_MISSING` where KeyStore keys wrap generations and this KeyStore holds none of these keys
 */
export function assertOfCluster(keystore: KeyStoreFile, aliases: readonly string[], generations: readonly GenerationRecord[]): void {
  const ids = new Set(generations.filter(({ wrapping }) => wrapping['kind'] === 'keystore').map(({ wrapping }) => wrapping['keyId']));
  if (ids.size === 0) return;
  for (const alias of aliases) {
    using key = foreignKeyOrNull(keystore, alias);
    if (key !== null && ids.has(fingerprintOf(key))) return;
  }
  throw new AppError(
    'KEYSTORE_ENTRY_MISSING',
    `The KeyStore "${keystore.path}" holds none of the protection keys that wrap the keys of this cluster, so it is not the one that protects it. No key was made and nothing was changed; what is encrypted can be read again with the right file.`,
    "Copy the cluster's KeyStore file from another node or a backup over this one (for example the .bak beside it), then unlock again.",
    { details: { file: keystore.path } },
  );
}

/** Entries of other programs may be of other kinds, or have passwords of their own: not ours, and no hindrance. */
export function foreignKeyOrNull(keystore: KeyStoreFile, alias: string): SecretBytes | null {
  try {
    return keystore.secretKey(alias);
  } catch (error) {
    if (isAppError(error) && error.code.startsWith('KEYSTORE_')) return null;
    throw error;
  }
}
