/**
 * A small strict reader and writer of DER (ITU-T X.690, sections 8 and 10), as far as PKCS#12 needs it.
 * The input is hostile: every length is held against the bytes that are there before anything is taken, elements are
 * views and never copies, nesting is bounded, and every rest is refused.
 */
import { formatUnknown, malformed } from './failures.ts';

export const TAG = {
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
  /** [0] IMPLICIT, primitive. */
  context0Primitive: 0x80,
  /** [0] EXPLICIT, or IMPLICIT of a constructed type. */
  context0: 0xa0,
} as const;

const MAX_DEPTH = 32;
const MAX_OID_BYTES = 64;

/** One element. Both parts are views into the bytes that were read. */
export interface DerElement {
  readonly tag: number;
  /** Header and content. */
  readonly raw: Buffer;
  readonly content: Buffer;
}

/**
 * Reads the elements of `bytes` one after the other.
 * Every method throws `KEYSTORE_MALFORMED`, or `KEYSTORE_FORMAT_UNKNOWN` where it meets BER's indefinite lengths.
 */
export class DerReader {
  readonly #bytes: Buffer;
  readonly #depth: number;
  #offset = 0;

  constructor(bytes: Uint8Array, depth = 0) {
    if (depth > MAX_DEPTH) throw malformed('nested too deeply');
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#depth = depth;
  }

  get done(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** The tag of the next element, null at the end. */
  get nextTag(): number | null {
    return this.#bytes[this.#offset] ?? null;
  }

  /** Takes the next element, of any tag. */
  any(): DerElement {
    const start = this.#offset;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) throw malformed('a tag of several bytes');
    const length = this.#length();
    if (length > this.#bytes.length - this.#offset) throw malformed('an element longer than the file');
    const contentStart = this.#offset;
    this.#offset = contentStart + length;
    return {
      tag,
      raw: this.#bytes.subarray(start, this.#offset),
      content: this.#bytes.subarray(contentStart, this.#offset),
    };
  }

  /** Takes the next element, which must have `tag`. */
  take(tag: number): DerElement {
    if (this.nextTag !== tag) throw malformed('an element of another type than expected');
    return this.any();
  }

  /** Takes the next element, of `tag`, and reads inside it. */
  enter(tag: number): DerReader {
    return new DerReader(this.take(tag).content, this.#depth + 1);
  }

  /** The content of the next element, an OCTET STRING. */
  octets(): Buffer {
    return this.take(TAG.octetString).content;
  }

  /** The next element, an INTEGER from 0 to 2^48. */
  integer(): number {
    const { content } = this.take(TAG.integer);
    const first = content[0];
    if (first === undefined || first >= 0x80 || (first === 0 && content.length > 1 && (content[1] ?? 0) < 0x80)) {
      throw malformed('a number that is negative or not in its shortest form');
    }
    const digits = first === 0 && content.length > 1 ? content.subarray(1) : content;
    if (digits.length > 6) throw malformed('a number too large');
    return digits.readUIntBE(0, digits.length);
  }

  /** The next element, an OBJECT IDENTIFIER, as dotted decimals. */
  oid(): string {
    return decodeOid(this.take(TAG.objectIdentifier).content);
  }

  /** Refuses anything that is left. */
  end(): void {
    if (!this.done) throw malformed('trailing data');
  }

  #byte(): number {
    const value = this.#bytes[this.#offset];
    if (value === undefined) throw malformed('it ends in the middle of an element');
    this.#offset += 1;
    return value;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    if (first === 0x80) throw formatUnknown('written in BER with indefinite lengths');
    const count = first & 0x7f;
    if (count > 4) throw malformed('a length too large');
    let length = 0;
    for (let index = 0; index < count; index += 1) length = length * 256 + this.#byte();
    if (length < 0x80 || length < 2 ** (8 * (count - 1))) throw malformed('a length not in its shortest form');
    return length;
  }
}

function decodeOid(content: Buffer): string {
  const last = content[content.length - 1];
  if (last === undefined || last >= 0x80 || content.length > MAX_OID_BYTES) throw malformed('an object identifier');
  const arcs: number[] = [];
  let value = 0;
  let fresh = true;
  for (const byte of content) {
    if (fresh && byte === 0x80) throw malformed('an object identifier not in its shortest form');
    value = value * 128 + (byte & 0x7f);
    if (value > Number.MAX_SAFE_INTEGER) throw malformed('an object identifier too large');
    fresh = byte < 0x80;
    if (!fresh) continue;
    if (arcs.length === 0) {
      const root = Math.min(2, Math.floor(value / 40));
      arcs.push(root, value - root * 40);
    } else {
      arcs.push(value);
    }
    value = 0;
  }
  return arcs.join('.');
}

/** Tag and length of an element whose content has `length` bytes. */
export function derHeader(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.from([tag, length]);
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return Buffer.from([tag, 0x80 | digits.length, ...digits]);
}

/** An element of `tag` around the concatenation of `parts`. */
export function derElement(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([derHeader(tag, length), ...parts]);
}

/** A non-negative INTEGER up to 2^53 - 1. */
export function derInteger(value: number): Buffer {
  const digits: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  if (digits[0] === undefined || digits[0] >= 0x80) digits.unshift(0);
  return derElement(TAG.integer, Buffer.from(digits));
}

/** An OBJECT IDENTIFIER from dotted decimals. */
export function derOid(dotted: string): Buffer {
  const [root = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [root * 40 + second, ...rest]) {
    const digits = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift(0x80 | (left % 128));
    bytes.push(...digits);
  }
  return derElement(TAG.objectIdentifier, Buffer.from(bytes));
}

export function derOctets(content: Uint8Array): Buffer {
  return derElement(TAG.octetString, content);
}

export function derSequence(...parts: readonly Uint8Array[]): Buffer {
  return derElement(TAG.sequence, ...parts);
}

export function derNull(): Buffer {
  return Buffer.from([TAG.null, 0]);
}
