import { GCP_SECTION, PARAMETERS } from '../../main/config/parameters.ts';
import type { ConfigEntry } from '../../main/config/parse.ts';
import { AppError } from '../../main/errors.ts';
import { readKeyName } from '../../main/kms/gcp/key-name.ts';
import type { KmsProviderName } from '../../main/kms/provider.ts';
import type { ConfigSetting } from './config.ts';
import type { ReadNode } from './region-places.ts';
import { KMS_SECTIONS, valuesOf, type Values } from './kms-settings.ts';

/** The key that is to take over, as it was asked for. */
export interface NewKey {
  readonly provider: KmsProviderName;
  readonly keyId: string;
  /** Region, location or server; null: each node keeps its own. */
  readonly region: string | null;
}

const REGION_KEYS: Readonly<Record<KmsProviderName, string>> = { AWS_KMS: 'REGION', GCP_KMS: 'LOCATION_ID', KMIP_KMS: 'BASE_URL_TEMPLATE' };

/**
 * What config.ini has to say for the new key.
 * @param keeping nodes that stay where they are although a region was given: they have the key there
 * @throws AppError `INPUT_INVALID`
 */
export function settingsFor(wanted: NewKey, nodes: readonly string[], keeping: readonly string[]): ConfigSetting[] {
  const { provider, region } = wanted;
  const section = KMS_SECTIONS[provider];
  const moved = nodes.filter((node) => !keeping.includes(node));
  const place = region === null || moved.length === 0 ? [] : [{ section, key: REGION_KEYS[provider], value: provider === 'KMIP_KMS' ? urlOf(region) : region, ...(keeping.length === 0 ? {} : { nodes: moved }) }];
  switch (provider) {
    case 'AWS_KMS':
      return [...place, { section, key: 'CUSTOMER_KEY_ID', value: wanted.keyId }];
    case 'GCP_KMS':
      return gcpSettings(wanted, place);
    case 'KMIP_KMS':
      return [...place, { section, key: 'KEY_ID', value: wanted.keyId }];
  }
}

/** A whole resource name says project, location and key ring too: they are set as config.ini has them, part by part. */
function gcpSettings({ keyId, region }: NewKey, place: readonly ConfigSetting[]): ConfigSetting[] {
  const name = readKeyName(keyId);
  if (name === null) return [...place, { section: GCP_SECTION, key: 'KEY_ID', value: keyId }];
  if (region !== null && region !== name.location) {
    throw new AppError('INPUT_INVALID', `${keyId} is in ${name.location}, not in ${region}. No KMS was asked, and nothing was changed.`, 'Leave the location out, or correct it.');
  }
  const [, project = '', , location = '', , ring = '', , key = ''] = keyId.split('/');
  const values = { PROJECT_ID: project, LOCATION_ID: location, KEY_RING_ID: ring, KEY_ID: key };
  return Object.entries(values).map(([parameter, value]) => ({ section: GCP_SECTION, key: parameter, value }));
}

function urlOf(server: string): string {
  return server.includes('://') ? server : `kmip://${server}`;
}

/** A node's own region, location or server for a provider, as its file has it; null where it says none. */
export function ownRegion({ entries }: ReadNode, provider: KmsProviderName): string | null {
  return valuesOf(entries, {}).written(KMS_SECTIONS[provider], REGION_KEYS[provider]) || null;
}

/**
 * The values that a node will have, for asking its KMS from here: what is no secret is the node's own, and credentials
 * are those of this machine's node.
 */
export function valuesAfter(node: ReadNode, here: ReadNode, provider: KmsProviderName, settings: readonly ConfigSetting[], environment: NodeJS.ProcessEnv): Values {
  const section = KMS_SECTIONS[provider];
  const { written } = valuesOf([...node.entries, ...entriesFor(node, settings)], {});
  const own = PARAMETERS.filter((parameter) => parameter.section === section && !parameter.secret).map(({ key }): ConfigEntry => ({ section, key, value: written(section, key), line: 0 }));
  return valuesOf([...here.entries, ...entriesFor(here, settings), ...own], environment);
}

/** Where the node will ask, and for which key; equal texts need one trial. */
export function placeOf(values: Values, provider: KmsProviderName): string {
  const section = KMS_SECTIONS[provider];
  return JSON.stringify(PARAMETERS.filter((parameter) => parameter.section === section && !parameter.secret).map(({ key }) => values.written(section, key)));
}

/** Region, location or server that the node will have; null where it is left to the surroundings. */
export function regionAfter(values: Values, provider: KmsProviderName): string | null {
  return values.resolved(KMS_SECTIONS[provider], REGION_KEYS[provider]) || null;
}

function entriesFor({ node }: ReadNode, settings: readonly ConfigSetting[]): ConfigEntry[] {
  return settings.filter(({ nodes }) => nodes?.includes(node) ?? true).map(({ section, key, value }) => ({ section, key, value, line: 0 }));
}
