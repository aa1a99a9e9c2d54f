import { AppError, isAppError } from '../../main/errors.ts';
import { KeyStoreFile } from '../../main/keystore/keystore-file.ts';
import { keystoreEnabled } from '../../main/masterkey/protection.ts';
import type { SecretBytes } from '../../main/secret.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { KEYSTORE_PASSWORD, passwordFrom } from '../password.ts';
import type { Profile } from '../profiles.ts';

/** Whether a password has to be asked for: a KeyStore, and no file or variable that gives it. */
export async function needsPassword({ keystore }: Profile): Promise<boolean> {
  if (keystore === null) return false;
  const password = await passwordFrom(KEYSTORE_PASSWORD, keystore).catch(() => null);
  password?.dispose();
  return password === null;
}

/**
 * Opens the profile's KeyStore with `given`, or with the password that its file or variable gives. It disposes `given`
 * once it opens the file; in any case the caller does.
 * @returns null where the profile has none @throws AppError `KEYSTORE_*`, `DATABASE_*`
 */
export async function openKeyStore({ keystore }: Profile, db: SystemDb, given: SecretBytes | null): Promise<KeyStoreFile | null> {
  if (keystore === null) return null;
  const mayCreate = !(await keystoreEnabled(db));
  const password = given ?? (await passwordFrom(KEYSTORE_PASSWORD, keystore));
  if (password === null) {
    throw new AppError(
      'KEYSTORE_PASSWORD_MISSING',
      'The KeyStore of this profile needs its password. Nothing was opened.',
      'Type it in the window, or give it by a file (--keystore-password-file) or the variable FKC_KEYSTORE_PASSWORD.',
    );
  }
  return openOrCreate(keystore.file, password, mayCreate);
}

/**
 * Opens the KeyStore; makes the file where there is none and none was ever in use. Once one is in use a missing file is
 * an error: a new one could not read anything. Takes `password` over.
 */
export async function openOrCreate(file: string, password: SecretBytes, mayCreate: boolean): Promise<KeyStoreFile> {
  try {
    return await KeyStoreFile.open(file, password);
  } catch (error) {
    if (!mayCreate || !isAppError(error, 'KEYSTORE_NOT_FOUND')) throw error;
    return await KeyStoreFile.create(file, password);
  } finally {
    password.dispose();
  }
}
