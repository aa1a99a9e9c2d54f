import { types } from 'cassandra-driver';
import type { InstanceToSave } from '../repositories.ts';
import { fromFuture, isFromFuture, SAVE_STEP } from './clock.ts';
import { tookTooLong } from './errors.ts';
import { timeOf, writtenAt } from './instance-rows.ts';
import { InstanceWrites } from './instance-writes.ts';
import type { LogicalUnit } from './logical-units.ts';
import type { CassandraSession } from './session.ts';
import { settle } from './settle.ts';

/** How long a claim on a revision stands that nobody carried out, and how late a claimer may still do it. */
const CLAIM_SECONDS = 60;
const PATIENCE_MS = 20_000;

/**
 * As `InstanceRepository.replace`: whoever claims the revision first may replace it. The write comes shortly after the
 * one that was read, so that a save which nobody had seen yet wins over it.
 */
export async function replaceInstance(session: CassandraSession, unit: LogicalUnit, instance: InstanceToSave, revision: number): Promise<boolean> {
  const read = timeOf(unit, revision);
  const started = performance.now();
  if (!(await claim(session, unit, instance.id, revision))) return false;
  // Read only now: an earlier claimer, whose claim has ended since, has replaced the revision.
  const row = await session.readOne(unit.cql.time, [instance.id]);
  if (row === null || writtenAt(row) !== read) return false;
  if (isFromFuture(read)) throw fromFuture(unit.lu, instance.id, read);
  if (performance.now() - started > PATIENCE_MS) {
    throw tookTooLong('The cluster took too long to decide who may replace the instance. It is as it was.', 'Try again in a minute.', {
      lu: unit.lu,
      id: instance.id,
    });
  }
  return (await new InstanceWrites(session, unit).putAt(instance, replaceTimeAfter(read))).met === 'stands';
}

/** Half-way between two save times, and beyond what a rewrite of the same revision, and one of that, takes. */
function replaceTimeAfter(time: number): number {
  const half = SAVE_STEP / 2;
  return Math.ceil((time + 3 - half) / SAVE_STEP) * SAVE_STEP + half;
}

async function claim(session: CassandraSession, { cql }: LogicalUnit, id: string, revision: number): Promise<boolean> {
  const claimer = types.Uuid.random();
  const write = { cql: cql.claim, params: [id, BigInt(revision), claimer, CLAIM_SECONDS] };
  const { applied } = await settle(
    () => session.conditional(write, 'global'),
    ({ row }) => claimer.equals(row?.['claimer'] as types.Uuid),
  );
  return applied;
}
