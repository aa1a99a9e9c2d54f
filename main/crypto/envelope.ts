/** Sealed LU instances: docs/formats.md describes every byte. */
import { AppError } from '../errors.ts';
import type { SecretBytes } from '../secret.ts';
import { decrypt, encryptInto, TAG_BYTES } from './aead.ts';
import type { Suite } from './algorithms.ts';
import { type EnvelopeLayout, layoutOf, makeHeader } from './envelope-header.ts';
import { derivedKey, encodeInstance, type InstanceRef, KEY_LABELS } from './instance-key.ts';
import { discard } from './release.ts';

export { type EnvelopeHeader, readEnvelopeHeader } from './envelope-header.ts';

/** Which instance is sealed, and under which generation of the master key. */
export interface SealSubject extends InstanceRef {
  readonly keyDescription: string;
}

/** Chunks of 1 MiB. */
const CHUNK_EXPONENT = 20;
const IV_BYTES = 12;
/** Chunk index (u32) and last mark (u8). */
const POSITION_BYTES = 5;

/**
 * Seals a whole instance under the key derived for it, with a fresh IV.
 * @param masterKey the generation that `subject.keyDescription` names; the caller answers for the match.
 * @param chunkExponent log2 of the chunk size, 4 to 24; another than 1 MiB serves test vectors that fit a page.
 * @returns header and chunks: longer than `plain` by 37 bytes, the key description, and 16 bytes for each chunk after the first.
 * @throws AppError `SECRET_DISPOSED`, `INPUT_INVALID` (a name that can not be encoded)
 */
export function sealInstance(
  suite: Suite,
  masterKey: SecretBytes,
  subject: SealSubject,
  plain: Uint8Array,
  chunkExponent: number = CHUNK_EXPONENT,
): Buffer {
  const header = makeHeader(suite, subject.keyDescription, chunkExponent);
  const instance = encodeInstance(subject);
  const chunkBytes = 2 ** chunkExponent;
  const chunks = Math.max(1, Math.ceil(plain.length / chunkBytes));
  const additionalData = additionalDataFor(header, instance);
  const nonce = Buffer.allocUnsafe(IV_BYTES);
  const sealed = Buffer.allocUnsafe(header.length + plain.length + chunks * TAG_BYTES);
  sealed.set(header);
  let end = header.length;
  const key = derivedKey(suite, masterKey, KEY_LABELS.instance, instance);
  try {
    for (let index = 0; index < chunks; index++) {
      placeChunk(additionalData, header.length, nonce, index, index === chunks - 1);
      const chunk = chunks === 1 ? plain : plain.subarray(index * chunkBytes, (index + 1) * chunkBytes);
      end = encryptInto(sealed, end, suite.cipher, key, nonce, additionalData, chunk);
    }
  } finally {
    key.fill(0);
  }
  return sealed;
}

/**
 * Opens a sealed instance: all of it or nothing.
 * @param masterKey the generation that the header names (see {@link readEnvelopeHeader}).
 * @param subject the instance that the caller expects: what was sealed for another is refused.
 * @throws AppError `ENVELOPE_MALFORMED`, `ENVELOPE_VERSION_UNKNOWN`, `ENVELOPE_ALGORITHM_UNKNOWN`,
 *   `ENVELOPE_AUTHENTICATION_FAILED`, `SECRET_DISPOSED`, `INPUT_INVALID`
 */
export function openInstance(masterKey: SecretBytes, subject: InstanceRef, sealed: Uint8Array): Buffer {
  const layout = layoutOf(sealed);
  const instance = encodeInstance(subject);
  const additionalData = additionalDataFor(sealed.subarray(0, layout.headerBytes), instance);
  const key = derivedKey(layout.suite, masterKey, KEY_LABELS.instance, instance);
  try {
    return layout.chunks === 1 ? openChunk(key, additionalData, layout, sealed, 0) : openChunks(key, additionalData, layout, sealed);
  } finally {
    key.fill(0);
  }
}

function openChunks(key: Uint8Array, additionalData: Buffer, layout: EnvelopeLayout, sealed: Uint8Array): Buffer {
  const plain = Buffer.allocUnsafeSlow(layout.plainBytes);
  let opened = 0;
  try {
    for (let index = 0; index < layout.chunks; index++) {
      const chunk = openChunk(key, additionalData, layout, sealed, index);
      plain.set(chunk, index * layout.chunkBytes);
      discard(chunk);
      opened++;
    }
  } finally {
    if (opened < layout.chunks) discard(plain);
  }
  return plain;
}

function openChunk(key: Uint8Array, additionalData: Buffer, layout: EnvelopeLayout, sealed: Uint8Array, index: number): Buffer {
  const nonce = Buffer.allocUnsafe(IV_BYTES);
  placeChunk(additionalData, layout.headerBytes, nonce, index, index === layout.chunks - 1);
  const start = layout.headerBytes + index * (layout.chunkBytes + TAG_BYTES);
  const chunk = sealed.subarray(start, start + layout.chunkBytes + TAG_BYTES);
  const plain = decrypt(layout.suite.cipher, key, nonce, additionalData, chunk);
  if (plain === null) {
    throw new AppError(
      'ENVELOPE_AUTHENTICATION_FAILED',
      'The instance could not be opened: it was changed, belongs to another instance, or was sealed under another key. None of it was released.',
      'Verify the key generation that the instance names; if the key is good, restore the instance from a backup.',
      { details: { chunk: index, chunks: layout.chunks } },
    );
  }
  return plain;
}

/**
 * Additional data of every chunk: header, names, then room for index (u32) and last mark (u8), which
 * {@link placeChunk} fills in for one chunk after the other.
 */
function additionalDataFor(header: Uint8Array, instance: Uint8Array): Buffer {
  const additionalData = Buffer.allocUnsafe(header.length + instance.length + POSITION_BYTES);
  additionalData.set(header);
  additionalData.set(instance, header.length);
  return additionalData;
}

/**
 * Writes the place of a chunk into the additional data and derives its nonce from the base IV at the header's end:
 * bytes 7-10 XOR index, byte 11 XOR last mark. The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015).
 */
function placeChunk(additionalData: Buffer, headerBytes: number, nonce: Buffer, index: number, last: boolean): void {
  const positionAt = additionalData.length - POSITION_BYTES;
  additionalData.writeUInt32BE(index, positionAt);
  additionalData[positionAt + 4] = last ? 1 : 0;
  const ivAt = headerBytes - IV_BYTES;
  for (let i = 0; i < IV_BYTES; i++) nonce[i] = additionalData[ivAt + i] as number;
  for (let i = 0; i < POSITION_BYTES; i++) (nonce[7 + i] as number) ^= additionalData[positionAt + i] as number;
}
