import { hmac as nobleHmac } from '@noble/hashes/hmac.js';
import { sha512, sha512_256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SUITES, suiteById, suiteFor } from '../../main/crypto/algorithms.ts';
import { fingerprintOf } from '../../main/crypto/fingerprint.ts';
import { deriveInstanceKey } from '../../main/crypto/instance-key.ts';
import { maskingHash } from '../../main/crypto/masking-hash.ts';
import { randomBytes, randomSecret, writeFreshIv } from '../../main/crypto/random.ts';
import type { SecretBytes } from '../../main/secret.ts';
import { thrownCode } from './thrown-code.ts';

const key = randomSecret(32);
const hexOf = (secret: SecretBytes): string => secret.use((bytes) => bytes.toString('hex'));
const text = fc.string({ unit: 'grapheme', maxLength: 30 });

describe('the algorithm table', () => {
  test('has a suite for each switch, and a clear code for unknown ids', () => {
    expect([suiteFor(false).id, suiteFor(true).id]).toEqual([1, 2]);
    for (const suite of SUITES) expect(suiteById(suite.id)).toBe(suite);
    for (const id of [0, 3, 255]) expect(thrownCode(() => suiteById(id))).toBe('ENVELOPE_ALGORITHM_UNKNOWN');
  });
});

describe.each(SUITES)('instance keys with $name', (suite) => {
  test('are 256 bits, the same each time, and differ whenever LU, ID or master key do', () => {
    fc.assert(
      fc.property(text, text, text, text, (lu, id, otherLu, otherId) => {
        const derived = deriveInstanceKey(suite, key, lu, id);
        expect(derived.length).toBe(32);
        expect(hexOf(deriveInstanceKey(suite, key, lu, id))).toBe(hexOf(derived));
        expect(hexOf(deriveInstanceKey(suite, key, otherLu, otherId)) === hexOf(derived)).toBe(lu === otherLu && id === otherId);
        expect(hexOf(deriveInstanceKey(suite, randomSecret(32), lu, id))).not.toBe(hexOf(derived));
      }),
    );
  });

  test('do not mix names that run together alike', () => {
    expect(hexOf(deriveInstanceKey(suite, key, 'AB', 'C'))).not.toBe(hexOf(deriveInstanceKey(suite, key, 'A', 'BC')));
    expect(hexOf(deriveInstanceKey(suite, key, '', 'ABC'))).not.toBe(hexOf(deriveInstanceKey(suite, key, 'ABC', '')));
  });

  test('are refused for ill-formed names and for keys of other sizes', () => {
    expect(thrownCode(() => deriveInstanceKey(suite, key, 'A', '\ud83d'))).toBe('INPUT_INVALID');
    expect(thrownCode(() => deriveInstanceKey(suite, randomSecret(31), 'A', 'B'))).toBe('INPUT_INVALID');
  });
});

describe('a fingerprint', () => {
  test('is short, stable, and differs between keys', () => {
    expect(fingerprintOf(key)).toMatch(/^([0-9a-f]{4}-){3}[0-9a-f]{4}$/);
    expect(fingerprintOf(key.clone())).toBe(fingerprintOf(key));
    expect(new Set(Array.from({ length: 500 }, () => fingerprintOf(randomSecret(32)))).size).toBe(500);
  });
});

describe.each(SUITES)('the masking hash with $name', (suite) => {
  test('masks equal values equally within a name space, and only there', () => {
    fc.assert(
      fc.property(text, text, text, text, (nameSpace, value, otherNameSpace, otherValue) => {
        const mask = maskingHash(suite, key, nameSpace, value);
        expect(mask).toMatch(suite.id === 1 ? /^[0-9a-f]{128}$/ : /^[0-9a-f]{64}$/);
        expect(maskingHash(suite, key, nameSpace, Buffer.from(value))).toBe(mask);
        expect(maskingHash(suite, key, otherNameSpace, otherValue) === mask).toBe(nameSpace === otherNameSpace && value === otherValue);
      }),
    );
    expect(maskingHash(suite, key, 'ab', 'c')).not.toBe(maskingHash(suite, key, 'a', 'bc'));
    expect(maskingHash(suite, randomSecret(32), 'a', 'b')).not.toBe(maskingHash(suite, key, 'a', 'b'));
  });

  test('takes long values, and refuses ill-formed text and keys of other sizes', () => {
    const long = randomBytes(100_000);
    const message = Buffer.concat([Buffer.from('FKC masking hash v1\0\0\x01n'), Buffer.from([0, 1, 0x86, 0xa0]), long]);
    const expected = key.use((bytes) => nobleHmac(suite.id === 1 ? sha512 : sha512_256, bytes, message));
    expect(maskingHash(suite, key, 'n', long)).toBe(Buffer.from(expected).toString('hex'));
    expect(thrownCode(() => maskingHash(suite, key, 'n', '\ud800'))).toBe('INPUT_INVALID');
    expect(thrownCode(() => maskingHash(suite, key, '\ud800', 'v'))).toBe('INPUT_INVALID');
    expect(thrownCode(() => maskingHash(suite, randomSecret(20), 'n', 'v'))).toBe('INPUT_INVALID');
  });
});

describe('randomness', () => {
  test('fills secrets of any length and never repeats an IV', () => {
    expect(randomSecret(48).length).toBe(48);
    const target = Buffer.alloc(14);
    const ivs = new Set(
      Array.from({ length: 5000 }, () => {
        writeFreshIv(target, 1);
        return target.toString('hex', 1, 13);
      }),
    );
    expect(ivs.size).toBe(5000);
    expect([target[0], target[13]]).toEqual([0, 0]);
  });
});
