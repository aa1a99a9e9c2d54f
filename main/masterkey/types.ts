import { KMS_PROVIDERS } from '../kms/provider.ts';

/** Modules that make a master key (`generatorType`): here, or a KMS that makes data keys. */
export const GENERATORS = ['Java_AES', 'AWS_KMS'] as const;
export type Generator = (typeof GENERATORS)[number];

/** Modules that protect and keep it (`storeType`). */
export const STORES = ['Stripe_AES', ...KMS_PROVIDERS] as const;
export type Store = (typeof STORES)[number];

/** Which generator's keys a store can take: the KMS that generates must also be the one that protects. */
export const POSSIBLE_PAIRS: Readonly<Record<Generator, readonly Store[]>> = {
  Java_AES: STORES.filter((store) => !GENERATORS.some((generator) => generator === store)),
  AWS_KMS: ['AWS_KMS'],
};

/** States of a generation, after NIST SP 800-57 part 1 section 7: `pre-active` was made but never activated. */
export type GenerationState = 'pre-active' | 'active' | 'deactivated';

/** The names every platform has: one key for LU instances, one for the masking hash. */
export const LUI_KEY_NAME = 'masterkey_key_name';
export const HASH_KEY_NAME = 'k2_hash_key';

/** A key name: lower case (Java KeyStores fold the case of aliases), starts with a letter, 1–48 characters. */
export const KEY_NAME_PATTERN = /^[a-z][a-z0-9_-]{0,47}$/;
