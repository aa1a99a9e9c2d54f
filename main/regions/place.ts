import { type AppError, type ErrorCode, isAppError } from '../errors.ts';
import type { KmsReplicas } from '../kms/acts.ts';
import type { KmsProvider, KmsProviderName } from '../kms/provider.ts';
import type { Fact, KeyCopy, PlaceFacts, WhyNot } from './facts.ts';
import type { KeyIdentity } from './identity.ts';

/** Opens a provider that asks that place. The caller closes it. */
export type OpenPlace = (provider: KmsProviderName, place: string) => Promise<KmsProvider>;

/** Troubles of one key or one permission: the next question may be answered. Every other trouble is the whole place's. */
const OF_ONE_KEY: ReadonlySet<ErrorCode> = new Set([
  'KMS_PERMISSION_DENIED',
  'KMS_KEY_ID_INVALID',
  'KMS_KEY_NOT_FOUND',
  'KMS_KEY_UNSUITABLE',
  'KMS_REGION_WRONG',
  'KMS_ANSWER_INVALID',
  'KMS_REQUEST_REFUSED',
  'KMS_FAILED',
  'KMS_THROTTLED',
  'KMS_LIMIT_REACHED',
]);

/** What a key in such a state does not tell. */
const OF_STATE: ReadonlySet<ErrorCode> = new Set([
  'KMS_ACT_UNSUPPORTED',
  'KMS_KEY_DISABLED',
  'KMS_KEY_PENDING_DELETION',
  'KMS_KEY_PENDING_IMPORT',
  'KMS_KEY_MATERIAL_EXPIRED',
  'KMS_KEY_UNAVAILABLE',
]);

/** Where one version of a key can be off alone. Elsewhere the question would only count against a quota. */
const VERSIONS_HAVE_STATES: ReadonlySet<KmsProviderName> = new Set(['GCP_KMS']);

const NO_SUCH_KEY: readonly ErrorCode[] = ['KMS_KEY_NOT_FOUND', 'KMS_REGION_WRONG'];
const NOTHING = { known: false, whyNot: null } as const;

/** One place of one KMS during an audit. Once it fails as a whole it is asked no more, and says why. */
export class AskedPlace {
  readonly provider: KmsProviderName;
  readonly place: string;
  readonly #open: OpenPlace;
  #kms: Promise<KmsProvider> | null = null;
  #opened: KmsProvider | null = null;
  #failure: AppError | null = null;
  #closed = false;

  constructor(provider: KmsProviderName, place: string, open: OpenPlace) {
    this.provider = provider;
    this.place = place;
    this.#open = open;
  }

  get facts(): PlaceFacts {
    const endpoints = this.#opened?.endpoints() ?? [];
    const own = endpoints.find(({ location }) => location === this.place) ?? endpoints[0];
    return {
      provider: this.provider,
      place: this.place,
      whyNot: this.#failure === null ? null : whyNot(this.#failure),
      medianMs: own?.latency.medianMs ?? null,
      requests: endpoints.reduce((sum, { requests }) => sum + requests, 0),
      throttled: endpoints.reduce((sum, { throttled }) => sum + throttled, 0),
    };
  }

  /** The KMS's own name of the key that a name means here. */
  async meaning(name: string): Promise<Fact<string>> {
    const described = await this.#fact((kms) => kms.acts.describe?.(name));
    return described.known ? { known: true, value: described.value.keyId } : described;
  }

  /** The places that the KMS says a multi-Region key has; null where it does not say. */
  async replicas(key: KeyIdentity): Promise<KmsReplicas | null> {
    const told = await this.#fact((kms) => kms.acts.replicas?.(key.at(this.place)));
    return told.known ? told.value : null;
  }

  /** All that the KMS tells of a key here. */
  async copy(key: KeyIdentity): Promise<KeyCopy> {
    const keyId = key.at(this.place);
    const blank = { place: this.place, keyId, state: null, deletionAt: null, rotation: NOTHING, aliases: NOTHING, tags: NOTHING, policy: NOTHING, grants: NOTHING, versions: NOTHING, whyNot: null };
    const described = await this.#fact((kms) => kms.acts.describe?.(keyId));
    if (!described.known) return isMissing(described) ? { ...blank, exists: 'no' } : { ...blank, exists: 'unknown', whyNot: described.whyNot };
    const { state, deletionAt } = described.value;
    const [rotation, aliases, tags, policy, grants, versions] = await Promise.all([
      this.#fact((kms) => kms.acts.rotation?.(keyId)),
      this.#fact((kms) => kms.acts.aliases?.(keyId)),
      this.#fact((kms) => kms.acts.tags?.(keyId)),
      this.#fact((kms) => kms.acts.policy?.(keyId)),
      this.#fact((kms) => kms.acts.grants?.(keyId)),
      this.#fact((kms) => (VERSIONS_HAVE_STATES.has(this.provider) ? kms.acts.versions?.(keyId) : undefined)),
    ]);
    return { ...blank, exists: 'yes', state, deletionAt, rotation, aliases, tags, policy, grants, versions };
  }

  /** Ends what is under way too. */
  close(): void {
    this.#closed = true;
    this.#opened?.close();
  }

  /** @param ask undefined where the KMS has no such act */
  async #fact<T>(ask: (kms: KmsProvider) => Promise<T> | undefined): Promise<Fact<T>> {
    if (this.#failure !== null) return { known: false, whyNot: whyNot(this.#failure) };
    try {
      const kms = await (this.#kms ??= this.#opening());
      const answer = ask(kms);
      return answer === undefined ? NOTHING : { known: true, value: await answer };
    } catch (error) {
      if (!isAppError(error)) throw error;
      if (OF_STATE.has(error.code)) return NOTHING;
      if (!OF_ONE_KEY.has(error.code)) this.#giveUp(error);
      return { known: false, whyNot: whyNot(error) };
    }
  }

  /** That it is asked no more says less than what happened when it was. */
  #giveUp(error: AppError): void {
    if (this.#failure === null || this.#failure.code === 'KMS_CIRCUIT_OPEN') this.#failure = error;
  }

  async #opening(): Promise<KmsProvider> {
    const kms = await this.#open(this.provider, this.place);
    this.#opened = kms;
    if (this.#closed) kms.close();
    return kms;
  }
}

/** Whether the KMS said that there is no such key. */
export function isMissing(fact: Fact<unknown>): boolean {
  return !fact.known && NO_SUCH_KEY.some((code) => code === fact.whyNot?.code);
}

/** An error as findings tell it. */
export function whyNot({ code, message, remedy }: AppError): WhyNot {
  return { code, message, remedy };
}
