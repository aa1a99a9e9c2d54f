import { AppError } from '../errors.ts';
import type { SecretBytes } from '../secret.ts';

const AES_256_BYTES = 32;

/**
 * Every key of the product is an AES-256 key; a shorter one would still feed an HMAC, unnoticed.
 * @param what names the key in the error.
 * @throws AppError `INPUT_INVALID`
 */
export function requireAes256(what: string, key: SecretBytes): void {
  if (key.length !== AES_256_BYTES) {
    throw new AppError('INPUT_INVALID', `The ${what} has ${key.length * 8} bits; 256 are needed.`, `Use an AES-256 key as ${what}.`, {
      details: { bits: key.length * 8 },
    });
  }
}
