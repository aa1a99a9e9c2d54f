import { setTimeout as delay } from 'node:timers/promises';
import { actorOf, AuditTrail, type AuditFacts } from '../../main/audit/trail.ts';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { AppError } from '../../main/errors.ts';
import { Fields } from '../../main/lu/fields.ts';
import { Instances } from '../../main/lu/instances.ts';
import type { ActivationProgress } from '../../main/masterkey/activate.ts';
import type { GenerateKey } from '../../main/masterkey/generators.ts';
import { KeyRing } from '../../main/masterkey/key-ring.ts';
import type { KmsAccess } from '../../main/masterkey/protectors.ts';
import { Protection } from '../../main/masterkey/protection.ts';
import type { SecretBytes } from '../../main/secret.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import type { Profile } from '../profiles.ts';
import type { GivenAwsCredentials } from './aws-credentials.ts';
import { needsPassword, openKeyStore } from './keystore-opening.ts';
import { NodeKms } from './kms.ts';
import { NodePresence, notesOf } from './node-presence.ts';
import { openSystemDb } from './system-db.ts';

/** How long keys are kept for acts that run when they are to be zeroed: far longer than an activation takes. */
const GRACE_MS = 5_000;

export interface ClusterOptions {
  readonly profile: Profile;
  /** What this profile was given in the window; the cluster locks and unlocks it. */
  readonly credentials: GivenAwsCredentials;
  /** The system database's password where it was asked for; the cluster takes it over. */
  readonly databasePassword?: SecretBytes | null;
  /** Set where a test must know the keys. */
  readonly generate?: GenerateKey;
  readonly now?: () => number;
  /** The profile as it is stored now: nodes may have been added since it was opened. */
  readonly readProfile?: () => Promise<Profile | null>;
  readonly onActivation?: (progress: ActivationProgress) => void;
}

/**
 * One opened profile: its system database and audit trail, and, while unlocked, its key ring. The owner of every plain
 * key of the process.
 */
export class Cluster {
  #profile: Profile;
  readonly db: SystemDb;
  readonly trail: AuditTrail;
  readonly kms: NodeKms;
  readonly actor = actorOf();
  readonly #options: ClusterOptions;
  readonly #presence: NodePresence;
  readonly #acts = new Set<Promise<unknown>>();
  #ring: KeyRing | null = null;

  private constructor(options: ClusterOptions, db: SystemDb, kms: NodeKms) {
    this.#profile = options.profile;
    this.db = db;
    this.kms = kms;
    this.#options = options;
    this.trail = new AuditTrail(db.audit, this.actor, this.now);
    this.#presence = new NodePresence(db, this.now);
  }

  /** Opens the system database; keys come with {@link unlock}. @throws AppError of the database */
  static async open(options: ClusterOptions): Promise<Cluster> {
    const kms = await NodeKms.open(options.profile, options.credentials);
    return new Cluster(options, await openSystemDb(options.profile, options.databasePassword ?? null), kms);
  }

  get profile(): Profile {
    return this.#profile;
  }

  get credentials(): GivenAwsCredentials {
    return this.#options.credentials;
  }

  /** What the keys of a KMS need to be opened; a changed cluster_id opens none of them. */
  get kmsAccess(): KmsAccess {
    return { registry: this.kms.registry, cluster: this.profile.cassandra?.clusterId ?? null };
  }

  /** Takes over what was changed in config.ini since. @param anew as {@link NodeKms.refresh} @throws AppError `PROFILE_INVALID` */
  async refreshKms(anew = false): Promise<void> {
    await this.kms.refresh((await this.#options.readProfile?.()) ?? this.profile, anew);
  }

  readonly now = (): number => (this.#options.now ?? Date.now)();

  get generate(): GenerateKey | undefined {
    return this.#options.generate;
  }

  get liveSince(): number | null {
    return this.#presence.since;
  }

  get unlocked(): boolean {
    return this.#ring !== null;
  }

  /** @throws AppError `LOCKED` */
  get ring(): KeyRing {
    if (this.#ring !== null) return this.#ring;
    throw new AppError(
      'LOCKED',
      'The console is locked: no plain key is in memory. Nothing was read or changed.',
      'Unlock it, then do it again.',
    );
  }

  /** @throws AppError `LOCKED` */
  get instances(): Instances {
    return new Instances(this.db, this.ring, this.now);
  }

  /** @throws AppError `LOCKED` */
  get fields(): Fields {
    return new Fields(this.ring);
  }

  /** As {@link AuditTrail.guarded}; keys and database are kept until the act has ended. */
  async guarded<T>(act: string, object: string, context: AuditFacts, body: (note: (facts: AuditFacts) => void) => Promise<T>): Promise<T> {
    const running = this.trail.guarded(act, object, context, body);
    this.#acts.add(running);
    try {
      return await running;
    } finally {
      this.#acts.delete(running);
    }
  }

  /** Whether a password has to be asked for: a KeyStore, and no file or variable that gives it. */
  needsPassword(): Promise<boolean> {
    return needsPassword(this.profile);
  }

  /**
   * Goes live. `given` is the KeyStore password where it was asked for; this takes it over.
   * @throws AppError `KEYSTORE_*`, `DATABASE_*`, … ; the cluster stays locked then.
   */
  async unlock(given: SecretBytes | null = null): Promise<void> {
    try {
      if (this.#ring !== null) return;
      await this.guarded('go-live', this.profile.name, { protection: this.profile.keystore === null ? 'internal' : 'keystore' }, async (note) => {
        const ring = await this.#goLive(given);
        note({ generations: (await this.db.keys.list()).length, unreadable: ring.failures.size, stale: ring.stale.size });
      });
    } catch (error) {
      if (this.#ring === null) this.#lockCredentials();
      throw error;
    } finally {
      given?.dispose();
    }
  }

  async #goLive(given: SecretBytes | null): Promise<KeyRing> {
    // Keys that AWS wrapped are opened with them.
    this.credentials.unlock();
    const keystore = await openKeyStore(this.profile, this.db, given);
    let protection: Protection;
    try {
      protection = await Protection.open(this.db, keystore, this.now);
    } catch (error) {
      keystore?.dispose();
      throw error;
    }
    const { generate, onActivation } = this.#options;
    const ring = await KeyRing.goLive({
      db: this.db,
      protection,
      kms: this.kmsAccess,
      suite: suiteFor(this.profile.fips),
      actor: this.actor,
      now: this.now,
      ...(generate === undefined ? {} : { generate }),
      ...(onActivation === undefined ? {} : { onProgress: onActivation }),
    });
    try {
      await this.#presence.begin(ring);
    } catch (error) {
      ring.lock();
      throw error;
    }
    this.#ring = ring;
    return ring;
  }

  /** As {@link NodePresence.seen}. @throws AppError `DATABASE_*` */
  seen(anew = false): Promise<void> {
    return this.#presence.seen(anew);
  }

  /**
   * Goes live anew under a changed profile (the KeyStore turned on); the old ring is zeroed once the new one stands, so
   * that a failure leaves the cluster as it was. Takes `password` over.
   */
  async reopen(profile: Profile, password: SecretBytes): Promise<void> {
    const before = { profile: this.#profile, ring: this.#ring };
    this.#profile = profile;
    try {
      await this.#goLive(password);
    } catch (error) {
      this.#profile = before.profile;
      throw error;
    } finally {
      password.dispose();
    }
    before.ring?.lock();
  }

  /** What going live has to tell beyond "it works". */
  notes(): string[] {
    return this.#ring === null ? [] : notesOf(this.#ring);
  }

  /** Zeroes every plain key and the KeyStore password, once the acts that run have ended, but within five seconds. */
  async lock(reason: 'asked' | 'idle' | 'closing'): Promise<void> {
    await this.#actsEnded();
    this.#lockCredentials();
    const ring = this.#ring;
    if (ring === null) return;
    this.#ring = null;
    this.#presence.end();
    ring.lock();
    await this.trail.record({ act: 'lock', object: this.profile.name, context: { reason }, outcome: 'done' });
  }

  /** Locks and closes the database. */
  async close(): Promise<void> {
    await this.lock('closing').catch(() => undefined);
    this.kms.close();
    await this.db.close();
  }

  #lockCredentials(): void {
    // A client that was opened with them would keep its copy.
    if (this.credentials.lock()) this.kms.registry.renew('AWS_KMS');
  }

  async #actsEnded(): Promise<void> {
    const grace = new AbortController();
    const late = delay(GRACE_MS, undefined, { signal: grace.signal }).catch(() => undefined);
    await Promise.race([Promise.allSettled(this.#acts), late]);
    grace.abort();
  }
}
