import { isAppError } from '../../main/errors.ts';
import type { KmsProvider, KmsProviderName } from '../../main/kms/provider.ts';
import type { Profile } from '../profiles.ts';
import type { Cluster } from './cluster.ts';
import { wrappedGenerations, type NodeName } from './kms-dependents.ts';
import { KmsInquiry } from './kms-inquiry.ts';
import { placesOf, readNodes } from './region-places.ts';

/**
 * Which key each node's config.ini means. A KMS is asked for an alias, or a short name that no generation has, a KMIP
 * server for the key that wraps in the place of another; one that does not answer leaves it unknown.
 * @throws AppError `DATABASE_*`
 */
export async function nodeNames(cluster: Pick<Cluster, 'db' | 'kms' | 'credentials'>, profile: Profile, providers: readonly KmsProviderName[]): Promise<readonly NodeName[]> {
  const { registry } = cluster.kms;
  const [nodes, { known }] = await Promise.all([readNodes(profile), wrappedGenerations(cluster.db)]);
  const inquiry = new KmsInquiry({ registry, nodes, generations: known, open: placesOf(profile, nodes, process.env, cluster.credentials) });
  for (const provider of new Set(providers)) await inquiry.runNames(provider, await opened(() => registry.provider(provider)));
  return inquiry.names;
}

async function opened(open: () => Promise<KmsProvider>): Promise<KmsProvider | null> {
  try {
    return await open();
  } catch (error) {
    if (!isAppError(error)) throw error;
    return null;
  }
}
