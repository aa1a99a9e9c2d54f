import type { AuditRecord, AuditRepository } from '../systemdb/repositories.ts';
import { breakAt, START, type ChainBreak, type ChainEnd } from './chain.ts';

/** Records read at once. */
const PAGE = 500;

export interface TrailVerification {
  /** Records that the trail has, also behind a break. */
  readonly records: number;
  readonly intact: boolean;
  /** Hash of the last record that holds; null if there is none. */
  readonly head: string | null;
  /** Time of the first record, in milliseconds since the epoch; null if there is none. */
  readonly since: number | null;
  /** The first record that does not hold; `AUDIT_HEAD_MISMATCH` where only the exported head shows it. */
  readonly broken: (ChainBreak & { readonly code: 'AUDIT_CHAIN_BROKEN' | 'AUDIT_HEAD_MISMATCH' }) | null;
}

/** All records from `fromSeq` on, in bounded pages. */
export async function* pagesOf(repository: AuditRepository, fromSeq: number): AsyncGenerator<AuditRecord[]> {
  for (let next = fromSeq; ; ) {
    const page = await repository.read(next, PAGE);
    const last = page.at(-1);
    if (last === undefined) {
      return;
    }
    yield page;
    next = last.seq + 1;
  }
}

/**
 * Checks the chain from its first record on; with `exported`, also that the trail still holds what it held when that
 * head was exported: only so does it show that records were cut off at the end, or all re-hashed from a place on.
 */
export async function verifyTrail(repository: AuditRepository, exported: ChainEnd | null): Promise<TrailVerification> {
  let records = 0;
  let since: number | null = null;
  let end: ChainEnd = START;
  let broken: TrailVerification['broken'] = null;
  for await (const page of pagesOf(repository, 1)) {
    since ??= page[0]?.at ?? null;
    records += page.length;
    for (const record of page) {
      if (broken === null) {
        broken = brokenBy(end, record, exported);
        end = broken === null ? { seq: record.seq, hash: record.hash } : end;
      }
    }
  }
  if (broken === null && exported !== null && end.seq < exported.seq) {
    broken = { code: 'AUDIT_HEAD_MISMATCH', ...cutOff(end, exported) };
  }
  return { records, intact: broken === null, head: end.seq === 0 ? null : end.hash, since, broken };
}

function brokenBy(end: ChainEnd, record: AuditRecord, exported: ChainEnd | null): TrailVerification['broken'] {
  const found = breakAt(end, record);
  if (found !== null) {
    return { code: 'AUDIT_CHAIN_BROKEN', ...found };
  }
  if (record.seq === exported?.seq && record.hash !== exported.hash) {
    const reason = `Record ${record.seq} is not the one of the exported head: it, or records before it, were rewritten and hashed anew.`;
    return { code: 'AUDIT_HEAD_MISMATCH', seq: record.seq, reason };
  }
  return null;
}

function cutOff(end: ChainEnd, exported: ChainEnd): ChainBreak {
  const seq = end.seq + 1;
  return { seq, reason: `Records were cut off at the end: the exported head names record ${exported.seq}, the trail ends with ${end.seq}.` };
}
