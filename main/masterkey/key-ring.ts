import { AppError } from '../errors.ts';
import type { Suite } from '../crypto/algorithms.ts';
import type { SecretBytes } from '../secret.ts';
import type { Activation, GenerationRecord, SystemDb } from '../systemdb/repositories.ts';
import { activateKey, type ActivationContext, type ActivationProgress } from './activate.ts';
import type { GenerateKey } from './generators.ts';
import { eachInLanes } from './lanes.ts';
import type { Protection } from './protection.ts';
import type { KmsAccess, Protectors } from './protectors.ts';
import { HASH_KEY_NAME, LUI_KEY_NAME } from './types.ts';
import { isKmsWrapped, unwrapGeneration } from './unwrap.ts';

export interface KeyRingOptions {
  readonly db: SystemDb;
  /** Owned by the ring from here on. */
  readonly protection: Protection;
  /** Left out where no KMS is used; stays the caller's. */
  readonly kms?: KmsAccess;
  readonly suite: Suite;
  readonly actor: string;
  readonly generate?: GenerateKey;
  readonly now?: () => number;
  readonly onProgress?: (progress: ActivationProgress) => void;
}

/** A KMS that could not unwrap a generation is asked for it again after this long at the earliest: reading data asks often. */
const KMS_AGAIN_MS = 30_000;

/**
 * The plain master keys of one process, all generations of all names side by side, in memory only. What can not be
 * unwrapped is left out with its reason and hinders nothing else.
 */
export class KeyRing {
  readonly suite: Suite;
  readonly protection: Protection;
  readonly #options: KeyRingOptions;
  readonly #keys = new Map<string, SecretBytes>();
  readonly #failures = new Map<string, AppError>();
  readonly #stale = new Set<string>();
  readonly #loading = new Map<string, Promise<void>>();
  /** When a KMS failed to unwrap a generation, by the clock that never jumps. */
  readonly #kmsFailedAt = new Map<string, number>();
  #locked = false;

  private constructor(options: KeyRingOptions) {
    this.suite = options.suite;
    this.protection = options.protection;
    this.#options = options;
  }

  /**
   * Going live: creates the LUI key and the hash key where missing, regenerates under the KeyStore what still is
   * active under an internal protection key, unwraps every generation and checks its fingerprint: a KMS is called once for
   * each that it wrapped, several at a time, as fast as its budget allows.
   * @throws AppError `KEYSTORE_ENTRY_MISSING` (not the cluster's KeyStore), what the database or the KeyStore throws; a single unreadable generation does not throw, see
   * {@link failures}.
   */
  static async goLive(options: KeyRingOptions): Promise<KeyRing> {
    const ring = new KeyRing(options);
    try {
      await options.protection.assertOfCluster();
      await options.protection.enable();
      await ring.#completeNames();
      await ring.refresh();
      return ring;
    } catch (error) {
      ring.lock();
      throw error;
    }
  }

  /** Why a generation can not be used here, by key description. */
  get failures(): ReadonlyMap<string, AppError> {
    return this.#failures;
  }

  /** Key descriptions whose KeyStore record this node's copy of the file lacks: the copy is an older one. */
  get stale(): ReadonlySet<string> {
    return this.#stale;
  }

  /** What protects the keys of this ring. */
  get protectors(): Protectors {
    const { db, kms } = this.#options;
    return { db, protection: this.protection, ...(kms === undefined ? {} : { kms }) };
  }

  /** What an activation needs; its key is then held here, so that no KMS is asked for it again. */
  get activation(): Pick<ActivationContext, 'keep'> & Protectors {
    return { ...this.protectors, keep: (description, key) => this.#hold(description, key) };
  }

  get locked(): boolean {
    return this.#locked;
  }

  /**
   * The active generation of a name. The key is borrowed: never dispose it.
   * @throws AppError `LOCKED`, `KEY_NAME_UNKNOWN` (never activated), or why its generation can not be used.
   */
  async active(name: string = LUI_KEY_NAME): Promise<{ description: string; key: SecretBytes }> {
    this.#assertUnlocked();
    return this.#opened(name, await this.#options.db.keys.active(name));
  }

  /** As {@link active} of the LUI key, for saving an instance: see {@link KeyRepository.activeForSaving}. */
  async forSaving(): Promise<{ description: string; key: SecretBytes }> {
    this.#assertUnlocked();
    return this.#opened(LUI_KEY_NAME, await this.#options.db.keys.activeForSaving(LUI_KEY_NAME));
  }

  async #opened(name: string, activation: Activation | null): Promise<{ description: string; key: SecretBytes }> {
    if (activation === null) {
      throw new AppError(
        'KEY_NAME_UNKNOWN',
        `No generation of "${name}" was ever activated, so nothing can be encrypted under it.`,
        `Run: activatekey name='${name}'`,
        { details: { name } },
      );
    }
    return { description: activation.description, key: await this.get(activation.description) };
  }

  /**
   * The plain key of a generation, loaded where another process made it meanwhile. Borrowed: never dispose it.
   * @throws AppError `LOCKED`, `KEY_DESCRIPTION_UNKNOWN`, or why it can not be used.
   */
  async get(description: string): Promise<SecretBytes> {
    this.#assertUnlocked();
    const held = this.#keys.get(description);
    if (held !== undefined) return held;
    const generation = await this.#options.db.keys.get(description);
    if (generation === null) {
      throw new AppError(
        'KEY_DESCRIPTION_UNKNOWN',
        `The system database knows no key "${description}", so what carries this key description can not be read.`,
        'Restore the facts and stripes of this key description from a backup of the system database.',
        { details: { description } },
      );
    }
    await this.#load(generation);
    const key = this.#keys.get(description);
    if (key !== undefined) return key;
    throw this.#failures.get(description) ?? lockedError();
  }

  /** Whether the plain key is in memory now. */
  holds(description: string): boolean {
    return this.#keys.has(description);
  }

  /**
   * Loads generations that came since, and tries again those that failed. A KMS that failed half a minute ago is asked
   * again beside, so that nobody who looks at keys waits for one that does not answer; with `again` it is asked now.
   * @throws AppError `DATABASE_*`
   */
  async refresh(again = false): Promise<void> {
    if (again) this.#kmsFailedAt.clear();
    const missing = (await this.#options.db.keys.list()).filter((generation) => !this.#keys.has(generation.description));
    const beside = missing.filter(({ description }) => this.#kmsFailedAt.has(description));
    eachInLanes(beside, (generation) => this.#load(generation)).catch(() => undefined);
    await eachInLanes(
      missing.filter((generation) => !beside.includes(generation)),
      (generation) => this.#load(generation),
    );
  }

  /** Zeroes every plain key and the KeyStore password; the ring is of no more use. */
  lock(): void {
    this.#locked = true;
    for (const key of this.#keys.values()) key.dispose();
    this.#keys.clear();
    this.protection.dispose();
  }

  /** One at a time for each generation: many readers of its data wait for the same answer. */
  async #load(generation: GenerationRecord): Promise<void> {
    const { description } = generation;
    const failedAt = this.#kmsFailedAt.get(description);
    if (failedAt !== undefined && performance.now() - failedAt < KMS_AGAIN_MS) return;
    const known = this.#loading.get(description);
    if (known !== undefined) return known;
    const loading = this.#unwrap(generation).finally(() => this.#loading.delete(description));
    this.#loading.set(description, loading);
    return loading;
  }

  async #unwrap(generation: GenerationRecord): Promise<void> {
    const { description } = generation;
    try {
      const { key, stale } = await unwrapGeneration(this.protectors, generation);
      this.#hold(description, key);
      this.#failures.delete(description);
      this.#kmsFailedAt.delete(description);
      if (stale) this.#stale.add(description);
      else this.#stale.delete(description);
    } catch (error) {
      if (!(error instanceof AppError) || error.code.startsWith('DATABASE_')) throw error;
      this.#failures.set(description, error);
      if (isKmsWrapped(generation)) this.#kmsFailedAt.set(description, performance.now());
    }
  }

  /** A lock, or the same key by another way, may have come while we waited. */
  #hold(description: string, key: SecretBytes): void {
    if (this.#locked || this.#keys.has(description)) key.dispose();
    else this.#keys.set(description, key);
  }

  async #completeNames(): Promise<void> {
    const generations = new Map((await this.#options.db.keys.list()).map((g) => [g.description, g]));
    const activated = (await this.#options.db.keys.activations()).map((activation) => activation.name);
    for (const name of new Set([LUI_KEY_NAME, HASH_KEY_NAME, ...activated])) {
      const activation = await this.#options.db.keys.active(name);
      const reason = this.#whyActivate(activation, generations);
      if (reason !== null) await this.#activateUnlessAnotherDid(name, reason);
    }
  }

  #whyActivate(activation: Activation | null, generations: ReadonlyMap<string, GenerationRecord>): string | null {
    if (activation === null) return 'first going live';
    const wrapping = generations.get(activation.description)?.wrapping['kind'];
    return this.protection.kind === 'keystore' && wrapping === 'internal' ? 'KeyStore turned on' : null;
  }

  async #activateUnlessAnotherDid(name: string, reason: string): Promise<void> {
    const { actor, generate, now, onProgress } = this.#options;
    try {
      await activateKey(
        {
          ...this.activation,
          ...(generate === undefined ? {} : { generate }),
          ...(now === undefined ? {} : { now }),
          ...(onProgress === undefined ? {} : { onProgress }),
        },
        { name, generator: 'Java_AES', store: 'Stripe_AES', actor, reason },
      );
    } catch (error) {
      // Two nodes that start at once both try; the loser goes on with the winner's key.
      if (!(error instanceof AppError && error.code === 'KEY_ACTIVATION_LOST')) throw error;
    }
  }

  #assertUnlocked(): void {
    if (this.#locked) throw lockedError();
  }
}

function lockedError(): AppError {
  return new AppError(
    'LOCKED',
    'The console is locked: no plain key is in memory. Nothing was read or changed.',
    'Unlock it, then do it again.',
  );
}
