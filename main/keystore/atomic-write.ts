import { link, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

import { AppError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import { writeFailed } from './failures.ts';

/** Owner of a file; what is written anew is given to the same. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Puts `bytes` in the place of `file`, whose content is `old`: at every moment, also after a power failure, the file is
 * whole, either the old or the new one. The old one stays as `<file>.bak`. Both get mode 0600. To be called under the lock.
 * @param isUnchanged asked last of all; with false nothing is replaced
 * @returns what `isUnchanged` answered
 * @throws AppError `DISK_FULL`, `KEYSTORE_WRITE_FAILED`; the old file then still stands
 */
export async function replaceFile(
  file: string,
  old: { readonly bytes: Uint8Array; readonly owner: FileOwner },
  bytes: Uint8Array,
  isUnchanged: () => Promise<boolean>,
): Promise<boolean> {
  const next = `${file}.new`;
  const backup = `${file}.bak`;
  const nextBackup = `${backup}.new`;
  return withoutTraces(file, [next, nextBackup], async () => {
    await writeDurably(next, bytes, old.owner);
    failPoint('keystore:synced');
    await writeDurably(nextBackup, old.bytes, old.owner);
    await rename(nextBackup, backup);
    failPoint('keystore:backup-made');
    if (!(await isUnchanged())) return false;
    await rename(next, file);
    failPoint('keystore:renamed');
    await syncFolder(file);
    return true;
  });
}

/**
 * Makes `file` with `bytes`, mode 0600, whole or not at all.
 * @throws AppError `FILE_EXISTS`, `DISK_FULL`, `KEYSTORE_WRITE_FAILED`
 */
export async function createFile(file: string, bytes: Uint8Array): Promise<void> {
  const next = `${file}.new`;
  await withoutTraces(file, [next], async () => {
    await writeDurably(next, bytes, null);
    failPoint('keystore:synced');
    // A link, because unlike a rename it never replaces.
    await link(next, file);
    failPoint('keystore:renamed');
    await syncFolder(file);
  });
}

/** Runs `write`, then removes what may be left of `temporary` files, also those of a process that was killed. */
async function withoutTraces<T>(file: string, temporary: readonly string[], write: () => Promise<T>): Promise<T> {
  const sweep = async (): Promise<void> => {
    for (const name of temporary) await rm(name, { force: true });
  };
  try {
    await sweep();
    return await write();
  } catch (error) {
    throw error instanceof AppError ? error : failureOf(file, error);
  } finally {
    await sweep().catch(() => undefined);
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

/** `wx`, so that no link that somebody put there is followed. */
async function writeDurably(name: string, bytes: Uint8Array, owner: FileOwner | null): Promise<void> {
  const handle = await open(name, 'wx', 0o600);
  try {
    if (owner !== null) await give(handle, owner);
    await handle.writeFile(bytes);
    failPoint('keystore:temp-written');
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A KeyStore that its node can no longer read would be as good as lost, so failing here fails the write. */
async function give(handle: FileHandle, owner: FileOwner): Promise<void> {
  const { uid, gid } = await handle.stat();
  if (uid !== owner.uid || gid !== owner.gid) await handle.chown(owner.uid, owner.gid);
}

async function syncFolder(file: string): Promise<void> {
  // Windows opens no folders; NTFS orders the rename by its journal.
  if (process.platform === 'win32') return;
  const folder = await open(dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
