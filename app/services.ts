import { isAppError } from '../main/errors.ts';
import type { ChainEnd } from '../main/audit/chain.ts';
import type { LuDefinition } from '../main/lu/definition.ts';
import type { GenerateKey } from '../main/masterkey/generators.ts';
import type { SecretBytes } from '../main/secret.ts';
import type { AuditVerification } from './contract/audit.ts';
import type { ConsoleEvent } from './contract/events.ts';
import type { Input, Output } from './contract/index.ts';
import type { Outage, Status } from './contract/session.ts';
import type { ConnectionStep, ProfileView } from './contract/settings.ts';
import { consoleLog, failureOf } from './error-log.ts';
import type { Keychain } from './keychain.ts';
import { Profiles, type Profile, type StoredPreferences } from './profiles.ts';
import type { Activation } from './services/activation.ts';
import type { Censuses } from './services/census.ts';
import type { Cluster } from './services/cluster.ts';
import type { Configs } from './services/config.ts';
import type { ConfigPlans } from './services/config-plans.ts';
import type { FolderScans } from './services/folder-scan.ts';
import type { ClusterMap } from './services/cluster-map.ts';
import type { DataStore } from './services/data-store.ts';
import { DEMO_PROFILE, DEMO_START, demoProfile, demoReady, prepareDemo } from './services/demo.ts';
import { IdleClock } from './services/idle-clock.ts';
import type { Jobs } from './services/jobs.ts';
import type { KeyList } from './services/key-list.ts';
import type { KeyStoreActs } from './services/keystore.ts';
import type { KmsKeyActs } from './services/kms-acts.ts';
import type { KmsCredentials } from './services/kms-credentials.ts';
import type { KmsKeys } from './services/kms-keys.ts';
import type { KmsReplacement } from './services/kms-replace.ts';
import type { KmsWatch } from './services/kms-watch.ts';
import { createProfile, databaseView, profileView, withWholeClusterPaths } from './services/new-profile.ts';
import { testConnection } from './services/connection-test.ts';
import { addNode, removeNode } from './services/profile-nodes.ts';
import type { OverviewReport } from './services/overview.ts';
import type { RegionAudits } from './services/regions.ts';
import type { Rekeys } from './services/rekey.ts';
import { openProfileServices, type ProfileServices, type Surroundings } from './services/profile-services.ts';
import { statusOf, type LiveState } from './services/status.ts';
import { needsDatabasePassword } from './services/system-db.ts';

/** How often the window looks whether another process changed something. */
const WATCH_EVERY_MS = 2_000;

export interface ServicesOptions {
  /** The folder of profiles, preferences, logs and the demo cluster. */
  readonly home: string;
  /** Default: the embedded demo cluster. */
  readonly profile?: string;
  /** Asks for the system database's password where the profile has a user and no source for it. */
  readonly askDatabasePassword?: (profile: Profile) => Promise<SecretBytes>;
  readonly emit?: (event: ConsoleEvent) => void;
  /** Of a host where a person can give credentials; left out, none are taken and none that were sealed are opened. */
  readonly keychain?: Keychain;
  /** Set where a test must know the keys. */
  readonly generate?: GenerateKey;
}

/**
 * The composition root: a profile in, services out, the same for window, CLI and tests. Going live is asked for by
 * {@link unlock} or {@link start}; opening alone needs no key.
 */
export class Services {
  readonly home: string;
  readonly profiles: Profiles;
  readonly emit: (event: ConsoleEvent) => void;
  readonly #around: Surroundings;
  readonly #idle = new IdleClock(() => void this.lock('idle').catch((error: unknown) => this.#around.log.record('idle lock', error)));
  #turn: Promise<unknown> = Promise.resolve();
  #watch: NodeJS.Timeout | null = null;
  #looking = false;
  #seenHead = 0;
  /** What the database said the last time that it was looked at or opened, when that was an error, and since when it says so. */
  #silence: { readonly error: unknown; readonly since: number } | null = null;
  readonly #options: ServicesOptions;
  /** The profile that is shown, or that is to be opened first. */
  #name: string;
  /** null until the first profile is open. */
  #standing: ProfileServices | null = null;
  #state: LiveState = { is: 'ready' };
  #audit: Status['audit'] = { records: 0, verifiedAt: null, intact: null };

  /** Opens nothing yet: a window can list the profiles, and choose another one, while the first can not be opened. */
  constructor(options: ServicesOptions) {
    const { home, emit = () => undefined, generate, keychain = null } = options;
    this.home = home;
    this.profiles = new Profiles(home);
    this.emit = emit;
    this.#options = options;
    this.#name = options.profile ?? DEMO_PROFILE;
    this.#around = { profiles: this.profiles, emit, log: consoleLog(home), clock: { offset: 0 }, generate, keychain };
  }

  /** @throws AppError `PROFILE_*`, `DATABASE_*` */
  static async open(options: ServicesOptions): Promise<Services> {
    const services = new Services(options);
    await services.openFirst();
    return services;
  }

  /**
   * Opens the first profile, where none is open. Goes not live.
   * @returns whether it was opened by this call
   * @throws AppError `PROFILE_*`, `DATABASE_*`; {@link outage} tells it then
   */
  openFirst(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#standing !== null) return false;
      try {
        this.#standing = await this.#openFirst();
      } catch (error) {
        // Not told to the window: it asked, and this is the answer.
        this.#silence = this.#silentSince(error);
        throw error;
      }
      this.#silence = null;
      return true;
    });
  }

  async #openFirst(): Promise<ProfileServices> {
    const { profile: name, askDatabasePassword } = this.#options;
    const profile = name === undefined ? await demoProfile(this.profiles, this.home) : await this.profiles.get(name);
    const password = askDatabasePassword !== undefined && (await needsDatabasePassword(profile)) ? await askDatabasePassword(profile) : null;
    return openProfileServices(profile, this.#around, password);
  }

  get #opened(): ProfileServices {
    if (this.#standing !== null) return this.#standing;
    throw this.#silence?.error ?? new Error('A service was asked for before a profile was open.');
  }

  get cluster(): Cluster {
    return this.#opened.cluster;
  }

  get map(): ClusterMap {
    return this.#opened.map;
  }

  get jobs(): Jobs {
    return this.#opened.jobs;
  }

  get censuses(): Censuses {
    return this.#opened.censuses;
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

  get rekeys(): Rekeys {
    return this.#opened.rekeys;
  }

  get replacement(): KmsReplacement {
    return this.#opened.replacement;
  }

  get kmsKeys(): KmsKeys {
    return this.#opened.kmsKeys;
  }

  get kmsActs(): KmsKeyActs {
    return this.#opened.kmsActs;
  }

  get kmsCredentials(): KmsCredentials {
    return this.#opened.kmsCredentials;
  }

  get regions(): RegionAudits {
    return this.#opened.regions;
  }

  get configPlans(): ConfigPlans {
    return this.#opened.configPlans;
  }

  get configs(): Configs {
    return this.#opened.configs;
  }

  get scans(): FolderScans {
    return this.#opened.scans;
  }

  get kmsWatch(): KmsWatch {
    return this.#opened.kmsWatch;
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

  /**
   * Closes the current profile and opens another, and waits until it is live; the filling of a demo goes on afterwards,
   * so that the window can show how far it is. Takes `databasePassword` over.
   * @throws AppError `PROFILE_*`, `DATABASE_*`; the current profile stays then
   */
  async select(name: string, databasePassword: SecretBytes | null = null): Promise<void> {
    const profile = await this.profiles.get(name);
    await this.#withoutJobs(async () => {
      const next = await openProfileServices(profile, this.#around, databasePassword);
      const before = this.#standing;
      this.#standing = next;
      this.#name = name;
      this.#silence = null;
      this.#audit = { records: 0, verifiedAt: null, intact: null };
      await before?.cluster.close();
    });
    const filled = !profile.demo || (await demoReady(this).catch(() => true));
    const started = this.start();
    if (filled) await started;
  }

  /** The profiles, as the window lists them. @throws AppError `PROFILE_INVALID` */
  async listProfiles(): Promise<ProfileView[]> {
    return Promise.all((await this.profiles.list()).map((profile) => profileView(profile, this.#name)));
  }

  /** Makes a profile, and its KeyStore where a password is given; opens nothing. Takes `password` over. @throws AppError */
  async createProfile(profile: Parameters<Profiles['create']>[0], password: SecretBytes | null): Promise<Profile> {
    const made = await createProfile(this.profiles, profile, password);
    this.emit({ type: 'changed', what: 'profiles' });
    return made;
  }

  /** How far a connection to a cluster comes; keeps nothing. Takes `password` over. @throws AppError `PROFILE_INVALID`, `DATABASE_PASSWORD_MISSING` */
  async testConnection(cassandra: NonNullable<Parameters<Profiles['create']>[0]['cassandra']>, password: SecretBytes | null): Promise<ConnectionStep[]> {
    return testConnection(withWholeClusterPaths(this.profiles.checkCassandra(cassandra)), password);
  }

  /** Keeps the definition of an LU in the profile, so that what is saved later is checked against it. */
  async define(definition: LuDefinition): Promise<void> {
    const profile = await this.profiles.get(this.cluster.profile.name);
    await this.profiles.save({ ...profile, lus: { ...profile.lus, [definition.lu]: definition } });
  }

  /** Keeps where a node's config.ini is. @throws AppError as {@link addNode} */
  async addNode(node: string, configIni: string): Promise<void> {
    await addNode(this.profiles, this.cluster.profile.name, node, configIni);
    this.emit({ type: 'changed', what: 'profiles' });
  }

  /** @throws AppError `CONFIG_NODE_UNKNOWN` */
  async removeNode(node: string): Promise<void> {
    await removeNode(this.profiles, this.cluster.profile.name, node);
    this.emit({ type: 'changed', what: 'profiles' });
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

  /** @throws AppError `DATABASE_*`; at once, without asking again, while the database is known not to answer */
  async status(): Promise<Status> {
    if (this.#silence !== null) throw this.#silence.error;
    return statusOf(this.#opened, this.#state, this.#audit);
  }

  /** What can be told of the profile without its database: whether that answers, and since when it does not. */
  async outage(): Promise<Outage> {
    const profile = await this.profiles.find(this.#name).catch(() => null);
    const silence = this.#silence;
    return {
      profile: this.#name,
      database: profile === null ? null : databaseView(profile),
      production: profile?.production === true,
      opened: this.#standing !== null,
      silence: silence === null ? null : { since: silence.since, failure: failureOf(this.#around.log, 'outage', silence.error) },
    };
  }

  /** Zeroes every key and closes the database. */
  async close(): Promise<void> {
    this.#idle.stop();
    if (this.#watch !== null) clearInterval(this.#watch);
    await this.#withoutJobs(async () => this.#standing?.cluster.close());
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
      this.#state = isAppError(error, 'CANCELLED') ? { is: 'ready' } : { is: 'failed', failure: failureOf(this.#around.log, 'start', error) };
    }
    this.emit({ type: 'status' });
    this.emit({ type: 'changed', what: 'all' });
  }

  async #unlock(password: SecretBytes | null): Promise<void> {
    const before = this.#state;
    try {
      const wasReady = !this.cluster.profile.demo || (await demoReady(this));
      if (!wasReady) {
        this.#around.clock.offset = DEMO_START;
        this.#state = { is: 'starting' };
      }
      await this.cluster.unlock(password);
      if (!wasReady) {
        await prepareDemo(this, this.#around.clock);
        await this.cluster.seen(true);
      }
    } catch (error) {
      this.#state = before;
      throw error;
    } finally {
      password?.dispose();
      this.#around.clock.offset = 0;
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
    await this.#pauseWork();
    await this.#inTurn(async () => {
      await this.#pauseWork();
      await change();
    });
  }

  async #pauseWork(): Promise<void> {
    await Promise.all([this.#standing?.jobs.close(), this.#standing?.rekeys.close()]);
  }

  /** Every act, of any process, leaves an audit record: a new head means that pages may show old figures. */
  #watchOthers(): void {
    this.#watch ??= setInterval(() => void this.#look(), WATCH_EVERY_MS).unref();
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const looked = this.cluster;
    try {
      const head = await looked.db.audit.head();
      this.#hears(null);
      if (head !== null && head.seq !== this.#seenHead) {
        this.#seenHead = head.seq;
        this.emit({ type: 'changed', what: 'all' });
      }
      await looked.seen();
    } catch (error) {
      // Of a profile that was left meanwhile nothing is told.
      if (looked === this.cluster) this.#hears(error);
    } finally {
      this.#looking = false;
    }
  }

  #silentSince(error: unknown): { readonly error: unknown; readonly since: number } {
    return { error, since: this.#silence?.since ?? Date.now() };
  }

  /** Tells the window when the database falls silent, and when it is heard again. */
  #hears(silence: unknown): void {
    const changed = (this.#silence === null) !== (silence === null);
    this.#silence = silence === null ? null : this.#silentSince(silence);
    if (!changed) return;
    this.emit({ type: 'status' });
    // What could not go live because of the silence can now.
    if (silence === null && this.#state.is === 'failed') void this.start();
  }
}

/** @see Services.open */
export function openServices(options: ServicesOptions): Promise<Services> {
  return Services.open(options);
}
