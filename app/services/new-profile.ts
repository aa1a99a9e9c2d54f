import type { SecretBytes } from '../../main/secret.ts';
import type { Profile, Profiles } from '../profiles.ts';
import { openOrCreate } from './cluster.ts';

/**
 * Makes a profile, and its KeyStore where a password is given; an existing KeyStore must open with it. Opens no
 * database. Takes `password` over.
 * @throws AppError `PROFILE_INVALID`, `PROFILE_EXISTS`, `KEYSTORE_*`, `FILE_WRITE_FAILED`; no profile is made then.
 */
export async function createProfile(profiles: Profiles, input: Parameters<Profiles['create']>[0], password: SecretBytes | null): Promise<Profile> {
  try {
    const { keystore } = await profiles.checkNew(input);
    if (keystore !== null && password !== null) (await openOrCreate(keystore.file, password.clone(), true)).dispose();
    return await profiles.create(input);
  } finally {
    password?.dispose();
  }
}
