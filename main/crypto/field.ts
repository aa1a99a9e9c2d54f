/** Sealed field values, as text that fits a column: docs/formats.md describes every byte. */
import { AppError } from '../errors.ts';
import type { SecretBytes } from '../secret.ts';
import { decrypt, encryptInto, TAG_BYTES } from './aead.ts';
import { suiteById, type Suite } from './algorithms.ts';
import { readText, textBytes, writeText } from './encoding.ts';
import { derivedKey, encodeInstance, type InstanceRef, KEY_LABELS } from './instance-key.ts';
import { writeFreshIv } from './random.ts';

/** What a sealed field says about itself without any key. Not yet authenticated: only opening proves it. */
export interface FieldHeader extends InstanceRef {
  readonly suite: Suite;
  /** The generation of the master key that it was sealed under. */
  readonly keyDescription: string;
}

const PREFIX = 'fkf1.';
const IV_BYTES = 12;
/** Far above any column, far below what one string can hold. */
const MAX_PLAIN_BYTES = 16 * 1024 * 1024;
const MAX_TOKEN_CHARACTERS = 2 * MAX_PLAIN_BYTES;

/**
 * Seals one value of an instance. The key is derived from the master key as an instance key is, under a label of its own.
 * @returns an ASCII token: `fkf1.` and base64url. It names its instance, so that rekeying needs nothing else.
 * @throws AppError `SECRET_DISPOSED`, `INPUT_INVALID` (a name that can not be encoded, a value over 16 MiB)
 */
export function sealField(
  suite: Suite,
  masterKey: SecretBytes,
  subject: InstanceRef & { readonly keyDescription: string },
  plain: Uint8Array,
): string {
  const descriptionBytes = textBytes('key description', subject.keyDescription);
  if (descriptionBytes === 0) {
    throw new AppError('INPUT_INVALID', 'The key description is empty: the value could not be read again.', 'Give the description of the active generation.');
  }
  if (plain.length > MAX_PLAIN_BYTES) {
    throw new AppError('INPUT_INVALID', `The value is too long for a field: ${plain.length} bytes, ${MAX_PLAIN_BYTES} are possible.`, 'Save it as an instance instead.', {
      details: { bytes: plain.length, limit: MAX_PLAIN_BYTES },
    });
  }
  const instance = encodeInstance(subject);
  const ivAt = PREFIX.length + 3 + descriptionBytes + instance.length;
  const header = Buffer.allocUnsafe(ivAt + IV_BYTES);
  header.write(PREFIX, 0, 'latin1');
  header[PREFIX.length] = suite.id;
  header.set(instance, writeText(header, PREFIX.length + 1, subject.keyDescription, descriptionBytes));
  writeFreshIv(header, ivAt);
  const key = derivedKey(suite, masterKey, KEY_LABELS.field, instance);
  try {
    const body = Buffer.allocUnsafe(header.length - PREFIX.length + plain.length + TAG_BYTES);
    body.set(header.subarray(PREFIX.length));
    encryptInto(body, header.length - PREFIX.length, suite.cipher, key, header.subarray(ivAt), header, plain);
    return PREFIX + body.toString('base64url');
  } finally {
    key.fill(0);
  }
}

/**
 * Opens a sealed field.
 * @param masterKey the generation that the token names (see {@link readFieldHeader}).
 * @param subject the instance that the caller expects: a value of another is refused.
 * @throws AppError `FIELD_MALFORMED`, `FIELD_AUTHENTICATION_FAILED`, `ENVELOPE_ALGORITHM_UNKNOWN`,
 *   `SECRET_DISPOSED`, `INPUT_INVALID`
 */
export function openField(masterKey: SecretBytes, subject: InstanceRef, token: string): Buffer {
  const field = parseToken(token);
  const instance = encodeInstance(subject);
  if (field.lu !== subject.lu || field.instanceId !== subject.instanceId) throw notAuthentic();
  const key = derivedKey(field.suite, masterKey, KEY_LABELS.field, instance);
  try {
    const plain = decrypt(field.suite.cipher, key, field.header.subarray(-IV_BYTES), field.header, field.body);
    if (plain === null) throw notAuthentic();
    return plain;
  } finally {
    key.fill(0);
  }
}

/**
 * Reads what a token says about itself, to find the key that opens it.
 * @throws AppError `FIELD_MALFORMED`, `ENVELOPE_ALGORITHM_UNKNOWN`
 */
export function readFieldHeader(token: string): FieldHeader {
  const { suite, keyDescription, lu, instanceId } = parseToken(token);
  return { suite, keyDescription, lu, instanceId };
}

/** `header` is the additional data: prefix, names, IV. `body` is ciphertext and tag. */
function parseToken(token: string): FieldHeader & { header: Buffer; body: Buffer } {
  if (!token.startsWith(PREFIX)) throw malformed(`it does not start with "${PREFIX}"`);
  if (token.length > MAX_TOKEN_CHARACTERS) throw malformed('it is too long');
  const encoded = token.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, 'base64url');
  // Only one spelling of each token is accepted: no padding, no other alphabet, no stray bits at the end.
  if (bytes.toString('base64url') !== encoded) throw malformed('it is not base64url');
  if (bytes.length < 1) throw malformed('it is cut');
  const suite = suiteById(bytes[0] as number);
  const description = readText(bytes, 1);
  const lu = description && readText(bytes, description.end);
  const instanceId = lu && readText(bytes, lu.end);
  if (!instanceId || description.text === '') throw malformed('its names are missing or cut');
  const bodyAt = instanceId.end + IV_BYTES;
  if (bodyAt + TAG_BYTES > bytes.length) throw malformed('it is cut');
  return {
    suite,
    keyDescription: description.text,
    lu: lu.text,
    instanceId: instanceId.text,
    header: Buffer.concat([Buffer.from(PREFIX, 'latin1'), bytes.subarray(0, bodyAt)]),
    body: bytes.subarray(bodyAt),
  };
}

function malformed(why: string): AppError {
  return new AppError(
    'FIELD_MALFORMED',
    `This is not an encrypted field value, or it is damaged: ${why}. Nothing was decrypted or changed.`,
    'Give the whole text as it was encrypted, or restore it from a backup.',
  );
}

function notAuthentic(): AppError {
  return new AppError(
    'FIELD_AUTHENTICATION_FAILED',
    'The field value could not be opened: it was changed, belongs to another instance, or was sealed under another key. None of it was released.',
    'Check that LU and instance ID are those it was encrypted for; if they are, restore the value from a backup.',
  );
}
