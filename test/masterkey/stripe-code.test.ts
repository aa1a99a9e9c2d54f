import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHECK_BYTES, decodeStripes, encodeStripes, findChangedStripes, isCodeLength, MAX_STRIPES } from '../../main/masterkey/stripe-code.ts';

const data = fc.uint8Array({ minLength: 1, maxLength: 100 });

describe('check bytes of the stripes', () => {
  // Reed-Solomon over GF(256) with 0x11d and roots from 2^0: the check bytes of
  // the message [1] are the generator polynomial itself, x^4 + 15x^3 + 54x^2 + 120x + 64.
  it('agrees with the generator polynomial (x^4 + 15 x^3 + 54 x^2 + 120 x + 64)', () => {
    expect([...encodeStripes(Uint8Array.of(1))]).toEqual([1, 15, 54, 120, 64]);
  });

  it('accepts what it made', () => {
    fc.assert(
      fc.property(data, (bytes) => {
        expect(findChangedStripes(encodeStripes(bytes))).toBeNull();
      }),
    );
  });

  it('names one changed stripe', () => {
    fc.assert(
      fc.property(data, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, difference) => {
        const code = encodeStripes(bytes);
        const position = at % code.length;
        code[position] = (code[position] ?? 0) ^ difference;
        expect(findChangedStripes(code)).toEqual([position]);
      }),
    );
  });

  it('names two changed stripes', () => {
    fc.assert(
      fc.property(data, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), fc.integer({ min: 1, max: 255 }), (bytes, a, b, x, y) => {
        const code = encodeStripes(bytes);
        const [first, second] = [a % code.length, b % code.length].sort((m, n) => m - n) as [number, number];
        fc.pre(first !== second);
        code[first] = (code[first] ?? 0) ^ x;
        code[second] = (code[second] ?? 0) ^ y;
        expect(findChangedStripes(code)).toEqual([first, second]);
      }),
    );
  });

  it('never calls three or four changed stripes whole', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 60, maxLength: 60 }),
        fc.uniqueArray(fc.nat(63), { minLength: 3, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 4, maxLength: 4 }),
        (bytes, positions, differences) => {
          const code = encodeStripes(bytes);
          positions.forEach((position, i) => {
            code[position] = (code[position] ?? 0) ^ (differences[i] ?? 1);
          });
          expect(findChangedStripes(code)).not.toBeNull();
        },
      ),
    );
  });

  it('adds a fixed number of bytes and leaves the data as they are', () => {
    const code = encodeStripes(Uint8Array.of(7, 8, 9));
    expect(code.length).toBe(3 + CHECK_BYTES);
    expect([...code.subarray(0, 3)]).toEqual([7, 8, 9]);
  });

  it('takes what needs several words, and names what was changed in each', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 1_004 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, difference) => {
        const code = encodeStripes(bytes);
        expect(isCodeLength(code.length)).toBe(true);
        expect(code.length).toBeLessThanOrEqual(MAX_STRIPES);
        expect(Buffer.from(decodeStripes(code)).equals(bytes)).toBe(true);
        const position = at % code.length;
        code[position] = (code[position] ?? 0) ^ difference;
        expect(findChangedStripes(code)).toEqual([position]);
      }),
    );
  });

  it('knows lengths that no data has', () => {
    expect([0, 4, 255 + 1, 255 + 4, MAX_STRIPES + 1, 1.5].map(isCodeLength)).toEqual(Array.from({ length: 6 }, () => false));
    expect([5, 255, 255 + 5, MAX_STRIPES].map(isCodeLength)).toEqual(Array.from({ length: 4 }, () => true));
  });
});
