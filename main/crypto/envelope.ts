/** Sealed LU instances: docs/formats.md describes every byte. */
import { AppError } from '../errors.ts';
import type { SecretBytes } from '../secret.ts';
import { decrypt, encrypt, TAG_BYTES } from './aead.ts';
import type { Suite } from './algorithms.ts';
import { type EnvelopeLayout, layoutOf, makeHeader } from './envelope-header.ts';
import { derivedKey, encodeInstance, type InstanceRef, KEY_LABELS } from './instance-key.ts';

export { type EnvelopeHeader, readEnvelopeHeader } from './envelope-header.ts';

/** Which instance is sealed, and under which generation of the master key. */
export interface SealSubject extends InstanceRef {
  readonly keyDescription: string;
}

/** Chunks of 1 MiB. */
const CHUNK_EXPONENT = 20;
const IV_BYTES = 12;

/**
 * Seals a whole instance under the key derived for it, with a fresh IV.
 * @param masterKey the generation that `subject.keyDescription` names; the caller answers for the match.
 * @param chunkExponent log2 of the chunk size, 4 to 24; another than 1 MiB serves test vectors that fit a page.
 * @returns header and chunks; 35 bytes, the key description, and 16 bytes for each further MiB longer than `plain`.
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
  const last = Math.max(1, Math.ceil(plain.length / chunkBytes)) - 1;
  const position = new ChunkPosition(header, header.length, instance);
  const parts: Buffer[] = [header];
  const key = derivedKey(suite, masterKey, KEY_LABELS.instance, instance);
  try {
    for (let index = 0; index <= last; index++) {
      position.set(index, index === last);
      const chunk = last === 0 ? plain : plain.subarray(index * chunkBytes, (index + 1) * chunkBytes);
      const { ciphertext, tag } = encrypt(suite.cipher, key, position.nonce, position.additionalData, chunk);
      parts.push(ciphertext, tag);
    }
  } finally {
    key.fill(0);
  }
  return Buffer.concat(parts);
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
  const position = new ChunkPosition(sealed, layout.headerBytes, instance);
  const key = derivedKey(layout.suite, masterKey, KEY_LABELS.instance, instance);
  try {
    return layout.chunks === 1 ? openChunk(key, position, layout, sealed, 0) : openChunks(key, position, layout, sealed);
  } finally {
    key.fill(0);
  }
}

function openChunks(key: Uint8Array, position: ChunkPosition, layout: EnvelopeLayout, sealed: Uint8Array): Buffer {
  const plain = Buffer.allocUnsafeSlow(layout.plainBytes);
  let opened = 0;
  try {
    for (let index = 0; index < layout.chunks; index++) {
      const chunk = openChunk(key, position, layout, sealed, index);
      plain.set(chunk, index * layout.chunkBytes);
      chunk.fill(0);
      opened++;
    }
  } finally {
    if (opened < layout.chunks) plain.fill(0);
  }
  return plain;
}

function openChunk(key: Uint8Array, position: ChunkPosition, layout: EnvelopeLayout, sealed: Uint8Array, index: number): Buffer {
  position.set(index, index === layout.chunks - 1);
  const start = layout.headerBytes + index * (layout.chunkBytes + TAG_BYTES);
  const chunk = sealed.subarray(start, start + layout.chunkBytes + TAG_BYTES);
  const plain = decrypt(layout.suite.cipher, key, position.nonce, position.additionalData, chunk);
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
 * Nonce and additional data of the chunks of one instance, kept in two buffers that {@link set} moves from chunk to
 * chunk. The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015): index and last mark are part of the nonce.
 */
class ChunkPosition {
  readonly nonce: Buffer;
  readonly additionalData: Buffer;
  readonly #baseTail: number;
  readonly #baseLast: number;

  constructor(source: Uint8Array, headerBytes: number, instance: Uint8Array) {
    this.additionalData = Buffer.allocUnsafe(headerBytes + instance.length + 5);
    this.additionalData.set(source.length === headerBytes ? source : source.subarray(0, headerBytes), 0);
    this.additionalData.set(instance, headerBytes);
    this.nonce = Buffer.allocUnsafe(IV_BYTES);
    this.additionalData.copy(this.nonce, 0, headerBytes - IV_BYTES, headerBytes);
    this.#baseTail = this.nonce.readUInt32BE(7);
    this.#baseLast = this.nonce[11] as number;
  }

  /** Nonce: base IV, bytes 7–10 XOR index, byte 11 XOR last. Additional data: …, index as u32, last as u8. */
  set(index: number, last: boolean): void {
    this.nonce.writeUInt32BE((this.#baseTail ^ index) >>> 0, 7);
    this.nonce[11] = this.#baseLast ^ (last ? 1 : 0);
    const end = this.additionalData.length;
    this.additionalData.writeUInt32BE(index, end - 5);
    this.additionalData[end - 1] = last ? 1 : 0;
  }
}
