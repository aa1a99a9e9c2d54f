import { expect, test } from 'vitest';
import { keepLeases, withLease } from '../../main/rekey/lease.ts';
import type { LeaseRepository } from '../../main/systemdb/repositories.ts';
import { SteppedClock } from './stepped-clock.ts';

const SECONDS = 30;
const never = new Promise<never>(() => undefined);

/** Renews a lease until `until`. @returns when it counted as lost, in seconds; null where it did not */
async function kept(acquire: (renewal: number) => Promise<boolean>, until: number): Promise<number | null> {
  const clock = new SteppedClock();
  let renewals = 0;
  let lostAt: number | null = null;
  const leases: LeaseRepository = { acquire: async () => acquire(renewals++), release: async () => undefined, holder: async () => null };
  const over = new AbortController();
  const lost = new AbortController();
  lost.signal.addEventListener('abort', () => (lostAt = clock.elapsed() / 1000));
  void keepLeases({ db: { leases }, names: ['one'], holder: 'me', seconds: SECONDS, clock }, over.signal, lost);
  await clock.run(clock.sleep(until * 1000));
  over.abort();
  return lostAt;
}

test('a lease that is renewed is kept', async () => {
  expect(await kept(async () => true, 10 * SECONDS)).toBeNull();
});

test('one that another has is lost at the next renewal', async () => {
  expect(await kept(async (renewal) => renewal < 2, 10 * SECONDS)).toBe(SECONDS * 0.75);
});

test('one whose renewals fail is lost when it ends, and not before', async () => {
  expect(await kept(async () => Promise.reject(new Error('away')), 10 * SECONDS)).toBe(SECONDS);
  expect(await kept(async (renewal) => (renewal < 3 ? Promise.reject(new Error('away')) : true), 10 * SECONDS)).toBeNull();
});

test('one whose renewal is not answered is lost when it ends', async () => {
  expect(await kept(() => never, 10 * SECONDS)).toBe(SECONDS);
});

test('work that was done stays done where its lease can not be given back', async () => {
  const leases: LeaseRepository = { acquire: async () => true, release: async () => Promise.reject(new Error('away')), holder: async () => null };
  expect(await withLease({ leases }, 'one', 1, async () => 'done')).toBe('done');
});
