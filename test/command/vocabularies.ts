import type { Vocabulary } from '../../main/command/grammar.ts';
import { GENERATORS, STORES } from '../../main/masterkey/types.ts';

/** A profile with the local modules alone. */
export const LOCAL: Vocabulary = {
  names: ['masterkey_key_name', 'k2_hash_key'],
  available: { generators: ['Java_AES'], stores: ['Stripe_AES'] },
};

/** A profile with every module. */
export const EVERYTHING: Vocabulary = {
  names: ['masterkey_key_name', 'k2_hash_key', 'tenant-7'],
  available: { generators: GENERATORS, stores: STORES },
};
