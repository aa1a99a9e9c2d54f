import { createHash } from 'node:crypto';
import type { AuditRecord } from '../systemdb/repositories.ts';

/** What the first record names as the hash of the one before it. */
export const GENESIS = '0'.repeat(64);

/** Starts every hashed text, so that no hash of another purpose can stand for that of a record. */
const LABEL = 'fabric-key-console audit record 1';

/**
 * Hash of a record over all its other fields, as 64 lower-case hex digits: SHA-256 (FIPS 180-4) over a fixed label and
 * the fields in fixed order, each as its length in bytes (32 bits, big-endian) and its UTF-8 text; numbers are decimal,
 * a missing `completes` is the empty text. `docs/audit-format.md` has it with a test vector.
 */
export function auditHash(record: Omit<AuditRecord, 'hash'>): string {
  const { seq, at, actor, act, object, context, outcome, completes, previous } = record;
  const hash = createHash('sha256');
  const length = Buffer.alloc(4);
  for (const field of [LABEL, String(seq), String(at), actor, act, object, context, outcome, String(completes ?? ''), previous]) {
    const bytes = Buffer.from(field, 'utf8');
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return hash.digest('hex');
}

/** The place in the chain that a record must take: right after `seq` and `hash` of the one before. */
export interface ChainEnd {
  readonly seq: number;
  readonly hash: string;
}

export const START: ChainEnd = { seq: 0, hash: GENESIS };

/** The first place where a chain does not hold. */
export interface ChainBreak {
  readonly seq: number;
  /** What is wrong, in words. */
  readonly reason: string;
}

/** What is wrong with `record` as the one that follows `end`; null if it holds. */
export function breakAt(end: ChainEnd, record: AuditRecord): ChainBreak | null {
  const expected = end.seq + 1;
  if (record.seq > expected) {
    return { seq: expected, reason: `Record ${expected} was removed: record ${record.seq} stands in its place.` };
  }
  if (record.seq < expected) {
    return { seq: expected, reason: `The records were reordered: record ${record.seq} stands in the place of record ${expected}.` };
  }
  if (auditHash(record) !== record.hash) {
    return { seq: record.seq, reason: `Record ${record.seq} was changed: its content does not give its hash.` };
  }
  if (record.previous !== end.hash) {
    return {
      seq: record.seq,
      reason: `Record ${record.seq} does not follow what stands before it: one of the two was replaced, or records were reordered.`,
    };
  }
  return null;
}
