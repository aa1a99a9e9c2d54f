import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError, isAppError } from '../../../../main/errors.ts';
import { decodeResponse } from '../../../../main/kms/kmip/message.ts';
import { decodeItem, messageLength } from '../../../../main/kms/kmip/ttlv/decode.ts';
import { dump } from '../../../../main/kms/kmip/ttlv/dump.ts';
import { encodeItem } from '../../../../main/kms/kmip/ttlv/encode.ts';
import type { TtlvItem } from '../../../../main/kms/kmip/ttlv/item.ts';
import { oasisMessages, pykmipLiterals } from '../vectors.ts';

const SOAK = process.env['FKC_SOAK'] === '1';
const RUNS = SOAK ? 500_000 : 5_000;
const TIME = SOAK ? 600_000 : 20_000;

/** What came of `bytes`; anything that is neither an item that is written back the same, nor one of our errors, fails the test. */
function tried(bytes: Uint8Array): 'read' | 'refused' {
  for (const read of [messageLength, decodeResponse]) {
    try {
      read(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
    }
  }
  let item: TtlvItem;
  try {
    item = decodeItem(bytes);
  } catch (error) {
    if (!isAppError(error) || !error.code.startsWith('KMIP_')) throw error;
    const offset = error.details?.['offset'];
    if (typeof offset !== 'number' || offset < 0 || offset > bytes.length) throw new Error(`offset ${String(offset)} of ${bytes.length}`, { cause: error });
    return 'refused';
  }
  // What is taken has one form only.
  if (!encodeItem(item).equals(bytes)) throw new Error('read, but written otherwise');
  dump(item);
  return 'read';
}

const tag = fc.oneof(fc.integer({ min: 0x420001, max: 0x420176 }), fc.integer({ min: 0x540000, max: 0x54ffff }));
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const { item: anyItem } = fc.letrec<{ item: TtlvItem; leaf: TtlvItem; structure: TtlvItem }>((tie) => ({
  item: fc.oneof({ maxDepth: 6, depthSize: 'small' }, tie('leaf'), tie('structure')),
  structure: fc.record({ tag, type: fc.constant('Structure' as const), value: fc.array(tie('item'), { maxLength: 6 }) }),
  leaf: fc.oneof(
    fc.record({ tag, type: fc.constant('Integer' as const), value: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) }),
    fc.record({ tag, type: fc.constantFrom('LongInteger' as const, 'DateTime' as const, 'DateTimeExtended' as const), value: int64 }),
    fc.record({ tag, type: fc.constantFrom('Enumeration' as const, 'Interval' as const), value: uint32 }),
    fc.record({ tag, type: fc.constant('Boolean' as const), value: fc.boolean() }),
    fc.record({ tag, type: fc.constant('TextString' as const), value: fc.string({ unit: 'binary' }) }),
    fc.record({ tag, type: fc.constant('ByteString' as const), value: fc.uint8Array() }),
    fc.record({ tag, type: fc.constant('BigInteger' as const), value: fc.integer({ min: 1, max: 4 }).chain((n) => fc.uint8Array({ minLength: 8 * n, maxLength: 8 * n })) }),
  ) as fc.Arbitrary<TtlvItem>,
}));

describe('any bytes', () => {
  test('are read or refused', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void tried(bytes)), { numRuns: RUNS });
  }, TIME);

  test('that begin like an item are read or refused', () => {
    const begins = fc.tuple(tag, fc.integer({ min: 0, max: 13 }), fc.oneof(fc.integer({ min: 0, max: 64 }), uint32), fc.uint8Array({ maxLength: 80 }));
    fc.assert(
      fc.property(begins, ([itemTag, type, length, rest]) => {
        const head = Buffer.alloc(8);
        head.writeUInt32BE(((itemTag << 8) | type) >>> 0);
        head.writeUInt32BE(length, 4);
        tried(Buffer.concat([head, rest]));
      }),
      { numRuns: RUNS },
    );
  }, TIME);
});

test('any item comes back as it was', () => {
  fc.assert(
    fc.property(anyItem, (item) => {
      const back = decodeItem(encodeItem(item));
      expect(plain(back)).toEqual(plain(item));
    }),
    { numRuns: RUNS / 5 },
  );
}, TIME);

describe('public vectors, changed', () => {
  const vectors = [...pykmipLiterals(), ...oasisMessages().filter((_message, index) => index % 25 === 0)].map(({ bytes }) => bytes).filter((bytes) => bytes.length <= 4096);
  const vector = fc.constantFrom(...vectors);
  const change = fc.record({ at: fc.nat(), to: fc.oneof(fc.constantFrom(0, 1, 0x42, 0x7f, 0x80, 0xff), fc.integer({ min: 0, max: 255 })) });

  test('some bytes', () => {
    let read = 0;
    fc.assert(
      fc.property(vector, fc.array(change, { minLength: 1, maxLength: 4 }), (bytes, changes) => {
        const changed = Buffer.from(bytes);
        for (const { at, to } of changes) changed[at % changed.length] = to;
        if (tried(changed) === 'read') read++;
      }),
      { numRuns: RUNS },
    );
    // The changes do reach what lies behind the checks.
    expect(read).toBeGreaterThan(RUNS / 20);
  }, TIME);

  test('cut short: always refused where something is missing', () => {
    fc.assert(
      fc.property(vector, fc.nat(), (bytes, cut) => {
        expect(tried(bytes.subarray(0, cut % bytes.length))).toBe('refused');
      }),
      { numRuns: RUNS },
    );
  }, TIME);

  test('spliced from two', () => {
    fc.assert(
      fc.property(vector, vector, fc.nat(), fc.nat(), (a, b, end, start) => {
        tried(Buffer.concat([a.subarray(0, end % a.length), b.subarray(start % b.length)]));
      }),
      { numRuns: RUNS },
    );
  }, TIME);
});

/** Byte strings as hexadecimal, so that views, buffers and arrays compare alike. */
function plain(item: TtlvItem): unknown {
  if (item.type === 'Structure') return { ...item, value: item.value.map(plain) };
  return item.value instanceof Uint8Array ? { ...item, value: Buffer.from(item.value).toString('hex') } : item;
}
