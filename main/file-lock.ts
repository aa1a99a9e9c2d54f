import { setTimeout as sleep } from 'node:timers/promises';
import { chown, stat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import type { AppError } from './errors.ts';

/** SQLITE_BUSY of https://sqlite.org/rescode.html. */
const SQLITE_BUSY = 5;
const POLL_MS = 20;

/** In whose words it is told that there is no lock. */
export interface LockFailures {
  /** Another one did not end in time. */
  readonly busy: () => AppError;
  /** The lock file can not be made. */
  readonly failed: (error: unknown) => AppError;
}

/**
 * Runs `work` while no other process (and nothing else in this one) works under the lock of the same `file`.
 *
 * The lock is SQLite's exclusive lock on the empty file `<file>.lock`, which the operating system takes back when its
 * holder dies, however it dies. A lock file with a process id would have to be judged stale, and process ids are reused,
 * or the same in two containers; so the file is left lying, and means nothing by itself.
 *
 * @param waitMs how long to wait for the others
 * @throws AppError of `failures`
 */
export async function withFileLock<T>(file: string, waitMs: number, failures: LockFailures, work: () => Promise<T>): Promise<T> {
  const lock = openLock(file, failures);
  try {
    await acquire(lock, waitMs, failures);
    await giveToOwner(file);
    return await work();
  } finally {
    lock.close();
  }
}

function openLock(file: string, { failed }: LockFailures): DatabaseSync {
  try {
    return new DatabaseSync(lockFile(file), { timeout: 0 });
  } catch (error) {
    throw failed(error);
  }
}

async function acquire(lock: DatabaseSync, waitMs: number, failures: LockFailures): Promise<void> {
  const deadline = performance.now() + waitMs;
  while (!tryAcquire(lock, failures)) {
    if (performance.now() >= deadline) throw failures.busy();
    // Not in step with the others that wait.
    await sleep(POLL_MS * (0.5 + Math.random()));
  }
}

function tryAcquire(lock: DatabaseSync, { failed }: LockFailures): boolean {
  try {
    // No journal beside it: nothing is ever committed, and on a full disk there is no room for one.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return false;
    throw failed(error);
  }
}

/** Where root made the lock file, the owner of what it locks must still be able to lock. */
async function giveToOwner(file: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const owner = await stat(file).catch(() => null);
  if (owner !== null && owner.uid !== 0) await chown(lockFile(file), owner.uid, owner.gid);
}

function lockFile(file: string): string {
  return `${file}.lock`;
}
