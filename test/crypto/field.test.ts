import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SUITES, suiteFor } from '../../main/crypto/algorithms.ts';
import { openField, readFieldHeader, sealField } from '../../main/crypto/field.ts';
import { deriveInstanceKey } from '../../main/crypto/instance-key.ts';
import { randomSecret } from '../../main/crypto/random.ts';
import { isAppError } from '../../main/errors.ts';
import { thrownCode } from './thrown-code.ts';

const RUNS = process.env['FKC_SOAK'] === '1' ? 20_000 : 300;
const key = randomSecret(32);
const subject = { keyDescription: 'masterkey_key_name.20260101', lu: 'CUSTOMER', instanceId: '123' };

describe.each(SUITES)('a field sealed with $name', (suite) => {
  test('opens again and names its instance and key: any value', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 30 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.string({ unit: 'grapheme', minLength: 1 }), text, text, (plain, keyDescription, lu, instanceId) => {
        const token = sealField(suite, key, { keyDescription, lu, instanceId }, plain);
        expect(token).toMatch(/^fkf1\.[A-Za-z0-9_-]+$/);
        expect(openField(key, { lu, instanceId }, token).equals(plain)).toBe(true);
        expect(readFieldHeader(token)).toEqual({ suite, keyDescription, lu, instanceId });
      }),
      { numRuns: RUNS },
    );
  });

  test('every character changed: one clear code each', () => {
    const token = sealField(suite, key, subject, Buffer.from('jane@example.com'));
    for (let at = 0; at < token.length; at++) {
      for (const character of ['A', 'B', '_', '=', '.', ' ', 'é']) {
        if (token[at] === character) continue;
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        expect(['FIELD_MALFORMED', 'FIELD_AUTHENTICATION_FAILED', 'ENVELOPE_ALGORITHM_UNKNOWN']).toContain(
          thrownCode(() => openField(key, subject, changed)),
        );
      }
    }
  });

  test('every single bit of its bytes flipped: one clear code each', () => {
    const bytes = Buffer.from(sealField(suite, key, subject, Buffer.from('jane')).slice(5), 'base64url');
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(bytes);
        (flipped[at] as number) ^= 1 << bit;
        const code = thrownCode(() => openField(key, subject, `fkf1.${flipped.toString('base64url')}`));
        if (at === 0) expect(code).toBe([1, 2].includes(flipped[0] as number) ? 'FIELD_AUTHENTICATION_FAILED' : 'ENVELOPE_ALGORITHM_UNKNOWN');
        else expect(['FIELD_MALFORMED', 'FIELD_AUTHENTICATION_FAILED']).toContain(code);
      }
    }
  });

  test('cut at every length', () => {
    const token = sealField(suite, key, subject, Buffer.from('jane'));
    for (let length = 0; length < token.length; length++) {
      expect(['FIELD_MALFORMED', 'FIELD_AUTHENTICATION_FAILED']).toContain(thrownCode(() => openField(key, subject, token.slice(0, length))));
    }
  });

  test('of another instance, LU or key is refused', () => {
    const token = sealField(suite, key, subject, Buffer.from('jane'));
    for (const other of [{ ...subject, instanceId: '124' }, { ...subject, lu: 'ORDER' }, { lu: 'CUSTOMER1', instanceId: '23' }]) {
      expect(thrownCode(() => openField(key, other, token))).toBe('FIELD_AUTHENTICATION_FAILED');
    }
    expect(thrownCode(() => openField(randomSecret(32), subject, token))).toBe('FIELD_AUTHENTICATION_FAILED');
  });
});

describe('a field token', () => {
  test('has one spelling: no padding, no other alphabet, no stray bits', () => {
    const token = sealField(suiteFor(false), key, subject, Buffer.from('jan'));
    const last = token.at(-1) as string;
    const strayed = token.slice(0, -1) + String.fromCharCode(last.charCodeAt(0) + 1);
    for (const spelling of [`${token}=`, ` ${token}`, `${token}\n`, token.toUpperCase(), strayed]) {
      expect(['FIELD_MALFORMED', 'FIELD_AUTHENTICATION_FAILED']).toContain(thrownCode(() => openField(key, subject, spelling)));
    }
    expect(thrownCode(() => openField(key, subject, `${token}=`))).toBe('FIELD_MALFORMED');
  });

  test('parser: random and mutated input gives AppErrors only', () => {
    const token = sealField(suiteFor(false), key, subject, Buffer.from('jane'));
    const mutated = fc
      .array(fc.tuple(fc.nat({ max: token.length - 1 }), fc.string({ unit: 'binary', minLength: 1, maxLength: 2 })), { maxLength: 4 })
      .map((edits) => edits.reduce((text, [at, piece]) => text.slice(0, at) + piece + text.slice(at + 1), token));
    const bytes = fc.uint8Array({ maxLength: 80 }).map((body) => `fkf1.${Buffer.from([1, ...body]).toString('base64url')}`);
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), mutated, bytes), (text) => {
        for (const act of [() => readFieldHeader(text), () => openField(key, subject, text)]) {
          try {
            act();
          } catch (error) {
            if (!isAppError(error)) throw error;
            expect(error.code).toMatch(/^(FIELD_|ENVELOPE_ALGORITHM_UNKNOWN)/);
          }
        }
      }),
      { numRuns: RUNS * 5 },
    );
  });

  test('is refused for too long a value, names that can not be encoded', () => {
    const seal = (change: Partial<typeof subject>, plain = Buffer.alloc(1)) => thrownCode(() => sealField(suiteFor(false), key, { ...subject, ...change }, plain));
    expect(seal({}, Buffer.alloc(16 * 1024 * 1024 + 1))).toBe('INPUT_INVALID');
    expect(seal({ keyDescription: '' })).toBe('INPUT_INVALID');
    expect(seal({ lu: '\udc00' })).toBe('INPUT_INVALID');
  });

  test('is under another key than the instance: a cell can not be passed off as one', () => {
    const instanceKey = deriveInstanceKey(suiteFor(false), key, subject.lu, subject.instanceId);
    const token = sealField(suiteFor(false), key, subject, Buffer.from('jane'));
    expect(thrownCode(() => openField(instanceKey, subject, token))).toBe('FIELD_AUTHENTICATION_FAILED');
  });
});
