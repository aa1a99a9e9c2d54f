import type { types } from 'cassandra-driver';
import type { InstanceInfo, StoredInstance } from '../repositories.ts';
import { readChunks } from './chunks.ts';
import type { LogicalUnit } from './logical-units.ts';
import type { CassandraSession, Row } from './session.ts';
import { asNumber, asNumberOrNull } from './values.ts';

/** The facts of a row of `entity`. A revision is its write time, counted from the epoch of the LU. */
export function infoOf({ lu, epoch }: LogicalUnit, id: string, row: Row): InstanceInfo {
  return {
    lu,
    id,
    keyDescription: row['key_description'] as string,
    bytes: row['bytes'] as number,
    savedAt: Number(row['saved_at']),
    revision: writtenAt(row) - epoch + 1,
  };
}

/**
 * Write time of a row of `entity`, microseconds. Of bytes that were written back by hand, alone, it is theirs: what a
 * rekey makes of them has to be newer than they are, or they would stay beside another key description.
 */
export function writtenAt(row: Row): number {
  return Math.max(asNumber(row['written']), asNumberOrNull(row['sealed_written']) ?? 0);
}

/** Write time of a revision, microseconds. */
export function timeOf({ epoch }: LogicalUnit, revision: number): number {
  return epoch + revision - 1;
}

/** An instance whose row holds its sealed bytes; null where chunks do. */
export function inlineInstance(unit: LogicalUnit, id: string, row: Row): StoredInstance | null {
  return row['chunks'] === 0 ? { ...infoOf(unit, id, row), sealed: row['sealed'] as Buffer } : null;
}

/**
 * One instance, never a mixture of two versions: where chunks of the version that the row names are missing, somebody
 * may just have put another in its place, and the row is read again. Where it still names the same one, the bytes that
 * are there are returned, which no key opens.
 * @param row what was read of it before, if anything was
 */
export async function readInstance(session: CassandraSession, unit: LogicalUnit, id: string, row?: Row): Promise<StoredInstance | null> {
  let missed: types.Uuid | null = null;
  for (let now = row ?? (await readRow()); now !== null; now = await readRow()) {
    const inline = inlineInstance(unit, id, now);
    if (inline !== null) return inline;
    const chunks = now['chunks'] as number;
    const version = now['version'] as types.Uuid;
    const { sealed, whole } = await readChunks(session, unit.cql, { id, version, bytes: now['bytes'] as number, chunks });
    if (whole || version.equals(missed as types.Uuid)) return { ...infoOf(unit, id, now), sealed };
    missed = version;
  }
  return null;

  function readRow(): Promise<Row | null> {
    return session.readOne(unit.cql.get, [id]);
  }
}
