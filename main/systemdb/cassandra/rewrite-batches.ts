import type { CassandraSession, Statement } from './session.ts';

/** Where Cassandra warns of a batch by default (`batch_size_warn_threshold` 5 KiB, 10 partitions): below both. */
const BATCH_BYTES = 4_608;
const BATCH_STATEMENTS = 8;
/** What a row takes beside its sealed bytes and its id. */
const ROW_BYTES = 160;

interface Waiting {
  readonly statement: Statement;
  readonly bytes: number;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Writes of rows of one range that come in the same turn of the event loop travel together, as unlogged batches: the
 * same nodes keep them, and a request costs more than a small row. Each row stands or falls by itself, by its own write
 * time; where a batch fails, each of its writes fails, and may be repeated.
 */
export class RewriteBatches {
  readonly #session: CassandraSession;
  /** A new one for each turn: one that is cleared keeps what was in it, as long as V8 keeps the Map's former tables. */
  #waiting = new Map<object, Waiting[]>();

  constructor(session: CassandraSession) {
    this.#session = session;
  }

  /** @param range as it was read: rows of the same object lie on the same nodes */
  write(range: object, statement: Statement, sealedBytes: number): Promise<void> {
    return new Promise((done, failed) => {
      const waiting = { statement, bytes: sealedBytes + ROW_BYTES, done, failed };
      const others = this.#waiting.get(range);
      if (others !== undefined) {
        others.push(waiting);
        return;
      }
      if (this.#waiting.size === 0) setImmediate(() => this.#send());
      this.#waiting.set(range, [waiting]);
    });
  }

  #send(): void {
    const all = [...this.#waiting.values()];
    this.#waiting = new Map();
    for (const batch of all.flatMap(cut)) {
      const [only] = batch;
      if (only === undefined) continue;
      const sent =
        batch.length === 1
          ? this.#session.write(only.statement.cql, only.statement.params)
          : this.#session.writeBatch(batch.map(({ statement }) => statement), { logged: false });
      // Told one by one: a promise that follows another costs a job and a promise more for each write.
      sent.then(
        () => {
          for (const { done } of batch) done();
        },
        (error: unknown) => {
          for (const { failed } of batch) failed(error);
        },
      );
    }
  }
}

/** In the order of asking, none larger than a node takes without a word. */
function cut(waiting: readonly Waiting[]): Waiting[][] {
  const batches: Waiting[][] = [];
  let bytes = Infinity;
  for (const one of waiting) {
    const last = batches.at(-1);
    if (last === undefined || last.length === BATCH_STATEMENTS || bytes + one.bytes > BATCH_BYTES) {
      batches.push([one]);
      bytes = one.bytes;
    } else {
      last.push(one);
      bytes += one.bytes;
    }
  }
  return batches;
}
