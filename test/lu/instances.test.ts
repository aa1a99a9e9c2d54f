import { describe, expect, test } from 'vitest';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { Instances } from '../../main/lu/instances.ts';
import type { StoredInstance, SystemDb } from '../../main/systemdb/repositories.ts';
import { failureOf, imageOf, sampleDefinition, systemDb, TestKeys } from './fixtures.ts';

const image = (text: string): Uint8Array => imageOf(`CREATE TABLE customer(name TEXT); INSERT INTO customer VALUES ('${text}')`);

async function withInstances(count: number): Promise<{ db: SystemDb; keys: TestKeys; instances: Instances }> {
  const db = await systemDb();
  const keys = new TestKeys();
  const instances = new Instances(db, keys, () => 7);
  for (let i = 1; i <= count; i++) await instances.save('CUSTOMER', String(i), image(`name ${i}`));
  return { db, keys, instances };
}

async function tamper(db: SystemDb, id: string, change: (stored: StoredInstance) => Partial<StoredInstance>): Promise<void> {
  const stored = (await db.instances.get('CUSTOMER', id)) as StoredInstance;
  await db.instances.save({ ...stored, sealed: Buffer.from(stored.sealed), ...change(stored) });
}

describe('save and read', () => {
  test('gives back the image; the newest save wins', async () => {
    const { instances, keys } = await withInstances(1);
    keys.rotate('key-2');
    await instances.save('CUSTOMER', '1', image('newer'));
    const { info, image: read } = await instances.read('CUSTOMER', '1');
    expect(Buffer.compare(read, image('newer'))).toBe(0);
    expect(info).toMatchObject({ lu: 'CUSTOMER', id: '1', keyDescription: 'key-2', revision: 2, savedAt: 7 });
  });

  test('the sealed form does not hold the plain one', async () => {
    const { db } = await withInstances(1);
    expect(Buffer.from((await db.instances.get('CUSTOMER', '1'))?.sealed ?? []).includes('name 1')).toBe(false);
  });

  test('mixed generations and suites stay readable side by side', async () => {
    const { instances, keys } = await withInstances(2);
    keys.suite = suiteFor(true);
    await instances.save('CUSTOMER', '3', image('fips'));
    keys.rotate('key-2');
    await instances.save('CUSTOMER', '4', image('fips 2'));
    keys.suite = suiteFor(false);
    await instances.save('CUSTOMER', '5', image('standard 2'));
    expect(await instances.verify()).toEqual({ checked: 5, readable: 5, unreadable: [] });
    const algorithms = await Promise.all(['2', '3', '4', '5'].map(async (id) => (await instances.detail('CUSTOMER', id)).envelope?.suite.id));
    expect(algorithms).toEqual([1, 2, 2, 1]);
  });

  test('an image of larger than one chunk', async () => {
    const { instances } = await withInstances(0);
    const large = imageOf("CREATE TABLE customer(b); INSERT INTO customer VALUES (zeroblob(3000000))");
    await instances.save('CUSTOMER', 'big', large);
    expect(Buffer.compare((await instances.read('CUSTOMER', 'big')).image, large)).toBe(0);
    expect((await instances.detail('CUSTOMER', 'big')).envelope?.chunks).toBe(3);
  });

  test('what is not a MicroDB of the LU is refused, and nothing changes', async () => {
    const { instances, db } = await withInstances(1);
    const before = await db.instances.get('CUSTOMER', '1');
    expect((await failureOf(() => instances.save('CUSTOMER', '1', Buffer.from('hello')))).code).toBe('INSTANCE_NOT_A_MICRODB');
    const failure = await failureOf(() => instances.save('CUSTOMER', '1', image('x'), sampleDefinition('sakila')));
    expect(failure.code).toBe('INSTANCE_NOT_A_MICRODB');
    expect(failure.message).toContain('address, city, country, rental, payment');
    expect(await db.instances.get('CUSTOMER', '1')).toEqual(before);
  });

  test('unknown instances', async () => {
    const { instances } = await withInstances(1);
    expect((await failureOf(() => instances.read('CUSTOMER', '2'))).code).toBe('INSTANCE_NOT_FOUND');
    expect((await failureOf(() => instances.detail('customer', '1'))).code).toBe('INSTANCE_NOT_FOUND');
    await instances.remove('CUSTOMER', '1');
    expect((await failureOf(() => instances.remove('CUSTOMER', '1'))).code).toBe('INSTANCE_NOT_FOUND');
    expect(await instances.list('CUSTOMER', { limit: 5 })).toEqual([]);
  });
});

describe('verify', () => {
  test('names every instance that can not be opened and never stops at one', async () => {
    const { db, keys, instances } = await withInstances(600);
    await tamper(db, '10', ({ sealed }) => {
      const flipped = Buffer.from(sealed);
      flipped[flipped.length - 1] = (flipped.at(-1) as number) ^ 1;
      return { sealed: flipped };
    });
    await tamper(db, '20', ({ sealed }) => ({ sealed: sealed.subarray(0, sealed.length - 1) }));
    const other = (await db.instances.get('CUSTOMER', '31')) as StoredInstance;
    await tamper(db, '30', () => ({ sealed: other.sealed }));
    await tamper(db, '40', () => ({ keyDescription: 'key-2' }));
    keys.rotate('lost');
    await instances.save('CUSTOMER', '50', image('x'));
    keys.rotate('key-3');
    keys.forget('lost');

    const progress: number[] = [];
    const result = await instances.verify('CUSTOMER', { onProgress: ({ done, total, failed }) => progress.push(done, total, failed) });
    expect(result).toMatchObject({ checked: 600, readable: 595 });
    expect(result.unreadable.map(({ lu, id, code }) => [lu, id, code])).toEqual([
      ['CUSTOMER', '10', 'ENVELOPE_AUTHENTICATION_FAILED'],
      ['CUSTOMER', '20', 'ENVELOPE_AUTHENTICATION_FAILED'],
      ['CUSTOMER', '30', 'ENVELOPE_AUTHENTICATION_FAILED'],
      ['CUSTOMER', '40', 'INSTANCE_GENERATION_MISMATCH'],
      ['CUSTOMER', '50', 'KEY_DESCRIPTION_UNKNOWN'],
    ]);
    expect(progress.slice(-3)).toEqual([600, 600, 5]);
    expect((await failureOf(() => instances.read('CUSTOMER', '40'))).code).toBe('INSTANCE_GENERATION_MISMATCH');
    expect(await instances.detail('CUSTOMER', '10')).toMatchObject({ info: { id: '10' }, envelope: { keyDescription: 'key-1' }, failure: { code: 'ENVELOPE_AUTHENTICATION_FAILED' } });
    expect((await instances.detail('CUSTOMER', '11')).failure).toBeNull();
  });

  test('every flipped byte of a sealed instance is one clear failure', async () => {
    const { db, instances } = await withInstances(1);
    const original = (await db.instances.get('CUSTOMER', '1')) as StoredInstance;
    const codes = new Set<string>();
    for (let at = 0; at < original.sealed.length; at += at < 64 ? 1 : 97) {
      const sealed = Buffer.from(original.sealed);
      sealed[at] = (sealed[at] as number) ^ 0x01;
      await tamper(db, '1', () => ({ sealed }));
      codes.add((await failureOf(() => instances.read('CUSTOMER', '1'))).code);
    }
    expect([...codes].every((code) => /^ENVELOPE_|^INSTANCE_GENERATION_MISMATCH$/.test(code))).toBe(true);
  });

  test('all LUs, one LU, none', async () => {
    const { instances } = await withInstances(2);
    await instances.save('ORDER', '1', image('x'));
    expect(await instances.verify()).toMatchObject({ checked: 3, readable: 3 });
    expect(await instances.verify('ORDER')).toMatchObject({ checked: 1 });
    expect(await instances.verify('NONE')).toEqual({ checked: 0, readable: 0, unreadable: [] });
  });

  test('a locked console and a cancel are failures of the verification, not of instances', async () => {
    const { instances, keys } = await withInstances(2);
    expect((await failureOf(() => instances.verify(undefined, { signal: AbortSignal.abort() }))).code).toBe('CANCELLED');
    keys.locked = true;
    expect((await failureOf(() => instances.verify())).code).toBe('LOCKED');
    expect((await failureOf(() => instances.detail('CUSTOMER', '1'))).code).toBe('LOCKED');
  });
});
