import { fingerprintOf } from '../crypto/fingerprint.ts';
import { unwrapKey } from '../crypto/wrap.ts';
import { AppError } from '../errors.ts';
import type { SecretBytes } from '../secret.ts';
import { fromStored, wrappingMalformed } from '../kms/stored.ts';
import type { GenerationRecord } from '../systemdb/repositories.ts';
import type { Protection } from './protection.ts';
import { contextOf, providerOf, type Protectors } from './protectors.ts';
import { loadStripes } from './stripes.ts';

/** A generation's plain key, owned by the caller, and whether the node's KeyStore copy is an older one. */
export interface UnwrappedKey {
  readonly key: SecretBytes;
  readonly stale: boolean;
}

/** Whether a KMS wrapped it; else a protection key did. */
export function isKmsWrapped({ wrapping }: Pick<GenerationRecord, 'wrapping'>): boolean {
  return wrapping['kind'] === 'kms';
}

/**
 * Going live with one generation: stripes together, unwrap (where a KMS wrapped it, by one call to it), compare the
 * fingerprint.
 * @throws AppError `KEY_STRIPES_MISSING`, `KEY_STRIPES_CHANGED`, `KEY_PROTECTION_MISSING`,
 * `WRAPPED_KEY_AUTHENTICATION_FAILED`, `WRAPPED_KEY_MALFORMED`, `KEY_FINGERPRINT_MISMATCH`, `PROVIDER_NOT_CONFIGURED`,
 * `KMS_*`; never answers a wrong key.
 */
export async function unwrapGeneration(protectors: Protectors, generation: GenerationRecord): Promise<UnwrappedKey> {
  const wrapped = await loadStripes(protectors.db.stripes, generation.description, generation.stripes);
  const found = isKmsWrapped(generation) ? await openByKms(protectors, generation, wrapped) : await openByKey(protectors.protection, generation, wrapped);
  if (fingerprintOf(found.key) === generation.fingerprint) return found;
  found.key.dispose();
  throw new AppError(
    'KEY_FINGERPRINT_MISMATCH',
    `The stored bytes of "${generation.description}" open to another key than the one that was made. It is refused, and no data is touched with it.`,
    isKmsWrapped(generation)
      ? 'Ask the operator of the KMS whether it answers rightly; else restore the records of this key description (stripes and facts) from a backup of the system database.'
      : 'Restore the records of this key description (stripes and facts) from a backup of the system database.',
    { details: { description: generation.description } },
  );
}

async function openByKey(protection: Protection, generation: GenerationRecord, wrapped: Uint8Array): Promise<UnwrappedKey> {
  const found = await protection.find(generation);
  try {
    return { key: unwrapKey(found.key, { name: generation.name, description: generation.description }, wrapped), stale: found.stale };
  } finally {
    found.key.dispose();
  }
}

/** Asks the KMS key that is stored with the generation, whatever key is configured now. */
async function openByKms(protectors: Protectors, generation: GenerationRecord, bytes: Uint8Array): Promise<UnwrappedKey> {
  const wrapping = fromStored(generation.wrapping);
  if (wrapping.provider !== generation.store) throw wrappingMalformed(`its store is ${generation.store}, but ${wrapping.provider} wrapped it`);
  const provider = await providerOf(protectors, wrapping.provider);
  return { key: await provider.unwrap({ ...wrapping, bytes }, contextOf(protectors, generation)), stale: false };
}
