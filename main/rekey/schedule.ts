/** When a rekey starts by itself. Pure: clocks, facts and earlier runs are given. */
import { Cron } from 'croner';
import { z } from 'zod';
import { AppError } from '../errors.ts';
import { campaignLimits } from './campaign.ts';
import { condition } from './conditions.ts';

const zone = z.string().min(1);
/** Time of day, 24 hours. */
const at = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is no time of day such as 02:30');

export const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;

export const scheduleTime = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('daily'), at, zone }),
  z.strictObject({ kind: z.literal('weekly'), day: z.enum(WEEKDAYS), at, zone }),
  /** Five fields: minute, hour, day of month, month, day of week. */
  z.strictObject({ kind: z.literal('cron'), expression: z.string().min(1), zone }),
  /** Without a time: its conditions are looked at this often. */
  z.strictObject({ kind: z.literal('whenever'), everyMinutes: z.int().min(1).max(7 * 24 * 60) }),
]);
export type ScheduleTime = z.infer<typeof scheduleTime>;

/** A standing order: at these times, where one of the conditions holds (or there are none), re-encrypt this. */
export const schedule = z.strictObject({
  id: z.string().min(1),
  when: scheduleTime,
  conditions: z.array(condition),
  /** As of a request: without LUs all, without generations everything that is not under the active one. */
  lus: z.array(z.string().min(1)).min(1).optional(),
  from: z.array(z.string().min(1)).min(1).optional(),
  limits: campaignLimits.optional(),
  createdAt: z.number(),
});
export type Schedule = z.infer<typeof schedule>;

export interface DueSchedule {
  readonly schedule: Schedule;
  /** The first time that was missed, milliseconds since the epoch. */
  readonly dueAt: number;
}

const MINUTE_MS = 60_000;

/** @throws AppError `SCHEDULE_INVALID`: a field, an expression, a time zone, or a time that never comes. */
export function parseSchedule(input: unknown): Schedule {
  const parsed = schedule.safeParse(input);
  if (!parsed.success) {
    throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`.trim()).join('; '));
  }
  const { when, conditions, createdAt } = parsed.data;
  if (when.kind === 'whenever' && conditions.length === 0) throw invalid('without a time it needs a condition');
  if (nextTime(when, createdAt) === null) throw invalid('its time never comes');
  return parsed.data;
}

/**
 * The first time after `after`, milliseconds since the epoch; null where there is none.
 *
 * Over a change of daylight saving time: a time of day that is skipped comes right after the gap, one that occurs twice
 * comes once (croner's rule for a fixed time of day). Cron expressions with steps, lists or ranges go by the clock on
 * the wall: skipped times are skipped.
 * @throws AppError `SCHEDULE_INVALID`
 */
export function nextTime(when: ScheduleTime, after: number): number | null {
  if (when.kind === 'whenever') return after + when.everyMinutes * MINUTE_MS;
  try {
    return new Cron(cronOf(when), { timezone: when.zone, mode: '5-part', paused: true }).nextRun(new Date(after))?.getTime() ?? null;
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message.replace(/^CronPattern: |^CronDate: /, '') : 'the time can not be read', cause);
  }
}

/**
 * Schedules whose time came since they last ran, or since they were made. Several missed times count as one.
 * @param lastRuns when each was last looked at, by id.
 */
export function dueSchedules(schedules: readonly Schedule[], now: number, lastRuns: ReadonlyMap<string, number>): DueSchedule[] {
  return schedules.flatMap((one) => {
    const dueAt = nextTime(one.when, lastRuns.get(one.id) ?? one.createdAt);
    return dueAt === null || dueAt > now ? [] : [{ schedule: one, dueAt }];
  });
}

function cronOf(when: Exclude<ScheduleTime, { kind: 'whenever' }>): string {
  if (when.kind === 'cron') return when.expression;
  const [hour, minute] = when.at.split(':').map(Number);
  return `${minute} ${hour} * * ${when.kind === 'daily' ? '*' : WEEKDAYS.indexOf(when.day)}`;
}

function invalid(why: string, cause?: unknown): AppError {
  return new AppError('SCHEDULE_INVALID', `This is no schedule of a rekey: ${why}. Nothing was changed.`, 'Give a time of day with a time zone such as Europe/Berlin, or a cron expression of five fields; and known conditions.', { cause });
}
