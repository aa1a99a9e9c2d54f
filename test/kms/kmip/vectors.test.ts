import { describe, expect, test } from 'vitest';
import { isAppError } from '../../../main/errors.ts';
import { decodeItem, messageLength } from '../../../main/kms/kmip/ttlv/decode.ts';
import { dump } from '../../../main/kms/kmip/ttlv/dump.ts';
import { encodeItem } from '../../../main/kms/kmip/ttlv/encode.ts';
import { oasisMessages, pykmipLiterals } from './vectors.ts';

function outcome(bytes: Buffer): string {
  try {
    return encodeItem(decodeItem(bytes)).equals(bytes) ? 'same bytes' : 'other bytes';
  } catch (error) {
    return isAppError(error) ? `${error.code} at ${String(error.details?.['offset'])}` : String(error);
  }
}

describe('PyKMIP\'s literals', () => {
  const outcomes = new Map(pykmipLiterals().map(({ from, bytes }) => [from, { is: outcome(bytes) }]));

  test('the well-formed ones come back byte for byte, the others are refused', () => {
    const literals = pykmipLiterals().map(({ bytes }) => outcome(bytes));
    expect(literals).toHaveLength(288);
    expect(literals.filter((is) => is === 'same bytes')).toHaveLength(265);
    expect(literals.filter((is) => is === 'other bytes')).toEqual([]);
    expect(literals.filter((is) => is.startsWith('KMIP_'))).toHaveLength(23);
  });

  // PyKMIP's own tests expect their decoder to refuse these, for these reasons.
  test.each([
    ['test_big_integer.py TestBigInteger self.encoding_bad_length', 'KMIP_TRUNCATED at 4'],
    ['test_enumeration.py TestEnumeration self.encoding_bad_length', 'KMIP_LENGTH_INVALID at 4'],
    ['test_enumeration.py TestEnumeration self.encoding_bad_padding', 'KMIP_PADDING_INVALID at 15'],
    ['test_interval.py TestInterval self.encoding_bad_length', 'KMIP_LENGTH_INVALID at 4'],
    ['test_interval.py TestInterval self.encoding_bad_padding', 'KMIP_PADDING_INVALID at 15'],
    ['test_create.py TestCreateResponsePayload self.no_unique_identifier_encoding', 'KMIP_TRUNCATED at 4'],
  ])('%s', (from, is) => expect(outcomes.get(from)?.is).toBe(is));

  test.each([
    ['boolean 2', '42000006000000080000000000000002', 'KMIP_BOOLEAN_INVALID at 8'],
    ['text padded with FF', '420000070000000b48656c6c6f20576f726c64ffffffffff', 'KMIP_PADDING_INVALID at 19'],
    ['bytes padded with FF', '4200000800000003010203ffffffffff', 'KMIP_PADDING_INVALID at 11'],
    ['type 0', '4200000000000004', 'KMIP_TYPE_UNKNOWN at 3'],
  ])('%s', (_what, hex, is) => {
    expect(pykmipLiterals().some(({ bytes }) => bytes.toString('hex') === hex)).toBe(true);
    expect(outcome(Buffer.from(hex, 'hex'))).toBe(is);
  });
});

describe('the OASIS test cases 1.0 to 1.4', () => {
  const messages = oasisMessages();

  test('all messages come back byte for byte, and their length is known from their head', () => {
    expect(messages).toHaveLength(5310);
    expect(new Set(messages.map(({ from }) => from)).size).toBe(410);
    expect(messages.filter(({ bytes }) => outcome(bytes) !== 'same bytes').map(({ from }) => from)).toEqual([]);
    expect(messages.filter(({ bytes }) => messageLength(bytes.subarray(0, 8)) !== bytes.length)).toEqual([]);
  });

  test('no tag is without a name', () => {
    const nameless = new Set(messages.flatMap(({ bytes }) => dump(decodeItem(bytes)).match(/^ *0x42[0-9A-F]{4}\b/gm) ?? []));
    expect([...nameless]).toEqual([]);
  });
});
