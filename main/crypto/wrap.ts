/** Wrapped master keys: docs/formats.md describes every byte. */
import { AppError } from '../errors.ts';
import { SecretBytes } from '../secret.ts';
import { decrypt, encryptInto, TAG_BYTES } from './aead.ts';
import { textBytes, writeText } from './encoding.ts';
import { requireAes256 } from './key-length.ts';
import { writeFreshIv } from './random.ts';

/** Which generation of which master key is wrapped: a wrapped key does not open under another's name. */
export interface WrappedKeySubject {
  readonly name: string;
  /** Key description of the generation. */
  readonly description: string;
}

const VERSION = 1;
const IV_BYTES = 12;
const KEY_BYTES = 32;
const BODY_AT = 1 + IV_BYTES;
/** Size of a wrapped key: version, IV, key, tag. */
export const WRAPPED_KEY_BYTES = BODY_AT + KEY_BYTES + TAG_BYTES;
const LABEL = 'FKC wrapped key v1';

/**
 * Wraps a 256-bit key under a 256-bit protection key: AES-256-GCM with an IV of its own, bound to name and description.
 * @returns {@link WRAPPED_KEY_BYTES} bytes.
 * @throws AppError `SECRET_DISPOSED`, `INPUT_INVALID` (a key that is not 256 bits long, a name that can not be encoded)
 */
export function wrapKey(protectionKey: SecretBytes, subject: WrappedKeySubject, key: SecretBytes): Buffer {
  requireAes256('protection key', protectionKey);
  requireAes256('master key', key);
  const wrapped = Buffer.allocUnsafeSlow(WRAPPED_KEY_BYTES);
  wrapped[0] = VERSION;
  writeFreshIv(wrapped, 1);
  const data = additionalData(subject);
  protectionKey.use((wrapping) =>
    key.use((plain) => encryptInto(wrapped, BODY_AT, 'aes-256-gcm', wrapping, wrapped.subarray(1, BODY_AT), data, plain)),
  );
  return wrapped;
}

/**
 * Unwraps what {@link wrapKey} made.
 * @throws AppError `WRAPPED_KEY_MALFORMED`, `WRAPPED_KEY_AUTHENTICATION_FAILED`, `SECRET_DISPOSED`, `INPUT_INVALID`
 */
export function unwrapKey(protectionKey: SecretBytes, subject: WrappedKeySubject, wrapped: Uint8Array): SecretBytes {
  requireAes256('protection key', protectionKey);
  if (wrapped.length !== WRAPPED_KEY_BYTES || wrapped[0] !== VERSION) {
    throw new AppError(
      'WRAPPED_KEY_MALFORMED',
      `The stored form of key "${subject.description}" is not a wrapped key of format version ${VERSION} (${wrapped.length} bytes). Data under this key can not be read until it is whole again.`,
      'Restore the stored parts of this key from a backup of the system database.',
      { details: { name: subject.name, description: subject.description, bytes: wrapped.length } },
    );
  }
  const plain = protectionKey.use((wrapping) =>
    decrypt('aes-256-gcm', wrapping, wrapped.subarray(1, BODY_AT), additionalData(subject), wrapped.subarray(BODY_AT)),
  );
  if (plain === null) {
    throw new AppError(
      'WRAPPED_KEY_AUTHENTICATION_FAILED',
      `Key "${subject.description}" could not be unwrapped: its stored form was changed or swapped, or another protection key wrapped it. Data under this key can not be read until this is mended.`,
      'Check that the KeyStore is the one that wrapped this key; if it is, restore the stored parts of the key from a backup.',
      { details: { name: subject.name, description: subject.description } },
    );
  }
  return SecretBytes.take(plain);
}

function additionalData(subject: WrappedKeySubject): Buffer {
  const nameBytes = textBytes('key name', subject.name);
  const descriptionBytes = textBytes('key description', subject.description);
  const data = Buffer.allocUnsafe(LABEL.length + 6 + nameBytes + descriptionBytes);
  data.write(LABEL, 0, 'latin1');
  data[LABEL.length] = 0;
  data[LABEL.length + 1] = VERSION;
  writeText(data, writeText(data, LABEL.length + 2, subject.name, nameBytes), subject.description, descriptionBytes);
  return data;
}
