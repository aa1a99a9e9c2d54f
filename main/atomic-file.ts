import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failPoint } from './fail-point.ts';

/** Owner of a file; what is written anew is given to the same. */
export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

export interface Replacement {
  /** What stands in the file now, and whose it is. */
  readonly old: { readonly bytes: Uint8Array; readonly owner: FileOwner };
  readonly bytes: Uint8Array;
  /** Permission bits of the new file. */
  readonly mode: number;
  /** Asked last of all; with false nothing is replaced. */
  readonly isUnchanged: () => Promise<boolean>;
  /** Under which name a fault test finds the places where this may be cut off. */
  readonly failPoints: string;
}

/**
 * Puts bytes in the place of a file: at every moment, also after a power failure, the file is whole, either the old or
 * the new one. The old one stays as `<file>.bak`, mode 0600. While it runs, `<file>.fkc-new` is there and belongs to one
 * writer: a second one fails with `EEXIST`. A writer that was killed leaves it behind ({@link removeTraces}).
 * @returns what `isUnchanged` answered
 * @throws what the file system says, by `code`; the old file then still stands
 */
export async function replaceWhole(file: string, { old, bytes, mode, isUnchanged, failPoints }: Replacement): Promise<boolean> {
  const backup = `${file}.bak`;
  const next = await writeNew(file, bytes, { owner: old.owner, mode, failPoints });
  const replaced = await orRemove(next, async () => {
    failPoint(`${failPoints}:synced`);
    await rm(newOf(backup), { force: true });
    const nextBackup = await writeNew(backup, old.bytes, { owner: old.owner, mode: 0o600, failPoints });
    await orRemove(nextBackup, () => rename(nextBackup, backup));
    failPoint(`${failPoints}:backup-made`);
    const mayReplace = await isUnchanged();
    await (mayReplace ? rename(next, file) : rm(next));
    return mayReplace;
  });
  if (!replaced) return false;
  failPoint(`${failPoints}:renamed`);
  await syncFolder(file);
  return true;
}

/** Makes a file, mode 0600, whole or not at all. @throws what the file system says: `EEXIST` where it is there already */
export async function createWhole(file: string, bytes: Uint8Array, failPoints: string): Promise<void> {
  const next = await writeNew(file, bytes, { owner: null, mode: 0o600, failPoints });
  await orRemove(next, async () => {
    failPoint(`${failPoints}:synced`);
    // A link, because unlike a rename it never replaces.
    await link(next, file);
    failPoint(`${failPoints}:renamed`);
    await rm(next);
  });
  await syncFolder(file);
}

/**
 * Puts bytes in the place of a file, or makes it, mode 0600: at every moment it is whole, the old one or the new one, of
 * which nothing is kept beside it.
 * @throws what the file system says, by `code`: `EEXIST` while another writes, or where one was killed ({@link removeTraces})
 */
export async function putWhole(file: string, bytes: Uint8Array, failPoints: string): Promise<void> {
  const next = await writeNew(file, bytes, { owner: null, mode: 0o600, failPoints });
  await orRemove(next, async () => {
    failPoint(`${failPoints}:synced`);
    await rename(next, file);
  });
  failPoint(`${failPoints}:renamed`);
  await syncFolder(file);
}

/** Removes a file for good, also where the power fails right after; one that is not there is removed already. */
export async function removeWhole(file: string): Promise<void> {
  await rm(file, { force: true });
  await syncFolder(file);
}

/** Removes what a writer that was killed left beside `file`. Only under a lock that every writer takes. */
export async function removeTraces(file: string): Promise<void> {
  for (const name of [newOf(file), newOf(`${file}.bak`)]) await rm(name, { force: true });
}

/** No name that anybody else would give a file: what stands there may be removed. */
function newOf(file: string): string {
  return `${file}.fkc-new`;
}

interface Manner {
  readonly owner: FileOwner | null;
  readonly mode: number;
  readonly failPoints: string;
}

/** Writes `<file>.fkc-new` durably. @returns its name; where that fails none is left */
async function writeNew(file: string, bytes: Uint8Array, { owner, mode, failPoints }: Manner): Promise<string> {
  const next = newOf(file);
  // `wx`, so that no link that somebody put there is followed, and of two writers one fails.
  const handle = await open(next, 'wx', 0o600);
  await orRemove(next, async () => {
    try {
      // A file that its node can no longer read would be as good as lost, so failing here fails the write.
      const { uid, gid } = await handle.stat();
      if (owner !== null && (uid !== owner.uid || gid !== owner.gid)) await handle.chown(owner.uid, owner.gid);
      if (mode !== 0o600) await handle.chmod(mode);
      await handle.writeFile(bytes);
      failPoint(`${failPoints}:temp-written`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
  return next;
}

/** Does what consumes `name`; where it fails, removes it: it is still ours then, and afterwards may be another writer's. */
async function orRemove<T>(name: string, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    await rm(name, { force: true }).catch(() => undefined);
    throw error;
  }
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
