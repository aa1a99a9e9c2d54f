import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import type { InstanceRange, SystemDb } from '../../main/systemdb/repositories.ts';
import { counted, scanned } from '../conformance/range-walk.ts';
import { byCodePoints, instance } from '../conformance/samples.ts';
import { temporaryFolder } from './processes.ts';

const SOAK = process.env['FKC_SOAK'] === '1';

async function opened(): Promise<{ db: SystemDb; file: string }> {
  const file = path.join(await temporaryFolder(), 'system.db');
  return { db: await openSqlite(file), file };
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `id-${String(i).padStart(6, '0')}`);
}

describe('ranges of SQLite', () => {
  test('hold a few thousand instances each, and join without a gap from open to open', async () => {
    const { db } = await opened();
    await db.instances.saveMany(numbered(20_000).map((id) => instance('L', id)));
    await db.instances.saveMany(numbered(5000).map((id) => instance('K', id)));
    const ranges = await db.instances.ranges('L');
    const held = [];
    for (const range of ranges) held.push((await counted(db.instances, [range], 1000)).passed);
    expect(held).toEqual([4096, 4096, 4096, 4096, 3616]);
    expect(ranges.map((range) => range.start)).toEqual(['', ...ranges.slice(0, -1).map((range) => range.end)]);
    expect(ranges.at(-1)?.end).toBe('');
    expect(ranges.every((range) => range.nodes.length === 0)).toBe(true);
    await db.close();
  });

  test.each([4095, 4096, 4097, 8192, 8193])('none is empty with %i instances', async (count) => {
    const { db } = await opened();
    await db.instances.saveMany(numbered(count).map((id) => instance('L', id)));
    const ranges = await db.instances.ranges('L');
    expect(ranges).toHaveLength(Math.ceil(count / 4096));
    for (const range of ranges) expect((await counted(db.instances, [range], 5000)).passed).toBeGreaterThan(0);
    await db.close();
  });

  test('are found, counted and passed without the sealed bytes', async () => {
    const { db, file } = await opened();
    await db.instances.saveMany(numbered(5000).map((id) => instance('L', id)));
    const raw = new DatabaseSync(file);
    raw.exec('DROP TABLE k2view_entity_data');
    raw.close();
    const ranges = await db.instances.ranges('L');
    expect((await counted(db.instances, ranges, 700)).passed).toBe(5000);
    expect((await scanned(db.instances, ranges, { limit: 700, wanted: () => false })).passed).toBe(5000);
    await expect(scanned(db.instances, ranges, { limit: 700 })).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
    await db.close();
  });

  test('can be read where nothing may be written', async () => {
    const { db, file } = await opened();
    await db.instances.saveMany(numbered(5000).map((id) => instance('L', id)));
    const [read] = await db.instances.scan('L', { limit: 1 });
    await db.close();
    const readOnly = await openSqlite(file, { readOnly: true });
    const ranges = await readOnly.instances.ranges('L');
    expect((await scanned(readOnly.instances, ranges, { limit: 700 })).rows).toHaveLength(5000);
    expect((await counted(readOnly.instances, ranges, 700)).passed).toBe(5000);
    if (read === undefined) throw new Error('nothing was read');
    await expect(readOnly.instances.rewrite(read, { keyDescription: 'k2', sealed: read.sealed })).rejects.toMatchObject({ code: 'DATABASE_READ_ONLY' });
    await readOnly.close();
  });
});

describe('rewrite in SQLite', () => {
  test('always knows whether a save or a removal won', async () => {
    const { db } = await opened();
    await db.instances.saveMany(['saved', 'removed', 'saved anew', 'rewritten'].map((id) => instance('L', id)));
    const reads = await db.instances.scan('L', { limit: 9 });
    await db.instances.save(instance('L', 'saved'));
    await db.instances.remove('L', 'removed');
    await db.instances.remove('L', 'saved anew');
    await db.instances.save(instance('L', 'saved anew'));
    await db.instances.rewrite(reads.find((one) => one.id === 'rewritten') ?? fail(), { keyDescription: 'k2', sealed: Uint8Array.of(2) });
    for (const read of reads) {
      expect(await db.instances.rewrite(read, { keyDescription: 'k3', sealed: Uint8Array.of(3) })).toBe(false);
    }
    expect((await db.instances.list('L', { limit: 9 })).map((info) => info.keyDescription)).toEqual(['k2', 'k1', 'k1']);
    await db.close();
  });
});

function fail(): never {
  throw new Error('it is not there');
}

type Act = { readonly kind: 'save' | 'remove' | 'rewrite'; readonly pick: number; readonly id: string };

const anyId = fc.string({ unit: 'binary', maxLength: 6 });
const anyAct: fc.Arbitrary<Act> = fc.record({ kind: fc.constantFrom('save', 'remove', 'rewrite'), pick: fc.nat(), id: anyId });
/** Now and then enough of them for several ranges: the same few endings under many numbers. */
const anyIds = fc
  .record({
    some: fc.uniqueArray(anyId, { maxLength: 40 }),
    many: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 4200, max: 9000 }) }),
  })
  .map(({ some, many }) => [...new Set([...some, ...Array.from({ length: many }, (_, i) => `${i % 7}${some[i % 41] ?? ''}${i}`)])]);

test('whatever happens between two pages, what stood throughout is seen once, and nothing twice', async () => {
  const { db } = await opened();
  let run = 0;
  let several = 0;
  await fc.assert(
    fc.asyncProperty(anyIds, fc.array(anyAct, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), fc.nat(2), async (ids, acts, perPage, unwanted) => {
      run += 1;
      const lu = `L${run}`;
      const generation = (id: string): string => `k${id.length % 3}`;
      await db.instances.saveMany(ids.map((id) => instance(lu, id, { keyDescription: generation(id), sealed: Buffer.from(id) })));
      const ranges = JSON.parse(JSON.stringify(await db.instances.ranges(lu))) as InstanceRange[];
      several += ranges.length > 1 ? 1 : 0;
      const standing = new Set(ids);
      const there = new Set(ids);
      const left = [...acts];
      const between = async (): Promise<void> => {
        for (const { kind, pick, id: fresh } of left.splice(0, perPage)) {
          const known = ids[pick % Math.max(1, ids.length)] ?? fresh;
          const id = kind === 'save' && pick % 2 === 0 ? fresh : known;
          const read = kind === 'rewrite' ? await db.instances.get(lu, id) : null;
          if (kind === 'save') {
            await db.instances.save(instance(lu, id, { keyDescription: generation(id), sealed: Buffer.from(id) }));
            there.add(id);
          } else if (kind === 'remove') {
            expect(await db.instances.remove(lu, id)).toBe(there.delete(id));
            standing.delete(id);
          } else if (read !== null) {
            expect(await db.instances.rewrite(read, { keyDescription: generation(id), sealed: Buffer.from(id) })).toBe(true);
          }
        }
      };
      const limit = Math.max(1, Math.ceil(ids.length / 15));
      const wanted = (keyDescription: string): boolean => keyDescription !== `k${unwanted}`;
      const { rows } = await scanned(db.instances, ranges, { limit, wanted, between });
      const seen = new Set(rows.map((row) => row.id));
      expect(seen.size).toBe(rows.length);
      expect([...standing].filter((id) => wanted(generation(id)) && !seen.has(id))).toEqual([]);
      expect(rows.filter((row) => !wanted(row.keyDescription) || Buffer.from(row.sealed).toString() !== row.id)).toEqual([]);
      const after = await scanned(db.instances, ranges, { limit: limit * 3 });
      expect(after.rows.map((row) => row.id).sort(byCodePoints)).toEqual([...there].sort(byCodePoints));
      expect((await counted(db.instances, ranges, limit * 3)).passed).toBe(there.size);
    }),
    { numRuns: SOAK ? 1000 : 60 },
  );
  expect(several).toBeGreaterThan(0);
  await db.close();
}, SOAK ? 1_200_000 : 60_000);
