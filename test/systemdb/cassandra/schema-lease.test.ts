import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AppError } from '../../../main/errors.ts';
import { Keyspaces } from '../../../main/systemdb/cassandra/keyspaces.ts';
import { underSchemaLease } from '../../../main/systemdb/cassandra/schema-lease.ts';
import type { CassandraSession, Conditional, Statement } from '../../../main/systemdb/cassandra/session.ts';

/** A lease that one process holds, for as long as `renewable`. */
class Lease {
  renewable = true;
  readonly log: string[] = [];
  #answer: Promise<unknown> = Promise.resolve();

  /** Keeps answers back until the result is called. */
  keepWaiting(): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#answer = promise;
    return () => resolve(undefined);
  }

  get session(): CassandraSession {
    const conditional = async ({ cql }: Statement): Promise<Conditional> => {
      const kind = cql.slice(0, 6);
      this.log.push(`${kind} asked`);
      if (kind !== 'DELETE') await this.#answer;
      if (!this.renewable) throw new AppError('DATABASE_TIMEOUT', '', '');
      this.log.push(`${kind} done`);
      return { applied: true, row: null, rows: [] };
    };
    return { keyspaces: new Keyspaces(null), conditional } as unknown as CassandraSession;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('work under a lease that is renewed goes on for long', async () => {
  const lease = new Lease();
  const work = underSchemaLease(lease.session, async (stillHeld) => {
    for (let minute = 0; minute < 10; minute += 1) {
      await vi.advanceTimersByTimeAsync(60_000);
      stillHeld();
    }
    return 'done';
  });
  expect(await work).toBe('done');
});

test('work whose lease could not be renewed changes nothing more', async () => {
  const lease = new Lease();
  const work = underSchemaLease(lease.session, async (stillHeld) => {
    stillHeld();
    lease.renewable = false;
    await vi.advanceTimersByTimeAsync(30_000);
    stillHeld();
  });
  await expect(work).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT' });
});

test('a process that was stopped for a while notices it before its next change', async () => {
  const lease = new Lease();
  const work = underSchemaLease(lease.session, async (stillHeld) => {
    vi.setSystemTime(Date.now() + 60_000);
    stillHeld();
  });
  await expect(work).rejects.toMatchObject({ code: 'DATABASE_TIMEOUT' });
});

test('a renewal under way ends before the lease is given back, and takes it no more', async () => {
  const lease = new Lease();
  let answer = (): void => undefined;
  const work = underSchemaLease(lease.session, async () => {
    answer = lease.keepWaiting();
    await vi.advanceTimersByTimeAsync(9_000);
  });
  await vi.advanceTimersByTimeAsync(10);
  answer();
  await work;
  expect(lease.log.slice(-2)).toEqual(['DELETE asked', 'DELETE done']);
});
