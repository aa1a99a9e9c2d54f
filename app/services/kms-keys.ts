import { setTimeout as delay } from 'node:timers/promises';
import { AppError, isAppError } from '../../main/errors.ts';
import type { KmsAct, KmsActs } from '../../main/kms/acts.ts';
import { readVersionName } from '../../main/kms/gcp/key-name.ts';
import type { KmsProvider, KmsProviderName } from '../../main/kms/provider.ts';
import { identify, readKmipIdentity } from '../../main/regions/identity.ts';
import type { StandingCensus } from '../../main/census/standing.ts';
import type { KmsActName, KmsKeyDetailView, KmsKeyView, KmsOverviewView, KmsProviderView, KmsTestView } from '../contract/kms.ts';
import type { Profile, Profiles } from '../profiles.ts';
import { censusState, type Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';
import { dependentsOf, wrappedGenerations, type Dependents, type WrappedGenerations } from './kms-dependents.ts';
import { KmsInquiry, type AskedKey, type AskedProvider, type Depth } from './kms-inquiry.ts';
import { roundTrip } from './kms-test.ts';
import type { KmsKeyHealth, KmsWatch } from './kms-watch.ts';
import { meantBy, nameOf, type NamedKey } from './kms-names.ts';
import { placesOf, readNodes } from './region-places.ts';

/** Answers older than this are asked for anew, in milliseconds. */
const FRESH_MS = 20_000;
/** How long a page waits for the KMSs before it is told what is known so far. */
const PATIENCE_MS = 1_200;
const AUDIT_SHOWN = 20;

/** Each act by its name at the KMS. */
export const ACTS: Readonly<Record<KmsActName, KmsAct & keyof KmsActs>> = {
  enable: 'enable',
  disable: 'disable',
  rotate: 'rotateNow',
  'schedule-deletion': 'scheduleDeletion',
  'cancel-deletion': 'cancelDeletion',
};

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
    const keys = inquiry === null ? [] : this.#keysOf(inquiry, wrapped).map((key) => this.#row(key, inquiry, dependents(key)));
    return {
      providers: [...(inquiry?.providers ?? [])].map(([name, asked]) => this.#provider(name, asked, health, wrapped, census)),
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
      ...this.#row(asked, inquiry, dependents),
      origin: asked.facts?.origin ?? null,
      materialExpiresAt: asked.facts?.materialExpiresAt ?? null,
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

  /**
   * The key that a person means by `text`: its ID, ARN, resource name, alias, or the name in config.ini. That one key of a
   * short name has generations does not say that no other is meant which a node's config.ini names.
   * @throws AppError `INPUT_INVALID` where several are meant; `KMS_KEY_ID_INVALID` for one version of a key;
   *   `KMS_KEY_NOT_FOUND`, and what the KMS says
   */
  async find(text: string, only?: KmsProviderName): Promise<{ provider: KmsProviderName; keyId: string }> {
    assertWholeKey(text);
    await this.#cluster.refreshKms();
    const { known } = await wrappedGenerations(this.#cluster.db);
    const nodes = await readNodes(await this.#profile());
    const meant = meantBy(text, only, known, nodes.flatMap(({ uses }) => uses));
    const [one, another] = meant;
    if (another !== undefined) throw ambiguous(text, meant);
    if (one?.wraps === true) return { provider: one.provider, keyId: wholeName(one) };
    let last: AppError | null = null;
    for (const provider of only === undefined ? this.#mayHave(text) : [only]) {
      try {
        const found = await (await this.#cluster.kms.registry.provider(provider)).acts.describe?.(text);
        if (found !== undefined) return { provider, keyId: found.keyId };
      } catch (error) {
        if (!isAppError(error)) throw error;
        last = error;
      }
    }
    throw last ?? new AppError('KMS_KEY_NOT_FOUND', `No KMS that this profile names knows a key "${text.slice(0, 120)}". Nothing was changed.`, 'See the list: fkc kms keys', { details: { key: text.slice(0, 256) } });
  }

  /** A round trip at each configured provider, or one. @throws AppError `PROVIDER_NOT_CONFIGURED` where none is configured */
  async test(only?: KmsProviderName): Promise<KmsTestView[]> {
    await this.#cluster.refreshKms();
    const { registry } = this.#cluster.kms;
    const names = only === undefined ? registry.configured : [only];
    if (names.length === 0) throw new AppError('PROVIDER_NOT_CONFIGURED', 'No config.ini of this profile names a KMS key, so that there is nothing to try.', 'Set one on the page Configuration, or with: fkc config set');
    return this.#cluster.guarded('kms.test', names.join(' '), {}, async (note) => {
      const tests = await Promise.all(
        names.map(async (provider): Promise<KmsTestView> => {
          const keyId = registry.target(provider)?.keyId ?? null;
          const steps = await roundTrip(() => registry.provider(provider), askable(keyId ?? ''), this.#cluster.kmsAccess.cluster);
          return { provider, keyId, ok: steps.every(({ ok, step }) => ok || step === 'describe') && steps.some(({ step }) => step === 'compare'), steps: steps.map(({ failure, ...step }) => ({ ...step, failure: failure === null ? null : { ...failure, details: { ...failure.details } } })) };
        }),
      );
      for (const { provider, ok, steps } of tests) note({ [provider]: ok ? 'ok' : (steps.find((step) => !step.ok)?.failure?.code ?? 'failed') });
      return tests;
    });
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

  /** Keys that were not asked about yet stand there by what the system database says. */
  #keysOf(inquiry: KmsInquiry, { known }: WrappedGenerations): AskedKey[] {
    const unasked = new Map<string, AskedKey>();
    for (const { provider, key, keyId } of known) {
      if (!inquiry.keys.has(`${provider} ${key}`)) unasked.set(`${provider} ${key}`, { provider, keyId: inquiry.elsewhere(provider, key) === null ? keyId : key, key, facts: null, whyNot: null, aliases: null, versions: null, rotation: null });
    }
    return [...inquiry.keys.values(), ...unasked.values()];
  }

  #row({ provider, keyId, key, facts, whyNot: why, aliases, versions, rotation }: AskedKey, inquiry: KmsInquiry, dependents: Dependents): KmsKeyView {
    const able = inquiry.providers.get(provider)?.acts ?? {};
    return {
      provider,
      keyId,
      name: nameOf(keyId),
      state: facts?.state ?? null,
      whyNot: why === null ? null : shown(why),
      location: facts?.location ?? readKmipIdentity(key)?.server ?? identify(provider, keyId).home ?? dependents.generations[0]?.location ?? null,
      multiRegion: facts?.multiRegion ?? false,
      note: facts?.note ?? '',
      createdAt: facts?.createdAt ?? null,
      deletionAt: facts?.deletionAt ?? null,
      aliases: aliases === null ? null : [...aliases],
      versions: versions?.length ?? null,
      rotation: rotation === null ? null : { everyDays: rotation.everyDays, nextAt: rotation.nextAt },
      acts: facts === null || inquiry.elsewhere(provider, key) !== null ? [] : actsOfKey(able, facts.acts),
      canWrap: facts?.canWrap ?? null,
      configured: inquiry.names.some((name) => name.provider === provider && name.key === key && name.node === inquiry.home),
      generations: dependents.generations.length,
      instances: dependents.instances,
      nodes: [...dependents.nodes],
      regions: [...dependents.regions],
    };
  }

  #provider(name: KmsProviderName, asked: AskedProvider, health: readonly KmsKeyHealth[], wrapped: WrappedGenerations, census: StandingCensus): KmsProviderView {
    const { registry } = this.#cluster.kms;
    const target = registry.target(name);
    const endpoints = registry.endpoints().filter(({ provider }) => provider === name);
    const failing = health.filter((key) => key.provider === name && key.failure !== null);
    const lost = new Set(failing.flatMap(({ generations }) => generations));
    const sinces = [...failing.flatMap(({ since }) => since ?? []), ...endpoints.flatMap(({ circuit }) => circuit.failingSince ?? [])];
    const silent = asked.failure !== null;
    const gone = silent ? new Set([...lost, ...wrapped.known.filter(({ provider }) => provider === name).map(({ description }) => description)]) : lost;
    return {
      provider: name,
      configured: target === null ? null : { keyId: target.keyId, location: target.location },
      endpoints: endpoints.map(({ location, circuit, latency, requests, retries, throttled }) => ({
        location,
        circuit: circuit.state,
        failingSince: circuit.failingSince,
        retryAt: circuit.retryAt === null ? null : Math.round(circuit.retryAt),
        last: circuit.last === null ? null : { ...circuit.last },
        medianMs: latency.medianMs,
        p95Ms: latency.p95Ms,
        requests,
        retries,
        throttled,
      })),
      acts: actsOfKey(asked.acts, null),
      answers: silent ? 'no' : asked.asked ? 'yes' : 'unknown',
      failure: asked.failure === null ? null : shown(asked.failure),
      since: sinces.length === 0 ? null : Math.min(...sinces),
      lostAtRestart: { generations: gone.size, instances: census.rows.filter(({ keyDescription }) => gone.has(keyDescription)).reduce((sum, { instances }) => sum + instances, 0) },
      listing: asked.listing === null ? null : shown(asked.listing),
      more: asked.more,
    };
  }

  #mayHave(text: string): readonly KmsProviderName[] {
    if (/^(arn:|alias\/)/.test(text)) return ['AWS_KMS'];
    if (text.startsWith('projects/')) return ['GCP_KMS'];
    return this.#cluster.kms.registry.configured;
  }

  /** Read anew: nodes may have been added since it was opened. */
  #profile(): Promise<Profile> {
    return this.#profiles.get(this.#cluster.profile.name);
  }
}

/** An act is one on all versions of a key: whoever names one version means less. @throws AppError `KMS_KEY_ID_INVALID` */
export function assertWholeKey(keyId: string): void {
  if (readVersionName(keyId) === null) return;
  throw new AppError('KMS_KEY_ID_INVALID', `"${keyId.slice(0, 300)}" is one version of a key, and the console acts on whole keys. Nothing was changed.`, 'Name the key, without /cryptoKeyVersions/…; act on one version with the tools of Google Cloud, after looking at what depends on it (fkc kms show).');
}

/** The acts of ours that a provider has and that a key allows. @param allowed null: as far as the provider goes */
export function actsOfKey(able: KmsActs, allowed: readonly KmsAct[] | null): KmsActName[] {
  return (Object.keys(ACTS) as KmsActName[]).filter((act) => able[ACTS[act]] !== undefined && (allowed === null || allowed.includes(ACTS[act])));
}

/** Generations as they cross to the window. */
export function wrapsOf({ generations }: Dependents): KmsKeyDetailView['wraps'] {
  return generations.map(({ name, description, state, version, location, activatedAt, deactivatedAt, instances }) => ({ name, description, state, version, location, activatedAt, deactivatedAt, instances }));
}

function shown({ code, message, remedy }: { readonly code: string; readonly message: string; readonly remedy: string }): { code: string; message: string; remedy: string } {
  return { code, message, remedy };
}

/** Google's keys are asked for alone or by their whole name, and not by ring and key. */
function askable(keyId: string): string {
  return /^[^/:]+\/[^/]+$/.test(keyId) && !keyId.startsWith('alias/') ? nameOf(keyId) : keyId;
}

/** A KMIP identifier says nothing without its server. */
function wholeName({ provider, keyId, key }: NamedKey): string {
  return provider === 'KMIP_KMS' ? key : keyId;
}

function ofAnotherServer(key: string, server: string): AppError {
  return new AppError(
    'KMS_REGION_WRONG',
    `The key ${key.slice(0, 300)} is at the KMIP server ${server.slice(0, 120)}, and the first node of this profile names another one, where the same identifier is another key. Nothing was asked or changed.`,
    'Look at it from a profile whose first node names that server, or with the tools of that server; what is under it is listed in the audit of the regions (fkc regions audit).',
    { details: { provider: 'KMIP_KMS', location: server.slice(0, 256) } },
  );
}

function ambiguous(text: string, meant: readonly NamedKey[]): AppError {
  return new AppError(
    'INPUT_INVALID',
    `"${text.slice(0, 120)}" means ${meant.length} keys: ${meant.map((one) => `${wholeName(one)} (${one.provider})`).join(', ')}. Nothing was changed.`,
    'Name it by its whole ID, or name its provider: --provider',
    { details: { keys: meant.map(wholeName) } },
  );
}
