import type { KmsProviderName } from '../../main/kms/provider.ts';
import type { PlannedUse } from '../../main/regions/facts.ts';
import { identify } from '../../main/regions/identity.ts';
import type { WrappedGeneration } from './kms-dependents.ts';

/** A key that a text may mean. */
export interface NamedKey {
  readonly provider: KmsProviderName;
  readonly keyId: string;
  /** See {@link WrappedGeneration.key}. */
  readonly key: string;
  /** It has generations under it; else a node's config.ini alone names it. */
  readonly wraps: boolean;
}

/** What a person types of a key: the last part of its name. */
export function nameOf(keyId: string): string {
  return keyId.split('/').at(-1) ?? keyId;
}

/**
 * The keys that a text can mean, of those that generations or nodes name; asks nobody. A whole name means one key; a
 * short one means every key of that name.
 */
export function meantBy(text: string, only: KmsProviderName | undefined, generations: readonly WrappedGeneration[], uses: readonly PlannedUse[]): NamedKey[] {
  const wrapping = generations.map(({ provider, keyId, key }) => ({ provider, keyId, key, wraps: true }));
  const named = [...wrapping, ...uses.flatMap((use) => configured(use, wrapping))].filter(({ provider }) => only === undefined || provider === only);
  const unique = [...new Map(named.toReversed().map((key) => [`${key.provider} ${key.key}`, key])).values()].toReversed();
  const exact = unique.filter(({ key }) => key === text);
  return exact.length > 0 ? exact : unique.filter(({ keyId }) => keyId === text || nameOf(keyId) === text);
}

/** The key that a config.ini names by its whole name; none where only the KMS can say which one it is (an alias, an AWS key ID). */
function configured({ provider, place, key }: PlannedUse, wrapping: readonly NamedKey[]): NamedKey[] {
  const known = identify(provider, key, place);
  if (known.home !== null) return [{ provider, keyId: key, key: known.id, wraps: false }];
  if (provider !== 'GCP_KMS' || !/^[^/]+\/[^/]+$/.test(key)) return [];
  // Project or location come from the surroundings: the ring and the name are what can be compared.
  const [ring, name] = key.split('/');
  const isKnown = wrapping.some((one) => one.provider === provider && one.keyId.endsWith(`/keyRings/${ring ?? ''}/cryptoKeys/${name ?? ''}`));
  return isKnown ? [] : [{ provider, keyId: key, key, wraps: false }];
}
