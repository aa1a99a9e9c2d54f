import { fingerprintOf } from '../crypto/fingerprint.ts';
import { unwrapKey } from '../crypto/wrap.ts';
import { AppError } from '../errors.ts';
import type { SecretBytes } from '../secret.ts';
import type { GenerationRecord, SystemDb } from '../systemdb/repositories.ts';
import type { Protection } from './protection.ts';
import { loadStripes } from './stripes.ts';

/** A generation's plain key, owned by the caller, and whether the node's KeyStore copy is an older one. */
export interface UnwrappedKey {
  readonly key: SecretBytes;
  readonly stale: boolean;
}

/**
 * Going live with one generation: stripes together, unwrap, compare the fingerprint.
 * @throws AppError `KEY_STRIPES_MISSING`, `KEY_STRIPES_CHANGED`, `KEY_PROTECTION_MISSING`,
 * `WRAPPED_KEY_AUTHENTICATION_FAILED`, `WRAPPED_KEY_MALFORMED`, `KEY_FINGERPRINT_MISMATCH`; never answers a wrong key.
 */
export async function unwrapGeneration(
  db: SystemDb,
  protection: Protection,
  generation: GenerationRecord,
): Promise<UnwrappedKey> {
  const wrapped = await loadStripes(db.stripes, generation.description, generation.stripes);
  const found = await protection.find(generation);
  let key: SecretBytes;
  try {
    key = unwrapKey(found.key, { name: generation.name, description: generation.description }, wrapped);
  } finally {
    found.key.dispose();
  }
  if (fingerprintOf(key) !== generation.fingerprint) {
    key.dispose();
    throw new AppError(
      'KEY_FINGERPRINT_MISMATCH',
      `The stored bytes of "${generation.description}" open to another key than the one that was activated. It is refused, and no data is touched with it.`,
      'Restore the records of this key description (stripes and facts) from a backup of the system database.',
      { details: { description: generation.description } },
    );
  }
  return { key, stale: found.stale };
}
