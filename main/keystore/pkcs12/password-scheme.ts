import type { Decipheriv } from 'node:crypto';

import { SecretBytes } from '../../secret.ts';

/** One way of encrypting under a password, with the parameters that were read for it. */
export interface PasswordScheme {
  /** For people: key derivation and cipher. */
  readonly name: string;
  readonly iterations: number;
  /**
   * Decrypts, or answers null where the padding does not fit: the wrong password (seen in 255 of 256 cases) or changed bytes.
   * @throws AppError `KEYSTORE_ALGORITHM_UNSUPPORTED` where the iterations are beyond the limit, `KEYSTORE_MALFORMED`
   */
  decrypt(ciphertext: Uint8Array, password: SecretBytes): SecretBytes | null;
}

/** Runs a CBC decipher over `ciphertext`; null where length or padding does not fit. */
export function decryptCbc(decipher: Decipheriv, ciphertext: Uint8Array): SecretBytes | null {
  const head = decipher.update(ciphertext);
  let tail: Buffer | null = null;
  try {
    tail = decipher.final();
    return SecretBytes.take(Buffer.concat([head, tail]));
  } catch {
    return null;
  } finally {
    head.fill(0);
    tail?.fill(0);
  }
}
