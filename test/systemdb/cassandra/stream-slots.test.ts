import { Client } from 'cassandra-driver';
import Connection from 'cassandra-driver/lib/connection.js';
import { expect, test } from 'vitest';
import { keepRequestsInSlots, StreamSlots } from '../../../main/systemdb/cassandra/stream-slots.ts';
import { keptUntilFullCollection } from './kept.ts';

const MEBIBYTE = 1024 * 1024;

test('keeps requests by stream until they are answered', () => {
  const slots = new StreamSlots<string>();
  slots.set(3, 'c').set(0, 'a').set(1, 'b');
  expect([slots.get(0), slots.get(2), slots.get(3)]).toEqual(['a', undefined, 'c']);
  expect([...slots.values()]).toEqual(['a', 'b', 'c']);
  expect([slots.delete(1), slots.delete(1), slots.delete(9)]).toEqual([true, false, false]);
  expect([...slots.values()]).toEqual(['a', 'c']);
  slots.set(1, 'again');
  expect(slots.get(1)).toBe('again');
});

/** 20,000 requests of a KiB, 64 of them under way at any time. */
function pass(requests: { set(stream: number, request: unknown): unknown; delete(stream: number): boolean }): void {
  for (let i = 0; i < 20_000; i++) {
    requests.set(i % 128, Array.from({ length: 128 }, () => i));
    requests.delete((i + 64) % 128);
  }
}

test('what was answered is gone with the next collection of the young generation; in a Map it stays', async () => {
  const [map, slots] = [new Map<number, unknown>(), new StreamSlots<unknown>()];
  const byMap = await keptUntilFullCollection(() => pass(map));
  const bySlots = await keptUntilFullCollection(() => pass(slots));
  // Should a later V8 free the first, the slots have no purpose any more.
  expect(byMap).toBeGreaterThan(8 * MEBIBYTE);
  expect(bySlots).toBeLessThan(2 * MEBIBYTE);
});

test('every connection that the driver makes keeps its requests so, and lets go of them when it closes', () => {
  keepRequestsInSlots();
  const { options } = new Client({ contactPoints: ['127.0.0.1'], localDataCenter: 'dc1' }) as unknown as { options: object };
  const Made = Connection as unknown as new (endpoint: string, protocol: number, options: object) => { _operations: unknown };
  const [one, other] = [new Made('127.0.0.1:9042', 4, options), new Made('127.0.0.1:9042', 4, options)];
  const requests = one._operations;
  expect(requests).toBeInstanceOf(StreamSlots);
  expect(other._operations).not.toBe(requests);
  one._operations = new Map();
  expect(one._operations).toBeInstanceOf(StreamSlots);
  expect(one._operations).not.toBe(requests);
});
