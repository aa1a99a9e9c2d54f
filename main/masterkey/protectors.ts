import type { KmsContext, KmsProvider, KmsProviderName } from '../kms/provider.ts';
import { notConfigured, type KmsRegistry } from '../kms/registry.ts';
import type { SystemDb } from '../systemdb/repositories.ts';
import type { Protection } from './protection.ts';

/** The key management services of this node, and what binds wrapped keys to their cluster. */
export interface KmsAccess {
  readonly registry: Pick<KmsRegistry, 'provider'>;
  /** The platform's cluster_id; null where it has none. */
  readonly cluster: string | null;
}

/** All that can protect master keys on one node. */
export interface Protectors {
  readonly db: SystemDb;
  readonly protection: Protection;
  /** Left out where no KMS is used. */
  readonly kms?: KmsAccess;
}

/** @throws AppError `PROVIDER_NOT_CONFIGURED`, and what its settings lack */
export async function providerOf({ kms }: Pick<Protectors, 'kms'>, name: KmsProviderName): Promise<KmsProvider> {
  if (kms === undefined) throw notConfigured(name);
  return kms.registry.provider(name);
}

/** What the KMS binds a generation's wrapped key to. */
export function contextOf({ kms }: Pick<Protectors, 'kms'>, { name, description }: Pick<KmsContext, 'name' | 'description'>): KmsContext {
  return { name, description, cluster: kms?.cluster ?? null };
}
