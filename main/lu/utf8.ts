import { isUtf8 } from 'node:buffer';
import { Transform } from 'node:stream';

const NEWLINE = 0x0a;

/**
 * Lets bytes through as long as they are UTF-8.
 * @param refusal makes the error for the first line (from 1) that is not.
 */
export function onlyUtf8(refusal: (line: number) => Error): Transform {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let lines = 1;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        decoder.decode(chunk, { stream: true });
      } catch {
        done(refusal(lines + firstBadLine(chunk)));
        return;
      }
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines++;
      done(null, chunk);
    },
    flush(done) {
      try {
        decoder.decode();
        done();
      } catch {
        done(refusal(lines));
      }
    },
  });
}

/** Lines before the first bad one in a chunk that is known to have one. */
function firstBadLine(chunk: Buffer): number {
  let line = 0;
  let start = 0;
  // The first bytes may go on with a character that the chunk before began.
  while (start < 3 && ((chunk[start] ?? 0) & 0xc0) === 0x80) start++;
  for (;;) {
    const end = chunk.indexOf(NEWLINE, start);
    if (end < 0 || !isUtf8(chunk.subarray(start, end))) return line;
    line++;
    start = end + 1;
  }
}
