import { randomUUID } from 'node:crypto';
import { AppError } from '../errors.ts';
import type { SystemDb } from '../systemdb/repositories.ts';
import { type Clock, systemClock } from './clock.ts';
import { linked } from './signals.ts';

const PATIENCE_MS = 10_000;
const PAUSE_MS = 100;
/** A part of a lease's time after which it is renewed: a try or two may fail. */
const RENEWED_AFTER = 0.25;

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
    // What is done is done; a lease that can not be given back ends by itself.
    await db.leases.release(name, holder).catch(() => undefined);
  }
}

export interface HeldLeases {
  readonly db: Pick<SystemDb, 'leases'>;
  readonly names: readonly string[];
  readonly holder: string;
  readonly seconds: number;
  readonly clock: Clock;
}

/**
 * Renews leases that one has just taken, until `over`.
 * @param lost aborted once another may have one of them.
 */
export async function keepLeases({ db, names, holder, seconds, clock }: HeldLeases, over: AbortSignal, lost: AbortController): Promise<void> {
  for (let renewedAt = clock.elapsed(); ; ) {
    const end = renewedAt + seconds * 1000;
    await clock.sleep(Math.min(seconds * RENEWED_AFTER * 1000, Math.max(0, end - clock.elapsed())), over);
    if (over.aborted) return;
    const sentAt = clock.elapsed();
    const renewed = Promise.all(names.map((name) => db.leases.acquire(name, holder, seconds))).then(
      (mine) => (mine.every(Boolean) ? 'mine' : 'lost'),
      () => 'unknown',
    );
    // Not after the answer: one that comes late comes when another may have it.
    const answered = new AbortController();
    const late = clock.sleep(Math.max(0, end - sentAt), linked(over, answered.signal)).then(() => 'late');
    const answer = await Promise.race([renewed, late]);
    answered.abort();
    if (answer === 'mine') renewedAt = sentAt;
    else if (answer !== 'unknown' || clock.elapsed() >= end) {
      if (!over.aborted) lost.abort();
      // It would take the lease again after its release.
      await renewed;
      return;
    }
  }
}
