import { AppError } from '../errors.ts';

/** Longest length-prefixed text in bytes: what a u16 can say. */
const MAX_TEXT_BYTES = 0xffff;

/**
 * The encoded length of `text` in UTF-8.
 *
 * Ill-formed text (a lone surrogate) is refused: UTF-8 would write every one of them as U+FFFD, and two different
 * instance IDs would share one key.
 * @param what names the text in the error.
 * @throws AppError `INPUT_INVALID` if it is ill-formed or longer than {@link MAX_TEXT_BYTES}.
 */
export function textBytes(what: string, text: string): number {
  if (!text.isWellFormed()) {
    throw new AppError('INPUT_INVALID', `The ${what} is not valid Unicode text (it has half of a surrogate pair).`, `Correct the ${what}.`);
  }
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes > MAX_TEXT_BYTES) {
    throw new AppError(
      'INPUT_INVALID',
      `The ${what} is too long: ${bytes} bytes, ${MAX_TEXT_BYTES} are possible.`,
      `Use a shorter ${what}.`,
      { details: { bytes, limit: MAX_TEXT_BYTES } },
    );
  }
  return bytes;
}

/**
 * Writes `text` at `offset` as u16 length (big-endian) and UTF-8 bytes. `bytes` is what {@link textBytes} said.
 * @returns the offset after it.
 */
export function writeText(target: Buffer, offset: number, text: string, bytes: number): number {
  target.writeUInt16BE(bytes, offset);
  target.write(text, offset + 2, 'utf8');
  return offset + 2 + bytes;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A length-prefixed text as {@link writeText} made it, or null where it is cut or no valid UTF-8. */
export function readText(source: Uint8Array, offset: number): { text: string; end: number } | null {
  const end = textEnd(source, offset);
  if (end === null) return null;
  try {
    return { text: strictUtf8.decode(source.subarray(offset + 2, end)), end };
  } catch {
    return null;
  }
}

/** The offset after a length-prefixed text, or null where it is cut. */
export function textEnd(source: Uint8Array, offset: number): number | null {
  const high = source[offset];
  const low = source[offset + 1];
  if (high === undefined || low === undefined) return null;
  const end = offset + 2 + high * 256 + low;
  return end > source.length ? null : end;
}
