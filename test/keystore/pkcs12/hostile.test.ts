import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { isAppError, type ErrorCode } from '../../../main/errors.ts';
import { derInteger } from '../../../main/keystore/der.ts';
import { openPkcs12 } from '../../../main/keystore/pkcs12/content.ts';
import { listPkcs12 } from '../../../main/keystore/pkcs12/list.ts';
import { FIXTURE_KEYS, FIXTURE_PASSWORD, codeOf, fixture, hexOf, secret } from '../fixtures.ts';

const password = secret(FIXTURE_PASSWORD);
const ALIAS = 'masterkey_key_name';

const REFUSALS: readonly ErrorCode[] = [
  'KEYSTORE_MALFORMED',
  'KEYSTORE_FORMAT_UNKNOWN',
  'KEYSTORE_PASSWORD_WRONG',
  'KEYSTORE_ALGORITHM_UNSUPPORTED',
  'KEYSTORE_ENTRY_NOT_AES256',
];

/** The key that a changed file gives, or null where it is refused with one of the codes; anything else fails the test. */
function keyOrRefusal(bytes: Uint8Array): string | null {
  try {
    using content = openPkcs12(bytes, password);
    return hexOf(content.secretKey(ALIAS));
  } catch (error) {
    expect(isAppError(error) && REFUSALS.includes(error.code), String(error)).toBe(true);
    return null;
  }
}

test.each(['current.p12', 'mixed-current.p12', 'openssl.p12'])('%s cut at every length is malformed', (file) => {
  const whole = fixture(file);
  for (let length = 0; length < whole.length; length += 1) {
    expect(codeOf(() => openPkcs12(whole.subarray(0, length), password)), `cut at ${length}`).toBe('KEYSTORE_MALFORMED');
    expect(codeOf(() => listPkcs12(whole.subarray(0, length)))).toBe('KEYSTORE_MALFORMED');
  }
});

test('a file with anything behind it is malformed', () => {
  expect(codeOf(() => openPkcs12(Buffer.concat([fixture('current.p12'), Buffer.from([0])]), password))).toBe('KEYSTORE_MALFORMED');
});

/** One bit of every byte; all of them at soak depth. */
const BITS = process.env['FKC_SOAK'] === '1' ? [0, 1, 2, 3, 4, 5, 6, 7] : [null];

test('a flipped bit in any byte is refused with a code', { timeout: 120_000 }, () => {
  const whole = fixture('current.p12');
  for (let index = 0; index < whole.length; index += 1) {
    for (const bit of BITS) {
      const changed = Buffer.from(whole);
      changed[index] = (changed[index] ?? 0) ^ (1 << (bit ?? index % 8));
      const key = keyOrRefusal(changed);
      // The one place that nothing covers: the empty parameters of the hash function inside the integrity check itself.
      if (key !== null) expect(key).toBe(FIXTURE_KEYS['current.p12']?.[ALIAS]);
    }
  }
});

test('any bytes are refused with a code', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(keyOrRefusal(bytes)).toBeNull();
      expect(keyOrRefusal(Buffer.concat([Buffer.from('3082010002010330820080', 'hex'), bytes]))).toBeNull();
    }),
  );
});

test('any damage in the middle is refused with a code', () => {
  const whole = fixture('mixed-current.p12');
  fc.assert(
    fc.property(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 40 }), (start, bytes) => {
      const changed = Buffer.from(whole);
      changed.set(bytes.subarray(0, whole.length - start), start);
      const key = keyOrRefusal(changed);
      if (key !== null) expect(key).toBe(FIXTURE_KEYS['mixed-current.p12']?.[ALIAS]);
    }),
    { numRuns: 150 },
  );
});

describe('iterations', () => {
  const whole = fixture('legacy.p12');
  /** The legacy file's MAC iterations stand at its very end, in three bytes. */
  const withMacIterations = (iterations: number): Buffer => {
    const written = derInteger(iterations);
    expect(written).toHaveLength(5);
    return Buffer.concat([whole.subarray(0, -5), written]);
  };

  test('beyond 5,000,000 are refused at once', () => {
    const started = performance.now();
    expect(codeOf(() => openPkcs12(withMacIterations(5_000_001), password))).toBe('KEYSTORE_ALGORITHM_UNSUPPORTED');
    expect(performance.now() - started).toBeLessThan(1000);
    expect(listPkcs12(withMacIterations(5_000_001)).mac?.iterations).toBe(5_000_001);
  });

  test('of 0 are malformed', () => {
    const zero = Buffer.concat([whole.subarray(0, -3), Buffer.alloc(3)]);
    expect(codeOf(() => openPkcs12(zero, password))).toBe('KEYSTORE_MALFORMED');
  });
});
