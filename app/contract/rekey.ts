import { z } from 'zod';
import { censusState } from './census.ts';
import { channel, count, description, done, failure, instanceId, luName, nothing, time, typedName } from './channel.ts';
import { concurrency, rate, scheduleInput, scheduleView } from './rekey-schedule.ts';

const campaignId = z.string().min(1).max(64);
const fieldName = z.object({ lu: luName, table: z.string().min(1).max(256), column: z.string().min(1).max(256) });

/** What to re-encrypt; without `lus` all, without `from` everything that is not under the active generation. */
export const rekeyRequest = z.object({
  lus: z.array(luName).min(1).max(1_000).optional(),
  from: z.array(description).min(1).max(10_000).optional(),
  /** Values of field level encryption in named columns instead. */
  fields: z.array(fieldName).min(1).max(1_000).optional(),
});

/** null is no limit; what is not given stays, or is the default. */
export const rekeyLimits = z.object({
  instancesPerSecond: rate.nullable().optional(),
  mebibytesPerSecond: rate.nullable().optional(),
  concurrency: concurrency.optional(),
});

const row = z.object({ lu: luName, keyDescription: description, instances: count, bytes: count });
const problem = z.object({ code: z.string(), message: z.string(), remedy: z.string(), object: z.string().nullable() });

/** Limits that hold: null is no limit. */
const limits = z.object({ instancesPerSecond: z.number().nullable(), mebibytesPerSecond: z.number().nullable(), concurrency: count });

export const rekeyPlan = z.object({
  /** The active generation. */
  target: description,
  lus: z.array(luName),
  from: z.array(description),
  requestedAs: z.string(),
  rows: z.array(row.extend({ readable: z.boolean() })),
  total: count,
  bytes: count,
  /** Any of these, and it can not be started. */
  refusals: z.array(problem),
  /** What is left out, while the rest goes on. */
  warnings: z.array(problem),
  estimate: z.object({ seconds: count, instancesPerSecond: z.number(), basis: z.enum(['measured', 'assumed', 'limits']) }),
  /** With the defaults for what was not given. */
  limits,
  census: censusState,
  /** What has to be typed to start it; null where a click is enough. */
  confirm: z.string().nullable(),
});

/** How many token ranges are in which state. */
const rangeCounts = z.object({ done: count, running: count, failed: count, waiting: count });

/** Of a campaign over field values: what it did by generation, and what its columns held when they were read anew after it. */
const fieldProof = z.object({
  columns: z.array(fieldName.extend({ keyDescription: description, instances: count, values: count })),
  /** Values under another generation than the one that was active at the end. */
  left: count,
  /** Instances of which nobody knows what their columns hold. */
  unread: count,
  renewed: z.array(z.object({ keyDescription: description, values: count })),
  failed: z.array(z.object({ keyDescription: description, instances: count })),
});

const outcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('proof'), at: time, proven: z.boolean(), left: z.array(row), failures: count, counted: count, rewritten: count, superseded: count, fields: fieldProof.nullable() }),
  /** `ranges` could not be worked through; 0 where only the second count fell short. */
  z.object({ kind: z.literal('failure'), at: time, code: z.string(), message: z.string(), remedy: z.string(), ranges: count }),
]);

export const campaign = z.object({
  id: campaignId,
  state: z.enum(['planned', 'running', 'paused', 'done', 'cancelled', 'failed']),
  requestedAs: z.string(),
  lus: z.array(luName),
  from: z.array(description),
  /** The generation that was active at planning; instances get the one that is active when their turn comes. */
  target: description,
  /** Columns whose values it re-encrypts; null for whole instances. */
  fields: z.array(fieldName).nullable(),
  done: count,
  total: count,
  failed: count,
  left: count,
  /** Sealed bytes re-encrypted. */
  bytes: count,
  /** Instances a second over the last minute. */
  rate: z.number().nonnegative(),
  secondsLeft: count.nullable(),
  ranges: rangeCounts.extend({
    /** The ranges in their order, as many together in one as a picture has no room to tell apart. */
    bins: z.array(rangeCounts.extend({ /** Of the ranges not done yet, about so many are behind them already: 0.25 is a quarter of one. */ begun: z.number().nonnegative() })),
  }),
  workers: z.array(z.object({ worker: z.string(), ranges: count, lastBeat: time, here: z.boolean() })),
  /** What this process does for it; null where it does nothing. */
  here: z
    .object({
      phase: z.enum(['working', 'counting']),
      /** Instances under way at once, as the cluster bears it. */
      width: count,
      /** Since when and why it waits for the database. */
      waiting: z.object({ since: time, code: z.string(), message: z.string() }).nullable(),
    })
    .nullable(),
  /** Why this process stopped working on it. */
  failure: failure.nullable(),
  limits,
  outcome: outcome.nullable(),
  createdAt: time,
  updatedAt: time,
});

export const campaignFailure = z.object({ lu: luName, id: instanceId, keyDescription: description, code: z.string(), message: z.string(), remedy: z.string(), at: time });

const id = z.object({ id: campaignId });

export const rekey = {
  /** Changes nothing. A census that is too old is taken anew first. */
  'rekey.plan': channel(z.object({ request: rekeyRequest, limits: rekeyLimits.optional() }), rekeyPlan),
  /** Creates the campaign and works on it in this process. */
  'rekey.start': channel(z.object({ request: rekeyRequest, limits: rekeyLimits.optional(), confirm: typedName.optional() }), id),
  'rekey.list': channel(
    nothing,
    z.object({
      campaigns: z.array(campaign),
      /** Instances that are not under the active generation, by the census. */
      needs: z.object({ older: count, total: count, generations: count, active: description.nullable(), census: censusState }),
    }),
  ),
  'rekey.get': channel(id, campaign),
  'rekey.pause': channel(id, done),
  /** Goes on, with this process as a worker; of one that runs elsewhere this process becomes a further worker. */
  'rekey.resume': channel(id, done),
  'rekey.cancel': channel(id, done),
  /** Tries again what an ended campaign left as it was. */
  'rekey.retry': channel(id, z.object({ retried: count, rewritten: count, unneeded: count, failed: count })),
  'rekey.limits': channel(id.extend({ limits: rekeyLimits }), done),
  'rekey.failures': channel(
    id.extend({ after: z.object({ lu: luName, id: instanceId }).optional(), limit: z.number().int().min(1).max(500) }),
    z.object({ failures: z.array(campaignFailure), more: z.boolean() }),
  ),
  /** Also the process that acts on them now; null where none does. */
  'rekey.schedules': channel(nothing, z.object({ schedules: z.array(scheduleView), scheduler: z.string().nullable() })),
  'rekey.addSchedule': channel(z.object({ schedule: scheduleInput, confirm: typedName.optional() }), id),
  'rekey.removeSchedule': channel(id, done),
};

/** Reads `LU:TABLE.COLUMN`, as people write it. @returns null where it is not that */
export function readFieldName(text: string): FieldName | null {
  const [, lu, table, column] = /^([^:]+):([^.]+)\.(.+)$/.exec(text) ?? [];
  const read = fieldName.safeParse({ lu, table, column });
  return read.success ? read.data : null;
}

export type FieldName = z.infer<typeof fieldName>;
export type RekeyRequestInput = z.infer<typeof rekeyRequest>;
export type RekeyLimitsInput = z.infer<typeof rekeyLimits>;
export type RekeyPlanView = z.infer<typeof rekeyPlan>;
export type CampaignView = z.infer<typeof campaign>;
export type CampaignFailureView = z.infer<typeof campaignFailure>;
export type RekeyNeeds = z.output<(typeof rekey)['rekey.list']['output']>['needs'];
export type { ScheduleCondition, ScheduleInput, ScheduleTime, ScheduleView } from './rekey-schedule.ts';
