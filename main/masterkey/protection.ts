import { fingerprintOf } from '../crypto/fingerprint.ts';
import { randomSecret } from '../crypto/random.ts';
import { AppError } from '../errors.ts';
import type { KeyStoreFile } from '../keystore/keystore-file.ts';
import type { KeyStoreContent } from '../keystore/pkcs12/content.ts';
import { SecretBytes } from '../secret.ts';
import type { GenerationRecord, SystemDb } from '../systemdb/repositories.ts';
import { generationsOf } from './generations.ts';
import { assertOfCluster, foreignKeyOrNull } from './keystore-of-cluster.ts';

/** The KeyStore entry that holds the current protection key, as the platform's own keytool command names it. */
export const PROTECTION_ALIAS = 'masterkey_key_name';
const KEY_BYTES = 32;
/** Once this setting stands, the KeyStore can not be turned off again (domain rule 5). */
const KEYSTORE_ENABLED = 'keystore.enabled';
const ROTATED_AT = 'protection.rotatedAt';

/** A protection key with its id: the fingerprint of the key, which says nothing about it. The holder disposes `key`. */
export interface ProtectionKey {
  readonly id: string;
  readonly key: SecretBytes;
}

/** A found protection key, and whether this node's KeyStore lacks the history record of the generation. */
export interface FoundProtectionKey extends ProtectionKey {
  readonly stale: boolean;
}

/**
 * The protection keys of one node: those of its KeyStore file where one is enabled, otherwise the internal ones in the
 * system database. Generations that were wrapped under internal keys stay readable after the KeyStore was turned on.
 */
export class Protection {
  readonly kind: 'keystore' | 'internal';
  readonly #db: SystemDb;
  readonly #keystore: KeyStoreFile | null;
  readonly #now: () => number;

  private constructor(db: SystemDb, keystore: KeyStoreFile | null, now: () => number) {
    this.kind = keystore === null ? 'internal' : 'keystore';
    this.#db = db;
    this.#keystore = keystore;
    this.#now = now;
  }

  /**
   * @param keystore the node's opened KeyStore, owned by the result from here on; null for the internal keys.
   * @throws AppError `KEYSTORE_CANNOT_TURN_OFF` where the system database says that a KeyStore was enabled.
   */
  static async open(db: SystemDb, keystore: KeyStoreFile | null, now: () => number = Date.now): Promise<Protection> {
    if (keystore === null && (await keystoreEnabled(db))) throw cannotTurnOff();
    return new Protection(db, keystore, now);
  }

  /** Path of the KeyStore file; null with internal keys. */
  get location(): string | null {
    return this.#keystore?.path ?? null;
  }

  /** SHA-256 of the KeyStore file as it was read; null with internal keys. */
  get digest(): string | null {
    return this.#keystore?.digest ?? null;
  }

  /** Entries of the KeyStore, history included; null with internal keys. */
  get entries(): number | null {
    return this.#keystore?.entries().length ?? null;
  }

  /** When the protection key was last rotated, ms; null if never. */
  async rotatedAt(): Promise<number | null> {
    const at = await this.#db.settings.get(ROTATED_AT);
    return at === null ? null : Number(at);
  }

  /**
   * Looked at before going live, so that a wrong KeyStore is told at once and not by what can not be read. Where all active
   * keys are wrapped by a KMS, the cluster goes live without it.
   * @throws AppError `KEYSTORE_ENTRY_MISSING` where KeyStore keys wrap active generations and this KeyStore holds none of them
   */
  async assertOfCluster(): Promise<void> {
    if (this.#keystore === null) return;
    const generations = await this.#db.keys.list();
    const active = generationsOf(generations, await this.#db.keys.activations()).filter(({ state }) => state === 'active');
    if (active.some(({ wrapping }) => wrapping['kind'] === 'keystore')) assertOfCluster(this.#keystore, aliasesOf(this.#keystore), generations);
  }

  /** Marks the KeyStore as enabled for the whole cluster: from now on no process goes live without one. */
  async enable(): Promise<void> {
    if (this.#keystore !== null) await this.#db.settings.setOnce(KEYSTORE_ENABLED, 'true');
  }

  /**
   * The key that wraps new generations; made, and durable, if missing. The caller disposes it.
   * @throws AppError `KEYSTORE_CANNOT_TURN_OFF` (internal keys, and another process turned the KeyStore on since),
   *   `KEYSTORE_ENTRY_MISSING` (this KeyStore is not the one that protects the cluster), and what the KeyStore throws.
   */
  async current(): Promise<ProtectionKey> {
    return this.#keystore === null ? this.#currentInternal() : this.#currentInKeyStore(this.#keystore);
  }

  /** Leaves the history record of a wrapping: the protection key under the key description. */
  async record(description: string, protectionKey: ProtectionKey): Promise<void> {
    await this.#keystore?.update((content) => content.withSecretKey(description, protectionKey.key, this.#now()));
  }

  /**
   * The key that wraps `generation`. The caller disposes it. Looks into the KeyStore file again where its record is new.
   * @throws AppError `KEY_PROTECTION_MISSING`, and what reading the KeyStore throws.
   */
  async find(generation: GenerationRecord): Promise<FoundProtectionKey> {
    const id = generation.wrapping['keyId'] ?? '';
    const found =
      generation.wrapping['kind'] === 'internal'
        ? await this.#findInternal(id)
        : await this.#findInKeyStore(id, generation.description);
    if (found !== null) return found;
    throw new AppError(
      'KEY_PROTECTION_MISSING',
      `The protection key ${id} that wraps "${generation.description}" is not here, so what is encrypted under this generation can not be read by this node.`,
      this.kind === 'keystore'
        ? "Copy the newest KeyStore file from another node or a backup over this node's, then unlock again."
        : 'Give the profile the KeyStore that protected this generation.',
      { details: { description: generation.description, protectionKey: id } },
    );
  }

  /**
   * Makes a new protection key the current one. Every generation wrapped under the old one keeps (or now gets) its
   * history record in the same write. An old one that wrapped nothing yet is kept under an alias of its own: a node with
   * an older copy of the file may go on wrapping under it.
   */
  async rotate(generations: readonly GenerationRecord[]): Promise<{ previous: string; id: string }> {
    using next = randomSecret(KEY_BYTES);
    const id = fingerprintOf(next);
    const current = await this.current();
    current.key.dispose();
    let previous = current.id;
    if (this.#keystore === null) {
      await this.#insertInternal(id, next);
    } else {
      await this.#keystore.update((content) => {
        // Not what was current a moment ago: another process may have rotated since.
        using old = content.secretKey(PROTECTION_ALIAS);
        if (old === null) return content.withSecretKey(PROTECTION_ALIAS, next, this.#now());
        previous = fingerprintOf(old);
        return this.#withHistory(content, { id: previous, key: old }, generations).withSecretKey(PROTECTION_ALIAS, next, this.#now());
      });
    }
    await this.#db.settings.set(ROTATED_AT, String(this.#now()));
    return { previous, id };
  }

  /** Reads the KeyStore file again. @throws AppError as {@link KeyStoreFile.open}; what was read before then stays */
  async reload(): Promise<void> {
    await this.#keystore?.reload();
  }

  /** Zeroes what the KeyStore holds. */
  dispose(): void {
    this.#keystore?.dispose();
  }

  #withHistory(content: KeyStoreContent, old: ProtectionKey, generations: readonly GenerationRecord[]): KeyStoreContent {
    const wrapped = generations.filter((generation) => generation.wrapping['keyId'] === old.id).map((generation) => generation.description);
    const aliases = wrapped.length > 0 ? wrapped : [`${PROTECTION_ALIAS}-${old.id}`];
    const known = new Set(content.aliases());
    return aliases.filter((alias) => !known.has(alias)).reduce((changed, alias) => changed.withSecretKey(alias, old.key, this.#now()), content);
  }

  async #currentInternal(): Promise<ProtectionKey> {
    if (await keystoreEnabled(this.#db)) throw cannotTurnOff();
    const stored = await this.#db.internalKeys.current();
    if (stored !== null) return { id: stored.id, key: SecretBytes.take(stored.key) };
    const made = randomSecret(KEY_BYTES);
    try {
      const id = fingerprintOf(made);
      await this.#insertInternal(id, made);
      return { id, key: made };
    } catch (error) {
      made.dispose();
      throw error;
    }
  }

  async #insertInternal(id: string, key: SecretBytes): Promise<void> {
    const copy = key.use((bytes) => Uint8Array.from(bytes));
    try {
      await this.#db.internalKeys.insert(id, copy, this.#now());
    } finally {
      copy.fill(0);
    }
  }

  async #currentInKeyStore(keystore: KeyStoreFile): Promise<ProtectionKey> {
    await keystore.reload();
    assertOfCluster(keystore, aliasesOf(keystore), await this.#db.keys.list());
    let key = keystore.secretKey(PROTECTION_ALIAS);
    if (key === null) {
      using made = randomSecret(KEY_BYTES);
      await keystore.update((content) =>
        content.aliases().includes(PROTECTION_ALIAS) ? content : content.withSecretKey(PROTECTION_ALIAS, made, this.#now()),
      );
      key = keystore.secretKey(PROTECTION_ALIAS);
    }
    if (key === null) {
      throw new AppError(
        'KEYSTORE_ENTRY_MISSING',
        `The KeyStore has no secret key under "${PROTECTION_ALIAS}", though it was just written. No key was changed.`,
        'Look whether another program replaces this file, then try again.',
      );
    }
    return { id: fingerprintOf(key), key };
  }

  async #findInternal(id: string): Promise<FoundProtectionKey | null> {
    const bytes = await this.#db.internalKeys.get(id);
    return bytes === null ? null : { id, key: SecretBytes.take(bytes), stale: false };
  }

  async #findInKeyStore(id: string, description: string): Promise<FoundProtectionKey | null> {
    const keystore = this.#keystore;
    if (keystore === null) return null;
    const recorded = matching(keystore.secretKey(description), id) ?? ((await keystore.reload()) ? matching(keystore.secretKey(description), id) : null);
    if (recorded !== null) return { id, key: recorded, stale: false };
    // An older copy of the file lacks the record but may hold the very same key: as the current one, or under another.
    for (const alias of aliasesOf(keystore)) {
      const key = matching(foreignKeyOrNull(keystore, alias), id);
      if (key !== null) return { id, key, stale: true };
    }
    return null;
  }
}

function cannotTurnOff(): AppError {
  return new AppError(
    'KEYSTORE_CANNOT_TURN_OFF',
    'This cluster is protected by a Java KeyStore, and this profile was opened without one. Once turned on a KeyStore can not be turned off: its keys wrap the master keys, so nothing could be read without it.',
    "If it was turned on just now, open the profile again. Otherwise put the KeyStore's path and password source back into the profile, with a copy of the file from another node if this one is lost.",
  );
}

/** Whether the cluster of this database is protected by a KeyStore. */
export async function keystoreEnabled(db: SystemDb): Promise<boolean> {
  return (await db.settings.get(KEYSTORE_ENABLED)) === 'true';
}

/** The aliases of secret keys, the current protection key's first. */
function aliasesOf(keystore: KeyStoreFile): string[] {
  const aliases = keystore.entries().flatMap(({ kind, alias }) => (kind === 'secret-key' && alias !== null ? [alias] : []));
  return [PROTECTION_ALIAS, ...aliases.filter((alias) => alias !== PROTECTION_ALIAS)];
}

function matching(key: SecretBytes | null, id: string): SecretBytes | null {
  if (key === null || fingerprintOf(key) === id) return key;
  key.dispose();
  return null;
}
