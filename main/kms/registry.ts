import { AppError } from '../errors.ts';
import type { AwsKmsSettings } from './aws/provider.ts';
import type { KmsEndpointState } from './endpoint.ts';
import type { GcpKmsSettings } from './gcp/provider.ts';
import type { KmipKmsSettings } from './kmip/provider.ts';
import { KMS_PROVIDERS, type KmsProvider, type KmsProviderName } from './provider.ts';
import { RetiredProviders } from './retired.ts';

/** The KMS key that a configuration names for new master keys, in the configuration's own words. */
export interface KmsTarget {
  readonly provider: KmsProviderName;
  /** For AWS any form of a key ID, alias included. */
  readonly keyId: string;
  /** Region, location or host; null where it comes from the surroundings. */
  readonly location: string | null;
}

/** What each provider is opened with. */
export interface KmsSettings extends Record<KmsProviderName, unknown> {
  readonly AWS_KMS: AwsKmsSettings;
  readonly GCP_KMS: GcpKmsSettings;
  readonly KMIP_KMS: KmipKmsSettings;
}

/** Where a provider's settings come from. */
export interface KmsSource<Settings> {
  /** Null where old generations can be unwrapped, but no key is named to wrap new ones under. */
  readonly target: KmsTarget | null;
  /** Asked for when the provider is opened. @throws AppError what is missing */
  readonly settings: () => Settings;
}

/** A provider that is not there can not even unwrap. */
export type KmsSources = { readonly [Name in KmsProviderName]?: KmsSource<KmsSettings[Name]> };

export interface KmsEndpointOf extends KmsEndpointState {
  readonly provider: KmsProviderName;
}

/** The providers of one node. */
export interface KmsRegistry {
  /** Providers that this node's configuration names a key for, in the order of {@link KMS_PROVIDERS}. */
  readonly configured: readonly KmsProviderName[];
  /** The key that new master keys are wrapped under; null where none is named. */
  target(name: KmsProviderName): KmsTarget | null;
  /**
   * The one provider of that name; opened at first use, kept until {@link close}. It unwraps old generations also where
   * it is not among {@link configured}.
   * @throws AppError `PROVIDER_NOT_CONFIGURED`, and what its settings lack
   */
  provider(name: KmsProviderName): Promise<KmsProvider>;
  /** Each place that was called so far. */
  endpoints(): readonly KmsEndpointOf[];
  close(): void;
}

/** SDKs are loaded when they are needed: most starts call no KMS. One entry a provider. */
const OPEN: { readonly [Name in KmsProviderName]: (settings: KmsSettings[Name]) => Promise<KmsProvider> } = {
  AWS_KMS: async (settings) => new (await import('./aws/provider.ts')).AwsKms(settings),
  GCP_KMS: async (settings) => new (await import('./gcp/provider.ts')).GcpKms(settings),
  KMIP_KMS: async (settings) => new (await import('./kmip/provider.ts')).KmipKms(settings),
};

/** Opens providers from sources, which may be changed while it is in use. */
export class KmsProviders implements KmsRegistry {
  #sources: KmsSources;
  #opening = new Map<KmsProviderName, Promise<KmsProvider>>();
  readonly #opened = new Map<KmsProviderName, KmsProvider>();
  readonly #retired: RetiredProviders;
  #closed = false;

  constructor(sources: KmsSources, retired = new RetiredProviders()) {
    this.#sources = sources;
    this.#retired = retired;
  }

  get configured(): readonly KmsProviderName[] {
    return KMS_PROVIDERS.filter((name) => this.target(name) !== null);
  }

  target(name: KmsProviderName): KmsTarget | null {
    return this.#sources[name]?.target ?? null;
  }

  async provider(name: KmsProviderName): Promise<KmsProvider> {
    const known = this.#opening.get(name);
    if (known !== undefined) return known;
    const opening = this.#open(name);
    this.#opening.set(name, opening);
    try {
      return await opening;
    } catch (error) {
      if (this.#opening.get(name) === opening) this.#opening.delete(name);
      throw error;
    }
  }

  endpoints(): readonly KmsEndpointOf[] {
    return KMS_PROVIDERS.flatMap((provider) => this.#opened.get(provider)?.endpoints().map((state) => ({ ...state, provider })) ?? []);
  }

  /** Providers are opened anew from these; calls that are under way end as they would have, and then the old ones are closed. */
  change(sources: KmsSources): void {
    this.#sources = sources;
    this.#opening = new Map();
    for (const provider of this.#opened.values()) this.#retired.add(provider);
    this.#opened.clear();
  }

  /** Closes a provider, with the credentials that it holds; the next use opens it anew. */
  renew(name: KmsProviderName): void {
    // Another object: one that is being opened right now is not kept.
    this.#sources = { ...this.#sources };
    this.#opened.get(name)?.close();
    this.#opened.delete(name);
    this.#opening.delete(name);
    this.#retired.close((provider) => provider.name === name);
  }

  close(): void {
    this.#closed = true;
    for (const provider of this.#opened.values()) provider.close();
    this.#retired.close();
    this.#opened.clear();
    this.#opening = new Map();
  }

  async #open(name: KmsProviderName): Promise<KmsProvider> {
    const sources = this.#sources;
    const opened = await openFrom(sources, name);
    if (this.#closed) opened.close();
    else if (this.#sources === sources) this.#opened.set(name, opened);
    else this.#retired.add(opened);
    return opened;
  }
}

async function openFrom<Name extends KmsProviderName>(sources: KmsSources, name: Name): Promise<KmsProvider> {
  const source: KmsSource<KmsSettings[Name]> | undefined = sources[name];
  if (source === undefined) throw notConfigured(name);
  return OPEN[name](source.settings());
}

/** `PROVIDER_NOT_CONFIGURED` */
export function notConfigured(name: KmsProviderName): AppError {
  return new AppError(
    'PROVIDER_NOT_CONFIGURED',
    `${name} is not configured on this node: no master key can be wrapped or unwrapped by it. No KMS was asked, and nothing was changed.`,
    SECTIONS[name],
    { details: { provider: name } },
  );
}

const SECTIONS: Readonly<Record<KmsProviderName, string>> = {
  AWS_KMS: "Set REGION and CUSTOMER_KEY_ID in [encryption_aws_kms] of this node's config.ini.",
  GCP_KMS: "Set PROJECT_ID, LOCATION_ID, KEY_RING_ID and KEY_ID in [encryption_gcp_kms] of this node's config.ini.",
  KMIP_KMS: "Set BASE_URL_TEMPLATE and KEY_ID in [encryption_kmip_kms] of this node's config.ini, and give the profile the client certificate and CA (fkc profile kms).",
};
