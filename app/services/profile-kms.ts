import { stat } from 'node:fs/promises';
import { AppError } from '../../main/errors.ts';
import type { KmsProfile, Profile, Profiles } from '../profiles.ts';
import { withWholeKmsPaths } from './new-profile.ts';

/**
 * Changes what the KMSs of a profile need beyond config.ini; what is left out stays. A running console takes it over.
 * @throws AppError `PROFILE_UNKNOWN`, `PROFILE_INVALID`, `FILE_NOT_FOUND`, `FILE_WRITE_FAILED`
 */
export async function changeKms(profiles: Profiles, name: string, change: Partial<KmsProfile>): Promise<Profile> {
  const profile = await profiles.get(name);
  if (Object.keys(change).length === 0) return profile;
  const kms = withWholeKmsPaths(profiles.checkKms({ ...profile.kms, ...change }));
  for (const file of Object.values(kms.kmip ?? {})) {
    if (!(await stat(file).then((found) => found.isFile(), () => false))) {
      throw new AppError('FILE_NOT_FOUND', `There is no file "${file}". The profile was not changed.`, 'Check the path, and that the place is mounted here.', { details: { file } });
    }
  }
  const changed = { ...profile, kms };
  await profiles.save(changed);
  return changed;
}
