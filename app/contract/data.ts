import { z } from 'zod';
import { census, censusRequest } from './census.ts';
import { channel, count, description, done, failure, instanceId, luName, nothing, time, typedName } from './channel.ts';

export const instanceInfo = z.object({
  lu: luName,
  id: instanceId,
  keyDescription: description,
  bytes: count,
  savedAt: time,
  revision: count,
});

export const envelope = z.object({
  version: count,
  algorithm: z.string(),
  keyDescription: description,
  chunkBytes: count,
  chunks: count,
  headerBytes: count,
  sealedBytes: count,
});

export const instanceDetail = instanceInfo.extend({
  envelope: envelope.nullable(),
  /** The result of authenticating every chunk now. */
  integrity: z.object({ ok: z.boolean(), failure: failure.nullable() }),
  generation: z.object({ fingerprint: z.string(), state: z.string(), protection: z.string() }).nullable(),
});

export const dataVerification = z.object({
  checked: count,
  readable: count,
  unreadable: z.array(z.object({ lu: luName, id: instanceId, code: z.string(), message: z.string(), remedy: z.string() })),
});

/** The rows of a decrypted instance, cut to what a person can read. */
export const shown = z.object({
  tables: z.array(
    z.object({
      name: z.string(),
      columns: z.array(z.string()),
      rows: z.array(z.array(z.string().nullable())),
      total: count,
    }),
  ),
});

export const job = z.object({
  id: z.string(),
  kind: z.enum(['import', 'verify', 'census', 'scan', 'regions']),
  title: z.string(),
  state: z.enum(['running', 'paused', 'done', 'failed', 'cancelled']),
  done: count,
  total: count.nullable(),
  failed: count,
  /** Items a second over the last seconds. */
  rate: z.number().nonnegative().nullable(),
  /** Milliseconds left, as far as can be told. */
  left: z.number().nonnegative().nullable(),
  failure: failure.nullable(),
  startedAt: time,
  updatedAt: time,
});

const jobId = z.object({ id: z.string().max(64) });

export const data = {
  /** On a cluster what the stored censuses say; counted now where the database is one file. */
  'data.census': channel(nothing, census),
  /** Starts a census as a job, or joins the one that runs; its result is stored. */
  'data.takeCensus': channel(censusRequest, z.object({ id: z.string() })),
  'data.instances': channel(
    z.object({
      lu: luName,
      keyDescription: description.optional(),
      after: instanceId.optional(),
      limit: z.number().int().min(1).max(500),
    }),
    z.object({ instances: z.array(instanceInfo), more: z.boolean() }),
  ),
  'data.instance': channel(z.object({ lu: luName, id: instanceId }), instanceDetail),
  'data.verify': channel(z.object({ lu: luName.optional() }), dataVerification),
  /** Decrypts and shows; audited before it happens. `confirm` is the profile's name in a production profile. */
  'data.show': channel(z.object({ lu: luName, id: instanceId, confirm: typedName.optional() }), shown),
  'jobs.list': channel(nothing, z.object({ jobs: z.array(job) })),
  'jobs.pause': channel(jobId, done),
  'jobs.resume': channel(jobId, done),
  'jobs.cancel': channel(jobId, done),
};

export type { Census, CensusState, DeepCensus } from './census.ts';
export type InstanceView = z.infer<typeof instanceInfo>;
export type InstanceDetail = z.infer<typeof instanceDetail>;
export type DataVerification = z.infer<typeof dataVerification>;
export type Shown = z.infer<typeof shown>;
export type JobView = z.infer<typeof job>;
