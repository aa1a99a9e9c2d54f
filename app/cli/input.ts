import { AppError } from '../../main/errors.ts';

/**
 * Everything on stdin. The caller zeroes it where it is a secret; the pieces it came in are zeroed here.
 * @throws AppError `INPUT_INVALID` where it is more than `maxBytes`
 */
export async function readAll(stream: AsyncIterable<Uint8Array | string>, maxBytes: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of stream) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      pieces.push(bytes);
      length += bytes.length;
      if (length > maxBytes) {
        throw new AppError('INPUT_INVALID', `The input is longer than ${maxBytes} bytes. Nothing was done.`, 'Give a shorter value.', { details: { maxBytes } });
      }
    }
    return Buffer.concat(pieces);
  } finally {
    for (const piece of pieces) piece.fill(0);
  }
}

/** `value` without the one line end that `echo` and editors put after it (LF or CRLF); a view, not a copy. */
export function withoutLineEnd(value: Buffer): Buffer {
  if (value.at(-1) !== 0x0a) return value;
  return value.subarray(0, value.at(-2) === 0x0d ? -2 : -1);
}

/**
 * The lines of a stream as text, without their ends (LF or CRLF); the last needs none.
 * @throws AppError `INPUT_INVALID` for a line that is not UTF-8, or longer than `maxBytes`
 */
export async function* linesOf(stream: AsyncIterable<Uint8Array | string>, maxBytes: number): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  for await (const piece of stream) {
    const bytes = Buffer.concat([rest, typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece]);
    let from = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
      yield lineText(withoutLineEnd(bytes.subarray(from, end + 1)), (number += 1));
      from = end + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > maxBytes) {
      throw new AppError('INPUT_INVALID', `Line ${number + 1} is longer than ${maxBytes} bytes.`, 'Give one value a line.', { details: { line: number + 1 } });
    }
  }
  if (rest.length > 0) yield lineText(rest, number + 1);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function lineText(bytes: Buffer, line: number): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new AppError('INPUT_INVALID', `Line ${line} is not UTF-8 text, so it has no hash.`, 'Give the values as UTF-8.', { details: { line } });
  }
}

/** `bytes` as text where they are UTF-8; null otherwise. */
export function asText(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
