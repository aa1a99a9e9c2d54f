import { AppError, isAppError } from '../../errors.ts';
import type { KmsAct, KmsActs, KmsKeyFacts, KmsKeyListed, KmsKeyState } from '../acts.ts';
import type { KeyAttributes } from './attributes.ts';
import type { KmipState } from './enumerations.ts';
import { type KmipKeys, canWrap, checkKeyId } from './keys.ts';
import { activate } from './operations/activate.ts';
import { locate } from './operations/locate.ts';
import { reKey } from './operations/re-key.ts';
import { addressText } from './server-address.ts';
import type { KmipServer } from './server.ts';

/** A revoked key can not be brought back, so it is not "disabled". */
const STATES: Readonly<Record<KmipState, KmsKeyState>> = {
  PreActive: 'disabled',
  Active: 'enabled',
  Deactivated: 'unavailable',
  Compromised: 'unavailable',
  Destroyed: 'unavailable',
  DestroyedCompromised: 'unavailable',
};

/**
 * What KMIP lets do with keys. `rotateNow` is there where the server said that it has Re-key. No `disable`: Revoke can
 * not be undone. No `scheduleDeletion`: Destroy is at once.
 */
export function kmipActs(server: KmipServer, keys: KmipKeys): KmsActs {
  const acts: KmsActs = {
    list: () => list(server),
    describe: async (keyId) => facts(keyId, await keys.attributes(keyId), server),
    enable: async (keyId) => {
      checkKeyId(keyId);
      await server.ask(activate, { uniqueIdentifier: keyId }, { keyId, repeatable: false });
      keys.forget();
    },
  };
  return hasReKey(server) ? { ...acts, rotateNow: (keyId) => rotateNow(server, keys, keyId) } : acts;
}

async function* list(server: KmipServer): AsyncGenerator<KmsKeyListed> {
  for (const keyId of await server.ask(locate, { having: { objectType: 'SymmetricKey' } })) yield { keyId };
}

/**
 * Re-key: a new key in the place of the old one, which goes on unwrapping. What is wrapped from now on is wrapped under
 * the new one, which the server links to the old one: KEY_ID need not be changed.
 */
async function rotateNow(server: KmipServer, keys: KmipKeys, keyId: string): Promise<void> {
  const { state, replacedBy } = await keys.attributes(keyId, ['state', 'link']);
  if (replacedBy !== undefined) {
    throw new AppError('KMS_ACT_UNSUPPORTED', 'This key was rotated before: another one stands in its place. Nothing was changed.', `Rotate the newest key instead (${replacedBy.slice(0, 80)}).`, { details: { keyId, replacedBy } });
  }
  if (state !== undefined && state !== 'Active') {
    throw new AppError('KMS_ACT_UNSUPPORTED', `Only an active key can be rotated, and this one is ${state}. Nothing was changed.`, 'Look at the key (fkc kms show).', { details: { keyId, state } });
  }
  try {
    const made = await replacement(server, keys, keyId);
    try {
      await activateIfNeeded(server, keys, made);
    } catch (error) {
      throw isAppError(error) ? notActive(keyId, made, error) : error;
    }
  } finally {
    keys.forget();
  }
}

/** Re-key; where its answer was lost, the link tells that it was done. */
async function replacement(server: KmipServer, keys: KmipKeys, keyId: string): Promise<string> {
  try {
    return await server.ask(reKey, { uniqueIdentifier: keyId }, { keyId, repeatable: false });
  } catch (error) {
    if (!isAppError(error, 'KMS_OUTCOME_UNKNOWN')) throw error;
    const replacedBy = await keys.attributes(keyId, ['link']).then(
      (found) => found.replacedBy,
      () => undefined,
    );
    if (replacedBy === undefined) throw error;
    return replacedBy;
  }
}

async function activateIfNeeded(server: KmipServer, keys: KmipKeys, made: string): Promise<void> {
  const isPreActive = async (): Promise<boolean> => (await keys.attributes(made, ['state'])).state === 'PreActive';
  if (!(await isPreActive())) return;
  try {
    await server.ask(activate, { uniqueIdentifier: made }, { keyId: made, repeatable: false });
  } catch (error) {
    if (!isAppError(error, 'KMS_OUTCOME_UNKNOWN') || (await isPreActive())) throw error;
  }
}

function notActive(keyId: string, made: string, cause: AppError): AppError {
  return new AppError(
    'KMS_OUTCOME_UNKNOWN',
    `The server made the key ${made.slice(0, 80)} in the place of this one, but it may not be active yet (${cause.code}). Until it is, the old key goes on wrapping; what it wrapped stays readable.`,
    `Look at the new key, and enable it where it is disabled: fkc kms enable ${made.slice(0, 80)}`,
    { details: { ...cause.details, keyId, replacedBy: made } },
  );
}

function facts(keyId: string, key: KeyAttributes, server: KmipServer): KmsKeyFacts {
  const state = key.state === undefined ? 'unavailable' : STATES[key.state];
  return {
    keyId,
    state,
    location: addressText(server.address),
    note: key.names.join(', '),
    createdAt: key.initialDate?.getTime() ?? null,
    deletionAt: null,
    origin: '',
    materialExpiresAt: key.deactivationDate?.getTime() ?? null,
    replacedBy: key.replacedBy ?? null,
    canWrap: canWrap(key),
    multiRegion: false,
    acts: actsOfKey(key, server),
  };
}

function actsOfKey({ state, replacedBy }: KeyAttributes, server: KmipServer): readonly KmsAct[] {
  const reading: readonly KmsAct[] = ['list', 'describe'];
  if (state === 'PreActive') return [...reading, 'enable'];
  return state === 'Active' && replacedBy === undefined && hasReKey(server) ? [...reading, 'rotateNow'] : reading;
}

function hasReKey(server: KmipServer): boolean {
  return server.known?.operations?.includes('ReKey') === true;
}
