import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { TEXTS } from './samples.ts';
import type { Subject } from './systemdb.ts';

export function leaseConformance(subject: Subject): void {
  describe('leases', () => {
    test('one holds it until it is given up', async () => {
      const { leases } = subject.db;
      const other = (await subject.reopen()).leases;
      expect(await leases.holder('scheduler')).toBeNull();
      expect(await leases.acquire('scheduler', 'a', 60)).toBe(true);
      expect(await other.acquire('scheduler', 'b', 60)).toBe(false);
      expect(await other.holder('scheduler')).toBe('a');
      expect(await leases.acquire('scheduler', 'a', 60)).toBe(true);
      await leases.release('scheduler', 'a');
      expect(await other.holder('scheduler')).toBeNull();
      expect(await other.acquire('scheduler', 'b', 60)).toBe(true);
      expect(await leases.acquire('scheduler', 'a', 60)).toBe(false);
    });

    test("nobody gives up another's, nor one that nobody holds", async () => {
      const { leases } = subject.db;
      await leases.acquire('scheduler', 'a', 60);
      await leases.release('scheduler', 'b');
      await leases.release('free', 'b');
      expect(await leases.holder('scheduler')).toBe('a');
      expect(await leases.holder('free')).toBeNull();
      expect(await leases.acquire('free', 'c', 60)).toBe(true);
    });

    test('of many at once one gets it', async () => {
      const both = [subject.db.leases, (await subject.reopen()).leases];
      for (let round = 0; round < 5; round += 1) {
        const got = await Promise.all(
          Array.from({ length: 8 }, (_, i) => (both[i % 2] ?? subject.db.leases).acquire(`lease ${round}`, `holder ${i}`, 60)),
        );
        expect(got.filter(Boolean)).toHaveLength(1);
        expect(await subject.db.leases.holder(`lease ${round}`)).toBe(`holder ${got.indexOf(true)}`);
      }
    });

    test('it ends by itself unless it is renewed', async () => {
      const { leases } = subject.db;
      expect(await leases.acquire('left', 'a', 1)).toBe(true);
      expect(await leases.acquire('renewed', 'a', 2)).toBe(true);
      for (let round = 0; round < 6; round += 1) {
        await delay(400);
        expect(await leases.acquire('renewed', 'a', 2)).toBe(true);
        expect(await leases.acquire('renewed', 'b', 2)).toBe(false);
      }
      expect(await leases.holder('renewed')).toBe('a');
      expect(await leases.holder('left')).toBeNull();
      expect(await leases.acquire('left', 'b', 60)).toBe(true);
      expect(await leases.acquire('left', 'a', 60)).toBe(false);
      await leases.release('left', 'a');
      expect(await leases.holder('left')).toBe('b');
    });

    test('names and holders may be any text', async () => {
      const { leases } = subject.db;
      for (const text of TEXTS) {
        expect(await leases.acquire(`n${text}`, text, 60)).toBe(true);
      }
      for (const text of TEXTS) {
        expect(await leases.holder(`n${text}`)).toBe(text);
      }
    });
  });
}
