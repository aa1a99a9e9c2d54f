/**
 * Reads TTLV (KMIP 2.1, "TTLV Encoding"; KMIP 1.4, section 9.1). The input is hostile: every length is held against the
 * bytes that are there before anything is taken, byte strings are views and never copies, nesting is bounded, and what
 * the specification does not allow is refused, so that each item has exactly one form.
 */
import { unreadable } from './failures.ts';
import { HEADER_BYTES, LIMITS, TYPES, type TtlvItem, type TtlvLimits, type TtlvType } from './item.ts';

/** The length that a type must have; undefined where it varies. */
const FIXED_LENGTH: Readonly<Partial<Record<TtlvType, number>>> = {
  Integer: 4,
  LongInteger: 8,
  Enumeration: 4,
  Boolean: 8,
  DateTime: 8,
  Interval: 4,
  DateTimeExtended: 8,
};
const LENGTH_BY_CODE: readonly (number | undefined)[] = TYPES.map((type) => (type === undefined ? undefined : FIXED_LENGTH[type]));

/** 0x42 for tags of the standard, 0x54 for extensions (KMIP 2.1, "TTLV Encoding"). */
const STANDARD_TAG = 0x42;
const EXTENSION_TAG = 0x54;

/** `ignoreBOM`: a byte order mark is a character like any other, or it would be lost. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads the one item that `bytes` are.
 * @throws AppError `KMIP_TRUNCATED`, `KMIP_TOO_LONG`, `KMIP_TOO_DEEP`, `KMIP_TAG_INVALID`, `KMIP_TYPE_UNKNOWN`,
 *   `KMIP_LENGTH_INVALID`, `KMIP_PADDING_INVALID`, `KMIP_BOOLEAN_INVALID`, `KMIP_TEXT_INVALID`, `KMIP_TRAILING_BYTES`;
 *   `details.offset` tells where.
 */
export function decodeItem(bytes: Uint8Array, limits: TtlvLimits = LIMITS): TtlvItem {
  if (bytes.length > limits.maxBytes) throw unreadable('KMIP_TOO_LONG', limits.maxBytes);
  const reader = new Reader(bytes, limits);
  const item = reader.item(bytes.length, 0);
  if (reader.at !== bytes.length) throw unreadable('KMIP_TRAILING_BYTES', reader.at);
  return item;
}

/**
 * How many bytes the message has that begins with `head` (8 bytes or more): to know when it is complete, before memory
 * is taken for it. @throws AppError `KMIP_TRUNCATED`, `KMIP_TOO_LONG`, `KMIP_TAG_INVALID`, `KMIP_TYPE_UNKNOWN` (also for
 * an item that is no structure), `KMIP_LENGTH_INVALID`
 */
export function messageLength(head: Uint8Array, limits: TtlvLimits = LIMITS): number {
  if (head.length < HEADER_BYTES) throw unreadable('KMIP_TRUNCATED', head.length);
  if (head[0] !== STANDARD_TAG && head[0] !== EXTENSION_TAG) throw unreadable('KMIP_TAG_INVALID', 0);
  if (TYPES[head[3] ?? 0] !== 'Structure') throw unreadable('KMIP_TYPE_UNKNOWN', 3);
  const length = new DataView(head.buffer, head.byteOffset, HEADER_BYTES).getUint32(4) + HEADER_BYTES;
  if (length > limits.maxBytes) throw unreadable('KMIP_TOO_LONG', 4);
  if (length % 8 !== 0) throw unreadable('KMIP_LENGTH_INVALID', 4);
  return length;
}

class Reader {
  at = 0;
  readonly #bytes: Buffer;
  readonly #maxDepth: number;

  constructor(bytes: Uint8Array, limits: TtlvLimits) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#maxDepth = limits.maxDepth;
  }

  /** Takes the next item, which must end at `end` at the latest, inside `depth` structures. */
  item(end: number, depth: number): TtlvItem {
    const bytes = this.#bytes;
    const start = this.at;
    if (end - start < HEADER_BYTES) throw unreadable(end === bytes.length ? 'KMIP_TRUNCATED' : 'KMIP_LENGTH_INVALID', start);
    const first = bytes[start] as number;
    if (first !== STANDARD_TAG && first !== EXTENSION_TAG) throw unreadable('KMIP_TAG_INVALID', start);
    const tag = (first << 16) | ((bytes[start + 1] as number) << 8) | (bytes[start + 2] as number);
    const code = bytes[start + 3] as number;
    const type = TYPES[code];
    if (type === undefined) throw unreadable('KMIP_TYPE_UNKNOWN', start + 3);
    const length = bytes.readUInt32BE(start + 4);
    const fixed = LENGTH_BY_CODE[code];
    if (fixed !== undefined && length !== fixed) throw unreadable('KMIP_LENGTH_INVALID', start + 4);
    const valueStart = start + HEADER_BYTES;
    const valueEnd = valueStart + length;
    const padding = (8 - (length % 8)) % 8;
    if (valueEnd + padding > end) throw unreadable(valueEnd + padding > bytes.length ? 'KMIP_TRUNCATED' : 'KMIP_LENGTH_INVALID', start + 4);
    if (type === 'Structure') return { tag, type, value: this.#children(valueStart, valueEnd, depth + 1) };
    for (let i = valueEnd; i < valueEnd + padding; i++) if (bytes[i] !== 0) throw unreadable('KMIP_PADDING_INVALID', i);
    this.at = valueEnd + padding;
    switch (type) {
      case 'Integer':
        return { tag, type, value: bytes.readInt32BE(valueStart) };
      case 'Enumeration':
      case 'Interval':
        return { tag, type, value: bytes.readUInt32BE(valueStart) };
      case 'LongInteger':
      case 'DateTime':
      case 'DateTimeExtended':
        return { tag, type, value: bytes.readBigInt64BE(valueStart) };
      case 'Boolean':
        return { tag, type, value: this.#boolean(valueStart) };
      case 'TextString':
        return { tag, type, value: this.#text(valueStart, valueEnd) };
      case 'BigInteger':
        if (length === 0 || padding !== 0) throw unreadable('KMIP_LENGTH_INVALID', start + 4);
        return { tag, type, value: bytes.subarray(valueStart, valueEnd) };
      case 'ByteString':
        return { tag, type, value: bytes.subarray(valueStart, valueEnd) };
    }
  }

  #children(start: number, end: number, depth: number): TtlvItem[] {
    if (depth > this.#maxDepth) throw unreadable('KMIP_TOO_DEEP', start - HEADER_BYTES);
    if ((end - start) % 8 !== 0) throw unreadable('KMIP_LENGTH_INVALID', start - 4);
    const children: TtlvItem[] = [];
    this.at = start;
    while (this.at < end) children.push(this.item(end, depth));
    return children;
  }

  #boolean(start: number): boolean {
    const value = this.#bytes.readBigUInt64BE(start);
    if (value > 1n) throw unreadable('KMIP_BOOLEAN_INVALID', start);
    return value === 1n;
  }

  #text(start: number, end: number): string {
    const bytes = this.#bytes;
    for (let i = start; i < end; i++) {
      if ((bytes[i] as number) >= 0x80) {
        try {
          return UTF8.decode(bytes.subarray(start, end));
        } catch {
          throw unreadable('KMIP_TEXT_INVALID', start);
        }
      }
    }
    return bytes.toString('latin1', start, end);
  }
}
