import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';

const FOLDER = new URL('../../vectors/kmip/', import.meta.url);

export interface Vector {
  /** Where it comes from. */
  readonly from: string;
  readonly bytes: Buffer;
}

/** The literals of PyKMIP's tests, well-formed or not. */
export function pykmipLiterals(): Vector[] {
  return readFileSync(new URL('pykmip/literals.txt', FOLDER), 'utf8').trim().split('\n').map((line) => {
    const [file, type, name, hex] = line.split(' ') as [string, string, string, string];
    return { from: `${file} ${type} ${name}`, bytes: Buffer.from(hex, 'hex') };
  });
}

/** The messages of the OASIS test cases, requests and responses in turns; `from` begins with the version, `v1.0/…`. */
export function oasisMessages(): Vector[] {
  const lines = brotliDecompressSync(readFileSync(new URL('oasis/messages.txt.br', FOLDER))).toString().trim().split('\n');
  const messages: Vector[] = [];
  let from = '';
  for (const line of lines) {
    if (line.startsWith('# ')) from = line.slice(2);
    else messages.push({ from, bytes: Buffer.from(line, 'hex') });
  }
  return messages;
}
