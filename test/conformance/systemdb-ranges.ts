import { describe, expect, test } from 'vitest';
import type { InstanceRange, InstanceRepository, InstanceToSave } from '../../main/systemdb/repositories.ts';
import { counted, scanned } from './range-walk.ts';
import { byCodePoints, instance, TEXTS } from './samples.ts';
import type { Subject } from './systemdb.ts';

const MIB = 1024 * 1024;

async function saveAll(repository: InstanceRepository, instances: readonly InstanceToSave[]): Promise<void> {
  for (let from = 0; from < instances.length; from += 500) {
    await repository.saveMany(instances.slice(from, from + 500));
  }
}

/** The rows of the census of one LU, without its name. */
async function censusOf(repository: InstanceRepository, lu: string): Promise<unknown[]> {
  const rows = (await repository.census()).filter((row) => row.lu === lu);
  return rows.map(({ keyDescription, instances, bytes }) => ({ keyDescription, instances, bytes }));
}

export function rangeConformance(subject: Subject): void {
  describe('ranges', () => {
    test('of an LU without instances hold none, and then what comes', async () => {
      const { instances } = subject.db;
      const ranges = await instances.ranges('L');
      expect(await scanned(instances, ranges, { limit: 10 })).toMatchObject({ rows: [], passed: 0 });
      expect(await counted(instances, ranges, 10)).toEqual({ rows: [], passed: 0 });
      await instances.saveMany(TEXTS.map((id) => instance('L', id)));
      expect((await scanned(instances, ranges, { limit: 10 })).rows.map((row) => row.id).sort(byCodePoints)).toEqual(TEXTS);
      expect((await counted(instances, ranges, 10)).passed).toBe(TEXTS.length);
    });

    test('of an LU with one instance hold it as it was saved', async () => {
      const { instances } = subject.db;
      const saved = instance('L', '\u{1f511}', { keyDescription: 'k\u{1f511}', sealed: Uint8Array.of(0, 255, 7), savedAt: 1_790_000_000_123 });
      await instances.saveMany([saved, instance('M', 'another')]);
      const ranges = await instances.ranges('L');
      const { rows, passed } = await scanned(instances, ranges, { limit: 10 });
      expect(passed).toBe(1);
      expect(rows.map((row) => ({ ...row, sealed: [...row.sealed] }))).toEqual([{ ...saved, bytes: 3, revision: 1, sealed: [0, 255, 7] }]);
      expect(await counted(instances, ranges, 10)).toEqual({ rows: [{ keyDescription: 'k\u{1f511}', instances: 1, bytes: 3 }], passed: 1 });
      expect(ranges.every((range) => range.lu === 'L')).toBe(true);
    });

    test.each([1, 3, 1000])('hold any text once, %i to a page', async (limit) => {
      const { instances } = subject.db;
      await instances.saveMany(TEXTS.map((id) => instance('L', id, { sealed: Buffer.from(id) })));
      const ranges = await instances.ranges('L');
      const { rows, passed } = await scanned(instances, ranges, { limit });
      expect(passed).toBe(TEXTS.length);
      expect(rows.map((row) => row.id).sort(byCodePoints)).toEqual(TEXTS);
      expect(rows.every((row) => Buffer.from(row.sealed).toString() === row.id)).toBe(true);
      const bytes = TEXTS.reduce((sum, id) => sum + Buffer.byteLength(id), 0);
      expect(await counted(instances, ranges, limit)).toEqual({
        rows: [{ keyDescription: 'k1', instances: TEXTS.length, bytes }],
        passed: TEXTS.length,
      });
    });

    test('of many instances cover each once, count as the census does, and go on through another connection', async () => {
      const { instances } = subject.db;
      const count = 20_000;
      const all = Array.from({ length: count }, (_, i) => instance('L', `id-${i}`, { keyDescription: `k${i % 3}`, sealed: new Uint8Array(i % 7) }));
      await saveAll(instances, all);
      // What a campaign keeps: the ranges as JSON, read by another process.
      const ranges = JSON.parse(JSON.stringify(await instances.ranges('L'))) as InstanceRange[];
      expect(ranges.length).toBeGreaterThan(3);
      const repositories = [instances, (await subject.reopen()).instances];
      let turn = 0;
      const through = (): InstanceRepository => repositories[(turn += 1) % 2] ?? instances;
      const { rows, passed } = await scanned(instances, ranges.toReversed(), { limit: 700, through });
      expect(passed).toBe(count);
      expect(rows).toHaveLength(count);
      expect(new Set(rows.map((row) => row.id)).size).toBe(count);
      expect(await counted(instances, ranges, 1500)).toEqual({ rows: await censusOf(instances, 'L'), passed: count });
    }, 120_000);

    test('miss nothing that stood throughout, and see nothing twice, while others are saved and removed', async () => {
      const { instances } = subject.db;
      const other = (await subject.reopen()).instances;
      const standing = Array.from({ length: 1500 }, (_, i) => `id-${i * 2}`);
      const leaving = Array.from({ length: 300 }, (_, i) => `id-${i * 10 + 1}`);
      await saveAll(instances, [...standing, ...leaving].map((id) => instance('L', id)));
      const ranges = await instances.ranges('L');
      let round = 0;
      const between = async (): Promise<void> => {
        round += 1;
        await other.saveMany([
          instance('L', `id-${round * 10 + 3}`),
          instance('L', `${round}`),
          instance('L', `zz-${round}`),
          instance('L', standing[(round * 37) % standing.length] ?? '', { keyDescription: 'k2', sealed: new Uint8Array(round) }),
        ]);
        const gone = leaving[(round * 7) % leaving.length] ?? '';
        await other.remove('L', gone);
        if (round % 3 === 0) {
          await other.save(instance('L', gone));
        }
      };
      const seen = (await scanned(instances, ranges, { limit: 40, between })).rows.map((row) => row.id);
      expect(round).toBeGreaterThan(40);
      expect(new Set(seen).size).toBe(seen.length);
      expect(standing.filter((id) => !seen.includes(id))).toEqual([]);
      const left = await scanned(instances, ranges, { limit: 5000 });
      expect(left.passed).toBe((await instances.list('L', { limit: 10_000 })).length);
      expect(await counted(instances, ranges, 5000)).toEqual({ rows: await censusOf(instances, 'L'), passed: left.passed });
    });

    test('give only what is wanted, and pass the rest', async () => {
      const { instances } = subject.db;
      await saveAll(instances, Array.from({ length: 600 }, (_, i) => instance('L', `id-${i}`, { keyDescription: `k${i % 4}` })));
      const ranges = await instances.ranges('L');
      const asked = new Set<string>();
      const wanted = (keyDescription: string): boolean => {
        asked.add(keyDescription);
        return keyDescription === 'k1' || keyDescription === 'k3';
      };
      const { rows, passed } = await scanned(instances, ranges, { limit: 50, wanted });
      expect(passed).toBe(600);
      expect([...asked].sort()).toEqual(['k0', 'k1', 'k2', 'k3']);
      expect(rows.map((row) => row.id).sort()).toEqual(
        Array.from({ length: 600 }, (_, i) => `id-${i}`).filter((_, i) => i % 2 === 1).sort(),
      );
      expect(await scanned(instances, ranges, { limit: 50, wanted: () => false })).toMatchObject({ rows: [], passed: 600 });
    });

    test('a page holds only so many bytes, and yet any instance', async () => {
      const { instances } = subject.db;
      for (let i = 0; i < 24; i += 1) {
        await instances.save(instance('L', `id-${i}`, { sealed: new Uint8Array(MIB).fill(i) }));
      }
      await instances.save(instance('L', 'id-large', { sealed: new Uint8Array(18 * MIB).fill(0xa5) }));
      const found = new Map<string, number>();
      for (const range of await instances.ranges('L')) {
        for (let cursor: string | null | undefined; cursor !== null; ) {
          const page = await instances.scanRange(range, { ...(cursor === undefined ? {} : { cursor }), limit: 1000, wanted: () => true });
          const bytes = page.rows.reduce((sum, row) => sum + row.sealed.length, 0);
          expect(page.rows.length <= 1 || bytes <= 16 * MIB, `${page.rows.length} instances of ${bytes} bytes`).toBe(true);
          for (const row of page.rows) {
            expect(found.has(row.id)).toBe(false);
            found.set(row.id, row.sealed.length);
          }
          cursor = page.cursor;
        }
      }
      expect(found.size).toBe(25);
      expect(found.get('id-large')).toBe(18 * MIB);
    });
  });
}
