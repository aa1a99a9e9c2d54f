import type { StandingCensus } from '../../main/census/standing.ts';
import { fromStored } from '../../main/kms/stored.ts';
import type { KmsProviderName } from '../../main/kms/provider.ts';
import type { Generation } from '../../main/masterkey/generations.ts';
import { isKmsWrapped } from '../../main/masterkey/unwrap.ts';
import { identify, mayBeSame } from '../../main/regions/identity.ts';
import type { KeyDependents } from '../contract/kms-replace.ts';
import type { NodeName } from './kms-dependents.ts';

/** One KMS key and the generations under it. */
export interface KeyInUse {
  /** See {@link keyIdentity}. */
  readonly id: string;
  readonly provider: KmsProviderName;
  readonly keyId: string;
  readonly location: string;
  /** Newest activation first. */
  readonly generations: readonly Generation[];
}

/** Equal for one key: a multi-Region key in every Region, a KMIP identifier at one server. */
export function keyIdentity(provider: KmsProviderName, keyId: string, location: string): string {
  return JSON.stringify([provider, identify(provider, keyId, location).id]);
}

/** Which key wraps a generation; null where a protection key does, or what is stored of it is not understood. */
export function keyOf(generation: Generation): Omit<KeyInUse, 'generations'> | null {
  if (!isKmsWrapped(generation)) return null;
  try {
    const { provider, keyId, location } = fromStored(generation.wrapping);
    return { id: keyIdentity(provider, keyId, location), provider, keyId, location };
  } catch {
    return null;
  }
}

/** Every KMS key that wraps a generation, the ones of active generations first. */
export function keysInUse(generations: readonly Generation[]): KeyInUse[] {
  const keys = new Map<string, KeyInUse>();
  const order = generations.toSorted((a, b) => rank(b) - rank(a));
  for (const generation of order) {
    const key = keyOf(generation);
    if (key === null) continue;
    const known = keys.get(key.id);
    keys.set(key.id, { ...(known ?? key), generations: [...(known?.generations ?? []), generation] });
  }
  return [...keys.values()];
}

/**
 * What can be read through each key alone, and which nodes name it.
 * @param names what every node's config.ini names
 * @param replaced identities of keys that are taken out of use
 */
export function dependentsOf(keys: readonly KeyInUse[], { rows }: StandingCensus, names: readonly NodeName[], replaced: ReadonlySet<string>): KeyDependents[] {
  return keys.map(({ id, provider, keyId, location, generations }) => {
    const descriptions = new Set(generations.map(({ description }) => description));
    const { id: own } = identify(provider, keyId, location);
    const using = names.filter((name) => name.provider === provider && [name.key, name.wrapsUnder].some((meant) => meant !== null && mayBeSame(provider, meant, own)));
    const places = generations.flatMap((generation) => keyOf(generation)?.location ?? []);
    const lus = new Map<string, number>();
    for (const { lu, keyDescription, instances } of rows) if (descriptions.has(keyDescription)) lus.set(lu, (lus.get(lu) ?? 0) + instances);
    return {
      provider,
      keyId,
      location,
      replaced: replaced.has(id),
      generations: generations.length,
      activeNames: generations.filter(({ state }) => state === 'active').map(({ name }) => name),
      instances: [...lus.values()].reduce((sum, instances) => sum + instances, 0),
      nodes: [...new Set(using.map(({ node }) => node))],
      regions: [...new Set([...places, ...using.flatMap(({ region }) => region ?? [])])].sort(),
      lus: [...lus].map(([lu, instances]) => ({ lu, instances })),
    };
  });
}

function rank({ state, activatedAt }: Generation): number {
  return state === 'active' ? Number.MAX_SAFE_INTEGER : (activatedAt ?? 0);
}
