import { describe, expect, it } from 'vitest';
import { isAppError } from '../../../main/errors.ts';
import { readEncrypted, takePlain } from '../../../main/kms/gcp/answers.ts';
import { crc32c } from '../../../main/kms/gcp/crc32c.ts';
import { readKeyName } from '../../../main/kms/gcp/key-name.ts';

const KEY = readKeyName('projects/p/locations/global/keyRings/r/cryptoKeys/k')!;
const REQUEST = { operation: 'Decrypt', location: 'global', keyId: KEY.name };

function codeOf(body: () => unknown): string {
  try {
    body();
    return 'none';
  } catch (error) {
    return isAppError(error) ? error.code : 'other';
  }
}

describe('answers of Google', () => {
  it('are zeros after the key was taken out', () => {
    const plaintext = new Uint8Array(32).fill(9);
    using plain = takePlain({ plaintext, plaintextCrc32c: { value: String(crc32c(plaintext)) } }, REQUEST);
    expect(plain.use((bytes) => bytes.every((byte) => byte === 9))).toBe(true);
    expect(plaintext.every((byte) => byte === 0)).toBe(true);
  });

  it.each([
    ['a short key', 31, 0],
    ['a long key', 33, 0],
    ['a wrong checksum', 32, 1],
  ])('are zeros, and refused, with %s', (_, length, off) => {
    const plaintext = new Uint8Array(length).fill(9);
    expect(codeOf(() => takePlain({ plaintext, plaintextCrc32c: { value: String(crc32c(plaintext) + off) } }, REQUEST))).toBe('KMS_ANSWER_INVALID');
    expect(plaintext.every((byte) => byte === 0)).toBe(true);
  });

  it('name the version that wrapped', () => {
    const ciphertext = new Uint8Array(100).fill(3);
    const answer = { name: `${KEY.name}/cryptoKeyVersions/12`, ciphertext, ciphertextCrc32c: { value: String(crc32c(ciphertext)) }, verifiedPlaintextCrc32c: true, verifiedAdditionalAuthenticatedDataCrc32c: true };
    expect(readEncrypted(answer, KEY, REQUEST)).toEqual({ bytes: ciphertext, version: '12' });
    for (const wrong of [{ name: KEY.name }, { name: `${KEY.name}2/cryptoKeyVersions/12` }, { ciphertext: new Uint8Array(32) }, { ciphertext: new Uint8Array(6145) }, { verifiedPlaintextCrc32c: null }, { ciphertextCrc32c: null }]) {
      expect(codeOf(() => readEncrypted({ ...answer, ...wrong }, KEY, REQUEST))).toBe('KMS_ANSWER_INVALID');
    }
  });
});
