import { AppError } from '../../main/errors.ts';
import type { SecretBytes } from '../../main/secret.ts';
import { wholePath } from '../home.ts';
import type { ProfileView } from '../contract/settings.ts';
import type { CassandraProfile, KmsProfile, Profile, Profiles } from '../profiles.ts';
import { openOrCreate } from './keystore-opening.ts';
import { DEMO_PROFILE } from './demo.ts';
import { needsDatabasePassword } from './system-db.ts';

/**
 * Makes a profile, its paths made whole, and its KeyStore where a password is given; an existing KeyStore must open
 * with it. Opens no database. Takes `password` over.
 * @throws AppError `PROFILE_INVALID`, `PROFILE_EXISTS`, `KEYSTORE_*`, `FILE_WRITE_FAILED`; no profile is made then.
 */
export async function createProfile(profiles: Profiles, input: Parameters<Profiles['create']>[0], password: SecretBytes | null): Promise<Profile> {
  try {
    const profile = withWholePaths(await profiles.checkNew(input));
    assertNotDemo(profile.name);
    if (profile.keystore !== null && password !== null) (await openOrCreate(profile.keystore.file, password.clone(), true)).dispose();
    return await profiles.create(profile);
  } finally {
    password?.dispose();
  }
}

/** A profile as the window lists it. */
export async function profileView(profile: Profile, current: string): Promise<ProfileView> {
  const { name, keystore, fips, production } = profile;
  return {
    name,
    database: databaseView(profile),
    needsPassword: await needsDatabasePassword(profile),
    keystore: keystore?.file ?? null,
    fips,
    production,
    current: name === current,
  };
}

/** Which database a profile names. */
export function databaseView({ sqlite, cassandra }: Profile): ProfileView['database'] {
  return cassandra === null ? { kind: 'sqlite', location: sqlite ?? '' } : { kind: 'cassandra', location: cassandra.contactPoints.join(', ') };
}

function withWholePaths(profile: Profile): Profile {
  const { sqlite, cassandra, keystore } = profile;
  return {
    ...profile,
    sqlite: sqlite === null ? null : wholePath(sqlite),
    cassandra: cassandra === null ? null : withWholeClusterPaths(cassandra),
    keystore: keystore === null ? null : withWhole(keystore, 'file', 'passwordFile'),
    kms: withWholeKmsPaths(profile.kms),
  };
}

/** A cluster with its files' paths made whole. */
export function withWholeClusterPaths(cassandra: CassandraProfile): CassandraProfile {
  return { ...withWhole(cassandra, 'passwordFile'), tls: cassandra.tls === null ? null : withWhole(cassandra.tls, 'ca', 'cert', 'key') };
}

/** What KMSs need, with its files' paths made whole. */
export function withWholeKmsPaths(kms: KmsProfile): KmsProfile {
  return { ...kms, kmip: kms.kmip === null ? null : withWhole(kms.kmip, 'ca', 'cert', 'key') };
}

/** `record` with the paths under `names` made whole, where they are given. */
function withWhole<T extends object>(record: T, ...names: readonly (keyof T)[]): T {
  const whole = { ...record };
  for (const name of names) {
    const path = record[name];
    if (typeof path === 'string') whole[name] = wholePath(path) as T[keyof T];
  }
  return whole;
}

/** What is done without a profile is done to the demo cluster: its name must never lead to data of the user's own. */
function assertNotDemo(name: string): void {
  if (name.toLowerCase() !== DEMO_PROFILE) return;
  throw new AppError('PROFILE_EXISTS', `"${DEMO_PROFILE}" is the name of the embedded demo cluster; no profile was made.`, 'Choose another name.');
}
