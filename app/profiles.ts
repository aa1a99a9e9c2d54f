import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { AppError } from '../main/errors.ts';
import { luDefinition } from '../main/lu/definition.ts';
import { KEY_NAME_PATTERN } from '../main/masterkey/types.ts';
import { readJson, writeJson } from './json-file.ts';

/** A profile's name is also a file name. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** A node's name: what operators call the machine. */
export const NODE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** A data centre or a strategy option: words that Cassandra takes in a CREATE KEYSPACE. */
const WORD = /^[A-Za-z0-9_.:-]{1,128}$/;

/** `host` or `host:port`, with a scheme or without one. */
const ENDPOINT = /^(?:https?:\/\/)?[A-Za-z0-9.-]+(?::[0-9]{1,5})?$|^(?:https?:\/\/)?\[[0-9A-Fa-f:]+\](?::[0-9]{1,5})?$/;

/** How the cluster's Cassandra is reached; the password is never among it, only where it comes from. */
const cassandraSchema = z.object({
  /** `host` or `host:port`. */
  contactPoints: z.array(z.string().min(1).max(256)).min(1),
  /** Found from the contact point where it is null. */
  localDataCenter: z.string().regex(WORD).nullable().default(null),
  /** Appended to the keyspaces' names. */
  clusterId: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,16}$/)
    .nullable()
    .default(null),
  /** Of keyspaces that are made: `SimpleStrategy` with a factor, or `NetworkTopologyStrategy` with one for each data centre. */
  replication: z
    .record(z.string().regex(WORD), z.string().regex(WORD))
    .refine((options) => isReplication(options))
    .default({ class: 'SimpleStrategy', replication_factor: '1' }),
  user: z.string().min(1).max(256).nullable().default(null),
  passwordFile: z.string().optional(),
  passwordEnv: z.string().optional(),
  tls: z
    .object({ ca: z.string().min(1), cert: z.string().min(1).optional(), key: z.string().min(1).optional() })
    .refine(({ cert, key }) => (cert === undefined) === (key === undefined))
    .nullable()
    .default(null),
});

/** What KMSs need beyond config.ini; no secret, only where one lies. */
export const kmsSchema = z.object({
  /** An endpoint in place of Google's own, for private access: `host` or `host:port`. */
  gcp: z.object({ endpoint: z.string().regex(ENDPOINT) }).nullable().default(null),
  /** PEM files: the CA that signed the server, the client's certificate and its private key. */
  kmip: z.object({ ca: z.string().min(1), cert: z.string().min(1), key: z.string().min(1) }).nullable().default(null),
  /** Of AWS's request quotas, what this console takes at most; left out, the half. */
  awsQuotaShare: z.number().min(0.01).max(1).optional(),
});

const profileSchema = z
  .object({
  name: z.string().regex(NAME),
  /** The system database: a SQLite file, or a Cassandra cluster. */
  sqlite: z.string().min(1).nullable().default(null),
  cassandra: cassandraSchema.nullable().default(null),
  /** Where the KeyStore lies and where its password comes from; asked for where neither source is given. */
  keystore: z
    .object({ file: z.string().min(1), passwordFile: z.string().optional(), passwordEnv: z.string().optional() })
    .nullable()
    .default(null),
  fips: z.boolean().default(false),
  production: z.boolean().default(false),
  /** Key names beyond the two that every platform has. */
  keyNames: z.array(z.string().regex(KEY_NAME_PATTERN)).default([]),
  /** LU definitions by LU name. */
  lus: z.record(z.string(), luDefinition).default({}),
  /** The cluster's nodes, each with its own config.ini; the first one is this machine's. */
  nodes: z.array(z.object({ name: z.string().regex(NODE_NAME), configIni: z.string().min(1) })).default([]),
  kms: kmsSchema.default({ gcp: null, kmip: null }),
  /** The embedded demo cluster: its sample data are imported at first start. */
  demo: z.boolean().default(false),
  })
  .refine(({ sqlite, cassandra }) => (sqlite === null) !== (cassandra === null), { path: ['sqlite'] });

export type Profile = z.output<typeof profileSchema>;
export type KmsProfile = z.output<typeof kmsSchema>;
export type CassandraProfile = z.output<typeof cassandraSchema>;

const preferencesSchema = z.object({
  theme: z.enum(['system', 'light', 'dark', 'high-contrast']).default('system'),
  idleMinutes: z.number().int().min(0).max(1440).default(15),
});

export type StoredPreferences = z.output<typeof preferencesSchema>;

/** What is allowed where a profile is refused. */
const HINTS: Readonly<Record<string, string>> = {
  name: 'A name has letters, digits, ".", "_" and "-", up to 64 of them.',
  keyNames: 'A key name starts with a small letter and has small letters, digits, "_" and "-", up to 48 in all.',
  sqlite: 'Give either a SQLite file or the contact points of a Cassandra cluster.',
  contactPoints: 'Give one host at least, as host or host:port.',
  localDataCenter: 'Give the data centre as the cluster names it: nodetool status shows it.',
  clusterId: 'A cluster_id has up to 16 letters, digits and "_".',
  replication: 'Give {"class":"SimpleStrategy","replication_factor":"3"} or {"class":"NetworkTopologyStrategy","dc1":"3"}.',
  kms: 'A GCP endpoint is host or host:port; KMIP needs three PEM files: the CA, the client certificate and its key; the share of AWS quotas is a number from 0.01 to 1.',
  tls: 'Give the CA file; a client certificate needs its key, and a key its certificate.',
};

function invalid(issue: { readonly path: readonly PropertyKey[] } | undefined): AppError {
  const path = (issue?.path ?? []).map(String);
  return new AppError(
    'PROFILE_INVALID',
    `This is no valid profile: ${path.join('.')} is not as it has to be. None was made.`,
    HINTS[(path[0] === 'cassandra' ? path[1] : path[0]) ?? ''] ?? 'Correct it and try again.',
  );
}

function isReplication({ class: strategy, ...factors }: Readonly<Record<string, string>>): boolean {
  const whole = Object.values(factors).every((factor) => /^[1-9][0-9]?$/.test(factor));
  if (strategy === 'SimpleStrategy') return whole && Object.keys(factors).join() === 'replication_factor';
  return strategy === 'NetworkTopologyStrategy' && whole && Object.keys(factors).length > 0;
}

/** The profiles and preferences under one home folder; no secret is ever among them. */
export class Profiles {
  readonly #home: string;

  constructor(home: string) {
    this.#home = home;
  }

  /** All profiles, by name. @throws AppError `PROFILE_INVALID` */
  async list(): Promise<Profile[]> {
    const files = await readdir(join(this.#home, 'profiles')).catch(() => [] as string[]);
    const names = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));
    const profiles = await Promise.all(names.filter((name) => NAME.test(name)).sort().map((name) => this.get(name)));
    return profiles;
  }

  /** @throws AppError `PROFILE_UNKNOWN`, `PROFILE_INVALID` */
  async get(name: string): Promise<Profile> {
    const profile = await this.find(name);
    if (profile !== null) return profile;
    throw new AppError('PROFILE_UNKNOWN', `There is no profile "${name}".`, 'See the list: fkc profile list', { details: { name } });
  }

  async find(name: string): Promise<Profile | null> {
    return NAME.test(name) ? readJson(this.#file(name), profileSchema) : null;
  }

  /** @throws AppError `PROFILE_INVALID`, `PROFILE_EXISTS`, `FILE_WRITE_FAILED` */
  async create(input: z.input<typeof profileSchema>): Promise<Profile> {
    const profile = await this.checkNew(input);
    await this.save(profile);
    return profile;
  }

  /** What {@link create} would make. @throws AppError `PROFILE_INVALID`, `PROFILE_EXISTS` */
  async checkNew(input: z.input<typeof profileSchema>): Promise<Profile> {
    const parsed = profileSchema.safeParse(input);
    if (!parsed.success) throw invalid(parsed.error.issues[0]);
    if ((await this.find(parsed.data.name)) !== null) {
      throw new AppError('PROFILE_EXISTS', `There is a profile "${parsed.data.name}" already; it was not changed.`, 'Choose another name.');
    }
    return parsed.data;
  }

  /** How a cluster is reached, checked by itself. @throws AppError `PROFILE_INVALID` */
  checkCassandra(input: z.input<typeof cassandraSchema>): CassandraProfile {
    const parsed = cassandraSchema.safeParse(input);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw invalid(issue === undefined ? undefined : { ...issue, path: ['cassandra', ...issue.path] });
  }

  /** What KMSs need beyond config.ini, checked by itself. @throws AppError `PROFILE_INVALID` */
  checkKms(input: z.input<typeof kmsSchema>): KmsProfile {
    const parsed = kmsSchema.safeParse(input);
    if (parsed.success) return parsed.data;
    throw invalid({ path: ['kms', ...(parsed.error.issues[0]?.path ?? [])] });
  }

  async save(profile: Profile): Promise<void> {
    await writeJson(this.#file(profile.name), profile);
  }

  /** Where AWS credentials lie that the operating system's keychain sealed for a profile. */
  sealedFile(name: string): string {
    return join(this.#home, 'profiles', `${name}.aws-sealed`);
  }

  async preferences(): Promise<StoredPreferences> {
    return (await readJson(join(this.#home, 'preferences.json'), preferencesSchema)) ?? preferencesSchema.parse({});
  }

  async savePreferences(preferences: StoredPreferences): Promise<void> {
    await writeJson(join(this.#home, 'preferences.json'), preferences);
  }

  #file(name: string): string {
    return join(this.#home, 'profiles', `${name}.json`);
  }
}
