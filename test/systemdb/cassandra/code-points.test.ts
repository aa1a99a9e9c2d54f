import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byCodePoints } from '../../../main/systemdb/cassandra/code-points.ts';

test('texts are in the order of their UTF-8 bytes', () => {
  const text = fc.string({ unit: fc.oneof(fc.constantFrom('a', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{1f511}', '\u{10ffff}'), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 })) });
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(byCodePoints(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});
