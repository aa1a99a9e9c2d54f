import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { actorOf, AuditTrail, type AuditFacts } from '../../main/audit/trail.ts';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { AppError } from '../../main/errors.ts';
import { KeyStoreFile } from '../../main/keystore/keystore-file.ts';
import { Fields } from '../../main/lu/fields.ts';
import { Instances } from '../../main/lu/instances.ts';
import type { ActivationProgress } from '../../main/masterkey/activate.ts';
import type { GenerateKey } from '../../main/masterkey/generators.ts';
import { KeyRing } from '../../main/masterkey/key-ring.ts';
import type { KmsAccess } from '../../main/masterkey/protectors.ts';
import { keystoreEnabled, Protection } from '../../main/masterkey/protection.ts';
import type { SecretBytes } from '../../main/secret.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { KEYSTORE_PASSWORD, passwordFrom } from '../password.ts';
import type { Profile } from '../profiles.ts';
import { VERSION } from '../version.ts';
import type { GivenAwsCredentials } from './aws-credentials.ts';
import { NodeKms } from './kms.ts';
import { openSystemDb } from './system-db.ts';

/** How often a live process tells `k2system.nodes` that it is there, in milliseconds. */
export const SEEN_EVERY_MS = 60_000;

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
  readonly #nodeId = nodeId();
  readonly #acts = new Set<Promise<unknown>>();
  #ring: KeyRing | null = null;
  #liveSince: number | null = null;
  #telling: NodeJS.Timeout | null = null;
  #lastSeen = 0;

  private constructor(options: ClusterOptions, db: SystemDb, kms: NodeKms) {
    this.#profile = options.profile;
    this.db = db;
    this.kms = kms;
    this.#options = options;
    this.trail = new AuditTrail(db.audit, this.actor, this.now);
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
    return this.#liveSince;
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
  async needsPassword(): Promise<boolean> {
    const { keystore } = this.profile;
    if (keystore === null) return false;
    const password = await passwordFrom(KEYSTORE_PASSWORD, keystore).catch(() => null);
    password?.dispose();
    return password === null;
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
    const keystore = await this.#openKeyStore(given);
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
      await this.#tellNodes(ring, this.now());
    } catch (error) {
      ring.lock();
      throw error;
    }
    this.#ring = ring;
    // Also where nothing else looks at the database: a worker without a window, a command that lasts.
    this.#telling ??= setInterval(() => void this.seen().catch(() => undefined), SEEN_EVERY_MS / 2).unref();
    return ring;
  }

  /**
   * Tells the cluster that this process is still there, once a minute however often it is called; nothing while locked.
   * `anew`: it counts as live since now, because the demo's clock stood in the past before. @throws AppError `DATABASE_*`
   */
  async seen(anew = false): Promise<void> {
    const now = this.now();
    if (this.#ring === null || this.#liveSince === null || (!anew && now - this.#lastSeen < SEEN_EVERY_MS)) return;
    await this.#tellNodes(this.#ring, anew ? now : this.#liveSince);
  }

  async #tellNodes(ring: KeyRing, liveSince: number): Promise<void> {
    const lastSeen = this.now();
    await this.db.nodes.put({ id: this.#nodeId, host: hostname(), version: VERSION, dataCenter: this.db.topology?.localDataCenter ?? null, liveSince, lastSeen, keystoreDigest: ring.protection.digest, notes: notesOf(ring) });
    this.#liveSince = liveSince;
    this.#lastSeen = lastSeen;
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
    this.#liveSince = null;
    if (this.#telling !== null) clearInterval(this.#telling);
    this.#telling = null;
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

  async #openKeyStore(given: SecretBytes | null): Promise<KeyStoreFile | null> {
    const { keystore } = this.profile;
    if (keystore === null) return null;
    const mayCreate = !(await keystoreEnabled(this.db));
    const password = given ?? (await passwordFrom(KEYSTORE_PASSWORD, keystore));
    if (password === null) {
      throw new AppError(
        'KEYSTORE_PASSWORD_MISSING',
        'The KeyStore of this profile needs its password. Nothing was opened.',
        'Type it in the window, or give it by a file (--keystore-password-file) or the variable FKC_KEYSTORE_PASSWORD.',
      );
    }
    return openOrCreate(keystore.file, password, mayCreate);
  }
}

function notesOf({ stale }: KeyRing): string[] {
  if (stale.size === 0) return [];
  const many = stale.size === 1 ? '1 key generation' : `${stale.size} key generations`;
  return [
    `This node's KeyStore copy is stale: it lacks the history records of ${many}. It holds the same protection key, so everything is readable; copy the newest file over it before the protection key is rotated.`,
  ];
}

/**
 * Opens the KeyStore; makes the file where there is none and none was ever in use. Once one is in use a missing file is
 * an error: a new one could not read anything. Takes `password` over.
 */
export async function openOrCreate(file: string, password: SecretBytes, mayCreate: boolean): Promise<KeyStoreFile> {
  try {
    return await KeyStoreFile.open(file, password);
  } catch (error) {
    if (!mayCreate || !(error instanceof AppError && error.code === 'KEYSTORE_NOT_FOUND')) throw error;
    return await KeyStoreFile.create(file, password);
  } finally {
    password.dispose();
  }
}

/** Stable for one host and process: the node's name in k2system.nodes. */
function nodeId(): string {
  return createHash('sha256').update(`${hostname()}\n${process.pid}\n${randomUUID()}`).digest('hex').slice(0, 16);
}
