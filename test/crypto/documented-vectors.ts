import { readFileSync } from 'node:fs';

/** One block of lines `name = value` that docs/formats.md prints as a worked example. */
export interface DocumentedVector {
  /** Every line, as printed. */
  readonly lines: Readonly<Record<string, string>>;
  text(field: string): string;
  /** The value as bytes, from hex or `(empty)`. */
  bytes(field: string): Buffer;
}

/** The vectors of docs/formats.md by name. */
export function documentedVectors(): Map<string, DocumentedVector> {
  const page = readFileSync(new URL('../../docs/formats.md', import.meta.url), 'utf8');
  const vectors = new Map<string, DocumentedVector>();
  for (const [, block = ''] of page.matchAll(/^```vector\n(.*?)^```$/gms)) {
    const lines = Object.fromEntries(block.trimEnd().split('\n').map((line) => line.split(/ = (.*)/s, 2) as [string, string]));
    const text = (field: string): string => {
      const value = lines[field];
      if (value === undefined) throw new Error(`The vector "${lines['vector']}" has no line "${field}".`);
      return value;
    };
    const bytes = (field: string): Buffer => Buffer.from(text(field) === '(empty)' ? '' : text(field), 'hex');
    vectors.set(text('vector'), { lines, text, bytes });
  }
  return vectors;
}
