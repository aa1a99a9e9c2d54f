import { randomBytes, randomInt } from 'node:crypto';
import { types } from 'cassandra-driver';
import { isAppError } from '../../errors.ts';
import { descriptionTime } from '../../masterkey/description.ts';
import type { StoredInstance } from '../repositories.ts';
import { chunksOf, writeChunks } from './chunks.ts';
import { fromFuture, isFromFuture, nextSaveTime, now, SAVE_STEP, saveTimeAfter, TOLERATED_LEAD } from './clock.ts';
import { timeOf, writtenAt } from './instance-rows.ts';
import type { LogicalUnit } from './logical-units.ts';
import { bucketOf } from './ordered-ids.ts';
import type { CassandraSession, Row, Statement } from './session.ts';

/** What a write puts into a row of `entity`. */
export interface Content {
  readonly id: string;
  readonly keyDescription: string;
  readonly sealed: Uint8Array;
  readonly savedAt: number;
}

/**
 * What a write finds in its place: itself, something later (or, of two writes with one time, the other), or nothing,
 * since a removal hides it.
 */
export type Meeting = { readonly met: 'stands' | 'removed' } | { readonly met: 'hidden'; readonly written: number };

/** Save times that a save picks from where something hides it: two saves that one stored time hides would meet again at the next one. */
const PICKED_FROM = 1_000;

const STANDS: Meeting = { met: 'stands' };
const REMOVED: Meeting = { met: 'removed' };

/** Writes instances of one LU with write times of their own, and looks what became of them. */
export class InstanceWrites {
  readonly #session: CassandraSession;
  readonly #unit: LogicalUnit;

  constructor(session: CassandraSession, unit: LogicalUnit) {
    this.#session = session;
    this.#unit = unit;
  }

  /**
   * A save with the write time `time`, which is known to stand afterwards, or to have been followed by another that came
   * while it was under way. A row that was saved earlier by a clock a little ahead is written over with a later time.
   * @throws AppError `INSTANCE_FROM_FUTURE` where a stored time lies too far ahead: the save is not stored then
   */
  async save(content: Content, time: number): Promise<void> {
    const first = await this.#saveAt(content, time);
    if (first.met === 'stands') return;
    if (first.met === 'hidden') return this.#saveAfter(content, first.written);
    // A removal at the same time, or one by a clock that is ahead by nobody knows how much.
    for (const later of [nextSaveTime(), saveTimeAfter(now() + TOLERATED_LEAD / 2)]) {
      const meeting = await this.#saveAt(content, later);
      if (meeting.met === 'hidden' && meeting.written === later) return this.#saveAfter(content, later);
      if (meeting.met !== 'removed') return;
    }
    throw fromFuture(this.#unit.lu, content.id, null);
  }

  /**
   * Writes again, later than what hides it. What hides that attempt was not there at the first and came while this save
   * was under way, unless it has the very same write time: then the row may be a mixture of both, and neither is done.
   */
  async #saveAfter(content: Content, hiding: number): Promise<void> {
    for (let written = hiding; ; ) {
      const time = saveTimeAfter(written) + SAVE_STEP * randomInt(PICKED_FROM);
      const meeting = await this.#saveAt(content, time);
      if (meeting.met !== 'hidden' || meeting.written !== time) return;
      written = time;
    }
  }

  async #saveAt(content: Content, time: number): Promise<Meeting> {
    // The id first: one that leads to no row is passed over, a row without its id would never be listed.
    await this.#session.write(this.#unit.cql.putId, [bucketOf(content.id), content.id, BigInt(time)]);
    const meeting = await this.putAt(content, time);
    if (meeting.met === 'hidden' && isFromFuture(meeting.written)) throw fromFuture(this.#unit.lu, content.id, meeting.written);
    return meeting;
  }

  /** Writes with the time `time`, and looks what stands then. */
  async putAt(content: Content, time: number): Promise<Meeting> {
    const version = await this.#put(content, time);
    const row = await this.#session.readOne(this.#unit.cql.written, [content.id]);
    const meeting = row === null ? REMOVED : meet(row, content, version, time);
    await this.#tidy(content, version, time, meeting, row);
    return meeting;
  }

  /**
   * As `InstanceRepository.rewrite`. Statements of few bytes are written by `send`. Of what fits into one message it is not
   * read back what stands then: the write time alone decides, and whoever wins leaves nothing that points nowhere.
   */
  async rewrite(
    read: StoredInstance,
    next: { readonly keyDescription: string; readonly sealed: Uint8Array },
    send: (few: Statement, sealedBytes: number) => Promise<void>,
  ): Promise<boolean> {
    const readTime = timeOf(this.#unit, read.revision);
    if (isFromFuture(readTime)) throw fromFuture(this.#unit.lu, read.id, readTime);
    const content = { id: read.id, savedAt: read.savedAt, ...next };
    const [before, after] = [chunksOf(read.bytes), chunksOf(next.sealed.length)];
    if (after > 1 || (after === 0 && before > 0)) return (await this.putAt(content, readTime + 1)).met === 'stands';
    const version = newVersion(next.keyDescription);
    if (after === 1) await this.#putChunks(content, version, readTime + 1);
    await send(this.#row(content, readTime + 1, version), after === 0 ? next.sealed.length : 0);
    if (after === 1) await this.#removeOlderChunks(read.id, readTime + 1, (removal) => send(removal, 0));
    return true;
  }

  /** As `InstanceRepository.remove`. */
  async remove(id: string): Promise<boolean> {
    const { cql } = this.#unit;
    const row = await this.#session.readOne(cql.time, [id]);
    if (row === null) return false;
    const time = BigInt(Math.max(nextSaveTime(), saveTimeAfter(writtenAt(row))));
    // The row first, for the same reason that a save writes the id first.
    await this.#session.write(cql.remove, [time, id]);
    await Promise.all([this.#session.write(cql.removeId, [time, bucketOf(id), id]), this.#session.write(cql.removeChunks, [time, id])]);
    return true;
  }

  /** Chunks first, then the row, all with one write time. @returns the version that tells this write from all others */
  async #put(content: Content, time: number): Promise<types.Uuid> {
    const version = newVersion(content.keyDescription);
    await this.#putChunks(content, version, time);
    await this.#send(this.#row(content, time, version));
    return version;
  }

  async #putChunks({ id, sealed }: Content, version: types.Uuid, time: number): Promise<void> {
    const chunks = chunksOf(sealed.length);
    if (chunks > 0) await writeChunks(this.#session, this.#unit.cql, { id, version, bytes: sealed.length, chunks }, bufferOf(sealed), BigInt(time));
  }

  #row({ id, keyDescription, sealed, savedAt }: Content, time: number, version: types.Uuid): Statement {
    const chunks = chunksOf(sealed.length);
    const inRow = chunks > 0 ? Buffer.alloc(0) : bufferOf(sealed);
    return { cql: this.#unit.cql.put, params: [id, keyDescription, sealed.length, BigInt(savedAt), inRow, version, chunks, chunks > 0 ? true : undefined, BigInt(time)] };
  }

  /** Takes away the chunks that nobody asks for any more. @param found the row after the write */
  async #tidy({ id, sealed }: Content, version: types.Uuid, time: number, { met }: Meeting, found: Row | null): Promise<void> {
    const { cql } = this.#unit;
    const chunked = chunksOf(sealed.length) > 0;
    const hasChunks = found?.['has_chunks'] === true;
    if (met !== 'stands') {
      // A row that names this version, and has another column of a write with the same time, still leads to its chunks.
      const isNamed = found !== null && version.equals(found['version'] as types.Uuid);
      if (chunked && !isNamed) await passedOver(this.#send({ cql: cql.removeVersion, params: [BigInt(time), id, version] }));
    } else if (chunked || hasChunks) {
      const removed = await this.#removeOlderChunks(id, time, this.#send);
      if (removed && !chunked) await passedOver(this.#send({ cql: cql.forgetChunks, params: [BigInt(time), id] }));
    }
  }

  /** All that is older than this write, also what comes only later from a write that lost against it. @returns whether they are gone */
  #removeOlderChunks(id: string, time: number, send: (removal: Statement) => Promise<void>): Promise<boolean> {
    return passedOver(send({ cql: this.#unit.cql.removeChunks, params: [BigInt(time - 1), id] }));
  }

  readonly #send = ({ cql, params }: Statement): Promise<void> => this.#session.write(cql, params);
}

/** Waits for a removal after a write: where it fails the write stands all the same, and the next one takes the chunks away. @returns whether it was done */
async function passedOver(removal: Promise<void>): Promise<boolean> {
  try {
    await removal;
    return true;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return false;
  }
}

/** Versions drawn at once: one call for random bytes costs more than sealing a small instance's header. */
const DRAWN = 256;
const UUID_BYTES = 16;
const TIME_BYTES = 6;
let drawn = Buffer.alloc(0);

/**
 * A UUID that begins with the time in the key description (RFC 9562, version 7), and is random after it. Two rewrites of
 * one read have the same write time, for which Cassandra keeps the larger value of each column: begun so, the version of
 * the later generation is the larger one, as its key description is, and both columns are of one write.
 */
function newVersion(keyDescription: string): types.Uuid {
  if (drawn.length === 0) drawn = randomBytes(DRAWN * UUID_BYTES);
  const bytes = Buffer.from(drawn.subarray(0, UUID_BYTES));
  drawn = drawn.subarray(UUID_BYTES);
  bytes.writeUIntBE(timeIn(keyDescription), 0, TIME_BYTES);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return new types.Uuid(bytes);
}

let last = { keyDescription: '', time: 0 };

/** Most writes in a row are under one generation. */
function timeIn(keyDescription: string): number {
  if (keyDescription !== last.keyDescription) last = { keyDescription, time: descriptionTime(keyDescription) ?? 0 };
  return last.time;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function meet(row: Row, content: Content, version: types.Uuid, time: number): Meeting {
  const written = writtenAt(row);
  // Of two writes with one time each column keeps the larger value: ours stands only if all of them are ours.
  if (version.equals(row['version'] as types.Uuid)) return isWhole(row, content) ? STANDS : { met: 'hidden', written };
  // Between two save times there is only what a rekey made of the first: the same content.
  return written > time && written < saveTimeAfter(time) ? STANDS : { met: 'hidden', written };
}

function isWhole(row: Row, { keyDescription, sealed, savedAt }: Content): boolean {
  const chunks = chunksOf(sealed.length);
  return (
    row['key_description'] === keyDescription &&
    row['bytes'] === sealed.length &&
    row['saved_at'] === BigInt(savedAt) &&
    row['chunks'] === chunks &&
    (chunks > 0 || (row['sealed'] as Buffer).equals(sealed))
  );
}
