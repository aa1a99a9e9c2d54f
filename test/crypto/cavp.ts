import { readFileSync } from 'node:fs';

/** One test case: its lines `Name = value` (hex as it stands), and the words that stand alone (`FAIL`). */
export interface CavpCase {
  readonly values: ReadonlyMap<string, string>;
  readonly words: ReadonlySet<string>;
}

/** Reads a CAVP response file of `test/vectors/cavp`. */
export function readCavp(file: string): CavpCase[] {
  const cases: CavpCase[] = [];
  let values = new Map<string, string>();
  let words = new Set<string>();
  const finish = (): void => {
    if (values.size > 0) cases.push({ values, words });
    values = new Map();
    words = new Set();
  };
  for (const raw of readFileSync(new URL(`../vectors/cavp/${file}`, import.meta.url), 'utf8').split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith('[')) continue;
    const pair = /^([^=]+?) =(.*)$/.exec(line) ?? /^(COUNT)=(.*)$/.exec(line);
    if (pair === null) {
      words.add(line);
      continue;
    }
    const [, name = '', value = ''] = pair;
    if (name.toUpperCase() === 'COUNT') finish();
    values.set(name, value.trim());
  }
  finish();
  return cases;
}

/** The bytes of a hex value of the case. */
export function bytesOf(test: CavpCase, name: string): Buffer {
  const value = test.values.get(name);
  if (value === undefined) throw new Error(`The vector has no ${name}.`);
  return Buffer.from(value, 'hex');
}
