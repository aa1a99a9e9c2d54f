import { AppError } from '../errors.ts';
import type { SecretBytes } from '../secret.ts';
import type { Suite } from './algorithms.ts';
import { textBytes, writeText } from './encoding.ts';
import { hmac } from './hmac.ts';
import { requireAes256 } from './key-length.ts';

const LABEL = 'FKC masking hash v1';

/**
 * The hash that masking puts in place of a value: HMAC keyed by the hash key over name space and value. Equal values
 * mask equally within a name space; the same value in two name spaces masks differently. Text is hashed as its UTF-8 bytes.
 * @returns lower-case hex: 128 digits with suite 1, 64 with suite 2.
 * @throws AppError `SECRET_DISPOSED`, `INPUT_INVALID` (a key that is not 256 bits long, text that is not valid Unicode, a name
 *   space over 65535 bytes)
 */
export function maskingHash(suite: Suite, hashKey: SecretBytes, nameSpace: string, value: string | Uint8Array): string {
  requireAes256('hash key', hashKey);
  const nameSpaceBytes = textBytes('name space', nameSpace);
  if (typeof value === 'string' && !value.isWellFormed()) {
    throw new AppError('INPUT_INVALID', 'The value is not valid Unicode text (it has half of a surrogate pair).', 'Correct the value, or give it as bytes.');
  }
  const valueBytes = typeof value === 'string' ? Buffer.byteLength(value, 'utf8') : value.length;
  const message = Buffer.allocUnsafe(LABEL.length + 1 + 2 + nameSpaceBytes + 4 + valueBytes);
  message.write(LABEL, 0, 'latin1');
  message[LABEL.length] = 0;
  const valueAt = message.writeUInt32BE(valueBytes, writeText(message, LABEL.length + 1, nameSpace, nameSpaceBytes));
  if (typeof value === 'string') message.write(value, valueAt, 'utf8');
  else message.set(value, valueAt);
  try {
    const mac = hashKey.use((key) => hmac(suite.hash, key, message));
    return Buffer.from(mac.buffer, mac.byteOffset, mac.length).toString('hex');
  } finally {
    // It holds the value that masking is to hide.
    message.fill(0);
  }
}
