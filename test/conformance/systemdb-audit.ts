import { describe, expect, test } from 'vitest';
import { auditRecord } from './samples.ts';
import type { Subject } from './systemdb.ts';

export function auditConformance(subject: Subject): void {
  describe('audit', () => {
    test('records come back with every field, in order, in pages', async () => {
      const { audit } = subject.db;
      expect(await audit.head()).toBeNull();
      const written = Array.from({ length: 25 }, (_, i) =>
        auditRecord(i + 1, { object: `o\u{1f511}'${i}`, outcome: i % 2 === 0 ? 'started' : 'failed', completes: i % 2 === 0 ? null : i }),
      );
      for (const record of written) {
        expect(await audit.append(record)).toBe(true);
      }
      expect(await audit.read(1, 100)).toEqual(written);
      expect(await audit.read(11, 5)).toEqual(written.slice(10, 15));
      expect(await audit.read(26, 5)).toEqual([]);
      expect(await (await subject.reopen()).audit.head()).toEqual(written.at(-1));
    });

    test('only the very next seq is appended; nothing is ever replaced', async () => {
      const { audit } = subject.db;
      expect(await audit.append(auditRecord(2))).toBe(false);
      expect(await audit.append(auditRecord(0))).toBe(false);
      expect(await audit.append(auditRecord(1))).toBe(true);
      expect(await audit.append(auditRecord(1, { act: 'other' }))).toBe(false);
      expect(await audit.append(auditRecord(3))).toBe(false);
      expect(await audit.read(1, 10)).toEqual([auditRecord(1)]);
    });

    test('of appends at once with one seq exactly one gets in', async () => {
      const dbs = [subject.db, await subject.reopen()];
      for (let seq = 1; seq <= 10; seq += 1) {
        const won = await Promise.all(
          Array.from({ length: 6 }, (_, i) => (dbs[i % 2] ?? subject.db).audit.append(auditRecord(seq, { act: `act ${i}` }))),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        expect((await subject.db.audit.head())?.act).toBe(`act ${won.indexOf(true)}`);
      }
    });
  });
}
