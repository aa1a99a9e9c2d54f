import { createWhole, removeTraces, replaceWhole, type FileOwner } from '../atomic-file.ts';
import { AppError } from '../errors.ts';
import { writeFailed } from './failures.ts';

const FAIL_POINTS = 'keystore';

/**
 * Puts `bytes` in the place of `file`, whose content is `old`: at every moment, also after a power failure, the file is
 * whole, either the old or the new one. The old one stays as `<file>.bak`. Both get mode 0600. To be called under the lock.
 * @param isUnchanged asked last of all; with false nothing is replaced
 * @returns what `isUnchanged` answered
 * @throws AppError `DISK_FULL`, `KEYSTORE_WRITE_FAILED`; the old file then still stands
 */
export function replaceFile(
  file: string,
  old: { readonly bytes: Uint8Array; readonly owner: FileOwner },
  bytes: Uint8Array,
  isUnchanged: () => Promise<boolean>,
): Promise<boolean> {
  return explained(file, () => replaceWhole(file, { old, bytes, mode: 0o600, isUnchanged, failPoints: FAIL_POINTS }));
}

/**
 * Makes `file` with `bytes`, mode 0600, whole or not at all.
 * @throws AppError `FILE_EXISTS`, `DISK_FULL`, `KEYSTORE_WRITE_FAILED`
 */
export function createFile(file: string, bytes: Uint8Array): Promise<void> {
  return explained(file, () => createWhole(file, bytes, FAIL_POINTS));
}

/** Runs `write` after what a process that was killed left is gone; an error of the file system becomes ours. */
async function explained<T>(file: string, write: () => Promise<T>): Promise<T> {
  try {
    await removeTraces(file);
    return await write();
  } catch (error) {
    throw error instanceof AppError ? error : failureOf(file, error);
  }
}

function failureOf(file: string, error: unknown): AppError {
  if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
    return new AppError(
      'FILE_EXISTS',
      `"${file}" already exists. It was not touched.`,
      'Open it as a KeyStore, or choose another name for the new one.',
      { details: { file }, cause: error },
    );
  }
  return writeFailed(file, error);
}
