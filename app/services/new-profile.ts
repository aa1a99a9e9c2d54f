import { AppError } from '../../main/errors.ts';
import type { SecretBytes } from '../../main/secret.ts';
import { wholePath } from '../home.ts';
import type { Profile, Profiles } from '../profiles.ts';
import { openOrCreate } from './cluster.ts';
import { DEMO_PROFILE } from './demo.ts';

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

function withWholePaths(profile: Profile): Profile {
  const { sqlite, keystore } = profile;
  const passwordFile = keystore?.passwordFile;
  return {
    ...profile,
    sqlite: wholePath(sqlite),
    keystore: keystore === null ? null : { ...keystore, file: wholePath(keystore.file), ...(passwordFile === undefined ? {} : { passwordFile: wholePath(passwordFile) }) },
  };
}

/** What is done without a profile is done to the demo cluster: its name must never lead to data of the user's own. */
function assertNotDemo(name: string): void {
  if (name.toLowerCase() !== DEMO_PROFILE) return;
  throw new AppError('PROFILE_EXISTS', `"${DEMO_PROFILE}" is the name of the embedded demo cluster; no profile was made.`, 'Choose another name.');
}
