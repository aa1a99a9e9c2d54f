import { type AppError, isAppError } from '../../main/errors.ts';
import type { KmsKeyFacts } from '../../main/kms/acts.ts';
import type { KmsProvider, KmsProviderName } from '../../main/kms/provider.ts';
import type { PlannedUse } from '../../main/regions/facts.ts';
import { identify } from '../../main/regions/identity.ts';
import type { OpenPlace } from '../../main/regions/place.ts';
import type { NodeName } from './kms-dependents.ts';
import type { ReadNode } from './region-places.ts';

export interface NameQuestions {
  readonly provider: KmsProviderName;
  /** Asked for names of `home`; null where it can not be asked. */
  readonly kms: KmsProvider | null;
  /** Region or location that `kms` asks; null where that is not known. */
  readonly home: string | null;
  readonly nodes: readonly ReadNode[];
  /** How the keys that are known already are asked for. */
  readonly known: readonly string[];
  /** Opens any other place; what was opened is closed again. */
  readonly open: OpenPlace;
  /** `host:port` of the KMIP server that `kms` asks; null until that is known. */
  readonly server: () => string | null;
  /** `kms` did not answer, or refused. */
  readonly onFailure: (error: AppError) => void;
}

/** What a name in a node's config.ini means, and how that key is asked for; null where nobody could say. */
export interface NameMeaning {
  readonly name: NodeName;
  readonly keyId: string | null;
}

/** Finds out which key each node's config.ini means, and which one wraps in its place by now. Each name is asked for once. */
export async function nameMeanings({ provider, kms, home, nodes, known, open, server, onFailure }: NameQuestions): Promise<NameMeaning[]> {
  const places = new Map<string, Promise<KmsProvider>>();
  const asked = new Map<string, Promise<KmsKeyFacts | null>>();

  const describe = async (place: string | null, key: string): Promise<KmsKeyFacts | null> => {
    const isHome = place === null || place === (provider === 'KMIP_KMS' ? server() : home);
    try {
      if (!isHome && !places.has(place)) places.set(place, open(provider, place));
      const there = isHome ? kms : await places.get(place);
      return (await there?.acts.describe?.(key)) ?? null;
    } catch (error) {
      if (!isAppError(error)) throw error;
      if (kms !== null && isHome) onFailure(error);
      return null;
    }
  };
  const factsOf = (place: string | null, key: string): Promise<KmsKeyFacts | null> => {
    const id = JSON.stringify([place, key]);
    const facts = asked.get(id) ?? describe(place, key);
    asked.set(id, facts);
    return facts;
  };
  /** The last of those that replaced a key, as far as its KMS tells. */
  const newest = async (place: string | null, keyId: string): Promise<string> => {
    const seen = new Set([keyId]);
    let last = keyId;
    for (let next = (await factsOf(place, last))?.replacedBy ?? null; next !== null && !seen.has(next); next = (await factsOf(place, next))?.replacedBy ?? null) {
      seen.add(next);
      last = next;
    }
    return last;
  };

  const found: NameMeaning[] = [];
  const ids = new Set(known);
  for (const { node, uses } of nodes) {
    for (const use of uses.filter((one) => one.provider === provider)) {
      const keyId = plainMeaning(use, [...ids]) ?? (await factsOf(use.place, use.key))?.keyId ?? null;
      const now = keyId === null || provider !== 'KMIP_KMS' ? keyId : await newest(use.place, keyId);
      const keyOf = (id: string | null): string | null => (id === null ? null : identify(provider, id, use.place ?? server()).id);
      if (keyId !== null) ids.add(keyId);
      found.push({ keyId, name: { node, provider, region: use.place, name: use.key, key: keyOf(keyId), wrapsUnder: keyOf(now) } });
    }
  }
  for (const opening of places.values()) (await opening.catch(() => null))?.close();
  return found;
}

/** What a name means where nobody has to be asked for it; null for an alias, and for a key that nothing is known of. */
function plainMeaning({ provider, place, key }: PlannedUse, known: readonly string[]): string | null {
  if (provider === 'KMIP_KMS') return key;
  if (identify(provider, key).home !== null) return key;
  if (provider === 'GCP_KMS') {
    const [ring, short] = key.includes('/') ? key.split('/') : [null, key];
    return known.find((name) => name.endsWith(`${ring === null ? '' : `/keyRings/${ring ?? ''}`}/cryptoKeys/${short ?? ''}`) && (place === null || name.includes(`/locations/${place}/`))) ?? null;
  }
  return known.find((arn) => arn.endsWith(`:key/${key}`) && (place === null || key.startsWith('mrk-') || identify(provider, arn).home === place)) ?? null;
}
