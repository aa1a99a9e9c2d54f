import type { CampaignRange, InstanceRange, RangeProgress, RangeState } from '../repositories.ts';
import { concurrently } from './concurrently.ts';
import { timeToLive } from './leases.ts';
import type { CassandraSession, Row, Statement } from './session.ts';
import { settle } from './settle.ts';
import { asNumber, asText, asTextOrNull } from './values.ts';

/** Partitions of a campaign: workers wait for each other only within one. */
const BUCKETS = 64;

/** Partitions worked on at once, and ranges written at once. */
const AT_ONCE = 16;
const BATCH = 200;

const COUNTS = ['passed', 'rewritten', 'superseded', 'failed', 'bytes'] as const;
const RANGE = `seq, lu, range_start, range_end, nodes, state, cursor, ${COUNTS.join(', ')}, updated_at, worker`;
const ONE = 'WHERE campaign = ? AND bucket = ? AND seq = ?';
const WORK = `state = ?, cursor = ?, ${COUNTS.map((count) => `${count} = ?`).join(', ')}`;

/**
 * `rekey_ranges`: the units of work of a campaign, all written by lightweight transactions. The worker's name has a time
 * to live, so that the clocks of the cluster end its lease.
 */
export class CampaignRanges {
  readonly #session: CassandraSession;
  readonly #table: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#table = `${session.keyspaces.system.quoted}.rekey_ranges`;
  }

  /** Writes the ranges of a campaign that has none yet; those that an earlier try wrote stay as they are. */
  async insert(campaign: string, ranges: readonly InstanceRange[], at: number): Promise<void> {
    const batches = bucketsOf(ranges.keys()).flatMap((seqs) =>
      Array.from({ length: Math.ceil(seqs.length / BATCH) }, (_, i) => seqs.slice(i * BATCH, (i + 1) * BATCH)),
    );
    const insertion = (seq: number): Statement => {
      const { lu, start, end, nodes } = ranges[seq] as InstanceRange;
      return {
        cql: `INSERT INTO ${this.#table} (campaign, bucket, ${RANGE}) VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', null, 0, 0, 0, 0, 0, ?, null) IF NOT EXISTS`,
        params: [...placeOf(campaign, seq), lu, start, end, [...nodes], at],
      };
    };
    await concurrently(batches, AT_ONCE, (seqs) => this.#change(seqs.map(insertion), () => true));
  }

  /** Ranges 0 to `count` - 1, ordered by seq. */
  async list(campaign: string, count: number): Promise<CampaignRange[]> {
    const bucket = `SELECT ${RANGE} FROM ${this.#table} WHERE campaign = ? AND bucket = ?`;
    const buckets = Array.from({ length: Math.min(count, BUCKETS) }, (_, i) => i);
    const rows = await concurrently(buckets, AT_ONCE, (one) => this.#session.readAll(bucket, [campaign, one], { reach: 'global' }));
    return rows.flat().map(rangeOf).sort((a, b) => a.seq - b.seq);
  }

  async claim(campaign: string, seq: number, worker: string, seconds: number): Promise<CampaignRange | null> {
    const cql = `UPDATE ${this.#table} USING TTL ? SET worker = ? ${ONE} IF state = 'waiting' AND worker IN (null, ?)`;
    const place = placeOf(campaign, seq);
    // What stands against it can only be another's: one's own claim is renewed by the same statement.
    if (!(await this.#change([{ cql, params: [timeToLive(seconds), worker, ...place, worker] }], () => false))) return null;
    const row = await this.#session.readOne(`SELECT ${RANGE} FROM ${this.#table} ${ONE}`, place, { reach: 'global' });
    return row === null ? null : rangeOf(row);
  }

  async progress(campaign: string, seq: number, worker: string, seconds: number, progress: RangeProgress): Promise<boolean> {
    const place = placeOf(campaign, seq);
    const { state, cursor, updatedAt } = progress;
    const work = [state, cursor, ...COUNTS.map((count) => BigInt(progress[count])), updatedAt];
    const set = `UPDATE ${this.#table} SET ${WORK}, updated_at = ?`;
    if (state === 'waiting') {
      const renew = `UPDATE ${this.#table} USING TTL ? SET worker = ? ${ONE} IF worker = ?`;
      return this.#change(
        [
          { cql: renew, params: [timeToLive(seconds), worker, ...place, worker] },
          { cql: `${set} ${ONE}`, params: [...work, ...place] },
        ],
        () => false,
      );
    }
    return this.#change([{ cql: `${set}, worker = null ${ONE} IF worker = ?`, params: [...work, ...place, worker] }], () =>
      this.#endedWith(place, progress),
    );
  }

  async release(campaign: string, seq: number, worker: string): Promise<void> {
    const cql = `UPDATE ${this.#table} SET worker = null ${ONE} IF worker = ?`;
    await this.#change([{ cql, params: [...placeOf(campaign, seq), worker] }], () => true);
  }

  async reopen(campaign: string, ranges: readonly Pick<CampaignRange, 'seq' | 'cursor'>[]): Promise<void> {
    const cql = `UPDATE ${this.#table} SET state = 'waiting', cursor = ?, passed = 0, failed = 0, worker = null ${ONE} IF EXISTS`;
    const cursors = new Map(ranges.map(({ seq, cursor }) => [seq, cursor]));
    const reopening = (seq: number): Statement => ({ cql, params: [cursors.get(seq) ?? null, ...placeOf(campaign, seq)] });
    await concurrently(bucketsOf(cursors.keys()), AT_ONCE, (some) => this.#change(some.map(reopening), () => true));
  }

  async #change(statements: readonly Statement[], isOurs: () => boolean | Promise<boolean>): Promise<boolean> {
    const work = statements.length === 1 ? (statements[0] as Statement) : statements;
    return (await settle(() => this.#session.conditional(work, 'global'), isOurs)).applied;
  }

  /** Whether a range that the worker no longer holds ended with just this progress. */
  async #endedWith(place: readonly unknown[], progress: RangeProgress): Promise<boolean> {
    const [row] = await this.#session.readSerial(`SELECT ${RANGE} FROM ${this.#table} ${ONE}`, place, 'global');
    if (row === undefined) return false;
    const { state, cursor, updatedAt, worker, ...stored } = rangeOf(row);
    return (
      worker === null &&
      state === progress.state &&
      cursor === progress.cursor &&
      updatedAt === progress.updatedAt &&
      COUNTS.every((count) => stored[count] === progress[count])
    );
  }
}

function placeOf(campaign: string, seq: number): [string, number, number] {
  return [campaign, seq % BUCKETS, seq];
}

/** The seqs by partition. */
function bucketsOf(seqs: Iterable<number>): number[][] {
  const buckets = new Map<number, number[]>();
  for (const seq of seqs) {
    const bucket = buckets.get(seq % BUCKETS);
    if (bucket === undefined) buckets.set(seq % BUCKETS, [seq]);
    else bucket.push(seq);
  }
  return [...buckets.values()];
}

function rangeOf(row: Row): CampaignRange {
  return {
    seq: asNumber(row['seq']),
    range: {
      lu: asText(row['lu']),
      start: asText(row['range_start']),
      end: asText(row['range_end']),
      // An empty list is stored as null.
      nodes: (row['nodes'] as string[] | null) ?? [],
    },
    state: asText(row['state']) as RangeState,
    cursor: asTextOrNull(row['cursor']),
    passed: asNumber(row['passed']),
    rewritten: asNumber(row['rewritten']),
    superseded: asNumber(row['superseded']),
    failed: asNumber(row['failed']),
    bytes: asNumber(row['bytes']),
    updatedAt: asNumber(row['updated_at']),
    worker: asTextOrNull(row['worker']),
  };
}
