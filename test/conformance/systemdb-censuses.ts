import { describe, expect, test } from 'vitest';
import type { Subject } from './systemdb.ts';

export function censusConformance(subject: Subject): void {
  describe('censuses', () => {
    test('one comes back as it was put, and put anew', async () => {
      const { censuses } = subject.db;
      const first = { id: 'c1', startedAt: 5, endedAt: 9, result: '{}' };
      await censuses.put(first);
      expect(await censuses.get('c1')).toEqual(first);
      expect(await censuses.get('c2')).toBeNull();
      const again = { ...first, endedAt: 12, result: JSON.stringify({ rows: ['\u{1f511}\''.repeat(100_000)] }) };
      await censuses.put(again);
      const other = (await subject.reopen()).censuses;
      expect(await other.get('c1')).toEqual(again);
      expect(await other.list(10)).toEqual([again]);
    });

    test('the list is newest first by the end, and nothing goes but what is removed', async () => {
      const { censuses } = subject.db;
      expect(await censuses.list(5)).toEqual([]);
      const ends = Array.from({ length: 70 }, (_, i) => (i * 29) % 70);
      for (const end of ends) {
        await censuses.put({ id: `c${end}`, startedAt: 100 - end, endedAt: end, result: `${end}` });
      }
      expect((await censuses.list(3)).map((one) => one.id)).toEqual(['c69', 'c68', 'c67']);
      expect((await censuses.list()).map((one) => one.endedAt)).toEqual(Array.from({ length: 70 }, (_, i) => 69 - i));
      await censuses.remove(['c0', 'c68', 'unknown']);
      await censuses.remove([]);
      expect((await (await subject.reopen()).censuses.list()).map((one) => one.endedAt)).toEqual([69, ...Array.from({ length: 67 }, (_, i) => 67 - i)]);
      expect(await censuses.get('c0')).toBeNull();
      expect(await censuses.get('c50')).toEqual({ id: 'c50', startedAt: 50, endedAt: 50, result: '50' });
    });
  });
}
