import type { StandingCensus } from '../../main/census/standing.ts';
import type { KmsProviderName } from '../../main/kms/provider.ts';
import type { Generation } from '../../main/masterkey/generations.ts';
import type { ActivationPlan } from '../contract/command.ts';
import { instancesByLu } from './kms-dependents.ts';
import { keyOf } from './kms-replace-dependents.ts';
import type { ReadNode } from './region-places.ts';

/**
 * What an activation under a KMS touches besides the generations of its name.
 * @param older those generations that stay readable
 */
export function activationTouches(provider: KmsProviderName, older: readonly Generation[], { rows }: Pick<StandingCensus, 'rows'>, nodes: readonly ReadNode[]): Pick<ActivationPlan, 'byLu' | 'nodes' | 'regions'> {
  const descriptions = new Set(older.map(({ description }) => description));
  const using = nodes.flatMap(({ node, uses }) => uses.filter((use) => use.provider === provider).map(({ place }) => ({ node, place })));
  return {
    byLu: instancesByLu(rows.filter(({ keyDescription }) => descriptions.has(keyDescription))),
    nodes: using.map(({ node }) => node),
    regions: [...new Set([...older.flatMap((generation) => keyOf(generation)?.location ?? []), ...using.flatMap(({ place }) => place ?? [])])].sort(),
  };
}
