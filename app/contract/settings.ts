import { z } from 'zod';
import { censusState } from './census.ts';
import { channel, count, done, failure, nothing, typedName } from './channel.ts';

export const profileView = z.object({
  name: z.string(),
  /** The SQLite file, or the contact points of the cluster. */
  database: z.object({ kind: z.enum(['sqlite', 'cassandra']), location: z.string() }),
  /** Opening it asks for the database's password: no file or variable gives it. */
  needsPassword: z.boolean(),
  keystore: z.string().nullable(),
  fips: z.boolean(),
  production: z.boolean(),
  /** The profile that the window shows. */
  current: z.boolean(),
});

export const preferences = z.object({
  theme: z.enum(['system', 'light', 'dark', 'high-contrast']),
  /** Minutes without input after which plain keys are zeroed; 0: never. */
  idleMinutes: z.number().int().min(0).max(1440),
});

/** What a change of the protection would do and touch, shown before it is done. */
export const blastRadius = z.object({
  steps: z.array(z.string()),
  generations: count,
  instances: count,
  /** How old and how complete that count is. */
  census: censusState,
  wayBack: z.string(),
  /** What has to be typed to confirm. */
  confirm: z.string(),
  warnings: z.array(z.string()),
});

/** How a Cassandra cluster is reached. */
const cassandraInput = z.object({
  contactPoints: z.array(z.string().min(1).max(256)).min(1).max(64),
  localDataCenter: z.string().min(1).max(128).nullable(),
  clusterId: z.string().min(1).max(16).nullable(),
  replication: z.record(z.string().max(128), z.string().max(128)),
  user: z.string().min(1).max(256).nullable(),
  passwordFile: z.string().min(1).max(4096).optional(),
  tls: z.object({ ca: z.string().min(1).max(4096), cert: z.string().min(1).max(4096).optional(), key: z.string().min(1).max(4096).optional() }).nullable(),
});

/** One step of a connection test; the first that fails is the last. */
export const connectionStep = z.object({
  step: z.enum(['resolve', 'connect', 'tls', 'log-in', 'data-centre', 'permissions', 'tables']),
  ok: z.boolean(),
  /** What was found, or what failed. */
  detail: z.string(),
  failure: failure.nullable(),
});

const newProfile = z.object({
  name: z.string().min(1).max(64),
  /** Exactly one of the two. */
  sqlite: z.string().min(1).max(4096).nullable(),
  cassandra: cassandraInput.nullable(),
  keystore: z.string().max(4096).optional(),
  keystorePassword: z.string().max(1024).optional(),
  fips: z.boolean(),
  production: z.boolean(),
});

export const settings = {
  'profiles.list': channel(nothing, z.object({ profiles: z.array(profileView) })),
  'profiles.create': channel(newProfile, done),
  /** Tries how far a connection comes; keeps nothing. The password crosses once, towards main. */
  'profiles.test': channel(z.object({ cassandra: cassandraInput, password: z.string().max(1024).optional() }), z.object({ steps: z.array(connectionStep) })),
  /** Closes the current profile (its keys are zeroed) and opens the other. */
  'profiles.select': channel(z.object({ name: typedName, databasePassword: z.string().max(1024).optional() }), done),
  'preferences.get': channel(nothing, preferences),
  'preferences.set': channel(preferences, done),
  'keystore.planEnable': channel(z.object({ file: z.string().min(1).max(4096) }), blastRadius),
  'keystore.enable': channel(
    z.object({ file: z.string().min(1).max(4096), password: z.string().min(1).max(1024), confirm: typedName }),
    z.object({ description: z.string() }),
  ),
  'keystore.planRotate': channel(nothing, blastRadius),
  'keystore.rotate': channel(z.object({ confirm: typedName }), z.object({ fingerprint: z.string(), description: z.string() })),
  /** The host's file dialog; null where the user chose none. */
  'dialog.chooseFile': channel(z.object({ purpose: z.enum(['keystore', 'database', 'config', 'folder']), create: z.boolean() }), z.object({ file: z.string().nullable() })),
};

export type CassandraInput = z.infer<typeof cassandraInput>;
export type ConnectionStep = z.infer<typeof connectionStep>;
export type ProfileView = z.infer<typeof profileView>;
export type Preferences = z.infer<typeof preferences>;
export type BlastRadius = z.infer<typeof blastRadius>;
