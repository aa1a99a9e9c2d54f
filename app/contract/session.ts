import { z } from 'zod';
import { channel, count, done, failure, nothing, time } from './channel.ts';
import { kmsProvider } from './kms-provider.ts';

export const host = z.object({
  /** Which host runs the window. */
  kind: z.enum(['electron', 'chromium']),
  /** What is different on this host, in words for the user; empty where nothing is. */
  differences: z.array(z.string()),
  /** For example: Chromium runs without its sandbox. */
  warnings: z.array(z.string()),
  version: z.string(),
});

export const protection = z.object({
  kind: z.enum(['keystore', 'internal']),
  /** Path of the KeyStore file. */
  location: z.string().nullable(),
  /** Check value of the current protection key; null while locked. */
  fingerprint: z.string().nullable(),
  /** Entry count of the KeyStore, history included; null while locked or internal. */
  entries: count.nullable(),
  rotatedAt: time.nullable(),
});

/** One place of a KMS that was called. */
export const kmsEndpoint = z.object({
  provider: kmsProvider,
  /** Region, location or host. */
  location: z.string(),
  /** Of the newest answers, in the middle; null before the first. */
  latencyMs: z.number().nonnegative().nullable(),
  /** `open`: it is not asked for a while, because it did not answer; `probing`: one call finds out. */
  circuit: z.enum(['closed', 'open', 'probing']),
  /** Null while the last answer was good. */
  failingSince: time.nullable(),
  retryAt: time.nullable(),
  lastFailure: z.object({ code: z.string(), message: z.string() }).nullable(),
  requests: count,
  throttled: count,
});

export const status = z.object({
  profile: z.object({ name: z.string(), production: z.boolean(), fips: z.boolean() }),
  database: z.object({ kind: z.enum(['sqlite', 'cassandra']), location: z.string(), schemaVersion: count, localDataCenter: z.string().nullable() }),
  protection,
  /** `locked`: plain keys are not in memory. `starting`: the demo data are being imported. */
  state: z.enum(['starting', 'locked', 'live', 'failed']),
  /** Why it is `failed`. */
  failure: failure.nullable(),
  /** What the user has to give to unlock. */
  unlockNeeds: z.enum(['nothing', 'keystore-password']),
  liveSince: time.nullable(),
  /** Words from going live, for example that this node's KeyStore copy is stale. */
  notes: z.array(z.string()),
  kms: z.array(kmsEndpoint),
  jobsRunning: count,
  censusAt: time.nullable(),
  audit: z.object({ records: count, verifiedAt: time.nullable(), intact: z.boolean().nullable() }),
});

/** What can be told of the shown profile while its database says nothing. */
export const outage = z.object({
  profile: z.string(),
  /** null where the profile itself can not be read. */
  database: z.object({ kind: z.enum(['sqlite', 'cassandra']), location: z.string() }).nullable(),
  production: z.boolean(),
  /** Whether it was opened once: then plain keys may be in memory still. */
  opened: z.boolean(),
  /** null while it answers, or was not tried yet. */
  silence: z.object({ since: time, failure }).nullable(),
});

export const session = {
  'session.host': channel(nothing, host),
  'session.status': channel(nothing, status),
  /** Answered at once, also where no profile could be opened. */
  'session.outage': channel(nothing, outage),
  'session.lock': channel(nothing, done),
  /** The password crosses once, towards main. */
  'session.unlock': channel(z.object({ keystorePassword: z.string().max(1024).optional() }), done),
  /** Tells main that the user is at work: restarts the idle clock. */
  'session.touch': channel(nothing, done),
};

export type Host = z.infer<typeof host>;
export type KmsEndpointView = z.infer<typeof kmsEndpoint>;
export type Outage = z.infer<typeof outage>;
export type Status = z.infer<typeof status>;
