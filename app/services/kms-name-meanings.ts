import { type AppError, isAppError } from '../../main/errors.ts';
import type { KmsKeyFacts } from '../../main/kms/acts.ts';
import { MOST_REPLACEMENTS } from '../../main/kms/kmip/keys.ts';
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
  /** What was told of a key before, by {@link NodeName.key}; null where it was not asked for. */
  readonly told: (key: string) => KmsKeyFacts | null;
  /** `kms` did not answer, or refused. */
  readonly onFailure: (error: AppError) => void;
}

/** What a name in a node's config.ini means, and how that key is asked for; null where nobody could say. */
export interface NameMeaning {
  readonly name: NodeName;
  readonly keyId: string | null;
}

/**
 * Finds out which key each node's config.ini means, one after the other, and which one wraps in its place by now, where
 * `kms` itself is to tell. Each key is asked for once at most.
 */
export async function* nameMeanings({ provider, kms, home, nodes, known, open, server, told, onFailure }: NameQuestions): AsyncGenerator<NameMeaning> {
  const places = new Map<string, Promise<KmsProvider>>();
  const asked = new Map<string, Promise<KmsKeyFacts | null>>();

  const isHome = (place: string | null): place is null => place === null || place === (provider === 'KMIP_KMS' ? server() : home);
  const identityOf = (place: string | null, keyId: string): string => identify(provider, keyId, place ?? server()).id;
  const describe = async (place: string | null, key: string): Promise<KmsKeyFacts | null> => {
    try {
      if (!isHome(place) && !places.has(place)) places.set(place, open(provider, place));
      const there = isHome(place) ? kms : await places.get(place);
      return (await there?.acts.describe?.(key)) ?? null;
    } catch (error) {
      if (!isAppError(error)) throw error;
      if (kms !== null && isHome(place)) onFailure(error);
      return null;
    }
  };
  const factsOf = (place: string | null, key: string): Promise<KmsKeyFacts | null> => {
    const id = JSON.stringify([place, key]);
    const before = told(identityOf(place, key));
    const facts = asked.get(id) ?? (before === null ? describe(place, key) : Promise.resolve(before));
    asked.set(id, facts);
    return facts;
  };
  /** The key that wraps in the place of a KMIP key, by the rule of `KmipKeys.current`. */
  const wrapping = async (place: string | null, keyId: string): Promise<string> => {
    let current = keyId;
    const seen = new Set([keyId]);
    for (let next = (await factsOf(place, keyId))?.replacedBy ?? null; next !== null && !seen.has(next) && seen.size < MOST_REPLACEMENTS; ) {
      seen.add(next);
      const facts = await factsOf(place, next);
      if (facts === null || !facts.canWrap) break;
      if (facts.state === 'enabled') current = next;
      next = facts.replacedBy;
    }
    return current;
  };

  const ids = new Set(known);
  try {
    for (const { node, uses } of nodes) {
      for (const use of uses.filter((one) => one.provider === provider)) {
        const keyId = plainMeaning(use, [...ids]) ?? (await factsOf(use.place, use.key))?.keyId ?? null;
        const follows = keyId !== null && provider === 'KMIP_KMS' && isHome(use.place);
        const now = follows ? await wrapping(use.place, keyId) : keyId;
        if (keyId !== null) ids.add(keyId);
        const [key, wrapsUnder] = [keyId, now].map((id) => (id === null ? null : identityOf(use.place, id))) as [string | null, string | null];
        yield { keyId, name: { node, provider, region: use.place, name: use.key, key, wrapsUnder } };
      }
    }
  } finally {
    for (const opening of places.values()) (await opening.catch(() => null))?.close();
  }
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
