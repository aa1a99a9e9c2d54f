import { isUtf8 } from 'node:buffer';
import { SecretBytes } from '../../../secret.ts';
import { unwritable } from './failures.ts';
import { HEADER_BYTES, LIMITS, TYPES, type TtlvLimits, type TtlvPart, type TtlvType } from './item.ts';

const CODES = Object.fromEntries(TYPES.flatMap((type, code) => (type === undefined ? [] : [[type, code]]))) as Readonly<Record<TtlvType, number>>;

const INT32 = 2 ** 31;
const UINT32 = 2 ** 32;
const INT64 = 2n ** 63n;

/**
 * Writes `item` as TTLV (KMIP 2.1, "TTLV Encoding"), into memory of its own that belongs to the caller: where the item
 * holds a secret, the caller zeroes it.
 * @throws AppError `KMIP_TOO_LONG`, `KMIP_TOO_DEEP`, `KMIP_TAG_INVALID`, `KMIP_TEXT_INVALID`, `KMIP_LENGTH_INVALID` (a
 *   big integer that is no multiple of 8 bytes), `KMIP_VALUE_INVALID` (a number that its type can not hold),
 *   `SECRET_DISPOSED`
 */
export function encodeItem(item: TtlvPart, limits: TtlvLimits = LIMITS): Buffer {
  const size = sizeOf(item, limits, 1);
  // Memory of its own, outside of Node's shared pool: see SecretBytes.
  const target = Buffer.from(new ArrayBuffer(size));
  try {
    write(target, 0, item);
  } catch (error) {
    target.fill(0);
    throw error;
  }
  return target;
}

/** Bytes of `item` with header and padding, its values checked. */
function sizeOf(item: TtlvPart, limits: TtlvLimits, depth: number): number {
  const first = item.tag >>> 16;
  if (first !== 0x42 && first !== 0x54) throw unwritable('KMIP_TAG_INVALID', item.tag, 'a tag is neither of the standard nor an extension');
  let size = HEADER_BYTES;
  switch (item.type) {
    case 'Structure':
      if (depth > limits.maxDepth) throw unwritable('KMIP_TOO_DEEP', item.tag, 'its structures are nested too deeply');
      for (const child of item.value) size += sizeOf(child, limits, depth + 1);
      break;
    case 'TextString':
    case 'ByteString':
      size += paddedTo8(typeof item.value === 'string' ? Buffer.byteLength(item.value) : item.value.length);
      break;
    case 'BigInteger':
      if (item.value.length === 0 || item.value.length % 8 !== 0) throw unwritable('KMIP_LENGTH_INVALID', item.tag, 'a big integer must have a multiple of 8 bytes');
      size += item.value.length;
      break;
    case 'Integer':
      if (!Number.isInteger(item.value) || item.value < -INT32 || item.value >= INT32) throw tooLarge(item.tag);
      size += 8;
      break;
    case 'Enumeration':
    case 'Interval':
      if (!Number.isInteger(item.value) || item.value < 0 || item.value >= UINT32) throw tooLarge(item.tag);
      size += 8;
      break;
    case 'LongInteger':
    case 'DateTime':
    case 'DateTimeExtended':
      if (item.value < -INT64 || item.value >= INT64) throw tooLarge(item.tag);
      size += 8;
      break;
    case 'Boolean':
      size += 8;
      break;
  }
  if (size > limits.maxBytes) throw unwritable('KMIP_TOO_LONG', item.tag, 'it is longer than the console sends');
  return size;
}

/** Writes `item` at `at`; returns where it ends. The target holds zeros, so padding is there already. */
function write(target: Buffer, at: number, item: TtlvPart): number {
  target[at] = item.tag >>> 16;
  target[at + 1] = item.tag >>> 8;
  target[at + 2] = item.tag;
  target[at + 3] = CODES[item.type];
  const value = at + HEADER_BYTES;
  switch (item.type) {
    case 'Structure': {
      let end = value;
      for (const child of item.value) end = write(target, end, child);
      target.writeUInt32BE(end - value, at + 4);
      return end;
    }
    case 'Integer':
      target.writeUInt32BE(4, at + 4);
      target.writeInt32BE(item.value, value);
      return value + 8;
    case 'Enumeration':
    case 'Interval':
      target.writeUInt32BE(4, at + 4);
      target.writeUInt32BE(item.value, value);
      return value + 8;
    case 'LongInteger':
    case 'DateTime':
    case 'DateTimeExtended':
      target.writeUInt32BE(8, at + 4);
      target.writeBigInt64BE(item.value, value);
      return value + 8;
    case 'Boolean':
      target.writeUInt32BE(8, at + 4);
      target[value + 7] = item.value ? 1 : 0;
      return value + 8;
    case 'TextString':
    case 'ByteString':
    case 'BigInteger': {
      const length = typeof item.value === 'string' ? writeText(target, value, item.tag, item.value) : writeBytes(target, value, item);
      target.writeUInt32BE(length, at + 4);
      return value + paddedTo8(length);
    }
  }
}

function writeText(target: Buffer, at: number, tag: number, value: string): number {
  if (!value.isWellFormed()) throw unwritable('KMIP_TEXT_INVALID', tag, 'a text holds half a character (a lone surrogate)');
  return target.write(value, at, 'utf8');
}

function writeBytes(target: Buffer, at: number, item: { readonly tag: number; readonly type: string; readonly value: Uint8Array | SecretBytes }): number {
  if (!(item.value instanceof SecretBytes)) {
    target.set(item.value, at);
    return item.value.length;
  }
  return item.value.use((secret) => {
    if (item.type === 'TextString' && !isUtf8(secret)) throw unwritable('KMIP_TEXT_INVALID', item.tag, 'a secret text is not UTF-8');
    target.set(secret, at);
    return secret.length;
  });
}

function paddedTo8(length: number): number {
  return length + ((8 - (length % 8)) % 8);
}

function tooLarge(tag: number): Error {
  return unwritable('KMIP_VALUE_INVALID', tag, 'a number is out of the range of its type');
}
