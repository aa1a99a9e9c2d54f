import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../main/errors.ts';
import type { KmsProvider, KmsProviderName } from '../../main/kms/provider.ts';
import { identify, readKmipIdentity } from '../../main/regions/identity.ts';
import type { KmsKeyDetailView, KmsOverviewView, KmsTestView } from '../contract/kms.ts';
import type { Profile, Profiles } from '../profiles.ts';
import { censusState, type Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';
import { dependentsOf, wrappedGenerations, type Dependents, type WrappedGenerations } from './kms-dependents.ts';
import { KmsInquiry, type AskedKey, type Depth } from './kms-inquiry.ts';
import { findKey } from './kms-key-search.ts';
import { keysOf, keyView, providerView, shown, wrapsOf } from './kms-key-views.ts';
import { testProviders } from './kms-provider-test.ts';
import type { KmsWatch } from './kms-watch.ts';
import { placesOf, readNodes } from './region-places.ts';

/** Answers older than this are asked for anew, in milliseconds. */
const FRESH_MS = 20_000;
/** How long a page waits for the KMSs before it is told what is known so far. */
const PATIENCE_MS = 1_200;
const AUDIT_SHOWN = 20;

/** A key with all that is known of it. */
export interface KmsKeyInUse {
  readonly kms: KmsProvider;
  readonly asked: AskedKey;
  readonly inquiry: KmsInquiry;
  readonly wrapped: WrappedGenerations;
  /** Nodes whose config.ini could not be read. */
  readonly unreadNodes: readonly string[];
}

/** Providers and their keys: their state, as the KMSs tell it, and what depends on them, as the system database tells it. */
export class KmsKeys {
  readonly #cluster: Cluster;
  readonly #censuses: Censuses;
  readonly #watch: KmsWatch;
  readonly #profiles: Profiles;
  #inquiry: KmsInquiry | null = null;
  #askedAt: number | null = null;
  #asking: Promise<void> | null = null;

  constructor(cluster: Cluster, censuses: Censuses, watch: KmsWatch, profiles: Profiles) {
    this.#cluster = cluster;
    this.#censuses = censuses;
    this.#watch = watch;
    this.#profiles = profiles;
  }

  /**
   * What is known now. KMSs are asked where that was long ago.
   * @param patient waits until each has answered or failed
   * @throws AppError `DATABASE_*`, `PROFILE_*`: what a KMS fails with is part of the answer
   */
  async overview(patient = false): Promise<KmsOverviewView> {
    if (this.#asking === null && (patient || this.#askedAt === null || Date.now() - this.#askedAt > FRESH_MS)) this.#ask();
    const asking = this.#asking;
    if (asking !== null) await (patient ? asking : Promise.race([asking, delay(PATIENCE_MS)]));
    const [census, wrapped, health] = await Promise.all([this.#censuses.standing(), wrappedGenerations(this.#cluster.db), this.#watch.keys()]);
    const inquiry = this.#inquiry;
    const dependents = (key: AskedKey): Dependents => dependentsOf(key.provider, key.key, wrapped, inquiry?.names ?? [], census);
    const keys = inquiry === null ? [] : keysOf(inquiry, wrapped).map((key) => keyView(key, inquiry, dependents(key)));
    return {
      providers: [...(inquiry?.providers ?? [])].map(([name, asked]) => providerView(name, asked, { registry: this.#cluster.kms.registry, health, wrapped, census })),
      keys,
      census: censusState(census),
      askedAt: this.#askedAt,
      asking: this.#asking !== null,
    };
  }

  /** Asks the KMS about one key. @throws AppError `PROVIDER_NOT_CONFIGURED`, what its settings lack, `DATABASE_*` */
  async key(provider: KmsProviderName, keyId: string): Promise<KmsKeyDetailView> {
    const used = await this.inUse(provider, keyId, 'whole');
    const { asked, inquiry, wrapped } = used;
    const [census, health, records] = await Promise.all([
      this.#censuses.standing(),
      this.#watch.keys(),
      this.#cluster.trail.list({ limit: AUDIT_SHOWN, search: asked.keyId }),
    ]);
    const dependents = dependentsOf(provider, asked.key, wrapped, inquiry.names, census);
    const own = health.filter((one) => one.provider === provider && identify(provider, one.keyId, one.location).id === asked.key);
    const failing = own.find(({ failure }) => failure !== null);
    return {
      ...keyView(asked, inquiry, dependents),
      origin: asked.facts?.origin ?? null,
      materialExpiresAt: asked.facts?.materialExpiresAt ?? null,
      replacedBy: asked.facts?.replacedBy ?? null,
      versionList: asked.versions === null ? null : asked.versions.map(({ version, current, createdAt, cause, state = null }) => ({ version, current, createdAt, cause, state })),
      wraps: wrapsOf(dependents),
      byLu: [...dependents.byLu],
      held: own.reduce((sum, { held }) => sum + held, 0),
      failing: failing?.failure == null || failing.since === null ? null : { since: failing.since, failure: shown(failing.failure) },
      census: censusState(census),
      audit: records.records.map(({ seq, at, act, outcome }) => ({ seq, at, act, outcome })),
    };
  }

  /** Everything that an act on a key has to know, asked for now. @throws AppError as {@link key} */
  async inUse(provider: KmsProviderName, keyId: string, depth: Depth): Promise<KmsKeyInUse> {
    const { inquiry, wrapped, unreadNodes } = await this.#prepare();
    const kms = await this.#cluster.kms.registry.provider(provider);
    const server = inquiry.elsewhere(provider, keyId);
    if (server !== null) throw ofAnotherServer(keyId, server);
    // The first answer of a KMIP server says which one it is, and so which key a node names there.
    const asked = await inquiry.look(kms, provider === 'KMIP_KMS' ? (readKmipIdentity(keyId)?.keyId ?? keyId) : keyId, depth);
    if (asked.facts !== null && inquiry.elsewhere(provider, keyId) !== null) throw ofAnotherServer(keyId, readKmipIdentity(keyId)?.server ?? '');
    await inquiry.runNames(provider, kms);
    return { kms, asked, inquiry, wrapped, unreadNodes };
  }

  /** What the KMSs said is no longer so: they are asked anew when somebody looks. */
  forget(): void {
    this.#askedAt = null;
    if (this.#cluster.unlocked) void this.#watch.look().catch(() => undefined);
  }

  /** The key that a person means by `text`. @throws AppError as {@link findKey} */
  async find(text: string, only?: KmsProviderName): Promise<{ provider: KmsProviderName; keyId: string }> {
    await this.#cluster.refreshKms();
    return findKey(text, only, { cluster: this.#cluster, nodes: await readNodes(await this.#profile()) });
  }

  /** A round trip at each configured provider, or one. @throws AppError `PROVIDER_NOT_CONFIGURED` where none is configured */
  async test(only?: KmsProviderName): Promise<KmsTestView[]> {
    await this.#cluster.refreshKms();
    return testProviders(this.#cluster, only);
  }

  #ask(): void {
    const asking = this.#prepare().then(async ({ inquiry }) => {
      // The first round is shown as it comes; later ones take the place of what is shown when they are done.
      if (this.#inquiry === null) this.#inquiry = inquiry;
      await inquiry.run();
      this.#inquiry = inquiry;
      this.#askedAt = Date.now();
    });
    this.#asking = asking.finally(() => (this.#asking = null));
    this.#asking.catch(() => undefined);
  }

  async #prepare(): Promise<{ inquiry: KmsInquiry; wrapped: WrappedGenerations; unreadNodes: string[] }> {
    await this.#cluster.refreshKms();
    const profile = await this.#profile();
    const [nodes, wrapped] = await Promise.all([readNodes(profile), wrappedGenerations(this.#cluster.db)]);
    const inquiry = new KmsInquiry({ registry: this.#cluster.kms.registry, nodes, generations: wrapped.known, open: placesOf(profile, nodes, process.env, this.#cluster.credentials) });
    return { inquiry, wrapped, unreadNodes: nodes.filter((node) => node.whyNot !== null).map(({ node }) => node) };
  }

  /** Read anew: nodes may have been added since it was opened. */
  #profile(): Promise<Profile> {
    return this.#profiles.get(this.#cluster.profile.name);
  }
}

function ofAnotherServer(key: string, server: string): AppError {
  return new AppError(
    'KMS_REGION_WRONG',
    `The key ${key.slice(0, 300)} is at the KMIP server ${server.slice(0, 120)}, and the first node of this profile names another one, where the same identifier is another key. Nothing was asked or changed.`,
    'Look at it from a profile whose first node names that server, or with the tools of that server; what is under it is listed in the audit of the regions (fkc regions audit).',
    { details: { provider: 'KMIP_KMS', location: server.slice(0, 256) } },
  );
}
