/**
 * Reed–Solomon check bytes over GF(2^8) (polynomial 0x11d, roots 2^0 … 2^3) behind the wrapped key's bytes. They only
 * tell *which* stripes were changed, so that an admin can name the record; a damaged key is refused, never repaired
 * (authenticity is the wrapping's matter).
 */
export const CHECK_BYTES = 4;

/** The longest code word: GF(2^8) has 255 places. What a KMS wrapped may need several. */
const LONGEST_WORD = 255;
const LONGEST_DATA = LONGEST_WORD - CHECK_BYTES;

/** A bound for what facts may claim: longer than any KMS wraps a key. */
export const MAX_STRIPES = 4 * LONGEST_WORD;

const EXP = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power += 1) {
  EXP[power] = value;
  EXP[power + 255] = value;
  LOG[value] = power;
  value = (value << 1) ^ (value & 0x80 ? 0x11d : 0);
}

function multiply(a: number, b: number): number {
  return a === 0 || b === 0 ? 0 : (EXP[(LOG[a] ?? 0) + (LOG[b] ?? 0)] ?? 0);
}

/** (x - 2^0)(x - 2^1)(x - 2^2)(x - 2^3), highest power first. */
const GENERATOR = (() => {
  let polynomial = [1];
  for (let root = 0; root < CHECK_BYTES; root += 1) {
    const next = new Array<number>(polynomial.length + 1).fill(0);
    polynomial.forEach((coefficient, i) => {
      next[i] = (next[i] ?? 0) ^ coefficient;
      next[i + 1] = (next[i + 1] ?? 0) ^ multiply(coefficient, EXP[root] ?? 0);
    });
    polynomial = next;
  }
  return polynomial;
})();

/** The number of stripes that `bytes` bytes of data need, check bytes included. */
export function codeLength(bytes: number): number {
  return bytes + CHECK_BYTES * Math.ceil(bytes / LONGEST_DATA);
}

/** Whether some data has a code of that length. */
export function isCodeLength(stripes: number): boolean {
  if (!Number.isInteger(stripes) || stripes > MAX_STRIPES) return false;
  return ((stripes - 1) % LONGEST_WORD) + 1 > CHECK_BYTES && stripes > 0;
}

/** Words one behind the other: each its data, followed by {@link CHECK_BYTES} check bytes. */
export function encodeStripes(data: Uint8Array): Uint8Array {
  const code = new Uint8Array(codeLength(data.length));
  for (let from = 0, to = 0; from < data.length; from += LONGEST_DATA, to += LONGEST_WORD) {
    code.set(encodeWord(data.subarray(from, from + LONGEST_DATA)), to);
  }
  return code;
}

/** The data of a whole code. */
export function decodeStripes(code: Uint8Array): Uint8Array {
  return Uint8Array.from(wordsOf(code).flatMap(({ word }) => [...word.subarray(0, word.length - CHECK_BYTES)]));
}

/**
 * Checks a code.
 * @returns null where it is whole; otherwise the positions that were changed, where one or two in a word are (an exchange
 * of two stripes is two changes), or an empty list where it can not be told.
 */
export function findChangedStripes(code: Uint8Array): number[] | null {
  const changed = wordsOf(code).flatMap(({ word, from }) => {
    const places = findChangedInWord(word);
    return places === null ? [] : [places.map((place) => from + place)];
  });
  if (changed.length === 0) return null;
  return changed.some((places) => places.length === 0) ? [] : changed.flat();
}

function wordsOf(code: Uint8Array): { word: Uint8Array; from: number }[] {
  const count = Math.ceil(code.length / LONGEST_WORD);
  return Array.from({ length: count }, (_, i) => ({ word: code.subarray(i * LONGEST_WORD, (i + 1) * LONGEST_WORD), from: i * LONGEST_WORD }));
}

function encodeWord(data: Uint8Array): Uint8Array {
  const code = new Uint8Array(data.length + CHECK_BYTES);
  code.set(data);
  for (let i = 0; i < data.length; i += 1) {
    const factor = code[i] ?? 0;
    if (factor === 0) continue;
    for (let j = 1; j < GENERATOR.length; j += 1) {
      code[i + j] = (code[i + j] ?? 0) ^ multiply(GENERATOR[j] ?? 0, factor);
    }
  }
  code.set(data);
  return code;
}

function syndromes(code: Uint8Array): number[] {
  return Array.from({ length: CHECK_BYTES }, (_, root) =>
    code.reduce((sum, byte) => multiply(sum, EXP[root] ?? 0) ^ byte, 0),
  );
}

function findChangedInWord(code: Uint8Array): number[] | null {
  const s = syndromes(code);
  if (s.every((value) => value === 0)) return null;
  const locator = (position: number): number => EXP[(code.length - 1 - position) % 255] ?? 0;
  const explains = (positions: readonly number[], values: readonly number[]): boolean =>
    s.every((expected, root) => {
      const sum = positions.reduce((all, position, i) => {
        let term = values[i] ?? 0;
        for (let k = 0; k < root; k += 1) term = multiply(term, locator(position));
        return all ^ term;
      }, 0);
      return sum === expected;
    });
  const [s0 = 0, s1 = 0] = s;
  for (let a = 0; a < code.length; a += 1) {
    if (s0 !== 0 && explains([a], [s0])) return [a];
  }
  for (let a = 0; a < code.length; a += 1) {
    for (let b = a + 1; b < code.length; b += 1) {
      // e_a + e_b = s0 and e_a·x_a + e_b·x_b = s1, so e_b = (s1 + s0·x_a) / (x_a + x_b).
      const numerator = s1 ^ multiply(s0, locator(a));
      const denominator = locator(a) ^ locator(b);
      if (numerator === 0) continue;
      const second = EXP[((LOG[numerator] ?? 0) - (LOG[denominator] ?? 0) + 255) % 255] ?? 0;
      const first = s0 ^ second;
      if (first !== 0 && explains([a, b], [first, second])) return [a, b];
    }
  }
  return [];
}
