import { AppError, type ErrorDetails, isAppError } from '../../errors.ts';
import { tell, TOLD } from './told.ts';
import { type CryptoKeyVersion, type GcpTarget, getKey, timeOf, versionsOf } from './keys.ts';
import type { GcpServer } from './server.ts';

const DAY_SECONDS = 86_400;
/** "By default 30 days" (Cloud KMS API, CryptoKey.destroyScheduledDuration). */
const DEFAULT_WINDOW_SECONDS = 30 * DAY_SECONDS;

/**
 * Enables each disabled version of a key, or the one that is named: Cloud KMS has no switch for a key. A version that
 * was disabled before the key was comes back as well.
 * @throws AppError `KMS_OUTCOME_UNKNOWN` where some were done
 */
export async function enable(server: GcpServer, target: GcpTarget): Promise<void> {
  await setStates(server, target, 'DISABLED', 'ENABLED');
}

/** Disables each enabled version of a key, or the one that is named. @throws AppError `KMS_OUTCOME_UNKNOWN` where some were done */
export async function disable(server: GcpServer, target: GcpTarget): Promise<void> {
  await setStates(server, target, 'ENABLED', 'DISABLED');
}

async function setStates(server: GcpServer, target: GcpTarget, from: 'ENABLED' | 'DISABLED', state: 'ENABLED' | 'DISABLED'): Promise<void> {
  await each(server, target, 'UpdateCryptoKeyVersion', [from], async ({ name }, request) => {
    const asked = { cryptoKeyVersion: { name, state }, updateMask: { paths: ['state'] } };
    await server.ask(request, (kms, settings) => kms.updateCryptoKeyVersion(asked, settings));
  });
}

/**
 * Schedules each version for destruction ("Destroy and restore key versions"). The window belongs to the key since it was
 * made and can not be chosen: other `days` are refused, so that nobody is promised another date.
 * @returns when the first of them is gone
 * @throws AppError `INPUT_INVALID`, `KMS_OUTCOME_UNKNOWN` where some were done
 */
export async function scheduleDeletion(server: GcpServer, target: GcpTarget, days: number): Promise<number | null> {
  const { destroyScheduledDuration } = await getKey(server, target.key);
  const window = Number(destroyScheduledDuration?.seconds ?? DEFAULT_WINDOW_SECONDS) / DAY_SECONDS;
  if (days !== window) {
    throw new AppError(
      'INPUT_INVALID',
      `The versions of this key are destroyed ${window} days after it was asked for, as the key was made, and not after ${days}. Nothing was changed.`,
      `Give ${window} days; another window needs another key (destroyScheduledDuration).`,
      { details: { days: window } },
    );
  }
  const ends: number[] = [];
  await each(server, target, 'DestroyCryptoKeyVersion', ['ENABLED', 'DISABLED'], async ({ name }, request) => {
    const [scheduled] = await server.ask({ ...request, repeatable: false }, (kms, settings) => kms.destroyCryptoKeyVersion({ name }, settings));
    const at = timeOf(scheduled.destroyTime);
    if (at !== null) ends.push(at);
  });
  return ends.length === 0 ? null : Math.min(...ends);
}

/** Calls each scheduled version back: it comes back disabled. @throws AppError `KMS_OUTCOME_UNKNOWN` where some were done */
export async function cancelDeletion(server: GcpServer, target: GcpTarget): Promise<void> {
  await each(server, target, 'RestoreCryptoKeyVersion', ['DESTROY_SCHEDULED'], async ({ name }, request) => {
    await server.ask({ ...request, repeatable: false }, (kms, settings) => kms.restoreCryptoKeyVersion({ name }, settings));
  });
}

interface Request {
  readonly operation: string;
  readonly location: string;
  readonly keyId: string;
}

async function each(server: GcpServer, target: GcpTarget, operation: string, states: readonly string[], act: (version: CryptoKeyVersion, request: Request) => Promise<void>): Promise<void> {
  const { location, name } = target.key;
  const found = await versionsOf(server, target);
  const request = { operation, location, keyId: target.version ?? name };
  const details: ErrorDetails = { provider: 'GCP_KMS', ...request };
  if (found.length === 0) throw tell(TOLD.notFound, details);
  const concerned = found.filter(({ state }) => states.includes(String(state)));
  if (concerned.length === 0) throw tell(TOLD.unsupported, details);
  let done = 0;
  for (const version of concerned) {
    try {
      await act(version, { ...request, keyId: version.name });
    } catch (error) {
      if (done === 0 || !isAppError(error)) throw error;
      throw new AppError(
        'KMS_OUTCOME_UNKNOWN',
        `Google did ${operation} for ${done} of ${concerned.length} versions of the key, and then did not go on (${error.code}).`,
        'Look at the versions (fkc kms show), remove the cause and do it again: it goes on with the rest.',
        { details: { ...error.details, done, of: concerned.length } },
      );
    }
    done += 1;
  }
}
