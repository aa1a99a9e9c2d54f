import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomSecret } from '../../main/crypto/random.ts';
import { unwrapKey, WRAPPED_KEY_BYTES, wrapKey } from '../../main/crypto/wrap.ts';
import { isAppError } from '../../main/errors.ts';
import { SecretBytes } from '../../main/secret.ts';
import { thrownCode } from './thrown-code.ts';

const protectionKey = randomSecret(32);
const masterKey = randomSecret(32);
const subject = { name: 'masterkey_key_name', description: 'masterkey_key_name.20260101' };
const hexOf = (key: SecretBytes): string => key.use((bytes) => bytes.toString('hex'));

describe('a wrapped key', () => {
  test('unwraps to the same key, and is fresh each time', () => {
    const first = wrapKey(protectionKey, subject, masterKey);
    const second = wrapKey(protectionKey, subject, masterKey);
    expect(first.length).toBe(WRAPPED_KEY_BYTES);
    expect(first.equals(second)).toBe(false);
    expect(hexOf(unwrapKey(protectionKey, subject, first))).toBe(hexOf(masterKey));
  });

  test('every single bit flipped, every byte swapped with another: refused', () => {
    const wrapped = wrapKey(protectionKey, subject, masterKey);
    for (let at = 0; at < wrapped.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(wrapped);
        (flipped[at] as number) ^= 1 << bit;
        expect(thrownCode(() => unwrapKey(protectionKey, subject, flipped))).toBe(at === 0 ? 'WRAPPED_KEY_MALFORMED' : 'WRAPPED_KEY_AUTHENTICATION_FAILED');
      }
      for (let other = at + 1; other < wrapped.length; other++) {
        if (wrapped[at] === wrapped[other]) continue;
        const swapped = Buffer.from(wrapped);
        swapped[at] = wrapped[other] as number;
        swapped[other] = wrapped[at] as number;
        expect(thrownCode(() => unwrapKey(protectionKey, subject, swapped))).toMatch(/^WRAPPED_KEY_/);
      }
    }
  });

  test('cut, extended, random: refused with an AppError', () => {
    const wrapped = wrapKey(protectionKey, subject, masterKey);
    for (let length = 0; length < wrapped.length; length++) {
      expect(thrownCode(() => unwrapKey(protectionKey, subject, wrapped.subarray(0, length)))).toBe('WRAPPED_KEY_MALFORMED');
    }
    expect(thrownCode(() => unwrapKey(protectionKey, subject, Buffer.concat([wrapped, Buffer.alloc(1)])))).toBe('WRAPPED_KEY_MALFORMED');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        try {
          unwrapKey(protectionKey, subject, bytes);
        } catch (error) {
          expect(isAppError(error)).toBe(true);
        }
      }),
    );
  });

  test('does not open under another name, description or protection key', () => {
    const wrapped = wrapKey(protectionKey, subject, masterKey);
    const code = 'WRAPPED_KEY_AUTHENTICATION_FAILED';
    expect(thrownCode(() => unwrapKey(protectionKey, { ...subject, name: 'k2_hash_key' }, wrapped))).toBe(code);
    expect(thrownCode(() => unwrapKey(protectionKey, { ...subject, description: 'other' }, wrapped))).toBe(code);
    expect(thrownCode(() => unwrapKey(randomSecret(32), subject, wrapped))).toBe(code);
  });

  test('needs AES-256 keys on both sides, still in memory', () => {
    expect(thrownCode(() => wrapKey(randomSecret(16), subject, masterKey))).toBe('INPUT_INVALID');
    expect(thrownCode(() => wrapKey(protectionKey, subject, randomSecret(31)))).toBe('INPUT_INVALID');
    expect(thrownCode(() => unwrapKey(randomSecret(33), subject, Buffer.alloc(61)))).toBe('INPUT_INVALID');
    const gone = SecretBytes.copyOf(Buffer.alloc(32));
    gone.dispose();
    expect(thrownCode(() => wrapKey(gone, subject, masterKey))).toBe('SECRET_DISPOSED');
    expect(thrownCode(() => wrapKey(protectionKey, subject, gone))).toBe('SECRET_DISPOSED');
  });
});
