import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { isAppError } from '../../main/errors.ts';
import { DerReader, TAG, derElement, derHeader, derInteger, derNull, derOctets, derOid, derSequence } from '../../main/keystore/der.ts';
import { codeOf } from './fixtures.ts';

const hex = (text: string): DerReader => new DerReader(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** Walks everything that can be walked, as a reader of unknown input would. */
function walk(bytes: Uint8Array, depth = 0): number {
  let elements = 0;
  const reader = new DerReader(bytes, depth);
  while (!reader.done) {
    const { tag, content } = reader.any();
    elements += 1;
    if ((tag & 0x20) !== 0) elements += walk(content, depth + 1);
  }
  return elements;
}

describe('reading', () => {
  test.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['a length that is cut', '3082 01'],
    ['content that is cut', '0402 00'],
    ['a declared length of 4 GiB', '0484ffffffff 00'],
    ['a length of five bytes', '048500000000 01 00'],
    ['a long form for a short length', '04810100'],
    ['a leading zero in the length', '0482008000'],
    ['a tag of several bytes', '1f8101 00'],
  ])('refuses %s', (_name, text) => {
    expect(codeOf(() => hex(text).any())).toBe('KEYSTORE_MALFORMED');
  });

  test('names indefinite lengths (BER) for what they are', () => {
    expect(codeOf(() => hex('3080 0000').any())).toBe('KEYSTORE_FORMAT_UNKNOWN');
  });

  test.each([
    ['empty', '0200'],
    ['negative', '0201ff'],
    ['with a needless zero', '02020001'],
    ['of seven bytes', '020701000000000000'],
  ])('refuses an integer %s', (_name, text) => {
    expect(codeOf(() => hex(text).integer())).toBe('KEYSTORE_MALFORMED');
  });

  test.each([
    ['empty', '0600'],
    ['cut in an arc', '060180'],
    ['with a needless 80', '06032a8001'],
    ['with an arc beyond 2^53', '060a2affffffffffffffff7f'],
    ['of 65 bytes', `0641${'2a'.repeat(65)}`],
  ])('refuses an object identifier %s', (_name, text) => {
    expect(codeOf(() => hex(text).oid())).toBe('KEYSTORE_MALFORMED');
  });

  test('refuses trailing data, another type, and the end', () => {
    const reader = hex('0500 00');
    reader.take(TAG.null);
    expect(codeOf(() => reader.end())).toBe('KEYSTORE_MALFORMED');
    expect(codeOf(() => hex('0500').octets())).toBe('KEYSTORE_MALFORMED');
    expect(codeOf(() => hex('').take(TAG.null))).toBe('KEYSTORE_MALFORMED');
  });

  test('refuses deep nesting', () => {
    let nested: Buffer = derNull();
    for (let depth = 0; depth < 40; depth += 1) nested = derSequence(nested);
    let reader = new DerReader(nested);
    expect(
      codeOf(() => {
        for (;;) reader = reader.enter(TAG.sequence);
      }),
    ).toBe('KEYSTORE_MALFORMED');
  });

  test('answers views, never copies', () => {
    const bytes = derSequence(derOctets(Buffer.from('abc')));
    const content = new DerReader(bytes).enter(TAG.sequence).octets();
    expect(content.buffer).toBe(bytes.buffer);
  });

  test('reads or refuses any bytes, with its own codes only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          expect(walk(bytes)).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(isAppError(error, 'KEYSTORE_MALFORMED') || isAppError(error, 'KEYSTORE_FORMAT_UNKNOWN')).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('what is written is read back', () => {
  test('integers', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 47 }), (value) => {
        expect(new DerReader(derInteger(value)).integer()).toBe(value);
      }),
    );
    expect(derInteger(0).toString('hex')).toBe('020100');
    expect(derInteger(128).toString('hex')).toBe('02020080');
  });

  test('object identifiers', () => {
    const arc = fc.integer({ min: 0, max: 2 ** 40 });
    const anyOid = fc
      .tuple(fc.constantFrom(0, 1, 2), fc.integer({ min: 0, max: 39 }), fc.array(arc, { maxLength: 6 }))
      .map(([root, second, rest]) => [root, second, ...rest].join('.'));
    fc.assert(
      fc.property(anyOid, (oid) => {
        expect(new DerReader(derOid(oid)).oid()).toBe(oid);
      }),
    );
    expect(derOid('1.2.840.113549.1.12.10.1.5').toString('hex')).toBe('060b2a864886f70d010c0a0105');
    expect(derOid('2.16.840.1.101.3.4.1').toString('hex')).toBe('06086086480165030401');
    expect(derOid('2.999.3').toString('hex')).toBe('0603883703');
  });

  test('octet strings of every length form', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
      const reader = new DerReader(derOctets(Buffer.alloc(length, 1)));
      expect(reader.octets()).toHaveLength(length);
      reader.end();
    }
    expect(derHeader(TAG.sequence, 2 ** 24).toString('hex')).toBe('308401000000');
  });

  test('nested sequences', () => {
    const bytes = derSequence(derInteger(7), derElement(TAG.context0, derOctets(Buffer.from('x'))), derNull());
    const reader = new DerReader(bytes).enter(TAG.sequence);
    expect(reader.integer()).toBe(7);
    expect(reader.enter(TAG.context0).octets().toString()).toBe('x');
    expect(reader.any().raw.toString('hex')).toBe('0500');
    reader.end();
  });
});
