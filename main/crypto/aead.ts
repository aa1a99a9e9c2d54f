import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import type { CipherName } from './algorithms.ts';

export const TAG_BYTES = 16;

// Keys go in as KeyObjects: given raw bytes, node:crypto first raises and swallows an error or two to learn what they are,
// which takes longer than sealing 16 KiB. Like the cipher's own key schedule, their copy is zeroed when it is collected.

/** AES-256-GCM (SP 800-38D) with a 96-bit IV and a 128-bit tag. @returns ciphertext and tag, apart. */
export function encrypt(
  cipher: CipherName,
  key: Uint8Array,
  iv: Uint8Array,
  additionalData: Uint8Array,
  plain: Uint8Array,
): { ciphertext: Buffer; tag: Buffer } {
  const encryptor = createCipheriv(cipher, createSecretKey(key), iv);
  encryptor.setAAD(additionalData);
  const ciphertext = encryptor.update(plain);
  // GCM is a stream mode: final() only closes the tag and gives no bytes.
  encryptor.final();
  return { ciphertext, tag: encryptor.getAuthTag() };
}

/**
 * The inverse of {@link encrypt}.
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
    plain.fill(0);
    return null;
  }
  return plain;
}
