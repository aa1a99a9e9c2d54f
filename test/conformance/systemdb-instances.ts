import { describe, expect, test } from 'vitest';
import type { InstanceRepository } from '../../main/systemdb/repositories.ts';
import { byCodePoints, instance, TEXTS } from './samples.ts';
import type { Subject } from './systemdb.ts';

async function allIds(
  repository: InstanceRepository,
  lu: string,
  limit: number,
  read: 'list' | 'scan',
  keyDescription?: string,
): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const after = ids.at(-1);
    const page = await repository[read](lu, {
      limit,
      ...(after === undefined ? {} : { after }),
      ...(keyDescription === undefined ? {} : { keyDescription }),
    });
    if (page.length === 0) {
      return ids;
    }
    expect(page.length).toBeLessThanOrEqual(limit);
    ids.push(...page.map((one) => one.id));
  }
}

export function instanceConformance(subject: Subject): void {
  describe('instances', () => {
    test('an instance comes back as it was saved, also through another connection', async () => {
      const sealed = Uint8Array.from({ length: 256 }, (_, i) => i);
      await subject.db.instances.save(instance('CUSTOMER', '42', { sealed }));
      for (const db of [subject.db, await subject.reopen()]) {
        const found = await db.instances.get('CUSTOMER', '42');
        expect({ ...found, sealed: Array.from(found?.sealed ?? []) }).toEqual({
          ...instance('CUSTOMER', '42'),
          bytes: 256,
          revision: 1,
          sealed: [...sealed],
        });
      }
      expect(await subject.db.instances.get('CUSTOMER', '43')).toBeNull();
      expect(await subject.db.instances.get('customer', '42')).toBeNull();
    });

    test.each([0, 1, 4096, 5 * 1024 * 1024])('%i sealed bytes', async (size) => {
      const sealed = new Uint8Array(size).fill(0xa5);
      await subject.db.instances.save(instance('L', '1', { sealed }));
      const found = await subject.db.instances.get('L', '1');
      expect(found?.bytes).toBe(size);
      expect(Buffer.compare(found?.sealed ?? Buffer.from('missing'), sealed)).toBe(0);
      const replaced = await subject.db.instances.replace(instance('L', '1', { sealed: new Uint8Array() }), 1);
      expect(replaced).toBe(true);
      expect((await subject.db.instances.get('L', '1'))?.sealed).toHaveLength(0);
      expect((await subject.db.instances.scan('L', { limit: 1 }))[0]?.sealed).toHaveLength(0);
    });

    test('any text is an id of its own; pages are in code point order', async () => {
      const { instances } = subject.db;
      await instances.saveMany(TEXTS.toReversed().map((id) => instance('L', id, { sealed: Buffer.from(id) })));
      for (const id of TEXTS) {
        expect(Buffer.from((await instances.get('L', id))?.sealed ?? []).toString()).toBe(id);
      }
      for (const limit of [1, 3, 1000]) {
        expect(await allIds(instances, 'L', limit, 'list')).toEqual(TEXTS);
        expect(await allIds(instances, 'L', limit, 'scan')).toEqual(TEXTS);
      }
    });

    test('an LU name may be any text too', async () => {
      await subject.db.instances.saveMany(TEXTS.map((lu) => instance(lu, 'x')));
      expect(await subject.db.instances.lus()).toEqual(TEXTS);
      expect((await subject.db.instances.census()).map((row) => row.lu)).toEqual(TEXTS);
    });

    test('an id that is no valid Unicode is refused, and nothing of its batch is stored', async () => {
      for (const bad of [instance('L', 'half \ud83d'), instance('\udd11', 'x')]) {
        await expect(subject.db.instances.saveMany([instance('L', 'good'), bad])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      }
      expect(await subject.db.instances.lus()).toEqual([]);
    });

    test('the newest save wins and the revision grows', async () => {
      const { instances } = subject.db;
      await instances.save(instance('L', '1'));
      await instances.saveMany([
        instance('L', '1', { keyDescription: 'k2', sealed: Uint8Array.of(9), savedAt: 5 }),
        instance('L', '2', { sealed: Uint8Array.of(7) }),
        instance('L', '2', { sealed: Uint8Array.of(8) }),
      ]);
      const first = await instances.get('L', '1');
      expect(first).toMatchObject({ keyDescription: 'k2', bytes: 1, savedAt: 5 });
      expect(first?.revision).toBeGreaterThan(1);
      expect(Array.from((await instances.get('L', '2'))?.sealed ?? [])).toEqual([8]);
    });

    test('replace takes only the revision that it read', async () => {
      const { instances } = subject.db;
      expect(await instances.replace(instance('L', '1'), 1)).toBe(false);
      expect(await instances.get('L', '1')).toBeNull();
      await instances.save(instance('L', '1'));
      expect(await instances.replace(instance('L', '1', { keyDescription: 'k2' }), 1)).toBe(true);
      expect(await instances.replace(instance('L', '1', { keyDescription: 'k3' }), 1)).toBe(false);
      const now = await instances.get('L', '1');
      expect(now?.keyDescription).toBe('k2');
      expect(await instances.replace(instance('L', '1', { keyDescription: 'k3' }), now?.revision ?? 0)).toBe(true);
    });

    test('a revision never comes back, not even after a removal', async () => {
      const { instances } = subject.db;
      const seen = new Set<number>();
      for (let round = 0; round < 4; round += 1) {
        for (let save = 0; save < 3 - round; save += 1) {
          await instances.save(instance('L', '1'));
          seen.add((await instances.get('L', '1'))?.revision ?? 0);
        }
        await instances.save(instance('L', '1'));
        const last = (await instances.get('L', '1'))?.revision ?? 0;
        seen.add(last);
        expect(await instances.remove('L', '1')).toBe(true);
        expect(await instances.replace(instance('L', '1'), last)).toBe(false);
      }
      expect(seen.size).toBe(4 + 3 + 2 + 1);
      expect((await instances.list('L', { limit: 10 })).length).toBe(0);
    });

    test('of replaces at once with one revision exactly one wins', async () => {
      const dbs = [subject.db, await subject.reopen()];
      await subject.db.instances.save(instance('L', '1'));
      for (let round = 0; round < 5; round += 1) {
        const { revision } = (await subject.db.instances.get('L', '1')) ?? { revision: 0 };
        const won = await Promise.all(
          Array.from({ length: 6 }, (_, i) =>
            (dbs[i % 2] ?? subject.db).instances.replace(instance('L', '1', { keyDescription: `r${round}-${i}` }), revision),
          ),
        );
        expect(won.filter(Boolean)).toHaveLength(1);
        expect((await subject.db.instances.get('L', '1'))?.keyDescription).toBe(`r${round}-${won.indexOf(true)}`);
      }
    });

    test('removal concerns one instance', async () => {
      const { instances } = subject.db;
      await instances.saveMany([instance('L', '1'), instance('L', '2'), instance('M', '1')]);
      expect(await instances.remove('L', '1')).toBe(true);
      expect(await instances.remove('L', '1')).toBe(false);
      expect(await instances.get('L', '1')).toBeNull();
      expect(await allIds(instances, 'L', 10, 'scan')).toEqual(['2']);
      expect(await allIds(instances, 'M', 10, 'scan')).toEqual(['1']);
    });

    test('pages by key description walk only what lies under it', async () => {
      const { instances } = subject.db;
      const ids = Array.from({ length: 60 }, (_, i) => String(i));
      await instances.saveMany(ids.map((id, i) => instance('L', id, { keyDescription: `k${i % 3}`, sealed: new Uint8Array(i) })));
      const under1 = ids.filter((_, i) => i % 3 === 1).sort(byCodePoints);
      expect(await allIds(instances, 'L', 7, 'list', 'k1')).toEqual(under1);
      expect(await allIds(instances, 'L', 7, 'scan', 'k1')).toEqual(under1);
      expect(await instances.list('L', { limit: 5, keyDescription: 'k9' })).toEqual([]);
      expect(await instances.list('none', { limit: 5 })).toEqual([]);
      const [info] = await instances.list('L', { limit: 1, after: '10' });
      expect({ ...info }).toEqual({ lu: 'L', id: '11', keyDescription: 'k2', bytes: 11, savedAt: 1_790_000_000_000, revision: 1 });
    });

    test('the census is exact after saves, replaces and removals', async () => {
      const { instances } = subject.db;
      expect(await instances.census()).toEqual([]);
      await instances.saveMany(
        Array.from({ length: 500 }, (_, i) => instance(i % 2 === 0 ? 'L' : 'M', `id-${i}`, { keyDescription: `k${i % 5}`, sealed: new Uint8Array(10) })),
      );
      await instances.save(instance('L', 'id-0', { keyDescription: 'k1', sealed: new Uint8Array(25) }));
      await instances.replace(instance('L', 'id-10', { keyDescription: 'k1', sealed: new Uint8Array(5) }), 1);
      await instances.remove('M', 'id-1');
      const rows = await instances.census();
      expect(rows.map(({ lu, keyDescription, instances: count, bytes }) => [lu, keyDescription, count, bytes])).toEqual([
        ['L', 'k0', 48, 480],
        ['L', 'k1', 52, 530],
        ['L', 'k2', 50, 500],
        ['L', 'k3', 50, 500],
        ['L', 'k4', 50, 500],
        ['M', 'k0', 50, 500],
        ['M', 'k1', 49, 490],
        ['M', 'k2', 50, 500],
        ['M', 'k3', 50, 500],
        ['M', 'k4', 50, 500],
      ]);
      expect(await instances.lus()).toEqual(['L', 'M']);
    });
  });
}
