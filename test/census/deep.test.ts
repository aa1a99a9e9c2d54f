import { describe, expect, test } from 'vitest';
import { chosen } from '../../main/census/deep.ts';
import { takeCensus } from '../../main/census/take.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { failureOf, systemDb, TestKeys } from '../lu/fixtures.ts';
import { wrapped } from '../rekey/fixtures.ts';
import { idOf, sealed } from './fixtures.ts';

const COUNT = 600;

async function filled(): Promise<{ db: SystemDb; keys: TestKeys }> {
  const db = await systemDb();
  const keys = new TestKeys();
  await db.instances.saveMany(await sealed(keys, 'A', 0, COUNT));
  return { db, keys };
}

async function change(db: SystemDb, id: string, to: (sealed: Uint8Array) => { sealed?: Uint8Array; keyDescription?: string }): Promise<void> {
  const stored = await db.instances.get('A', id);
  if (stored === null) throw new Error(id);
  await db.instances.save({ ...stored, ...to(stored.sealed) });
}

/** The last byte belongs to the last chunk's tag. */
const flipped = (bytes: Uint8Array): { sealed: Uint8Array } => ({ sealed: Uint8Array.from(bytes, (byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte)) });

describe('a deep census', () => {
  test('of sound data finds nothing, and counts the same', async () => {
    const { db, keys } = await filled();
    const result = await takeCensus({ db, keys, deep: { share: 1 } });
    expect(result.rows).toEqual(await db.instances.census());
    expect(result.deep).toEqual({ share: 1, checked: COUNT, opened: COUNT, findings: 0, byCode: {}, list: [], byLu: [{ lu: 'A', checked: COUNT, opened: COUNT, findings: 0, byCode: {} }] });
  });

  test('finds a header that names another generation than its record, and bytes that are not authentic, and never stops', async () => {
    const { db, keys } = await filled();
    await change(db, idOf(7), () => ({ keyDescription: 'key-2' }));
    await change(db, idOf(8), flipped);
    await change(db, idOf(9), () => ({ sealed: new Uint8Array([1, 2, 3]) }));
    const { deep, total } = await takeCensus({ db, keys, deep: { share: 1 } });
    expect(total).toBe(COUNT);
    expect(deep).toMatchObject({ checked: COUNT, findings: 3, byCode: { INSTANCE_GENERATION_MISMATCH: 1, ENVELOPE_AUTHENTICATION_FAILED: 1, ENVELOPE_MALFORMED: 1 } });
    expect(deep?.list.map(({ lu, id, code }) => [lu, id, code])).toEqual([
      ['A', idOf(7), 'INSTANCE_GENERATION_MISMATCH'],
      ['A', idOf(8), 'ENVELOPE_AUTHENTICATION_FAILED'],
      ['A', idOf(9), 'ENVELOPE_MALFORMED'],
    ]);
    for (const finding of deep?.list ?? []) expect([finding.message, finding.remedy]).toEqual([expect.stringMatching(/\S/), expect.stringMatching(/\S/)]);
  });

  test('with share 0 compares every header and needs no key', async () => {
    const { db } = await filled();
    await change(db, idOf(7), () => ({ keyDescription: 'key-2' }));
    await change(db, idOf(8), flipped);
    expect((await takeCensus({ db, deep: { share: 0 } })).deep).toMatchObject({ checked: COUNT, opened: 0, findings: 1, byCode: { INSTANCE_GENERATION_MISMATCH: 1 } });
  });

  test('finds bytes that are not as many as their record says, whether or not they are of the share', async () => {
    const { db: sound, keys } = await filled();
    const db = wrapped(sound, {
      instances: {
        scanRange: async (range, page) => {
          const found = await sound.instances.scanRange(range, page);
          return { ...found, rows: found.rows.map((row) => (row.id === idOf(7) ? { ...row, sealed: row.sealed.subarray(0, -1) } : row)) };
        },
      },
    });
    const size = (await db.instances.get('A', idOf(7)))?.bytes ?? 0;
    for (const deep of [{ share: 0 }, { share: 1 }]) {
      const result = await takeCensus({ db, keys, deep });
      expect(result.deep).toMatchObject({ checked: COUNT, findings: 1, byCode: { ENVELOPE_MALFORMED: 1 }, byLu: [{ lu: 'A', checked: COUNT, findings: 1 }] });
      expect(result.deep?.list[0]?.message).toContain(`has ${size - 1} sealed bytes, and its record says ${size}`);
    }
  });

  test('tells its facts by LU', async () => {
    const { db, keys } = await filled();
    await db.instances.saveMany(await sealed(keys, 'B', 0, 3));
    await change(db, idOf(7), flipped);
    expect((await takeCensus({ db, keys, deep: { share: 1 } })).deep).toMatchObject({
      checked: COUNT + 3,
      byLu: [
        { lu: 'A', checked: COUNT, opened: COUNT, findings: 1, byCode: { ENVELOPE_AUTHENTICATION_FAILED: 1 } },
        { lu: 'B', checked: 3, opened: 3, findings: 0, byCode: {} },
      ],
    });
  });

  test('lists the first findings and counts all', async () => {
    const { db, keys } = await filled();
    keys.rotate('key-2');
    keys.forget('key-1');
    const { deep } = await takeCensus({ db, keys, deep: { share: 1 } });
    expect(deep).toMatchObject({ findings: COUNT, byCode: { KEY_DESCRIPTION_UNKNOWN: COUNT } });
    expect(deep?.list).toHaveLength(100);
  });

  test('without keys, or locked meanwhile, is LOCKED and stores nothing; it goes on with what it had', async () => {
    const { db, keys } = await filled();
    expect((await failureOf(() => takeCensus({ db, deep: { share: 0.5 } }))).code).toBe('LOCKED');
    keys.locked = true;
    expect((await failureOf(() => takeCensus({ db, keys, deep: { share: 1 }, jobId: 'j' }))).code).toBe('LOCKED');
    expect(await db.censuses.list(1)).toEqual([]);
    keys.locked = false;
    expect(await takeCensus({ db, keys, jobId: 'j' })).toMatchObject({ total: COUNT, deep: { share: 1, opened: COUNT, findings: 0 } });
  });
});

describe('the share', () => {
  const ids = Array.from({ length: 20_000 }, (_, i) => idOf(i));

  test('is about as large as it says, the same in every run, and grows without losing any', () => {
    for (const share of [0.01, 0.1, 0.5]) {
      const taken = ids.filter((id) => chosen('A', id, share));
      expect(Math.abs(taken.length / ids.length - share)).toBeLessThan(0.02);
      expect(ids.filter((id) => chosen('A', id, share))).toEqual(taken);
      expect(taken.every((id) => chosen('A', id, share * 1.5))).toBe(true);
    }
    expect(ids.some((id) => chosen('A', id, 0))).toBe(false);
    expect(ids.every((id) => chosen('A', id, 1))).toBe(true);
  });

  test('decides which corrupt instances are found: exactly those in it', async () => {
    const { db, keys } = await filled();
    for (let i = 0; i < 40; i += 1) await change(db, idOf(i), flipped);
    const expected = Array.from({ length: 40 }, (_, i) => idOf(i)).filter((id) => chosen('A', id, 0.3));
    for (let round = 0; round < 2; round += 1) {
      const { deep } = await takeCensus({ db, keys, deep: { share: 0.3 } });
      expect(deep?.list.map((finding) => finding.id)).toEqual(expected);
      expect(deep?.opened).toBe(Array.from({ length: COUNT }, (_, i) => idOf(i)).filter((id) => chosen('A', id, 0.3)).length);
    }
    expect(expected.length).toBeGreaterThan(0);
  });
});
