import { Worker } from 'node:worker_threads';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { randomSecret } from '../../main/crypto/random.ts';
import { importLu, type ImportRequest } from '../../main/lu/import.ts';
import { Instances } from '../../main/lu/instances.ts';
import { KeyedSealing } from '../../main/lu/sealing.ts';
import type { SealingTask } from '../../main/lu/sealing-task.ts';
import { SealingThread } from '../../main/lu/sealing-thread.ts';
import { makeSource, SMALL_LU } from '../bench/import-source.ts';
import { failureOf, systemDb, temporaryFolder, TestKeys } from './fixtures.ts';

const CUSTOMERS = 1_200;

/** What the thread was asked, and whether a key was there when it was. */
const asked: { task: SealingTask; hadKey: boolean }[] = [];
let onAsked: ((worker: Worker) => void) | null = null;

beforeAll(async () => {
  const post = Object.getOwnPropertyDescriptor(Worker.prototype, 'postMessage')?.value as (this: Worker, task: SealingTask) => void;
  vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, task: SealingTask) {
    asked.push({ task, hadKey: task.key.some((byte) => byte !== 0) });
    post.call(this, task);
    onAsked?.(this);
  });
  using key = randomSecret(32);
  const batch = { suite: suiteFor(false), key, keyDescription: 'k', lu: 'L', instances: [{ id: '1', image: new Uint8Array(1) }] };
  await vi.waitFor(() => expect(SealingThread.shared().canSeal(batch)).toBe(true), 10_000);
});

afterEach(() => {
  onAsked = null;
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.every(({ hadKey }) => hadKey)).toBe(true);
  for (const { task } of asked.splice(0)) {
    expect(task.key.every((byte) => byte === 0)).toBe(true);
    expect(Buffer.compare(task.images, Buffer.alloc(task.images.length))).toBe(0);
  }
});

async function request(): Promise<ImportRequest & { keys: TestKeys; db: Awaited<ReturnType<typeof systemDb>> }> {
  return { db: await systemDb(), keys: new TestKeys(), definition: SMALL_LU, source: makeSource(temporaryFolder(), CUSTOMERS) };
}

test.each([false, true])('what the thread seals opens here (FIPS %s), and a second import finds it unchanged', async (fips) => {
  const importing = await request();
  importing.keys.suite = suiteFor(fips);
  expect(await importLu(importing)).toMatchObject({ imported: CUSTOMERS, unchanged: 0 });
  expect(asked.map(({ task }) => task.ids.length).reduce((sum, count) => sum + count)).toBe(CUSTOMERS);
  expect(await new Instances(importing.db, importing.keys).verify()).toEqual({ checked: CUSTOMERS, readable: CUSTOMERS, unreadable: [] });
  expect(await importLu(importing)).toMatchObject({ imported: 0, unchanged: CUSTOMERS });
});

test('after a cancel and after a lock, neither key nor image stays in the shared memory', async () => {
  const importing = { ...(await request()), jobId: 'job' };
  const abort = new AbortController();
  const cancelled = await failureOf(() => importLu({ ...importing, signal: abort.signal, onProgress: ({ done }) => done > 0 && abort.abort() }));
  expect(cancelled.code).toBe('CANCELLED');
  expect(asked.at(-1)?.task.key.every((byte) => byte === 0)).toBe(true);
  const locked = await failureOf(() => importLu({ ...importing, onProgress: ({ done }) => { importing.keys.locked = done > 128; } }));
  expect(locked.code).toBe('LOCKED');
  expect(asked.at(-1)?.task.key.every((byte) => byte === 0)).toBe(true);
  importing.keys.locked = false;
  await importLu(importing);
  expect(await new Instances(importing.db, importing.keys).verify()).toMatchObject({ readable: CUSTOMERS });
});

test('what the thread can not do fails here with its own code', async () => {
  const sealing = new KeyedSealing(new TestKeys(), 'SMALL', CUSTOMERS);
  const { sealed } = await sealing.begin([{ id: '\ud800', image: new Uint8Array(new ArrayBuffer(100)).fill(1) }]);
  expect((await failureOf(() => sealed)).code).toBe('INPUT_INVALID');
});

// The last one: this process has no thread for it afterwards.
test('a thread that ends in the middle of a batch loses nothing', async () => {
  const importing = await request();
  onAsked = (worker) => void (asked.length === 3 && worker.terminate());
  expect(await importLu(importing)).toMatchObject({ imported: CUSTOMERS });
  // It ends a moment after it was told to: one more batch may have been asked of it by then.
  expect([3, 4]).toContain(asked.length);
  expect(await new Instances(importing.db, importing.keys).verify()).toMatchObject({ readable: CUSTOMERS, unreadable: [] });
});
