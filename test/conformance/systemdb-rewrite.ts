import { describe, expect, test } from 'vitest';
import type { InstanceRepository, StoredInstance } from '../../main/systemdb/repositories.ts';
import { counted, scanned } from './range-walk.ts';
import { instance } from './samples.ts';
import type { Subject } from './systemdb.ts';

const BY_REKEY = { keyDescription: 'k2', sealed: Uint8Array.of(20, 21) };

/** An instance as a worker reads it: from its range. */
async function readOf(instances: InstanceRepository, lu: string, id: string): Promise<StoredInstance> {
  const found = (await scanned(instances, await instances.ranges(lu), { limit: 100 })).rows.find((row) => row.id === id);
  if (found === undefined) {
    throw new Error(`${lu} ${id} is in no range`);
  }
  return found;
}

async function contentOf(instances: InstanceRepository, lu: string, id: string): Promise<{ key: string; sealed: number[] } | null> {
  const found = await instances.get(lu, id);
  return found === null ? null : { key: found.keyDescription, sealed: [...found.sealed] };
}

export function rewriteConformance(subject: Subject): void {
  describe('rewrite', () => {
    test('takes the place of what was read: the time of the save stays, the revision grows', async () => {
      const { instances } = subject.db;
      await instances.saveMany([instance('L', '1', { savedAt: 1_790_000_000_123 }), instance('L', '2')]);
      const read = await readOf(instances, 'L', '1');
      expect(await instances.rewrite(read, BY_REKEY)).toBe(true);
      for (const db of [subject.db, await subject.reopen()]) {
        const now = await db.instances.get('L', '1');
        expect({ ...now, sealed: [...(now?.sealed ?? [])] }).toEqual({
          lu: 'L',
          id: '1',
          keyDescription: 'k2',
          bytes: 2,
          savedAt: 1_790_000_000_123,
          revision: now?.revision,
          sealed: [20, 21],
        });
        expect(now?.revision).toBeGreaterThan(read.revision);
      }
      expect((await instances.list('L', { limit: 9 })).map((info) => [info.id, info.keyDescription, info.bytes])).toEqual([
        ['1', 'k2', 2],
        ['2', 'k1', 3],
      ]);
      expect(await counted(instances, await instances.ranges('L'), 10)).toEqual({
        rows: [
          { keyDescription: 'k1', instances: 1, bytes: 3 },
          { keyDescription: 'k2', instances: 1, bytes: 2 },
        ],
        passed: 2,
      });
    });

    test('goes on from what it wrote, again and again', async () => {
      const { instances } = subject.db;
      await instances.save(instance('L', '1'));
      let before = 0;
      for (let round = 0; round < 12; round += 1) {
        const read = await readOf(instances, 'L', '1');
        expect(read.revision).toBeGreaterThan(before);
        before = read.revision;
        expect(await instances.rewrite(read, { keyDescription: `k${round}`, sealed: Uint8Array.of(round) })).toBe(true);
        expect(await contentOf(instances, 'L', '1')).toEqual({ key: `k${round}`, sealed: [round] });
      }
    });

    test('by two that read the same leaves one of their forms whole', async () => {
      const { instances } = subject.db;
      await instances.save(instance('L', '1'));
      const read = await readOf(instances, 'L', '1');
      await instances.rewrite(read, BY_REKEY);
      await instances.rewrite(read, { keyDescription: 'k2', sealed: Uint8Array.of(30, 31) });
      expect([[20, 21], [30, 31]]).toContainEqual((await contentOf(instances, 'L', '1'))?.sealed);
      expect((await instances.get('L', '1'))?.keyDescription).toBe('k2');
      expect((await instances.get('L', '1'))?.savedAt).toBe(read.savedAt);
    });

    test.each(['earlier first', 'later first'])('by two that read the same, for two generations, leaves one of their forms whole, also of a large instance: %s', async (order) => {
      const { instances } = subject.db;
      const forms = ['20260101t000000.000z-ffffffff', '20260101t000000.001z-00000000'].map((end, index) => ({ keyDescription: `masterkey_key_name-${end}`, sealed: new Uint8Array(9_000).fill(40 + index) }));
      const ids = Array.from({ length: 12 }, (_, place) => String(place));
      await instances.saveMany(ids.map((id) => instance('L', id, { sealed: new Uint8Array(9_000) })));
      for (const id of ids) {
        const read = await readOf(instances, 'L', id);
        for (const form of order === 'earlier first' ? forms : forms.toReversed()) await instances.rewrite(read, form);
        const found = await contentOf(instances, 'L', id);
        expect(forms.map(({ keyDescription, sealed }) => ({ key: keyDescription, sealed: [...sealed] }))).toContainEqual(found);
      }
    });

    test('loses to a save since the read', async () => {
      const { instances } = subject.db;
      await instances.save(instance('L', '1'));
      const read = await readOf(instances, 'L', '1');
      await (await subject.reopen()).instances.save(instance('L', '1', { sealed: Uint8Array.of(9), savedAt: read.savedAt + 1 }));
      const saved = await instances.get('L', '1');
      await instances.rewrite(read, BY_REKEY);
      expect(await contentOf(instances, 'L', '1')).toEqual({ key: 'k1', sealed: [9] });
      expect(await instances.get('L', '1')).toEqual(saved);
    });

    test('loses to a save that says it is older, and to one of the same bytes', async () => {
      const { instances } = subject.db;
      await instances.saveMany([instance('L', '1'), instance('L', '2')]);
      const reads = [await readOf(instances, 'L', '1'), await readOf(instances, 'L', '2')];
      await instances.saveMany([instance('L', '1', { sealed: Uint8Array.of(9), savedAt: 1 }), instance('L', '2')]);
      for (const read of reads) {
        await instances.rewrite(read, BY_REKEY);
      }
      expect(await contentOf(instances, 'L', '1')).toEqual({ key: 'k1', sealed: [9] });
      expect(await contentOf(instances, 'L', '2')).toEqual({ key: 'k1', sealed: [1, 2, 3] });
    });

    test('never brings back what was removed since the read', async () => {
      const { instances } = subject.db;
      await instances.saveMany([instance('L', '1'), instance('L', '2')]);
      const read = await readOf(instances, 'L', '1');
      expect(await (await subject.reopen()).instances.remove('L', '1')).toBe(true);
      await instances.rewrite(read, BY_REKEY);
      expect(await instances.get('L', '1')).toBeNull();
      expect((await instances.list('L', { limit: 9 })).map((info) => info.id)).toEqual(['2']);
      expect((await scanned(instances, await instances.ranges('L'), { limit: 9 })).rows.map((row) => row.id)).toEqual(['2']);
      expect((await instances.census()).map((row) => [row.keyDescription, row.instances])).toEqual([['k1', 1]]);
    });

    test('loses to a removal and a new save since the read', async () => {
      const { instances } = subject.db;
      await instances.save(instance('L', '1'));
      const read = await readOf(instances, 'L', '1');
      await instances.remove('L', '1');
      await instances.save(instance('L', '1', { sealed: Uint8Array.of(9) }));
      await instances.rewrite(read, BY_REKEY);
      expect(await contentOf(instances, 'L', '1')).toEqual({ key: 'k1', sealed: [9] });
    });

    test('a later save or removal wins over it', async () => {
      const { instances } = subject.db;
      await instances.saveMany([instance('L', '1'), instance('L', '2')]);
      for (const id of ['1', '2']) {
        expect(await instances.rewrite(await readOf(instances, 'L', id), BY_REKEY)).toBe(true);
      }
      await instances.save(instance('L', '1', { sealed: Uint8Array.of(9) }));
      expect(await instances.remove('L', '2')).toBe(true);
      expect(await contentOf(instances, 'L', '1')).toEqual({ key: 'k1', sealed: [9] });
      expect(await contentOf(instances, 'L', '2')).toBeNull();
    });

    test('ends the revision that was read', async () => {
      const { instances } = subject.db;
      await instances.save(instance('L', '1'));
      const read = await readOf(instances, 'L', '1');
      await instances.rewrite(read, BY_REKEY);
      expect(await instances.replace(instance('L', '1', { keyDescription: 'k3' }), read.revision)).toBe(false);
      const { revision } = (await instances.get('L', '1')) ?? { revision: 0 };
      expect(await instances.replace(instance('L', '1', { keyDescription: 'k3' }), revision)).toBe(true);
      expect((await instances.get('L', '1'))?.keyDescription).toBe('k3');
    });

    test('at the same moment as a save or a removal never wins', async () => {
      const { instances } = subject.db;
      const other = (await subject.reopen()).instances;
      for (let round = 0; round < 15; round += 1) {
        await instances.saveMany([instance('L', '1'), instance('L', '2')]);
        const one = await readOf(instances, 'L', '1');
        const two = await readOf(instances, 'L', '2');
        const save = (): Promise<unknown> => other.save(instance('L', '1', { sealed: Uint8Array.of(9, round) }));
        const remove = (): Promise<unknown> => other.remove('L', '2');
        const rewrites = [(): Promise<unknown> => instances.rewrite(one, BY_REKEY), (): Promise<unknown> => instances.rewrite(two, BY_REKEY)];
        const acts = round % 2 === 0 ? [save, remove, ...rewrites] : [...rewrites, save, remove];
        await Promise.all(acts.map((act) => act()));
        expect(await contentOf(instances, 'L', '1')).toEqual({ key: 'k1', sealed: [9, round] });
        expect(await contentOf(instances, 'L', '2')).toBeNull();
      }
    });

    test.each([
      ['large to large', 5_000_000, 5_000_028],
      ['large to small', 3_000_000, 10],
      ['small to large', 10, 3_000_000],
      ['something to nothing', 10, 0],
    ])('%s', async (_, from, to) => {
      const { instances } = subject.db;
      await instances.save(instance('L', '1', { sealed: new Uint8Array(from).fill(1) }));
      const read = await readOf(instances, 'L', '1');
      expect(read.sealed).toHaveLength(from);
      expect(await instances.rewrite(read, { keyDescription: 'k2', sealed: new Uint8Array(to).fill(2) })).toBe(true);
      for (const found of [await instances.get('L', '1'), await readOf(instances, 'L', '1')]) {
        expect(found).toMatchObject({ keyDescription: 'k2', bytes: to, savedAt: read.savedAt });
        expect(Buffer.compare(found?.sealed ?? Buffer.from('missing'), new Uint8Array(to).fill(2))).toBe(0);
      }
    });
  });
}
