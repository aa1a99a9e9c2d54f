import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../main/kms/gcp/crc32c.ts';

/** RFC 3720, appendix B.4 (its CRCs are written least significant byte first), and the check value of the polynomial. */
const VECTORS: readonly (readonly [what: string, bytes: Uint8Array, crc: number])[] = [
  ['nothing', new Uint8Array(0), 0],
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 rising', Uint8Array.from({ length: 32 }, (_, index) => index), 0x46dd794e],
  ['32 falling', Uint8Array.from({ length: 32 }, (_, index) => 31 - index), 0x113fdb5c],
  ['an iSCSI read', Buffer.from('01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000', 'hex'), 0xd9963a56],
  ['123456789', Buffer.from('123456789'), 0xe3069283],
];

describe('CRC-32C', () => {
  it.each(VECTORS)('of %s', (_, bytes, crc) => {
    expect(crc32c(bytes)).toBe(crc);
  });
});
