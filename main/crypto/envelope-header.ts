import { AppError } from '../errors.ts';
import { suiteById, type Suite } from './algorithms.ts';
import { TAG_BYTES } from './aead.ts';
import { readText, textBytes, textEnd, writeText } from './encoding.ts';
import { writeFreshIv } from './random.ts';

/** What a sealed instance says about itself without any key. Not yet authenticated: only opening proves it. */
export interface EnvelopeHeader {
  readonly version: number;
  readonly suite: Suite;
  /** The generation of the master key that it was sealed under. */
  readonly keyDescription: string;
  /** Plain bytes of each chunk but the last. */
  readonly chunkBytes: number;
  readonly chunks: number;
  readonly headerBytes: number;
  /** Size of the whole sealed form. */
  readonly sealedBytes: number;
}

/** Where things lie in a sealed instance, each offset checked against its real length. */
export interface EnvelopeLayout {
  readonly suite: Suite;
  readonly chunkBytes: number;
  readonly chunks: number;
  readonly headerBytes: number;
  readonly plainBytes: number;
}

const MAGIC = 0x464b4349; // "FKCI"
const VERSION = 1;
const SUITE_AT = 5;
const CHUNK_EXPONENT_AT = 6;
const KEY_DESCRIPTION_AT = 7;
const IV_BYTES = 12;
/** 16 bytes to 16 MiB; smaller would make chunks cheaper to write than to check, larger would need too much memory. */
const MIN_CHUNK_EXPONENT = 4;
const MAX_CHUNK_EXPONENT = 24;
const MAX_CHUNKS = 2 ** 32;

/**
 * Header bytes, IV included: magic, version, suite, chunk size exponent, key description, base IV.
 * @throws AppError `INPUT_INVALID`
 */
export function makeHeader(suite: Suite, keyDescription: string, chunkExponent: number): Buffer {
  const descriptionBytes = textBytes('key description', keyDescription);
  if (descriptionBytes === 0) {
    throw new AppError('INPUT_INVALID', 'The key description is empty: the data could not be read again.', 'Give the description of the active generation.');
  }
  if (!isChunkExponent(chunkExponent)) {
    throw new AppError('INPUT_INVALID', `A chunk of 2^${chunkExponent} bytes is not possible.`, 'Use a chunk size of 16 bytes to 16 MiB.');
  }
  const header = Buffer.allocUnsafe(KEY_DESCRIPTION_AT + 2 + descriptionBytes + IV_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header[4] = VERSION;
  header[SUITE_AT] = suite.id;
  header[CHUNK_EXPONENT_AT] = chunkExponent;
  writeFreshIv(header, writeText(header, KEY_DESCRIPTION_AT, keyDescription, descriptionBytes));
  return header;
}

/**
 * Finds the parts of a sealed instance. Nothing is allocated from what it declares.
 * @throws AppError `ENVELOPE_MALFORMED`, `ENVELOPE_VERSION_UNKNOWN`, `ENVELOPE_ALGORITHM_UNKNOWN`
 */
export function layoutOf(sealed: Uint8Array): EnvelopeLayout {
  if (sealed.length < KEY_DESCRIPTION_AT) throw malformed('it is too short for a header');
  if (readU32(sealed, 0) !== MAGIC) throw malformed('it does not start with the mark of a sealed instance');
  const version = sealed[4] as number;
  if (version !== VERSION) {
    throw new AppError(
      'ENVELOPE_VERSION_UNKNOWN',
      `This instance was sealed in format version ${version}; this console reads version ${VERSION}. Nothing was decrypted or changed.`,
      'Open it with the newest version of the console. If that does not know it either, restore the instance from a backup.',
      { details: { version } },
    );
  }
  const suite = suiteById(sealed[SUITE_AT] as number);
  const chunkExponent = sealed[CHUNK_EXPONENT_AT] as number;
  if (!isChunkExponent(chunkExponent)) throw malformed('its chunk size is impossible');
  const descriptionEnd = textEnd(sealed, KEY_DESCRIPTION_AT);
  if (descriptionEnd === null || descriptionEnd === KEY_DESCRIPTION_AT + 2) throw malformed('its key description is missing or cut');
  const headerBytes = descriptionEnd + IV_BYTES;

  const chunkBytes = 2 ** chunkExponent;
  const bodyBytes = sealed.length - headerBytes;
  const chunks = Math.ceil(bodyBytes / (chunkBytes + TAG_BYTES));
  if (chunks < 1 || chunks > MAX_CHUNKS) throw malformed('it has no chunks, or too many');
  const plainBytes = bodyBytes - chunks * TAG_BYTES;
  // Every chunk holds plain bytes, but the only chunk of an empty instance.
  if (plainBytes < 0 || (chunks > 1 && plainBytes <= (chunks - 1) * chunkBytes)) throw malformed('its last chunk is cut');
  return { suite, chunkBytes, chunks, headerBytes, plainBytes };
}

/**
 * Reads the header of a sealed instance, to find the key that opens it.
 * @throws AppError `ENVELOPE_MALFORMED`, `ENVELOPE_VERSION_UNKNOWN`, `ENVELOPE_ALGORITHM_UNKNOWN`
 */
export function readEnvelopeHeader(sealed: Uint8Array): EnvelopeHeader {
  const { suite, chunkBytes, chunks, headerBytes } = layoutOf(sealed);
  const description = readText(sealed, KEY_DESCRIPTION_AT);
  if (description === null) throw malformed('its key description is not valid text');
  return { version: VERSION, suite, keyDescription: description.text, chunkBytes, chunks, headerBytes, sealedBytes: sealed.length };
}

function isChunkExponent(exponent: number): boolean {
  return Number.isInteger(exponent) && exponent >= MIN_CHUNK_EXPONENT && exponent <= MAX_CHUNK_EXPONENT;
}

function readU32(source: Uint8Array, offset: number): number {
  const at = (place: number): number => source[offset + place] as number;
  return ((at(0) << 24) | (at(1) << 16) | (at(2) << 8) | at(3)) >>> 0;
}

function malformed(why: string): AppError {
  return new AppError(
    'ENVELOPE_MALFORMED',
    `This is not a sealed instance, or it is damaged: ${why}. Nothing was decrypted or changed.`,
    'Restore the instance from a backup, or check that the right file or row was given.',
  );
}
