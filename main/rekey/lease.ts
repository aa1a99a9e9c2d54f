import { randomUUID } from 'node:crypto';
import { AppError } from '../errors.ts';
import type { SystemDb } from '../systemdb/repositories.ts';
import { systemClock } from './clock.ts';

const PATIENCE_MS = 10_000;
const PAUSE_MS = 100;

/**
 * Does something short while nobody else does it.
 * @param seconds far more than it takes: the lease is not renewed meanwhile.
 * @throws AppError `DATABASE_LOCKED` where another process holds on to it for 10 s; `work` was not begun then.
 */
export async function withLease<T>(db: Pick<SystemDb, 'leases'>, name: string, seconds: number, work: () => Promise<T>): Promise<T> {
  const holder = randomUUID();
  const deadline = systemClock.elapsed() + PATIENCE_MS;
  while (!(await db.leases.acquire(name, holder, seconds))) {
    if (systemClock.elapsed() >= deadline) {
      throw new AppError('DATABASE_LOCKED', 'Another process is doing the same at this moment. Nothing was changed.', 'Try again in a minute.', { details: { lease: name } });
    }
    await systemClock.sleep(PAUSE_MS);
  }
  try {
    return await work();
  } finally {
    await db.leases.release(name, holder);
  }
}
