import { setTimeout as sleep } from 'node:timers/promises';
import { chown, stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';

import { AppError } from '../errors.ts';
import { writeFailed } from './failures.ts';

/** SQLITE_BUSY of https://sqlite.org/rescode.html. */
const SQLITE_BUSY = 5;
const POLL_MS = 20;

/**
 * Runs `work` while no other process (and nothing else in this one) works under the lock of the same `file`.
 *
 * The lock is SQLite's exclusive lock on the empty file `<file>.lock`, which the operating system takes back when its
 * holder dies, however it dies. A lock file with a process id would have to be judged stale, and process ids are reused,
 * or the same in two containers; so the file is left lying, and means nothing by itself.
 *
 * @param waitMs how long to wait for the others
 * @throws AppError `KEYSTORE_BUSY` after `waitMs`; `KEYSTORE_WRITE_FAILED` where the lock file can not be made
 */
export async function withFileLock<T>(file: string, waitMs: number, work: () => Promise<T>): Promise<T> {
  const lock = openLock(file);
  try {
    await acquire(lock, file, waitMs);
    await giveToOwner(file);
    return await work();
  } finally {
    lock.close();
  }
}

function openLock(file: string): DatabaseSync {
  try {
    return new DatabaseSync(lockFile(file), { timeout: 0 });
  } catch (error) {
    throw writeFailed(file, error);
  }
}

async function acquire(lock: DatabaseSync, file: string, waitMs: number): Promise<void> {
  const deadline = performance.now() + waitMs;
  while (!tryAcquire(lock, file)) {
    if (performance.now() >= deadline) {
      throw new AppError(
        'KEYSTORE_BUSY',
        `Another process is writing the KeyStore "${file}" and did not end within ${waitMs / 1000} s. Nothing was changed.`,
        'Wait until it has ended, then repeat.',
        { details: { file, waitMs } },
      );
    }
    // Not in step with the others that wait.
    await sleep(POLL_MS * (0.5 + Math.random()));
  }
}

function tryAcquire(lock: DatabaseSync, file: string): boolean {
  try {
    // No journal beside it: nothing is ever committed, and on a full disk there is no room for one.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false;
    throw writeFailed(file, error);
  }
}

/** Where root made the lock file, the KeyStore's owner must still be able to lock. */
async function giveToOwner(file: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const owner = await stat(file).catch(() => null);
  if (owner !== null && owner.uid !== 0) await chown(lockFile(file), owner.uid, owner.gid);
}

function lockFile(file: string): string {
  return `${file}.lock`;
}
