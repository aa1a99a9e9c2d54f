import { AppError, isAppError } from '../../errors.ts';
import type { KmsRotation } from '../acts.ts';
import { answerInvalid } from './errors.ts';
import { type KeyName, readVersionName } from './key-name.ts';
import { getKey, timeOf } from './keys.ts';
import type { GcpServer } from './server.ts';

const DAY_SECONDS = 86_400;
/** Of rotationPeriod (Cloud KMS API, CryptoKey): 24 to 876,000 hours. */
const DAYS = { least: 1, most: 36_500 } as const;
/** Keys of an HSM or an external manager are not made at once. */
const MAKING = { times: 20, pauseMs: 250 } as const;

export async function rotation(server: GcpServer, key: KeyName): Promise<KmsRotation> {
  const { rotationPeriod, nextRotationTime } = await getKey(server, key);
  if (rotationPeriod === null || rotationPeriod === undefined) return { everyDays: null, nextAt: null };
  return { everyDays: Number(rotationPeriod.seconds ?? 0) / DAY_SECONDS, nextAt: timeOf(nextRotationTime) };
}

/** The first rotation comes one period from now. @throws AppError `INPUT_INVALID` */
export async function scheduleRotation(server: GcpServer, { name, location }: KeyName, everyDays: number | null): Promise<void> {
  if (everyDays !== null && !(Number.isInteger(everyDays) && everyDays >= DAYS.least && everyDays <= DAYS.most)) {
    throw new AppError('INPUT_INVALID', `Google rotates a key every ${DAYS.least} to ${DAYS.most} days, and not every ${everyDays}. No KMS was asked.`, 'Give whole days.');
  }
  const schedule = everyDays === null ? {} : { rotationPeriod: { seconds: everyDays * DAY_SECONDS }, nextRotationTime: { seconds: Math.floor(Date.now() / 1000) + everyDays * DAY_SECONDS } };
  const updated = { cryptoKey: { name, ...schedule }, updateMask: { paths: ['rotation_period', 'next_rotation_time'] } };
  await server.ask({ operation: 'UpdateCryptoKey', location, keyId: name }, (kms, settings) => kms.updateCryptoKey(updated, settings));
}

/**
 * Makes a version and then makes it the primary one, as Google's own rotation does ("Rotate a key"). The first is not
 * repeated: each version is paid for.
 * @throws AppError `KMS_OUTCOME_UNKNOWN` where the new version stands and may not be the primary one
 */
export async function rotateNow(server: GcpServer, key: KeyName): Promise<void> {
  const { name, location } = key;
  const making = { operation: 'CreateCryptoKeyVersion', location, keyId: name };
  const [made] = await server.ask({ ...making, repeatable: false }, (kms, settings) => kms.createCryptoKeyVersion({ parent: name, cryptoKeyVersion: {} }, settings));
  const named = readVersionName(made.name ?? '');
  if (named === null || named.key.name !== name) throw answerInvalid('a version of another key', making);
  try {
    if (made.state !== 'ENABLED') await untilEnabled(server, key, made.name ?? '');
    const asked = { name, cryptoKeyVersionId: named.version };
    await server.ask({ operation: 'UpdateCryptoKeyPrimaryVersion', location, keyId: name }, (kms, settings) => kms.updateCryptoKeyPrimaryVersion(asked, settings));
  } catch (error) {
    if (!isAppError(error)) throw error;
    throw new AppError(
      'KMS_OUTCOME_UNKNOWN',
      `Version ${named.version} of the KMS key was made, but may not have become the one that wraps (${error.code}). All versions go on opening what they wrapped.`,
      'Look at the versions (fkc kms show), and make it the primary one in Google Cloud.',
      { details: { ...error.details, version: named.version } },
    );
  }
}

async function untilEnabled(server: GcpServer, { name: keyId, location }: KeyName, name: string): Promise<void> {
  const request = { operation: 'GetCryptoKeyVersion', location, keyId };
  for (let time = 0; time < MAKING.times; time += 1) {
    const [version] = await server.ask(request, (kms, settings) => kms.getCryptoKeyVersion({ name }, settings));
    if (version.state === 'ENABLED') return;
    if (version.state !== 'PENDING_GENERATION') throw answerInvalid('a new version that is not enabled', request);
    await new Promise((resolve) => setTimeout(resolve, MAKING.pauseMs));
  }
  throw answerInvalid('a new version that is still being made', request);
}
