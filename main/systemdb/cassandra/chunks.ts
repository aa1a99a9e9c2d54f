import type { types } from 'cassandra-driver';
import { concurrently } from './concurrently.ts';
import type { CassandraSession } from './session.ts';
import type { ViewStatements } from './view-statements.ts';

/** Sealed bytes up to this size lie in the row itself; a scan for facts has to pass them by. */
export const INLINE_BYTES = 4096;

/** Well below the largest mutation that a default cluster takes, 16 MiB. */
const CHUNK_BYTES = 1024 * 1024;

/** Chunks of one answer, and requests of one instance at once. */
const CHUNKS_READ = 4;
const REQUESTS = 4;

/** Where the sealed bytes of one write of an instance lie. */
export interface ChunkedForm {
  readonly id: string;
  readonly version: types.Uuid;
  readonly bytes: number;
  readonly chunks: number;
}

/** Rows of `entity_chunks` that this many sealed bytes take; 0 where they lie in `entity`. */
export function chunksOf(bytes: number): number {
  return bytes <= INLINE_BYTES ? 0 : Math.ceil(bytes / CHUNK_BYTES);
}

export async function writeChunks(session: CassandraSession, cql: ViewStatements, form: ChunkedForm, sealed: Buffer, time: bigint): Promise<void> {
  const places = Array.from({ length: form.chunks }, (_, idx) => idx);
  await concurrently(places, REQUESTS, (idx) => {
    const data = sealed.subarray(idx * CHUNK_BYTES, (idx + 1) * CHUNK_BYTES);
    return session.write(cql.putChunk, [form.id, form.version, idx, data, time]);
  });
}

/** The sealed bytes; `whole` is false where chunks are missing or of the wrong size: then what is there, in order. */
export async function readChunks(session: CassandraSession, cql: ViewStatements, form: ChunkedForm): Promise<{ sealed: Buffer; whole: boolean }> {
  const firsts = Array.from({ length: Math.ceil(form.chunks / CHUNKS_READ) }, (_, group) => group * CHUNKS_READ);
  const groups = await concurrently(firsts, REQUESTS, (first) =>
    session.readAll(cql.chunks, [form.id, form.version, first, Math.min(first + CHUNKS_READ, form.chunks)], { fetchSize: CHUNKS_READ }),
  );
  const rows = groups.flat();
  const parts = rows.map((row) => row['data'] as Buffer);
  const whole =
    rows.length === form.chunks && parts.every((part, idx) => rows[idx]?.['idx'] === idx && part.length === Math.min(CHUNK_BYTES, form.bytes - idx * CHUNK_BYTES));
  // One chunk is most instances: it need not be copied.
  const [only] = parts;
  return { sealed: parts.length === 1 && only !== undefined ? only : Buffer.concat(parts), whole };
}
