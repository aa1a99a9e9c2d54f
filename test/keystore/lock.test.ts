import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { withKeyStoreLock } from '../../main/keystore/lock.ts';
import { codeOfPromise } from './fixtures.ts';

let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fkc-lock-'));
  file = join(folder, 'fabric.keystore');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('only one works at a time, and each in turn', async () => {
  let working = 0;
  const turn = async (): Promise<void> => {
    working += 1;
    expect(working).toBe(1);
    await sleep(5);
    working -= 1;
  };
  await Promise.all(Array.from({ length: 8 }, () => withKeyStoreLock(file, 10_000, turn)));
});

test('who waits too long is told', async () => {
  await withKeyStoreLock(file, 100, async () => {
    expect(await codeOfPromise(withKeyStoreLock(file, 60, async () => undefined))).toBe('KEYSTORE_BUSY');
  });
});

test('work that fails frees the lock and says why', async () => {
  await expect(withKeyStoreLock(file, 100, () => Promise.reject(new Error('why')))).rejects.toThrow('why');
  expect(await withKeyStoreLock(file, 100, async () => 'free')).toBe('free');
});

test('other files have other locks', async () => {
  await withKeyStoreLock(file, 100, () => withKeyStoreLock(join(folder, 'other'), 100, async () => undefined));
});

test('the lock is an empty file, and no other stands beside it', async () => {
  await withKeyStoreLock(file, 100, async () => {
    expect(await readdir(folder)).toEqual(['fabric.keystore.lock']);
  });
  expect((await stat(`${file}.lock`)).size).toBe(0);
});

test('a folder that is not there', async () => {
  expect(await codeOfPromise(withKeyStoreLock(join(folder, 'no', 'file'), 100, async () => undefined))).toBe('KEYSTORE_WRITE_FAILED');
});
