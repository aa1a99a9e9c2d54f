import { auditHash, GENESIS } from '../../main/audit/chain.ts';
import type { AuditRecord, AuditRepository } from '../../main/systemdb/repositories.ts';

/** The fields of a record without its place in the chain. */
export type Told = Pick<AuditRecord, 'at' | 'actor' | 'act' | 'object' | 'context' | 'outcome' | 'completes'>;

/** A whole chain that tells `told`. */
export function chainOf(told: readonly Told[]): AuditRecord[] {
  const records: AuditRecord[] = [];
  for (const one of told) {
    const content = { ...one, seq: records.length + 1, previous: records.at(-1)?.hash ?? GENESIS };
    records.push({ ...content, hash: auditHash(content) });
  }
  return records;
}

/** Records as an attacker left them in the database: read like any, never written. */
export function trailOf(records: readonly AuditRecord[]): AuditRepository {
  const sorted = records.toSorted((a, b) => a.seq - b.seq);
  return {
    append: () => Promise.resolve(false),
    head: () => Promise.resolve(sorted.at(-1) ?? null),
    read: (fromSeq, limit) => Promise.resolve(sorted.filter((record) => record.seq >= fromSeq).slice(0, limit)),
  };
}

export function told(i: number): Told {
  return {
    at: 1_790_000_000_000 + i,
    actor: 'admin@host',
    act: i % 2 === 0 ? 'activatekey' : 'keystore.enable',
    object: `object ${i}`,
    context: JSON.stringify({ number: i }),
    outcome: i % 2 === 0 ? 'started' : 'done',
    completes: i % 2 === 0 ? null : i,
  };
}

export function tellings(count: number): Told[] {
  return Array.from({ length: count }, (_, i) => told(i));
}

/** The record with one field changed, its hash left as it was. */
export function changed(record: AuditRecord, field: keyof AuditRecord): AuditRecord {
  const value = record[field];
  if (field === 'completes') {
    return { ...record, completes: value === null ? 1 : null };
  }
  if (field === 'outcome') {
    return { ...record, outcome: value === 'refused' ? 'done' : 'refused' };
  }
  return { ...record, [field]: typeof value === 'number' ? value + 1 : `${String(value)}x` };
}

/** The records with everything from `place` on hashed anew, as a thorough attacker would. */
export function rehashedFrom(records: readonly AuditRecord[], place: number): AuditRecord[] {
  const kept = records.slice(0, place);
  for (const record of records.slice(place)) {
    const content = { ...record, seq: kept.length + 1, previous: kept.at(-1)?.hash ?? GENESIS };
    kept.push({ ...content, hash: auditHash(content) });
  }
  return kept;
}
