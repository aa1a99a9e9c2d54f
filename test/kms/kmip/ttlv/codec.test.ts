import { describe, expect, test } from 'vitest';
import { decodeItem, messageLength } from '../../../../main/kms/kmip/ttlv/decode.ts';
import { encodeItem } from '../../../../main/kms/kmip/ttlv/encode.ts';
import { LIMITS, type TtlvPart, bytes, structure, text } from '../../../../main/kms/kmip/ttlv/item.ts';
import { takeSecret, wipe } from '../../../../main/kms/kmip/ttlv/secret.ts';
import { SecretBytes } from '../../../../main/secret.ts';
import { failing } from '../failing.ts';

const hex = (value: string): Buffer => Buffer.from(value.replaceAll(/[ |]/g, ''), 'hex');

/** KMIP 1.4, section 9.1.2 "Examples". */
const EXAMPLES: [string, string, TtlvPart][] = [
  ['Integer', '420020 | 02 | 00000004 | 0000000800000000', { tag: 0x420020, type: 'Integer', value: 8 }],
  ['Long Integer', '420020 | 03 | 00000008 | 01B69B4BA5749200', { tag: 0x420020, type: 'LongInteger', value: 123456789000000000n }],
  ['Big Integer', '420020 | 04 | 00000010 | 0000000003FD35EB6BC2DF4618080000', { tag: 0x420020, type: 'BigInteger', value: hex('0000000003FD35EB6BC2DF4618080000') }],
  ['Enumeration', '420020 | 05 | 00000004 | 000000FF00000000', { tag: 0x420020, type: 'Enumeration', value: 255 }],
  ['Boolean', '420020 | 06 | 00000008 | 0000000000000001', { tag: 0x420020, type: 'Boolean', value: true }],
  ['Text String', '420020 | 07 | 0000000B | 48656C6C6F20576F726C640000000000', { tag: 0x420020, type: 'TextString', value: 'Hello World' }],
  ['Byte String', '420020 | 08 | 00000003 | 0102030000000000', { tag: 0x420020, type: 'ByteString', value: hex('010203') }],
  ['Date-Time', '420020 | 09 | 00000008 | 0000000047DA67F8', { tag: 0x420020, type: 'DateTime', value: BigInt(Date.UTC(2008, 2, 14, 11, 56, 40) / 1000) }],
  ['Interval', '420020 | 0A | 00000004 | 000D2F0000000000', { tag: 0x420020, type: 'Interval', value: 10 * 24 * 3600 }],
  [
    'Structure',
    '420020 | 01 | 00000020 | 420004 | 05 | 00000004 | 000000FE00000000 | 420005 | 02 | 00000004 | 000000FF00000000',
    { tag: 0x420020, type: 'Structure', value: [{ tag: 0x420004, type: 'Enumeration', value: 254 }, { tag: 0x420005, type: 'Integer', value: 255 }] },
  ],
];

/** Of our own making: what the examples do not show. */
const EDGES: [string, string, TtlvPart][] = [
  ['Date-Time Extended', '420020 | 0B | 00000008 | 0000000000000001', { tag: 0x420020, type: 'DateTimeExtended', value: 1n }],
  ['a negative Integer', '420020 | 02 | 00000004 | 8000000000000000', { tag: 0x420020, type: 'Integer', value: -(2 ** 31) }],
  ['the largest Enumeration', '420020 | 05 | 00000004 | FFFFFFFF00000000', { tag: 0x420020, type: 'Enumeration', value: 0xffffffff }],
  ['a date before 1970', '420020 | 09 | 00000008 | FFFFFFFFFFFFFFFF', { tag: 0x420020, type: 'DateTime', value: -1n }],
  ['a Big Integer with more leading bytes than it needs', '420020 | 04 | 00000010 | 00000000000000000000000000000001', { tag: 0x420020, type: 'BigInteger', value: hex('00000000000000000000000000000001') }],
  ['an empty text', '420020 | 07 | 00000000', { tag: 0x420020, type: 'TextString', value: '' }],
  ['a byte order mark', '420020 | 07 | 00000004 | EFBBBF4100000000', { tag: 0x420020, type: 'TextString', value: '\uFEFFA' }],
  ['text of four bytes a character', '420020 | 07 | 00000004 | F09F928800000000', { tag: 0x420020, type: 'TextString', value: '\u{1F488}' }],
  ['bytes that need no padding', '420020 | 08 | 00000008 | 0102030405060708', { tag: 0x420020, type: 'ByteString', value: hex('0102030405060708') }],
  ['an empty structure with an extension tag', '540001 | 01 | 00000000', { tag: 0x540001, type: 'Structure', value: [] }],
];

describe.each([...EXAMPLES, ...EDGES])('%s', (_name, wire, item) => {
  test('is read', () => expect(decodeItem(hex(wire))).toEqual(item));
  test('is written', () => expect(encodeItem(item).toString('hex')).toBe(hex(wire).toString('hex')));
});

describe('what is refused', () => {
  test.each([
    ['nothing', '', 'KMIP_TRUNCATED', 0],
    ['half a head', '42002002', 'KMIP_TRUNCATED', 0],
    ['a value that is not there', '420020 | 02 | 00000004', 'KMIP_TRUNCATED', 4],
    ['padding that is not there', '420020 | 02 | 00000004 | 00000008', 'KMIP_TRUNCATED', 4],
    ['a declared length of 4 GiB', '420020 | 08 | FFFFFFFF | 00', 'KMIP_TRUNCATED', 4],
    ['a structure of 4 GiB', '420020 | 01 | FFFFFFF8 | 0000000000000000', 'KMIP_TRUNCATED', 4],
    ['a child longer than its structure', '420020 | 01 | 00000010 | 420004 | 08 | 00000010 | 0000000000000000 0000000000000000', 'KMIP_LENGTH_INVALID', 12],
    ['a structure whose length is no multiple of 8', '420020 | 01 | 00000004 | 4200040500000000', 'KMIP_LENGTH_INVALID', 4],
    ['a tag of no standard', '430020 | 02 | 00000004 | 0000000800000000', 'KMIP_TAG_INVALID', 0],
    ['a tag of no standard inside', '420020 | 01 | 00000008 | 0000000000000000', 'KMIP_TAG_INVALID', 8],
    ['type 0', '420020 | 00 | 00000000', 'KMIP_TYPE_UNKNOWN', 3],
    ['type 12', '420020 | 0C | 00000000', 'KMIP_TYPE_UNKNOWN', 3],
    ['an Integer of 8 bytes', '420020 | 02 | 00000008 | 0000000000000008', 'KMIP_LENGTH_INVALID', 4],
    ['a Long Integer of 4 bytes', '420020 | 03 | 00000004 | 0000000800000000', 'KMIP_LENGTH_INVALID', 4],
    ['a Big Integer of no bytes', '420020 | 04 | 00000000', 'KMIP_LENGTH_INVALID', 4],
    ['a Big Integer of 3 bytes', '420020 | 04 | 00000003 | 0000010000000000', 'KMIP_LENGTH_INVALID', 4],
    ['an Enumeration of no bytes', '420020 | 05 | 00000000', 'KMIP_LENGTH_INVALID', 4],
    ['a Boolean of 1 byte', '420020 | 06 | 00000001 | 0100000000000000', 'KMIP_LENGTH_INVALID', 4],
    ['a Date-Time of 4 bytes', '420020 | 09 | 00000004 | 0000000000000000', 'KMIP_LENGTH_INVALID', 4],
    ['an Interval of 8 bytes', '420020 | 0A | 00000008 | 0000000000000000', 'KMIP_LENGTH_INVALID', 4],
    ['a Boolean of 2', '420020 | 06 | 00000008 | 0000000000000002', 'KMIP_BOOLEAN_INVALID', 8],
    ['a Boolean with a high bit', '420020 | 06 | 00000008 | 8000000000000001', 'KMIP_BOOLEAN_INVALID', 8],
    ['padding of an Integer', '420020 | 02 | 00000004 | 0000000800000001', 'KMIP_PADDING_INVALID', 15],
    ['padding of bytes', '420020 | 08 | 00000003 | 0102030000010000', 'KMIP_PADDING_INVALID', 13],
    ['text cut in a character', '420020 | 07 | 00000002 | E282000000000000', 'KMIP_TEXT_INVALID', 8],
    ['text in overlong form', '420020 | 07 | 00000002 | C080000000000000', 'KMIP_TEXT_INVALID', 8],
    ['a surrogate in text', '420020 | 07 | 00000003 | EDA0800000000000', 'KMIP_TEXT_INVALID', 8],
    ['something after the end', '420020 | 02 | 00000004 | 0000000800000000 | 00', 'KMIP_TRAILING_BYTES', 16],
    ['a second item', '420020 | 01 | 00000000 | 420020 | 01 | 00000000', 'KMIP_TRAILING_BYTES', 8],
  ] as const)('%s', (_what, wire, code, offset) => {
    expect(failing(() => decodeItem(hex(wire)), code).details).toEqual({ offset });
  });

  test('structures nested more deeply than the limit, and no stack is used up', () => {
    const nested = (depth: number): Buffer => {
      const wire = Buffer.alloc(depth * 8);
      for (let i = 0; i < depth; i++) {
        wire.writeUInt32BE(0x42002001, i * 8);
        wire.writeUInt32BE((depth - i - 1) * 8, i * 8 + 4);
      }
      return wire;
    };
    expect(encodeItem(decodeItem(nested(32)))).toEqual(nested(32));
    expect(failing(() => decodeItem(nested(33)), 'KMIP_TOO_DEEP').details).toEqual({ offset: 32 * 8 });
    failing(() => decodeItem(nested(100_000)), 'KMIP_TOO_DEEP');
  });

  test('a message longer than the limit, before anything is read', () => {
    failing(() => decodeItem(Buffer.alloc(LIMITS.maxBytes + 8)), 'KMIP_TOO_LONG');
    failing(() => decodeItem(hex('420020 | 02 | 00000004 | 0000000800000000'), { maxBytes: 15, maxDepth: 1 }), 'KMIP_TOO_LONG');
  });
});

describe('the length of a message, from its head', () => {
  test('is told before memory is taken', () => expect(messageLength(hex('42007B 01 00000040 4200'))).toBe(72));

  test.each([
    ['too little to know', '42007B01000000', 'KMIP_TRUNCATED'],
    ['one byte more than the limit', '42007B 01 000FFFF9', 'KMIP_TOO_LONG'],
    ['4 GiB', '42007B 01 FFFFFFF8', 'KMIP_TOO_LONG'],
    ['an HTTP server', Buffer.from('HTTP/1.1').toString('hex'), 'KMIP_TAG_INVALID'],
    ['no structure', '42007B 02 00000004', 'KMIP_TYPE_UNKNOWN'],
    ['no multiple of 8', '42007B 01 00000001', 'KMIP_LENGTH_INVALID'],
  ] as const)('%s is refused', (_what, wire, code) => void failing(() => messageLength(hex(wire)), code));
});

describe('what is not written', () => {
  test.each<[string, TtlvPart, Parameters<typeof failing>[1]]>([
    ['a fraction', { tag: 0x420020, type: 'Integer', value: 1.5 }, 'KMIP_VALUE_INVALID'],
    ['an Integer of 33 bits', { tag: 0x420020, type: 'Integer', value: 2 ** 31 }, 'KMIP_VALUE_INVALID'],
    ['a negative Interval', { tag: 0x420020, type: 'Interval', value: -1 }, 'KMIP_VALUE_INVALID'],
    ['not a number', { tag: 0x420020, type: 'Enumeration', value: Number.NaN }, 'KMIP_VALUE_INVALID'],
    ['a Long Integer of 65 bits', { tag: 0x420020, type: 'LongInteger', value: 2n ** 63n }, 'KMIP_VALUE_INVALID'],
    ['half a character', text(0x420020, '\uD83D'), 'KMIP_TEXT_INVALID'],
    ['secret text that is no UTF-8', text(0x420020, SecretBytes.copyOf(hex('FF'))), 'KMIP_TEXT_INVALID'],
    ['a Big Integer of 7 bytes', { tag: 0x420020, type: 'BigInteger', value: new Uint8Array(7) }, 'KMIP_LENGTH_INVALID'],
    ['a tag of 32 bits', { tag: 0x1420020, type: 'Integer', value: 1 }, 'KMIP_TAG_INVALID'],
    ['more than the limit', bytes(0x420020, new Uint8Array(LIMITS.maxBytes)), 'KMIP_TOO_LONG'],
  ])('%s', (_what, item, code) => void failing(() => encodeItem(item), code));

  test('a structure inside of itself', () => {
    const loop: { tag: number; type: 'Structure'; value: TtlvPart[] } = { tag: 0x420020, type: 'Structure', value: [] };
    loop.value.push(loop);
    failing(() => encodeItem(loop), 'KMIP_TOO_DEEP');
  });

  test('a secret that was disposed', () => {
    const secret = SecretBytes.copyOf(hex('0102'));
    secret.dispose();
    failing(() => encodeItem(structure(0x420020, [bytes(0x420020, secret)])), 'SECRET_DISPOSED');
  });
});

describe('secrets', () => {
  test('are written from their owner, into memory that is the caller\'s alone', () => {
    using secret = SecretBytes.copyOf(hex('0102030405'));
    const wire = encodeItem(bytes(0x420020, secret));
    expect(wire.toString('hex')).toBe('42002008000000050102030405000000');
    expect(wire.buffer.byteLength).toBe(wire.length);
  });

  test('byte strings are views: zeroing the message zeroes them', () => {
    const wire = hex('420020 | 08 | 00000003 | 0102030000000000');
    const item = decodeItem(wire);
    wire.fill(0);
    expect(item.value).toEqual(Buffer.alloc(3));
  });

  test('one that is taken leaves zeros in the message', () => {
    const wire = hex('420020 | 08 | 00000003 | 0102030000000000');
    const item = decodeItem(wire);
    if (item.type !== 'ByteString') throw new Error('no byte string');
    using secret = takeSecret(item);
    expect(secret.use((taken) => taken.toString('hex'))).toBe('010203');
    expect(wire.subarray(8)).toEqual(Buffer.alloc(8));
  });

  test('a message that is wiped keeps no byte string and no big integer', () => {
    const wire = encodeItem(structure(0x420020, [structure(0x420020, [bytes(0x420020, hex('0102'))]), { tag: 0x420020, type: 'BigInteger', value: hex('0102030405060708') }]));
    wipe(decodeItem(wire));
    expect(wire.includes(hex('0102'))).toBe(false);
  });
});
