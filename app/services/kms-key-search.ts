import { AppError, isAppError } from '../../main/errors.ts';
import { readVersionName } from '../../main/kms/gcp/key-name.ts';
import type { KmsProviderName } from '../../main/kms/provider.ts';
import type { Cluster } from './cluster.ts';
import { wrappedGenerations } from './kms-dependents.ts';
import { meantBy, type NamedKey } from './kms-names.ts';
import type { ReadNode } from './region-places.ts';

/** Where a key is looked for, beside the KMSs. */
export interface Searched {
  readonly cluster: Pick<Cluster, 'db' | 'kms'>;
  readonly nodes: readonly ReadNode[];
}

/**
 * The key that a person means by `text`: its ID, ARN, resource name, alias, or the name in config.ini. That one key of a
 * short name has generations does not say that no other is meant which a node's config.ini names.
 * @throws AppError `INPUT_INVALID` where several are meant; `KMS_KEY_ID_INVALID` for one version of a key;
 *   `KMS_KEY_NOT_FOUND`, and what the KMS says
 */
export async function findKey(text: string, only: KmsProviderName | undefined, { cluster, nodes }: Searched): Promise<{ provider: KmsProviderName; keyId: string }> {
  assertWholeKey(text);
  const { known } = await wrappedGenerations(cluster.db);
  const meant = meantBy(text, only, known, nodes.flatMap(({ uses }) => uses));
  const [one, another] = meant;
  if (another !== undefined) throw ambiguous(text, meant);
  if (one?.wraps === true) return { provider: one.provider, keyId: wholeName(one) };
  let last: AppError | null = null;
  for (const provider of only === undefined ? mayHave(text, cluster.kms.registry.configured) : [only]) {
    try {
      const found = await (await cluster.kms.registry.provider(provider)).acts.describe?.(text);
      if (found !== undefined) return { provider, keyId: found.keyId };
    } catch (error) {
      if (!isAppError(error)) throw error;
      last = error;
    }
  }
  throw last ?? new AppError('KMS_KEY_NOT_FOUND', `No KMS that this profile names knows a key "${text.slice(0, 120)}". Nothing was changed.`, 'See the list: fkc kms keys', { details: { key: text.slice(0, 256) } });
}

/** An act is one on all versions of a key: whoever names one version means less. @throws AppError `KMS_KEY_ID_INVALID` */
export function assertWholeKey(keyId: string): void {
  if (readVersionName(keyId) === null) return;
  throw new AppError('KMS_KEY_ID_INVALID', `"${keyId.slice(0, 300)}" is one version of a key, and the console acts on whole keys. Nothing was changed.`, 'Name the key, without /cryptoKeyVersions/…; act on one version with the tools of Google Cloud, after looking at what depends on it (fkc kms show).');
}

function mayHave(text: string, configured: readonly KmsProviderName[]): readonly KmsProviderName[] {
  if (/^(arn:|alias\/)/.test(text)) return ['AWS_KMS'];
  if (text.startsWith('projects/')) return ['GCP_KMS'];
  return configured;
}

/** A KMIP identifier says nothing without its server. */
function wholeName({ provider, keyId, key }: NamedKey): string {
  return provider === 'KMIP_KMS' ? key : keyId;
}

function ambiguous(text: string, meant: readonly NamedKey[]): AppError {
  return new AppError(
    'INPUT_INVALID',
    `"${text.slice(0, 120)}" means ${meant.length} keys: ${meant.map((one) => `${wholeName(one)} (${one.provider})`).join(', ')}. Nothing was changed.`,
    'Name it by its whole ID, or name its provider: --provider',
    { details: { keys: meant.map(wholeName) } },
  );
}
