import { AppError, isAppError, type Failure } from '../main/errors.ts';
import type { ChainEnd } from '../main/audit/chain.ts';
import type { LuDefinition } from '../main/lu/definition.ts';
import type { GenerateKey } from '../main/masterkey/generators.ts';
import type { ActivationProgress } from '../main/masterkey/activate.ts';
import type { SecretBytes } from '../main/secret.ts';
import type { AuditVerification } from './contract/audit.ts';
import type { ConsoleEvent } from './contract/events.ts';
import type { Input, Output } from './contract/index.ts';
import type { Status } from './contract/session.ts';
import type { ProfileView } from './contract/settings.ts';
import { consoleLog, failureOf, type ErrorLog } from './error-log.ts';
import { Profiles, type Profile, type StoredPreferences } from './profiles.ts';
import { Activation } from './services/activation.ts';
import { Cluster } from './services/cluster.ts';
import { DataStore } from './services/data-store.ts';
import { DEMO_START, demoProfile, demoReady, prepareDemo } from './services/demo.ts';
import { IdleClock } from './services/idle-clock.ts';
import { Jobs } from './services/jobs.ts';
import { KeyList } from './services/key-list.ts';
import { KeyStoreActs } from './services/keystore.ts';
import { createProfile } from './services/new-profile.ts';
import { OverviewReport } from './services/overview.ts';

/** How often the window looks whether another process changed something. */
const WATCH_EVERY_MS = 2_000;

export interface ServicesOptions {
  /** The folder of profiles, preferences, logs and the demo cluster. */
  readonly home: string;
  /** Default: the embedded demo cluster. */
  readonly profile?: string;
  readonly emit?: (event: ConsoleEvent) => void;
  /** Set where a test must know the keys. */
  readonly generate?: GenerateKey;
}

/** Everything that works on one profile. Replaced as a whole when another profile is chosen. */
interface Opened {
  readonly cluster: Cluster;
  readonly jobs: Jobs;
  readonly keys: KeyList;
  readonly data: DataStore;
  readonly activation: Activation;
  readonly keystore: KeyStoreActs;
  readonly overview: OverviewReport;
}

/**
 * The composition root: a profile in, services out, the same for window, CLI and tests. Going live is asked for by
 * {@link unlock} or {@link start}; opening alone needs no key.
 */
export class Services {
  readonly home: string;
  readonly profiles: Profiles;
  readonly emit: (event: ConsoleEvent) => void;
  readonly #generate: GenerateKey | undefined;
  readonly #log: ErrorLog;
  readonly #clock = { offset: 0 };
  readonly #idle = new IdleClock(() => void this.lock('idle').catch((error: unknown) => this.#log.record('idle lock', error)));
  #turn: Promise<unknown> = Promise.resolve();
  #watch: NodeJS.Timeout | null = null;
  #seenHead = 0;
  #opened: Opened;
  #state: { readonly is: 'starting' | 'ready' } | { readonly is: 'failed'; readonly failure: Failure } = { is: 'ready' };
  #audit: Status['audit'] = { records: 0, verifiedAt: null, intact: null };

  private constructor(options: ServicesOptions, profiles: Profiles) {
    this.home = options.home;
    this.profiles = profiles;
    this.emit = options.emit ?? (() => undefined);
    this.#generate = options.generate;
    this.#log = consoleLog(options.home);
    this.#opened = undefined as unknown as Opened;
  }

  /** @throws AppError `PROFILE_*`, `DATABASE_*` */
  static async open(options: ServicesOptions): Promise<Services> {
    const profiles = new Profiles(options.home);
    const services = new Services(options, profiles);
    const profile = options.profile === undefined ? await demoProfile(profiles, options.home) : await profiles.get(options.profile);
    services.#opened = await services.#openProfile(profile);
    return services;
  }

  get cluster(): Cluster {
    return this.#opened.cluster;
  }

  get jobs(): Jobs {
    return this.#opened.jobs;
  }

  get keys(): KeyList {
    return this.#opened.keys;
  }

  get data(): DataStore {
    return this.#opened.data;
  }

  get activation(): Activation {
    return this.#opened.activation;
  }

  get keystore(): KeyStoreActs {
    return this.#opened.keystore;
  }

  get overview(): OverviewReport {
    return this.#opened.overview;
  }

  /**
   * What a window does first: goes live where no password has to be asked for, and fills the demo cluster. Failures
   * become the state that the window shows.
   */
  start(): Promise<void> {
    return this.#inTurn(() => this.#start());
  }

  /** Goes live; the demo cluster is completed first. Takes `password` over. @throws AppError `KEYSTORE_*`, `DATABASE_*` */
  unlock(password: SecretBytes | null): Promise<void> {
    return this.#inTurn(() => this.#unlock(password));
  }

  /** Pauses jobs, lets acts that run end, and zeroes every key; also where that can not be recorded. @throws AppError `DATABASE_*`, … */
  lock(reason: 'asked' | 'idle'): Promise<void> {
    return this.#withoutJobs(async () => {
      try {
        await this.cluster.lock(reason);
      } finally {
        this.emit({ type: 'status' });
      }
    });
  }

  /** Closes the current profile and opens another. @throws AppError `PROFILE_*`, `DATABASE_*` */
  async select(name: string): Promise<void> {
    const profile = await this.profiles.get(name);
    await this.#withoutJobs(async () => {
      const next = await this.#openProfile(profile);
      const before = this.#opened;
      this.#opened = next;
      this.#audit = { records: 0, verifiedAt: null, intact: null };
      await before.cluster.close();
      await this.#start();
    });
  }

  /** The profiles, as the window lists them. @throws AppError `PROFILE_INVALID` */
  async listProfiles(): Promise<ProfileView[]> {
    const current = this.cluster.profile.name;
    return (await this.profiles.list()).map(({ name, sqlite, keystore, fips, production }) => ({
      name,
      sqlite,
      keystore: keystore?.file ?? null,
      fips,
      production,
      current: name === current,
    }));
  }

  /** Makes a profile, and its KeyStore where a password is given; opens nothing. Takes `password` over. @throws AppError */
  async createProfile(profile: Parameters<Profiles['create']>[0], password: SecretBytes | null): Promise<Profile> {
    const made = await createProfile(this.profiles, profile, password);
    this.emit({ type: 'changed', what: 'profiles' });
    return made;
  }

  /** Keeps the definition of an LU in the profile, so that what is saved later is checked against it. */
  async define(definition: LuDefinition): Promise<void> {
    const profile = await this.profiles.get(this.cluster.profile.name);
    await this.profiles.save({ ...profile, lus: { ...profile.lus, [definition.lu]: definition } });
  }

  async setPreferences(preferences: StoredPreferences): Promise<void> {
    await this.profiles.savePreferences(preferences);
    this.#idle.restart(preferences.idleMinutes);
    this.emit({ type: 'changed', what: 'profiles' });
  }

  /** The user is at work: the idle clock starts anew. */
  touch(): void {
    this.#idle.touch();
  }

  /** Audit records, newest first, as the window pages through them. */
  async auditList(query: Input<'audit.list'>): Promise<Output<'audit.list'>> {
    const { records, more, total } = await this.cluster.trail.list(query);
    return { records: records.map((record) => ({ ...record })), more, total };
  }

  /** Checks the chain; with `exported`, also that it still holds what it held when that head was exported. */
  async verifyAudit(exported: ChainEnd | null = null): Promise<AuditVerification> {
    const result = await this.cluster.trail.verify(exported);
    this.#audit = { records: result.records, verifiedAt: Date.now(), intact: result.intact };
    this.emit({ type: 'status' });
    return result;
  }

  async status(): Promise<Status> {
    const { cluster } = this;
    const ring = cluster.unlocked ? cluster.ring : null;
    const head = await cluster.db.audit.head();
    return {
      profile: { name: cluster.profile.name, production: cluster.profile.production, fips: cluster.profile.fips },
      database: { ...cluster.db.info },
      protection: {
        kind: cluster.profile.keystore === null ? 'internal' : 'keystore',
        location: cluster.profile.keystore?.file ?? null,
        fingerprint: ring === null ? null : await protectionFingerprint(cluster),
        entries: ring?.protection.entries ?? null,
        rotatedAt: ring === null ? null : await ring.protection.rotatedAt(),
      },
      state: this.#state.is !== 'ready' ? this.#state.is : ring === null ? 'locked' : 'live',
      failure: this.#state.is === 'failed' ? this.#state.failure : null,
      unlockNeeds: (await cluster.needsPassword()) ? 'keystore-password' : 'nothing',
      liveSince: cluster.liveSince,
      notes: cluster.notes(),
      jobsRunning: this.jobs.running,
      censusAt: this.data.censusAt,
      audit: { ...this.#audit, records: head?.seq ?? 0 },
    };
  }

  /** Zeroes every key and closes the database. */
  async close(): Promise<void> {
    this.#idle.stop();
    if (this.#watch !== null) clearInterval(this.#watch);
    await this.#withoutJobs(() => this.cluster.close());
  }

  async #start(): Promise<void> {
    this.#state = { is: 'ready' };
    try {
      this.#idle.restart((await this.profiles.preferences()).idleMinutes);
      this.#watchOthers();
      if (!(await this.cluster.needsPassword())) {
        this.#state = { is: 'starting' };
        this.emit({ type: 'status' });
        await this.#unlock(null);
      }
    } catch (error) {
      // Stopped by a lock, or by the user, which is no failure: the next unlock goes on.
      this.#state = isAppError(error, 'CANCELLED') ? { is: 'ready' } : { is: 'failed', failure: failureOf(this.#log, 'start', error) };
    }
    this.emit({ type: 'status' });
    this.emit({ type: 'changed', what: 'all' });
  }

  async #unlock(password: SecretBytes | null): Promise<void> {
    try {
      const wasReady = !this.cluster.profile.demo || (await demoReady(this));
      if (!wasReady) this.#clock.offset = DEMO_START;
      await this.cluster.unlock(password);
      if (!wasReady) await prepareDemo(this, this.#clock);
    } finally {
      password?.dispose();
      this.#clock.offset = 0;
    }
    this.#state = { is: 'ready' };
    this.emit({ type: 'status' });
  }

  /** One change of state at a time: going live twice at once would leave keys in memory that nobody zeroes. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(change);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Pauses what runs, also the set-up of the demo that has the turn, and then takes it. */
  async #withoutJobs(change: () => Promise<void>): Promise<void> {
    await this.jobs.close();
    await this.#inTurn(async () => {
      await this.jobs.close();
      await change();
    });
  }

  /** Every act, of any process, leaves an audit record: a new head means that pages may show old figures. */
  #watchOthers(): void {
    this.#watch ??= setInterval(() => {
      void this.cluster.db.audit
        .head()
        .then((head) => {
          if (head === null || head.seq === this.#seenHead) return;
          this.#seenHead = head.seq;
          this.emit({ type: 'changed', what: 'all' });
        })
        .catch(() => undefined);
    }, WATCH_EVERY_MS).unref();
  }

  async #openProfile(profile: Profile): Promise<Opened> {
    const onActivation = (progress: ActivationProgress): void => {
      this.emit({ type: 'activation', ...progress, stripes: progress.stripes === null ? null : { ...progress.stripes } });
    };
    const cluster = await Cluster.open({
      profile,
      onActivation,
      now: () => Date.now() + this.#clock.offset,
      ...(this.#generate === undefined ? {} : { generate: this.#generate }),
    });
    const jobs = new Jobs(this.emit, (where, error) => failureOf(this.#log, where, error));
    const keys = new KeyList(cluster);
    const data = new DataStore(cluster, jobs);
    return {
      cluster,
      jobs,
      keys,
      data,
      activation: new Activation(cluster, onActivation),
      keystore: new KeyStoreActs(cluster, this.profiles, onActivation),
      overview: new OverviewReport(cluster, keys, data),
    };
  }
}

/** @see Services.open */
export function openServices(options: ServicesOptions): Promise<Services> {
  return Services.open(options);
}

async function protectionFingerprint(cluster: Cluster): Promise<string | null> {
  try {
    const current = await cluster.ring.protection.current();
    current.key.dispose();
    return current.id;
  } catch (error) {
    if (error instanceof AppError) return null;
    throw error;
  }
}
