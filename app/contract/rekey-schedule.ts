import { z } from 'zod';
import { count, description, luName, time } from './channel.ts';

/** An IANA time zone, such as `Europe/Berlin`. */
const zone = z.string().min(1).max(64);
/** `02:30` */
const at = z.string().min(5).max(5);

export const scheduleTime = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('daily'), at, zone }),
  z.object({ kind: z.literal('weekly'), day: z.enum(['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']), at, zone }),
  /** Five fields: minute, hour, day of month, month, day of week. */
  z.object({ kind: z.literal('cron'), expression: z.string().min(1).max(256), zone }),
  /** Without a time: its conditions are looked at this often. */
  z.object({ kind: z.literal('whenever'), everyMinutes: z.number().int().min(1).max(7 * 24 * 60) }),
]);

export const scheduleCondition = z.discriminatedUnion('kind', [
  /** The active generation, or the oldest one that instances are under, was activated at least this long ago. */
  z.object({ kind: z.literal('age'), of: z.enum(['active', 'oldest']), days: z.number().positive().max(36_500) }),
  /** More instances than this under generations that are not active: of one generation, or with a replica on one node. */
  z.object({ kind: z.literal('instances'), per: z.enum(['generation', 'node']), more: count }),
  /** More bytes than this sealed under one generation. */
  z.object({ kind: z.literal('bytes'), more: count }),
]);

/** Of instances or MiB a second. */
export const rate = z.number().positive().max(10_000_000);
/** Instances that a process has under way at once. */
export const concurrency = z.number().int().min(1).max(256);

const limits = z.object({ instancesPerSecond: rate.nullable(), mebibytesPerSecond: rate.nullable(), concurrency });

/** A standing order: at these times, where one of the conditions holds (or there are none), re-encrypt this. */
export const scheduleInput = z.object({
  when: scheduleTime,
  conditions: z.array(scheduleCondition).max(20),
  lus: z.array(luName).min(1).max(1_000).optional(),
  from: z.array(description).min(1).max(10_000).optional(),
  limits: limits.partial().optional(),
});

export const scheduleView = z.object({
  id: z.string(),
  when: scheduleTime,
  conditions: z.array(scheduleCondition),
  lus: z.array(luName).nullable(),
  from: z.array(description).nullable(),
  limits: limits.nullable(),
  createdAt: time,
  /** When its time comes next. */
  next: time.nullable(),
  /** What its last time led to: the campaign that it started, or why there was none. */
  last: z.object({ at: time, campaign: z.string().nullable(), result: z.string() }).nullable(),
});

export type ScheduleInput = z.infer<typeof scheduleInput>;
export type ScheduleView = z.infer<typeof scheduleView>;
export type ScheduleTime = z.infer<typeof scheduleTime>;
export type ScheduleCondition = z.infer<typeof scheduleCondition>;
