import type { Client } from 'cassandra-driver';
import { types } from 'cassandra-driver';
import type { InstanceRange } from '../../../main/systemdb/repositories.ts';
import { entityOf, sideBySide } from './node.ts';

/** Ranges read at once, and requests to write under way, about as many as a campaign has. */
const LANES = 2;
const WRITES = 32;
const PAGE = 256;

/** Reads an LU range by range and writes every row back as it was, with the write time that a rekey uses; no crypto. */
export async function readAndWriteBack(bare: Client, lu: string, ranges: readonly InstanceRange[]): Promise<void> {
  const select = `SELECT id, key_description, bytes, saved_at, WRITETIME(key_description) AS written, sealed, version, chunks FROM ${entityOf(lu)} WHERE token(id) > ? AND token(id) <= ?`;
  const insert = `INSERT INTO ${entityOf(lu)} (id, key_description, bytes, saved_at, sealed, version, chunks, has_chunks) VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`;
  const free = new Slots(WRITES);
  await sideBySide(ranges, LANES, async ({ start, end }) => {
    const written: Promise<unknown>[] = [];
    let pageState: string | undefined;
    do {
      const page: types.ResultSet = await bare.execute(select, [BigInt(start), BigInt(end)], { fetchSize: PAGE, ...(pageState === undefined ? {} : { pageState }) });
      for (const row of page.rows) {
        await free.take();
        const values = [row['id'], row['key_description'], row['bytes'], row['saved_at'], row['sealed'], types.Uuid.random(), row['chunks'], undefined, (row['written'] as bigint) + 1n];
        written.push(bare.execute(insert, values, { isIdempotent: true }).finally(() => free.give()));
      }
      pageState = page.pageState ?? undefined;
    } while (pageState !== undefined);
    await Promise.all(written);
  });
}

/** So many at once, and no more. */
class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
