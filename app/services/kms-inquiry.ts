import { isAppError, type AppError } from '../../main/errors.ts';
import type { KmsActs, KmsKeyFacts, KmsKeyVersion, KmsRotation } from '../../main/kms/acts.ts';
import { answered } from '../../main/kms/failures.ts';
import { KMS_PROVIDERS, type KmsProvider, type KmsProviderName } from '../../main/kms/provider.ts';
import type { KmsRegistry } from '../../main/kms/registry.ts';
import type { WhyNot } from '../../main/regions/facts.ts';
import { identify, readKmipIdentity } from '../../main/regions/identity.ts';
import { whyNot, type OpenPlace } from '../../main/regions/place.ts';
import type { NodeName, WrappedGeneration } from './kms-dependents.ts';
import { nameMeanings } from './kms-name-meanings.ts';
import type { ReadNode } from './region-places.ts';

/** Keys of one provider that are looked at beside those that something depends on. */
const LISTED = 200;
/** Keys asked about at once; the budget of each provider bounds the pace. */
const CONCURRENCY = 8;

/** What a KMS says of one key. */
export interface AskedKey {
  readonly provider: KmsProviderName;
  /** How the KMS is asked for it; of a KMIP server that the first node does not name, the same as `key`. */
  readonly keyId: string;
  /** The same for every copy of a key of several Regions, another for an equal identifier at another KMIP server. */
  readonly key: string;
  readonly facts: KmsKeyFacts | null;
  readonly whyNot: WhyNot | null;
  readonly aliases: readonly string[] | null;
  readonly versions: readonly KmsKeyVersion[] | null;
  readonly rotation: KmsRotation | null;
}

export interface AskedProvider {
  /** False while it was never asked. */
  readonly asked: boolean;
  readonly acts: KmsActs;
  /** Why it can not be asked, or does not answer. */
  readonly failure: WhyNot | null;
  readonly listing: WhyNot | null;
  readonly more: boolean;
}

export interface InquiryOptions {
  readonly registry: KmsRegistry;
  readonly nodes: readonly ReadNode[];
  readonly generations: readonly WrappedGeneration[];
  /** Asks a place that is not the registry's; the inquiry closes what it opened. */
  readonly open: OpenPlace;
}

/** How much is asked of a key: its state alone, its aliases too, or everything. Each question counts against a quota. */
export type Depth = 'state' | 'named' | 'whole';

/**
 * One round of questions to every KMS that a generation or a node's config.ini names. It can be read while it is under
 * way; a KMS that fails keeps no other from being asked.
 */
export class KmsInquiry {
  readonly names: NodeName[] = [];
  readonly keys = new Map<string, AskedKey>();
  readonly providers = new Map<KmsProviderName, AskedProvider>();
  readonly #options: InquiryOptions;
  /** `host:port` of the KMIP server that the registry asks; null until that is known. */
  #server: string | null;

  constructor(options: InquiryOptions) {
    this.#options = options;
    const { registry, nodes, generations } = options;
    this.#server = nodes[0]?.uses.find(({ provider }) => provider === 'KMIP_KMS')?.place ?? null;
    const used = (name: KmsProviderName): boolean => registry.configured.includes(name) || generations.some(({ provider }) => provider === name) || nodes.some(({ uses }) => uses.some(({ provider }) => provider === name));
    for (const name of KMS_PROVIDERS) if (used(name)) this.providers.set(name, { asked: false, acts: {}, failure: null, listing: null, more: false });
  }

  /** The node whose config.ini this machine wraps by; null where the profile names none. */
  get home(): string | null {
    return this.#options.nodes[0]?.node ?? null;
  }

  async run(): Promise<void> {
    await Promise.all([...this.providers.keys()].map((name) => this.#askProvider(name)));
  }

  /** Only finds out which keys of a provider the nodes name. @param kms null where it can not be asked */
  async runNames(name: KmsProviderName, kms: KmsProvider | null): Promise<void> {
    await this.#resolve(name, kms, new Map(this.#needed(name)));
  }

  /** The one server of the registry is asked for its own KMIP keys alone: an equal identifier there is another key. */
  elsewhere(provider: KmsProviderName, key: string): string | null {
    const server = provider === 'KMIP_KMS' ? (readKmipIdentity(key)?.server ?? null) : null;
    return server === null || this.#server === null || server === this.#server ? null : server;
  }

  /** Asks about one key of the place that `kms` asks. */
  async look(kms: KmsProvider, keyId: string, depth: Depth): Promise<AskedKey> {
    const { name: provider } = kms;
    const blank = { provider, keyId, key: identify(provider, keyId, this.#server).id, facts: null, whyNot: null, aliases: null, versions: null, rotation: null };
    try {
      const facts = (await kms.acts.describe?.(keyId)) ?? null;
      this.#answers(provider, kms);
      if (facts === null) return blank;
      if (provider === 'KMIP_KMS') this.#server = facts.location;
      const { aliases, versions, rotation } = kms.acts;
      const whole = depth === 'whole';
      const [alias, version, turns] = await Promise.all([quietly(depth === 'state' ? undefined : aliases?.(keyId)), quietly(whole ? versions?.(keyId) : undefined), quietly(whole ? rotation?.(keyId) : undefined)]);
      return { ...blank, keyId: facts.keyId, key: identify(provider, facts.keyId, facts.location).id, facts, aliases: alias, versions: version, rotation: turns };
    } catch (error) {
      if (!isAppError(error)) throw error;
      this.#fails(provider, kms, error);
      return { ...blank, whyNot: whyNot(error) };
    }
  }

  async #askProvider(name: KmsProviderName): Promise<void> {
    const ids = new Map(this.#needed(name));
    let kms: KmsProvider;
    try {
      kms = await this.#options.registry.provider(name);
    } catch (error) {
      if (!isAppError(error)) throw error;
      this.#fails(name, null, error);
      for (const [key, keyId] of ids) this.#put({ provider: name, keyId: this.elsewhere(name, key) === null ? keyId : key, key, facts: null, whyNot: whyNot(error), aliases: null, versions: null, rotation: null });
      await this.#resolve(name, null, ids);
      return;
    }
    // What holds data is asked about first; a KMIP server tells its acts only when it was asked something.
    await eachOf([...ids], async ([key, keyId]) => this.#put(await this.#lookWhere(kms, key, keyId)));
    await this.#resolve(name, kms, ids);
    await eachOf([...ids].filter(([key]) => !this.keys.has(`${name} ${key}`)), async ([key, keyId]) => this.#put(await this.#lookWhere(kms, key, keyId)));
    await this.#list(kms);
    this.#set(name, { acts: kms.acts });
  }

  /** Asks a key of another KMIP server there. */
  async #lookWhere(kms: KmsProvider, key: string, keyId: string): Promise<AskedKey> {
    const { name: provider } = kms;
    const server = this.elsewhere(provider, key);
    if (server === null) return this.look(kms, keyId, 'whole');
    const asked = { provider, keyId: key, key, facts: null, whyNot: null, aliases: null, versions: null, rotation: null };
    let there: KmsProvider | null = null;
    try {
      there = await this.#options.open(provider, server);
      return { ...asked, facts: (await there.acts.describe?.(keyId)) ?? null };
    } catch (error) {
      if (!isAppError(error)) throw error;
      return { ...asked, whyNot: whyNot(error) };
    } finally {
      there?.close();
    }
  }

  async #list(kms: KmsProvider): Promise<void> {
    const { list } = kms.acts;
    if (list === undefined) return;
    const found: string[] = [];
    try {
      for await (const { keyId } of list()) {
        if (this.keys.has(`${kms.name} ${identify(kms.name, keyId, this.#server).id}`)) continue;
        if (found.length === LISTED) {
          this.#set(kms.name, { more: true });
          break;
        }
        found.push(keyId);
      }
    } catch (error) {
      if (!isAppError(error)) throw error;
      this.#set(kms.name, { listing: whyNot(error) });
    }
    await eachOf(found, async (keyId) => this.#put(await this.look(kms, keyId, 'named')));
  }

  /** Finds out which key each node's name means, and adds it to `ids`. */
  async #resolve(name: KmsProviderName, kms: KmsProvider | null, ids: Map<string, string>): Promise<void> {
    const { nodes, registry, open } = this.#options;
    const home = registry.target(name)?.location ?? null;
    const meanings = nameMeanings({
      provider: name,
      kms,
      home,
      nodes,
      known: [...ids.values()],
      open,
      server: () => this.#server,
      told: (key) => this.keys.get(`${name} ${key}`)?.facts ?? null,
      onFailure: (error) => this.#fails(name, kms, error),
    });
    for await (const { keyId, name: meant } of meanings) {
      this.names.push(meant);
      if (keyId !== null && meant.key !== null && !ids.has(meant.key)) ids.set(meant.key, keyId);
      if (keyId === null && meant.region === home) this.#put({ provider: name, keyId: meant.name, key: meant.name, facts: null, whyNot: this.providers.get(name)?.failure ?? notKnown(), aliases: null, versions: null, rotation: null });
    }
  }

  /** Keys that generations are wrapped by: how they are asked for, by which key it is. */
  #needed(name: KmsProviderName): [key: string, keyId: string][] {
    return this.#options.generations.filter(({ provider }) => provider === name).map(({ key, keyId }) => [key, keyId]);
  }

  #put(key: AskedKey): void {
    this.keys.set(`${key.provider} ${key.key}`, key);
  }

  #set(name: KmsProviderName, facts: Partial<AskedProvider>): void {
    const known = this.providers.get(name) ?? { asked: true, acts: {}, failure: null, listing: null, more: false };
    this.providers.set(name, { ...known, asked: true, ...facts });
  }

  #answers(name: KmsProviderName, kms: KmsProvider): void {
    this.#set(name, { failure: null, acts: kms.acts });
  }

  /** That one key is disabled or may not be looked at says nothing against its KMS. */
  #fails(name: KmsProviderName, kms: KmsProvider | null, error: AppError): void {
    const isItsOwn = answered(error) !== 'yes' || error.code.startsWith('KMS_CREDENTIALS_') || error.code === 'KMS_CIRCUIT_OPEN';
    this.#set(name, { acts: kms?.acts ?? {}, ...(isItsOwn ? { failure: whyNot(error) } : {}) });
  }
}

/** What a permission or the key's state keeps from being told is left out. */
async function quietly<T>(answer: Promise<T> | undefined): Promise<T | null> {
  try {
    return (await answer) ?? null;
  } catch (error) {
    if (!isAppError(error)) throw error;
    return null;
  }
}

async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, items.length) }, worker));
}

function notKnown(): WhyNot {
  return { code: 'KMS_KEY_NOT_FOUND', message: 'The KMS knows no key by the name that stands in config.ini.', remedy: 'Correct the key in config.ini, or ask who runs the KMS.' };
}
