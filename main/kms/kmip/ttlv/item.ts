import type { SecretBytes } from '../../../secret.ts';

/**
 * What each item type holds (KMIP 2.1, "TTLV Encoding"; KMIP 1.4, section 9.1).
 * Byte strings and big integers are views into the bytes that were read: whoever zeroes those zeroes them too.
 */
export interface TtlvValues {
  Structure: readonly TtlvItem[];
  Integer: number;
  LongInteger: bigint;
  /** Two's complement, big-endian, a multiple of 8 bytes: kept as it came, for it may be a private key and leading bytes must survive. */
  BigInteger: Uint8Array;
  /** Unsigned, 32 bits. */
  Enumeration: number;
  Boolean: boolean;
  TextString: string;
  ByteString: Uint8Array;
  /** Seconds since 1970-01-01T00:00:00Z. */
  DateTime: bigint;
  /** Seconds, unsigned, 32 bits. */
  Interval: number;
  /** Microseconds since 1970-01-01T00:00:00Z; since KMIP 2.0. */
  DateTimeExtended: bigint;
}

export type TtlvType = keyof TtlvValues;

/** The item types by their code on the wire; code 0 is none. */
export const TYPES: readonly (TtlvType | undefined)[] = [
  undefined,
  'Structure',
  'Integer',
  'LongInteger',
  'BigInteger',
  'Enumeration',
  'Boolean',
  'TextString',
  'ByteString',
  'DateTime',
  'Interval',
  'DateTimeExtended',
];

/** One item as it was read: tag (24 bits), type, value. */
export type TtlvItem = { readonly [T in TtlvType]: { readonly tag: number; readonly type: T; readonly value: TtlvValues[T] } }[TtlvType];

export type TtlvStructure = Extract<TtlvItem, { type: 'Structure' }>;

/** One item to be written: any that was read, and strings whose bytes have an owner. */
export type TtlvPart =
  | Exclude<TtlvItem, { type: 'Structure' }>
  | { readonly tag: number; readonly type: 'Structure'; readonly value: readonly TtlvPart[] }
  | { readonly tag: number; readonly type: 'TextString' | 'ByteString'; readonly value: SecretBytes };

/** How much a message may ask of us. */
export interface TtlvLimits {
  /** Bytes of the outermost item, header included. */
  readonly maxBytes: number;
  /** Structures inside each other, the outermost included. */
  readonly maxDepth: number;
}

/** A KMIP message for wrapping a key has a few hundred bytes and seven levels; servers refuse more than 1 MiB themselves. */
export const LIMITS: TtlvLimits = { maxBytes: 1024 * 1024, maxDepth: 32 };

/** Tag (3), type (1) and length (4). */
export const HEADER_BYTES = 8;

/** A structure of `children`; those that are undefined are left out. */
export function structure(tag: number, children: readonly (TtlvPart | undefined)[]): TtlvPart {
  return { tag, type: 'Structure', value: children.filter((child) => child !== undefined) };
}

export function integer(tag: number, value: number): TtlvPart {
  return { tag, type: 'Integer', value };
}

export function enumeration(tag: number, value: number): TtlvPart {
  return { tag, type: 'Enumeration', value };
}

/** A text string; a secret one holds the UTF-8 bytes. */
export function text(tag: number, value: string | SecretBytes): TtlvPart {
  return { tag, type: 'TextString', value } as TtlvPart;
}

export function bytes(tag: number, value: Uint8Array | SecretBytes): TtlvPart {
  return { tag, type: 'ByteString', value } as TtlvPart;
}

/** `value` in whole seconds, as KMIP's Date-Time has no more. */
export function dateTime(tag: number, value: Date): TtlvPart {
  return { tag, type: 'DateTime', value: BigInt(Math.floor(value.getTime() / 1000)) };
}

export function interval(tag: number, seconds: number): TtlvPart {
  return { tag, type: 'Interval', value: seconds };
}
