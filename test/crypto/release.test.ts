import { expect, test } from 'vitest';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { openInstance, sealInstance } from '../../main/crypto/envelope.ts';
import { randomBytes, randomSecret } from '../../main/crypto/random.ts';
import { discard, release } from '../../main/crypto/release.ts';

test('memory of its own is given back at once', () => {
  const bytes = Buffer.from(new ArrayBuffer(64));
  release(bytes);
  expect(bytes.length).toBe(0);
  expect(bytes.buffer.byteLength).toBe(0);
});

test('bytes that lie among others stay, and so do the others', () => {
  const memory = new Uint8Array(64).fill(7);
  release(memory.subarray(8, 16));
  release(memory.subarray(0, 0));
  expect(memory).toEqual(new Uint8Array(64).fill(7));
  discard(memory.subarray(8, 16));
  expect([...memory.subarray(7, 17)]).toEqual([7, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
});

test('shared memory can only be zeroed', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(8)).fill(7);
  discard(shared);
  expect([...shared]).toEqual(Array<number>(8).fill(0));
});

test('sealing and opening leave no more behind than what they give', () => {
  const [key, suite] = [randomSecret(32), suiteFor(false)];
  const subject = { keyDescription: 'masterkey_key_name.20260101', lu: 'CUSTOMER', instanceId: '123' };
  const plain = randomBytes(256 * 1024);
  sealInstance(suite, key, subject, plain);
  const before = process.memoryUsage().arrayBuffers;
  // In one go: the collector has no turn in which it could free what is left.
  const kept = Array.from({ length: 16 }, () => {
    const sealed = sealInstance(suite, key, subject, plain);
    discard(openInstance(key, subject, sealed));
    return sealed;
  });
  const left = process.memoryUsage().arrayBuffers - before;
  expect(left / kept.reduce((sum, { length }) => sum + length, 0)).toBeLessThan(1.25);
});
