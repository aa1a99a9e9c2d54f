/** The schedules of a cluster and what became of each, in its settings; changed by one process at a time. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { SystemDb } from '../systemdb/repositories.ts';
import { withLease } from './lease.ts';
import { parseSchedule, schedule, type Schedule } from './schedule.ts';

type Stored = Pick<SystemDb, 'settings' | 'leases'>;

const SCHEDULES = 'rekey.schedules';
const RUNS = 'rekey.schedule-runs';
const LEASE = 'rekey:schedules';
const LEASE_SECONDS = 30;

/** What a schedule led to when its time last came. */
const scheduleRun = z.strictObject({
  at: z.number(),
  /** The campaign that it started; null where there was none to start. */
  campaign: z.string().nullable(),
  /** Why it started none: an error code, or that no condition held. */
  result: z.string(),
});
export type ScheduleRun = z.infer<typeof scheduleRun>;

/** @throws AppError `DATABASE_*` */
export async function listSchedules(db: Pick<SystemDb, 'settings'>): Promise<Schedule[]> {
  return read(await db.settings.get(SCHEDULES), z.array(schedule), []);
}

/** What became of each schedule's last time, by id. */
export async function scheduleRuns(db: Pick<SystemDb, 'settings'>): Promise<Record<string, ScheduleRun>> {
  return read(await db.settings.get(RUNS), z.record(z.string(), scheduleRun), {});
}

/** @throws AppError `SCHEDULE_INVALID`, `DATABASE_*` */
export async function addSchedule(db: Stored, input: Omit<Schedule, 'id' | 'createdAt'>, at: number = Date.now()): Promise<Schedule> {
  const added = parseSchedule({ ...input, id: randomUUID(), createdAt: at });
  await withLease(db, LEASE, LEASE_SECONDS, async () => db.settings.set(SCHEDULES, JSON.stringify([...(await listSchedules(db)), added])));
  return added;
}

/** @throws AppError `SCHEDULE_UNKNOWN`, `DATABASE_*` */
export async function removeSchedule(db: Stored, id: string): Promise<void> {
  await withLease(db, LEASE, LEASE_SECONDS, async () => {
    const schedules = await listSchedules(db);
    const left = schedules.filter((one) => one.id !== id);
    if (left.length === schedules.length) {
      throw new AppError('SCHEDULE_UNKNOWN', `There is no rekey schedule ${id} in this system database. Nothing was changed.`, 'List the schedules to see those that there are.', { details: { id } });
    }
    await db.settings.set(SCHEDULES, JSON.stringify(left));
  });
}

/** Keeps what became of a schedule; runs of schedules that are gone are dropped. */
export async function keepScheduleRun(db: Stored, id: string, run: ScheduleRun): Promise<void> {
  await withLease(db, LEASE, LEASE_SECONDS, async () => {
    const known = new Set((await listSchedules(db)).map((one) => one.id));
    const runs = Object.entries({ ...(await scheduleRuns(db)), [id]: run }).filter(([of]) => known.has(of));
    await db.settings.set(RUNS, JSON.stringify(Object.fromEntries(runs)));
  });
}

function read<T>(json: string | null, shape: z.ZodType<T>, none: T): T {
  if (json === null) return none;
  try {
    return shape.parse(JSON.parse(json));
  } catch (cause) {
    throw new AppError('DATABASE_CORRUPT', 'The rekey schedules in the system database do not hold what the console writes there: they were changed from outside. No rekey starts by itself until then.', 'Restore the settings of the system database from a backup.', { cause });
  }
}
