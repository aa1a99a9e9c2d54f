import { randomUUID } from 'node:crypto';
import type { AuditRecord, AuditRepository } from '../repositories.ts';
import type { CassandraSession, Row } from './session.ts';
import { settle } from './settle.ts';
import { asNumber, asNumberOrNull, asText } from './values.ts';

/** Records of one partition. */
const BUCKET_SIZE = 1000;

const RECORD = 'seq, written_at, user, action, object, params, result, completes, previous, hash';

/**
 * `k2_auditing`; records are only ever added. Each is appended where the one before it stands and its own place is free,
 * so that there never is a gap.
 */
export class CassandraAudit implements AuditRepository {
  readonly #session: CassandraSession;
  readonly #table: string;
  /** The newest partition that was seen to hold records, or the first. */
  #newest = 0;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#table = `${session.keyspaces.audit.quoted}.k2_auditing`;
  }

  async append(record: AuditRecord): Promise<boolean> {
    const { seq, at, actor, act, object, context, outcome, completes, previous, hash } = record;
    if (seq < 1 || (seq > 1 && !(await this.#stands(seq - 1)))) {
      return false;
    }
    const attempt = randomUUID();
    const append = `INSERT INTO ${this.#table} (bucket, ${RECORD}, attempt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS`;
    const ended = completes === null ? null : BigInt(completes);
    const params = [bucketOf(seq), BigInt(seq), at, actor, act, object, context, outcome, ended, previous, hash, attempt];
    const { applied } = await settle(
      () => this.#session.conditional({ cql: append, params }, 'global'),
      (refused) => refused.row?.['attempt'] === attempt,
    );
    return applied;
  }

  async head(): Promise<AuditRecord | null> {
    const newest = `SELECT ${RECORD} FROM ${this.#table} WHERE bucket = ? ORDER BY seq DESC LIMIT 1`;
    const bucket = await this.#newestBucket();
    const row = await this.#session.readOne(newest, [bucket], { reach: 'global' });
    if (row === null && bucket > 0) {
      // The table was put back to an earlier state since it was last seen.
      this.#newest = 0;
      return this.head();
    }
    return row === null ? null : recordOf(row);
  }

  async read(fromSeq: number, limit: number): Promise<AuditRecord[]> {
    const first = Math.max(1, fromSeq);
    const page = `SELECT ${RECORD} FROM ${this.#table} WHERE bucket = ? AND seq >= ? LIMIT ?`;
    const records: AuditRecord[] = [];
    for (let bucket = bucketOf(first); records.length < limit; bucket += 1) {
      const rows = await this.#session.readAll(page, [bucket, BigInt(first), limit - records.length], { reach: 'global' });
      records.push(...rows.map(recordOf));
      if (records.length < limit && bucket >= this.#newest && bucket >= (await this.#newestBucket())) break;
    }
    return records;
  }

  /** From the one last seen on: partitions fill one after the other. */
  async #newestBucket(): Promise<number> {
    // Of several that look at once each goes its own way: steps taken together would lead beyond the newest.
    let newest = this.#newest;
    let step = 1;
    for (; await this.#holdsRecords(newest + step); step *= 2) newest += step;
    for (step = Math.floor(step / 2); step >= 1; step = Math.floor(step / 2)) {
      if (await this.#holdsRecords(newest + step)) newest += step;
    }
    this.#newest = newest;
    return newest;
  }

  async #stands(seq: number): Promise<boolean> {
    const one = `SELECT seq FROM ${this.#table} WHERE bucket = ? AND seq = ?`;
    return (await this.#session.readOne(one, [bucketOf(seq), BigInt(seq)], { reach: 'global' })) !== null;
  }

  async #holdsRecords(bucket: number): Promise<boolean> {
    return (await this.#session.readOne(`SELECT seq FROM ${this.#table} WHERE bucket = ? LIMIT 1`, [bucket], { reach: 'global' })) !== null;
  }
}

function bucketOf(seq: number): number {
  return Math.floor((seq - 1) / BUCKET_SIZE);
}

function recordOf(row: Row): AuditRecord {
  return {
    seq: asNumber(row['seq']),
    at: asNumber(row['written_at']),
    actor: asText(row['user']),
    act: asText(row['action']),
    object: asText(row['object']),
    context: asText(row['params']),
    outcome: asText(row['result']) as AuditRecord['outcome'],
    completes: asNumberOrNull(row['completes']),
    previous: asText(row['previous']),
    hash: asText(row['hash']),
  };
}
