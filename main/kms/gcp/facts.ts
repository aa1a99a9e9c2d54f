import type { KmsAct, KmsKeyFacts, KmsKeyState, KmsKeyVersion } from '../acts.ts';
import { type CryptoKey, type CryptoKeyVersion, timeOf } from './keys.ts';
import { type KeyName, readVersionName } from './key-name.ts';

/** By CryptoKeyVersionState ("Key version states"). */
const STATES: Readonly<Record<string, KmsKeyState>> = {
  ENABLED: 'enabled',
  DISABLED: 'disabled',
  DESTROY_SCHEDULED: 'pending-deletion',
  PENDING_IMPORT: 'pending-import',
};

/**
 * Cloud KMS has states of versions, and none of a key. A key's state here is that of its primary version, which wraps;
 * an older version in another state is seen in the versions, in the acts that are possible, and in `deletionAt`.
 */
export function factsOfKey({ name, location }: KeyName, key: CryptoKey, versions: readonly CryptoKeyVersion[]): KmsKeyFacts {
  const primary = versions.find((version) => version.name === key.primary?.name);
  const ends = versions.flatMap((version) => (version.state === 'DESTROY_SCHEDULED' ? (timeOf(version.destroyTime) ?? []) : []));
  const imported = primary?.importJob !== undefined && primary.importJob !== null && primary.importJob !== '';
  return {
    keyId: name,
    state: primary === undefined ? (key.importOnly === true ? 'pending-import' : 'unavailable') : stateOf(primary),
    location,
    note: '',
    createdAt: timeOf(key.createTime),
    deletionAt: ends.length === 0 ? null : Math.min(...ends),
    origin: [String(key.versionTemplate?.protectionLevel ?? primary?.protectionLevel ?? ''), ...(imported ? ['imported'] : [])].join(', '),
    // Imported material does not expire in Cloud KMS.
    materialExpiresAt: null,
    replacedBy: null,
    canWrap: canWrap(key),
    // A key lives in one location, which may itself span regions.
    multiRegion: false,
    acts: actsOfKey(key, primary, versions),
  };
}

/** Newest first. */
export function versionList(key: CryptoKey, versions: readonly CryptoKeyVersion[]): readonly KmsKeyVersion[] {
  return versions
    .map((version) => ({
      version: readVersionName(version.name)?.version ?? '',
      current: version.name === key.primary?.name,
      createdAt: timeOf(version.createTime),
      cause: version.importJob ? 'imported' : null,
      state: stateOf(version),
    }))
    .toSorted((a, b) => Number(b.version) - Number(a.version));
}

export function canWrap({ purpose }: CryptoKey): boolean {
  return purpose === 'ENCRYPT_DECRYPT';
}

function stateOf({ state }: CryptoKeyVersion): KmsKeyState {
  return STATES[String(state)] ?? 'unavailable';
}

const READING: readonly KmsAct[] = ['list', 'describe', 'versions', 'rotation', 'policy', 'tags'];

function actsOfKey(key: CryptoKey, primary: CryptoKeyVersion | undefined, versions: readonly CryptoKeyVersion[]): readonly KmsAct[] {
  const any = (...states: readonly string[]): boolean => versions.some(({ state }) => states.includes(String(state)));
  const acts: KmsAct[] = [...READING];
  if (canWrap(key) && key.importOnly !== true && primary?.state === 'ENABLED') acts.push('scheduleRotation', 'rotateNow');
  if (any('DISABLED')) acts.push('enable');
  if (any('ENABLED')) acts.push('disable');
  if (any('ENABLED', 'DISABLED')) acts.push('scheduleDeletion');
  if (any('DESTROY_SCHEDULED')) acts.push('cancelDeletion');
  return acts;
}
