import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import type { CipherName } from './algorithms.ts';
import { discard, release } from './release.ts';

export const TAG_BYTES = 16;

// Keys go in as KeyObjects: given raw bytes, node:crypto first raises and swallows an error or two to learn what they are,
// which takes longer than sealing 16 KiB. Like the cipher's own key schedule, their copy is zeroed when it is collected.

/** What one call encrypts: each gives a buffer of its own, and up to this size the allocator has used memory at hand. */
const SLICE_BYTES = 128 * 1024;

/**
 * AES-256-GCM (SP 800-38D) with a 96-bit IV and a 128-bit tag: writes ciphertext || tag into `target` at `offset`.
 * @returns the offset after it.
 */
export function encryptInto(
  target: Uint8Array,
  offset: number,
  cipher: CipherName,
  key: Uint8Array,
  iv: Uint8Array,
  additionalData: Uint8Array,
  plain: Uint8Array,
): number {
  const encryptor = createCipheriv(cipher, createSecretKey(key), iv);
  encryptor.setAAD(additionalData);
  for (let start = 0; start < plain.length; start += SLICE_BYTES) {
    const encrypted = encryptor.update(plain.length <= SLICE_BYTES ? plain : plain.subarray(start, start + SLICE_BYTES));
    target.set(encrypted, offset + start);
    release(encrypted);
  }
  // GCM is a stream mode: final() only closes the tag and gives no bytes.
  encryptor.final();
  const tagAt = offset + plain.length;
  target.set(encryptor.getAuthTag(), tagAt);
  return tagAt + TAG_BYTES;
}

/**
 * The inverse of {@link encryptInto}.
 * @param sealed ciphertext followed by its tag; at least {@link TAG_BYTES} long.
 * @returns the plain bytes in a new buffer, or null where they are not authentic; what was decrypted is zeroed then.
 */
export function decrypt(cipher: CipherName, key: Uint8Array, iv: Uint8Array, additionalData: Uint8Array, sealed: Uint8Array): Buffer | null {
  const split = sealed.length - TAG_BYTES;
  const decryptor = createDecipheriv(cipher, createSecretKey(key), iv, { authTagLength: TAG_BYTES });
  decryptor.setAAD(additionalData);
  decryptor.setAuthTag(sealed.subarray(split));
  const plain = decryptor.update(sealed.subarray(0, split));
  try {
    decryptor.final();
  } catch {
    discard(plain);
    return null;
  }
  return plain;
}
