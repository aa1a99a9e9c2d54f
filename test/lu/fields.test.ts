import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readFieldHeader } from '../../main/crypto/field.ts';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { Fields } from '../../main/lu/fields.ts';
import { failureOf, TestKeys } from './fixtures.ts';

test('what was encrypted is decrypted, under any generation and suite', async () => {
  const keys = new TestKeys();
  const fields = new Fields(keys);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.string({ minLength: 1, unit: 'grapheme' }), fc.boolean(), async (plain, id, fips) => {
      keys.suite = suiteFor(fips);
      keys.rotate('key-1');
      const token = await fields.luEncrypt(plain, 'CUSTOMER', id);
      keys.rotate('key-2');
      expect([...(await fields.luDecrypt(token, 'CUSTOMER', id))]).toEqual([...plain]);
      const rekeyed = await fields.luRekey(token);
      expect(readFieldHeader(rekeyed)).toMatchObject({ keyDescription: 'key-2', lu: 'CUSTOMER', instanceId: id });
      expect([...(await fields.luDecrypt(rekeyed, 'CUSTOMER', id))]).toEqual([...plain]);
    }),
    { numRuns: 50 },
  );
});

test('equal values encrypt to different tokens', async () => {
  const fields = new Fields(new TestKeys());
  expect(await fields.luEncrypt(Buffer.from('x'), 'A', '1')).not.toBe(await fields.luEncrypt(Buffer.from('x'), 'A', '1'));
});

test('a token that was moved, damaged or whose generation is lost is refused', async () => {
  const keys = new TestKeys();
  const fields = new Fields(keys);
  const token = await fields.luEncrypt(Buffer.from('4111 1111 1111 1111'), 'CUSTOMER', '1');
  expect((await failureOf(() => fields.luDecrypt(token, 'CUSTOMER', '2'))).code).toBe('FIELD_AUTHENTICATION_FAILED');
  expect((await failureOf(() => fields.luDecrypt(token, 'ORDER', '1'))).code).toBe('FIELD_AUTHENTICATION_FAILED');
  expect((await failureOf(() => fields.luDecrypt('hello', 'CUSTOMER', '1'))).code).toBe('FIELD_MALFORMED');
  expect((await failureOf(() => fields.luRekey(`${token.slice(0, -4)}AAAA`))).code).toBe('FIELD_AUTHENTICATION_FAILED');
  keys.rotate('key-2');
  keys.forget('key-1');
  expect((await failureOf(() => fields.luDecrypt(token, 'CUSTOMER', '1'))).code).toBe('KEY_DESCRIPTION_UNKNOWN');
  keys.locked = true;
  expect((await failureOf(() => fields.luRekey(token))).code).toBe('LOCKED');
});
