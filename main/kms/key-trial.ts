import { fingerprintOf } from '../crypto/fingerprint.ts';
import { randomSecret } from '../crypto/random.ts';
import { AppError, type ErrorCode } from '../errors.ts';
import type { SecretBytes } from '../secret.ts';
import type { KmsKeyFacts, KmsKeyState } from './acts.ts';
import { MASTER_KEY_BYTES, type KmsContext, type KmsProvider, type WrappedKey } from './provider.ts';

/** What a KMS key did with a key of trial, which is thrown away. */
export interface KeyTrial {
  /** The key that it is, as it would be stored: an alias is resolved. */
  readonly keyId: string;
  readonly location: string;
  /** How long the wrapped form is. */
  readonly wrappedBytes: number;
  /** Whether the KMS made the key itself; else it was given one to wrap. */
  readonly generated: boolean;
  readonly wrapMs: number;
  readonly unwrapMs: number;
}

/**
 * Does with the configured key what an activation does: makes a key (where the KMS does that) or wraps one, unwraps it,
 * and compares. Nothing is stored.
 * @throws AppError what the KMS refuses; `KEY_FINGERPRINT_MISMATCH` where another key came back
 */
export async function tryKey(kms: KmsProvider, context: KmsContext): Promise<KeyTrial> {
  const began = performance.now();
  const { plain, wrapped, generated } = await make(kms, context);
  using expected = plain;
  const made = performance.now();
  using opened = await kms.unwrap(wrapped, context);
  const unwrapMs = performance.now() - made;
  if (fingerprintOf(opened) !== fingerprintOf(expected)) throw otherKey(kms, wrapped);
  return { keyId: wrapped.keyId, location: wrapped.location, wrappedBytes: wrapped.bytes.length, generated, wrapMs: made - began, unwrapMs };
}

/**
 * Refuses a key by what the KMS says of it, before it is asked to wrap.
 * @param place where it has to be; null where that is left open
 * @throws AppError `KMS_KEY_UNSUITABLE`, `KMS_REGION_WRONG`, `KMS_KEY_*` of its state
 */
export function assertFit(facts: KmsKeyFacts, place: string | null): void {
  const { keyId, location, state } = facts;
  const details = { keyId, location, state };
  if (!facts.canWrap) {
    throw new AppError('KMS_KEY_UNSUITABLE', `${keyId} can not wrap master keys: it is asymmetric, for signing or for MACs. Nothing was changed.`, 'Name a symmetric key for encryption and decryption.', { details });
  }
  if (place !== null && location !== place) {
    throw new AppError('KMS_REGION_WRONG', `${keyId} is in ${location}, and ${place} is what config.ini says. Nothing was changed.`, `Name a key of ${place}, give --region ${location}, or replicate a multi-Region key to ${place}.`, { details: { ...details, place } });
  }
  const told = STATES[state];
  if (told !== null) throw new AppError(told[0], `${keyId} ${told[1]}. Nothing was wrapped, and nothing was changed.`, told[2], { details });
}

/** Null for the state in which a key can be used. */
const STATES: Readonly<Record<KmsKeyState, readonly [code: ErrorCode, what: string, remedy: string] | null>> = {
  enabled: null,
  disabled: ['KMS_KEY_DISABLED', 'is disabled', 'Enable it at the KMS (fkc kms enable), or name another key.'],
  'pending-deletion': ['KMS_KEY_PENDING_DELETION', 'waits for its deletion, after which all that is under it is lost for good', 'Name another key; or cancel the deletion (fkc kms cancel-deletion) and enable it.'],
  'pending-import': ['KMS_KEY_PENDING_IMPORT', 'has no key material yet', 'Import its material, or name another key.'],
  unavailable: ['KMS_KEY_UNAVAILABLE', 'can not be used in its present state', 'Look at the key at its KMS, or name another key.'],
};

async function make(kms: KmsProvider, context: KmsContext): Promise<{ plain: SecretBytes; wrapped: WrappedKey; generated: boolean }> {
  if (kms.generate !== undefined) return { ...(await kms.generate(context)), generated: true };
  const plain = randomSecret(MASTER_KEY_BYTES);
  try {
    return { plain, wrapped: await kms.wrap(plain, context), generated: false };
  } catch (error) {
    plain.dispose();
    throw error;
  }
}

function otherKey({ name }: KmsProvider, { keyId, location }: WrappedKey): AppError {
  return new AppError(
    'KEY_FINGERPRINT_MISMATCH',
    `${name} answered another key than the one that it had wrapped under ${keyId}. Nothing was stored, and nothing was changed.`,
    'Wrap no master key under it. Ask who runs the KMS what stands between it and this machine.',
    { details: { provider: name, keyId, location } },
  );
}
