import { constants, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/** A line, or a piece of one that is longer than a piece may be. Bytes that are not ASCII are one character each. */
export interface Piece {
  /** From 1. */
  readonly line: number;
  readonly text: string;
  /** Where the piece begins in its line. */
  readonly offset: number;
  /** Whether the line ends with it. */
  readonly last: boolean;
}

export type NotText = 'binary' | 'too-large' | 'not-a-file';

/** How much of a file is in memory at a time. */
const CHUNK = 64 * 1024;
const MAX_PIECE = 64 * 1024;
/** What two pieces of one line share, so that nothing of interest is cut: longer than any secret that is looked for. */
const OVERLAP = 4 * 1024;

/**
 * Reads a text file line by line, in bounded memory, and ends where it turns out not to be one.
 * @returns what it is instead of a text; null where all of it was read
 * @throws what the operating system answers
 */
export async function* readLines(file: string, maxBytes: number): AsyncGenerator<Piece, NotText | null> {
  // A pipe must not be waited for, and a link that took the file's place not be followed.
  const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0));
  try {
    const stats = await handle.stat();
    const refused = refusal(stats, maxBytes);
    if (refused !== null) return refused;
    return yield* piecesOf(handle, maxBytes);
  } finally {
    await handle.close();
  }
}

function refusal(stats: Stats, maxBytes: number): NotText | null {
  if (!stats.isFile()) return 'not-a-file';
  return stats.size > maxBytes ? 'too-large' : null;
}

async function* piecesOf(handle: FileHandle, maxBytes: number): AsyncGenerator<Piece, NotText | null> {
  const chunk = Buffer.alloc(CHUNK);
  let decoder: TextDecoder | null = null;
  let line = 1;
  let offset = 0;
  let rest = '';
  let read = 0;
  for (;;) {
    const { bytesRead } = await handle.read(chunk, 0, CHUNK, null);
    if (bytesRead === 0) break;
    const bytes = chunk.subarray(0, bytesRead);
    if (read === 0) decoder = utf16Decoder(bytes);
    read += bytesRead;
    // A file that grows while it is read.
    if (read > maxBytes) return 'too-large';
    if (decoder === null && bytes.includes(0)) return 'binary';
    rest += decoder === null ? bytes.toString('latin1') : decoder.decode(bytes, { stream: true });
    let start = 0;
    for (let end = rest.indexOf('\n', start); end !== -1; end = rest.indexOf('\n', start)) {
      yield { line, text: rest.slice(start, end), offset, last: true };
      line += 1;
      offset = 0;
      start = end + 1;
    }
    rest = rest.slice(start);
    while (rest.length > MAX_PIECE) {
      yield { line, text: rest.slice(0, MAX_PIECE), offset, last: false };
      rest = rest.slice(MAX_PIECE - OVERLAP);
      offset += MAX_PIECE - OVERLAP;
    }
  }
  if (rest !== '') yield { line, text: rest, offset, last: true };
  return null;
}

function utf16Decoder(bytes: Uint8Array): TextDecoder | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le');
  return bytes[0] === 0xfe && bytes[1] === 0xff ? new TextDecoder('utf-16be') : null;
}
