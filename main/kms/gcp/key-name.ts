import { AppError } from '../../errors.ts';
import { wrappingMalformed } from '../stored.ts';

/** A CryptoKey's resource name taken apart (Cloud KMS, "Cloud KMS resources"). */
export interface KeyName {
  /** The whole resource name. */
  readonly name: string;
  /** Resource name of its key ring. */
  readonly ring: string;
  readonly location: string;
}

/** The parts of config.ini that name a key; each may be missing. */
export interface KeyParts {
  readonly projectId: string | null;
  readonly locationId: string | null;
  /** Alone, or as the key ring's whole resource name. */
  readonly keyRingId: string | null;
  /** Alone, or as the key's whole resource name. */
  readonly keyId: string | null;
}

const PROJECT = '(?:[a-z0-9.-]{1,63}:)?[a-z0-9-]{1,63}';
const ID = '[A-Za-z0-9_-]{1,63}';
const RING = `projects/(${PROJECT})/locations/([a-z0-9-]{1,63})/keyRings/(${ID})`;
const RING_NAME = new RegExp(`^${RING}$`);
const KEY_NAME = new RegExp(`^(${RING})/cryptoKeys/(${ID})$`);
const VERSION_NAME = new RegExp(`^(${RING}/cryptoKeys/${ID})/cryptoKeyVersions/([0-9]{1,19})$`);
const SHORT = new RegExp(`^${ID}$`);

/** Null for what is not the resource name of a CryptoKey. */
export function readKeyName(text: string): KeyName | null {
  const [, ring, , location] = KEY_NAME.exec(text) ?? [];
  return ring === undefined || location === undefined ? null : { name: text, ring, location };
}

/** The key and the number in a CryptoKeyVersion's resource name; null for what is none. */
export function readVersionName(text: string): { readonly key: KeyName; readonly version: string } | null {
  const found = VERSION_NAME.exec(text);
  const key = readKeyName(found?.[1] ?? '');
  const version = found?.at(-1);
  return key === null || version === undefined ? null : { key, version };
}

/** @throws AppError `KMS_WRAPPING_MALFORMED` */
export function readStoredName(text: string): KeyName {
  const key = readKeyName(text);
  if (key === null) throw wrappingMalformed('its KMS key is not stored as the resource name of a Google key');
  return key;
}

/**
 * The configured key ring.
 * @throws AppError `PROVIDER_NOT_CONFIGURED`, `KMS_REGION_MISSING`, `KMS_KEY_ID_INVALID`
 */
export function ringName(parts: KeyParts): string {
  if (parts.keyRingId !== null && RING_NAME.test(parts.keyRingId)) return agreeing(parts, parts.keyRingId, parts.keyRingId);
  const whole = readKeyName(parts.keyId ?? '');
  if (whole !== null) return agreeing(parts, whole.ring, whole.name);
  const { projectId, locationId, keyRingId } = parts;
  if (!projectId) throw notConfigured('no project', 'PROJECT_ID');
  if (!locationId) throw new AppError('KMS_REGION_MISSING', 'No location is configured for Google Cloud KMS. No KMS was asked.', 'Set LOCATION_ID in [encryption_gcp_kms]: a region, a multi-region or global.');
  if (!keyRingId) throw notConfigured('no key ring', 'KEY_RING_ID');
  const name = `projects/${projectId}/locations/${locationId}/keyRings/${keyRingId}`;
  if (!RING_NAME.test(name)) throw invalid(name);
  return name;
}

/**
 * The configured key.
 * @throws AppError `PROVIDER_NOT_CONFIGURED`, `KMS_REGION_MISSING`, `KMS_KEY_ID_INVALID`
 */
export function configuredKey(parts: KeyParts): KeyName {
  if (!parts.keyId) throw notConfigured('no Google key to wrap master keys under', 'KEY_ID');
  return keyNamed(parts.keyId, parts);
}

/** A key that is named alone (then of the configured key ring) or by its whole resource name. @throws as {@link configuredKey} */
export function keyNamed(text: string, parts: KeyParts): KeyName {
  const whole = readKeyName(text);
  if (whole !== null) return whole.name === parts.keyId ? { ...whole, ring: ringName(parts) } : whole;
  if (!SHORT.test(text)) throw invalid(text);
  const made = readKeyName(`${ringName(parts)}/cryptoKeys/${text}`);
  if (made === null) throw invalid(text);
  return made;
}

/** A whole name and the parts beside it must say the same. */
function agreeing({ projectId, locationId, keyRingId }: KeyParts, ring: string, told: string): string {
  const [, project, location, id] = RING_NAME.exec(ring) ?? [];
  const agrees = (!projectId || projectId === project) && (!locationId || locationId === location) && (!keyRingId || keyRingId === id || keyRingId === ring);
  if (agrees) return ring;
  throw new AppError(
    locationId && locationId !== location ? 'KMS_REGION_WRONG' : 'KMS_KEY_ID_INVALID',
    `"${told.slice(0, 200)}" is not in the project, location and key ring that are configured beside it. No KMS was asked.`,
    'Correct PROJECT_ID, LOCATION_ID and KEY_RING_ID in [encryption_gcp_kms], or leave them out.',
  );
}

function invalid(text: string): AppError {
  return new AppError(
    'KMS_KEY_ID_INVALID',
    `"${text.slice(0, 200)}" does not name a Google Cloud KMS key. No KMS was asked.`,
    'Give PROJECT_ID, LOCATION_ID, KEY_RING_ID and KEY_ID by their short names, or KEY_ID as projects/…/locations/…/keyRings/…/cryptoKeys/….',
  );
}

function notConfigured(what: string, parameter: string): AppError {
  return new AppError('PROVIDER_NOT_CONFIGURED', `${what[0]?.toUpperCase() ?? ''}${what.slice(1)} is configured for Google Cloud KMS. No KMS was asked.`, `Set ${parameter} in [encryption_gcp_kms].`);
}
