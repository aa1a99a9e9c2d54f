import { readConfigFile } from '../../main/config/file.ts';
import { AWS_SECTION, GCP_SECTION, isReference, KMIP_SECTION } from '../../main/config/parameters.ts';
import { entriesOf, parseConfig, type ConfigEntry } from '../../main/config/parse.ts';
import { isAppError } from '../../main/errors.ts';
import { configuredKey } from '../../main/kms/gcp/key-name.ts';
import { addressText, serverAddress } from '../../main/kms/kmip/server-address.ts';
import { KMS_PROVIDERS, type KmsProviderName } from '../../main/kms/provider.ts';
import { KmsProviders, notConfigured, type KmsTarget } from '../../main/kms/registry.ts';
import type { NodePlan } from '../../main/regions/facts.ts';
import { whyNot, type OpenPlace } from '../../main/regions/place.ts';
import type { Profile } from '../profiles.ts';
import { kmsSources, NO_OWN, valuesOf, type OwnCredentials } from './kms-settings.ts';

/** A node of the profile, with what its config.ini holds. */
export interface ReadNode extends NodePlan {
  readonly entries: readonly ConfigEntry[];
}

/** What each node's config.ini says of its KMS keys; one that can not be read says why. */
export async function readNodes(profile: Profile): Promise<ReadNode[]> {
  return Promise.all(
    profile.nodes.map(async ({ name, configIni }): Promise<ReadNode> => {
      try {
        const entries = entriesOf(parseConfig((await readConfigFile(configIni)).bytes));
        const sources = kmsSources(profile, valuesOf(entries, {}), NO_OWN);
        const uses = KMS_PROVIDERS.flatMap((provider) => {
          const target = sources[provider]?.target ?? null;
          return target === null ? [] : [{ provider, ...placed(target, valuesOf(entries, {})) }];
        });
        // The SDKs of AWS and Google ask the surroundings where config.ini says nothing; KMIP has none.
        const lacks: KmsProviderName[] = valuesOf(entries, {}).written(KMIP_SECTION, 'BASE_URL_TEMPLATE') === '' ? ['KMIP_KMS'] : [];
        return { node: name, file: configIni, uses, lacks, whyNot: null, entries };
      } catch (error) {
        if (!isAppError(error)) throw error;
        return { node: name, file: configIni, uses: [], lacks: [], whyNot: whyNot(error), entries: [] };
      }
    }),
  );
}

/** A key and its place as the KMS answers them, so that they can be compared with what is stored. */
function placed({ provider, keyId, location }: KmsTarget, { written }: Pick<ReturnType<typeof valuesOf>, 'written'>): { place: string | null; key: string } {
  // What the surroundings of another machine say is not known here.
  const place = location === null || isReference(location) ? null : location;
  const part = (section: string, key: string): string | null => written(section, key) || null;
  if (provider === 'GCP_KMS') {
    const name = understood(() => configuredKey({ projectId: part(GCP_SECTION, 'PROJECT_ID'), locationId: place, keyRingId: part(GCP_SECTION, 'KEY_RING_ID'), keyId: part(GCP_SECTION, 'KEY_ID') }));
    return name === null ? { place, key: keyId } : { place: name.location, key: name.name };
  }
  if (provider === 'KMIP_KMS' && place !== null) {
    const address = understood(() => serverAddress(place, part(KMIP_SECTION, 'PARTITION')));
    return { place: address === null ? place : addressText(address), key: keyId };
  }
  return { place, key: keyId };
}

/** Null where a provider does not take what stands there: `fkc config lint` tells why. */
function understood<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (isAppError(error)) return null;
    throw error;
  }
}

/**
 * Opens providers that ask one place each, with the credentials of this machine (the first node that names the
 * provider); a KMIP host with what the node says that names it.
 */
export function placesOf(profile: Profile, nodes: readonly ReadNode[], environment: NodeJS.ProcessEnv, own: OwnCredentials): OpenPlace {
  return (provider, place) => {
    const naming = nodes.filter(({ uses }) => uses.some((use) => use.provider === provider));
    const there = naming.find(({ uses }) => uses.some((use) => use.provider === provider && use.place === place));
    const node = provider === 'KMIP_KMS' ? there : (naming[0] ?? nodes[0]);
    if (node === undefined && provider !== 'AWS_KMS') return Promise.reject(notConfigured(provider));
    return new KmsProviders(kmsSources(profile, valuesOf([...(node?.entries ?? []), ...askedAt(provider, place)], environment), own)).provider(provider);
  };
}

/** Of a key that stands twice the last one counts. No key is named: the audit names each that it asks about. */
function askedAt(provider: KmsProviderName, place: string): ConfigEntry[] {
  if (provider !== 'AWS_KMS') return [];
  return [
    { section: AWS_SECTION, key: 'REGION', value: place, line: 0 },
    { section: AWS_SECTION, key: 'CUSTOMER_KEY_ID', value: '', line: 0 },
  ];
}
