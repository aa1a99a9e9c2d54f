import { AppError } from '../../errors.ts';
import type { SecretBytes } from '../../secret.ts';
import { derSequence } from '../der.ts';
import { malformed, notAes256, passwordWrong, unsupported } from '../failures.ts';
import { checkPassword } from '../password.ts';
import { readBags, writeSecretKeyBag, type Bag, type EntryKind, type KeyStoreEntry } from './bags.ts';
import { verifyMac, writeMac } from './mac.ts';
import { readPfx, writeDataContentInfo, writePfx, type RawSafe } from './pfx.ts';
import { openSecretKey, sealSecretKey } from './secret-key.ts';

/** A ContentInfo with its bags; `raw` is null where its bags were changed and it must be encoded anew. */
interface Safe {
  readonly raw: Buffer | null;
  /** Only the bags of a plain safe can be replaced. */
  readonly plain: boolean;
  readonly bags: readonly Bag[];
}

const MAX_ALIAS_LENGTH = 255;

const KIND_WORDS: Readonly<Record<EntryKind, string>> = {
  'secret-key': 'a secret key',
  'private-key': 'a private key',
  certificate: 'a certificate',
  other: 'an entry of another kind',
};

/**
 * What an opened KeyStore holds. Immutable: {@link withSecretKey} answers a changed one. All contents that came from one
 * another share one copy of the password, and {@link dispose} of any of them zeroes it for all.
 * Keys are decrypted only when they are asked for, one key derivation each; no plain key is kept.
 */
export class KeyStoreContent implements Disposable {
  readonly #safes: readonly Safe[];
  readonly #password: SecretBytes;

  /** For {@link openPkcs12} and {@link emptyPkcs12}; takes `password` over. */
  constructor(safes: readonly Safe[], password: SecretBytes) {
    this.#safes = safes;
    this.#password = password;
  }

  /** All entries that can be read, in the order of the file; where an alias has several secret keys, the last, as in the JDK. */
  entries(): KeyStoreEntry[] {
    const bags = this.#safes.flatMap((safe) => safe.bags);
    const secretKeys = bags.filter(({ entry }) => entry.kind === 'secret-key' && entry.alias !== null);
    const counting = new Map(secretKeys.map((bag) => [bag.entry.alias, bag]));
    const isShadowed = (bag: Bag): boolean => bag.entry.kind === 'secret-key' && (counting.get(bag.entry.alias) ?? bag) !== bag;
    return bags.filter((bag) => !isShadowed(bag)).map((bag) => bag.entry);
  }

  /** The aliases of all entries, each once, in lower case. */
  aliases(): string[] {
    return [...new Set(this.entries().flatMap(({ alias }) => (alias === null ? [] : [alias])))];
  }

  /**
   * The AES-256 key under `alias` (upper and lower case are the same), null where there is no such entry.
   * The caller disposes the key. Takes one key derivation: some milliseconds as keytool writes it.
   * @throws AppError `KEYSTORE_ENTRY_NOT_AES256`, `KEYSTORE_PASSWORD_WRONG`, `KEYSTORE_ALGORITHM_UNSUPPORTED`,
   * `KEYSTORE_MALFORMED`, `SECRET_DISPOSED`
   */
  secretKey(alias: string): SecretBytes | null {
    const folded = alias.toLowerCase();
    const bag = this.#find(folded)?.bag;
    if (bag === undefined) return null;
    if (bag.entry.kind !== 'secret-key') throw notAes256(folded, KIND_WORDS[bag.entry.kind]);
    if (bag.encryptedKey === null) throw unsupported(`a secret of another type than a key ("${folded}")`);
    return openSecretKey(folded, bag.encryptedKey, this.#password);
  }

  /**
   * This content with `key` under `alias`, in place of a secret key of that alias. Every other entry stays as it is.
   * @param createdAt milliseconds since the epoch
   * @throws AppError `INPUT_INVALID` (alias or time), `KEYSTORE_ENTRY_NOT_AES256` (the key's size, or the alias belongs to
   * a private key or a certificate), `SECRET_DISPOSED`
   */
  withSecretKey(alias: string, key: SecretBytes, createdAt: number): KeyStoreContent {
    const folded = checkAlias(alias);
    if (!Number.isSafeInteger(createdAt) || createdAt < 0) {
      throw new AppError('INPUT_INVALID', 'The time of a KeyStore entry is not a number of milliseconds.', 'Give the time in milliseconds since 1970.');
    }
    const found = this.#find(folded);
    if (found !== null && found.bag.entry.kind !== 'secret-key') throw notAes256(folded, KIND_WORDS[found.bag.entry.kind]);
    const bag = writeSecretKeyBag(folded, sealSecretKey(folded, key, this.#password), createdAt);
    const safes = found?.safe.plain === true ? this.#replaced(found.safe, found.bag, bag) : this.#appended(bag);
    return new KeyStoreContent(safes, this.#password);
  }

  /** The PKCS#12 file of this content, with a fresh integrity check as keytool writes it. @throws AppError `SECRET_DISPOSED` */
  encode(): Buffer {
    const authenticatedSafe = derSequence(
      ...this.#safes.map(({ raw, bags }) => raw ?? writeDataContentInfo(derSequence(...bags.map((bag) => bag.raw)))),
    );
    return writePfx(authenticatedSafe, writeMac(authenticatedSafe, this.#password));
  }

  /** Zeroes the password; keys can no longer be read or added. */
  dispose(): void {
    this.#password.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** The last bag of the alias, which is the one that the JDK takes. A key goes before the certificates that share its alias. */
  #find(alias: string): { safe: Safe; bag: Bag } | null {
    let other: { safe: Safe; bag: Bag } | null = null;
    for (const safe of this.#safes.toReversed()) {
      for (let index = safe.bags.length - 1; index >= 0; index -= 1) {
        const bag = safe.bags[index];
        if (bag?.entry.alias !== alias) continue;
        if (bag.entry.kind === 'secret-key' || bag.entry.kind === 'private-key') return { safe, bag };
        other ??= { safe, bag };
      }
    }
    return other;
  }

  #replaced(safe: Safe, old: Bag, bag: Bag): Safe[] {
    const bags = safe.bags.map((each) => (each === old ? bag : each));
    return this.#safes.map((each) => (each === safe ? { raw: null, plain: true, bags } : each));
  }

  /** At the very end, so that it is also the one that counts where an encrypted safe holds an older key of its alias. */
  #appended(bag: Bag): Safe[] {
    const last = this.#safes.at(-1);
    if (last?.plain !== true) return [...this.#safes, { raw: null, plain: true, bags: [bag] }];
    return [...this.#safes.slice(0, -1), { raw: null, plain: true, bags: [...last.bags, bag] }];
  }
}

/**
 * Opens a PKCS#12 file. Its integrity check is verified before anything is decrypted. Clones `password`; the content is made
 * of views into `bytes`, which must not be changed afterwards.
 * @throws AppError `KEYSTORE_MALFORMED`, `KEYSTORE_FORMAT_UNKNOWN`, `KEYSTORE_ALGORITHM_UNSUPPORTED` (also a file without
 * integrity check), `KEYSTORE_PASSWORD_WRONG`, `KEYSTORE_PASSWORD_MISSING`, `KEYSTORE_PASSWORD_NOT_ASCII`
 */
export function openPkcs12(bytes: Uint8Array, password: SecretBytes): KeyStoreContent {
  checkPassword(password);
  const pfx = readPfx(bytes);
  if (pfx.mac === null) throw unsupported('no integrity check');
  const plainBags = new Map(pfx.safes.map((safe) => [safe, safe.kind === 'plain' ? readBags(safe.safeContents) : []]));
  if (!verifyMac(pfx.mac, pfx.authenticatedSafe, password)) throw passwordWrong();
  const safes = pfx.safes.map((safe) => ({
    raw: safe.raw,
    plain: safe.kind === 'plain',
    bags: safe.kind === 'encrypted' ? decryptBags(safe, password) : (plainBags.get(safe) ?? []),
  }));
  return new KeyStoreContent(safes, password.clone());
}

/** A KeyStore without entries. Clones `password`. @throws AppError `KEYSTORE_PASSWORD_MISSING`, `KEYSTORE_PASSWORD_NOT_ASCII` */
export function emptyPkcs12(password: SecretBytes): KeyStoreContent {
  checkPassword(password);
  return new KeyStoreContent([], password.clone());
}

/** The bags of an encrypted safe. What they still encrypt is copied out; the rest of the plain safe is zeroed. */
function decryptBags(safe: Extract<RawSafe, { kind: 'encrypted' }>, password: SecretBytes): Bag[] {
  using safeContents = safe.scheme.decrypt(safe.ciphertext, password);
  if (safeContents === null) throw malformed('an encrypted part that its password does not open');
  return safeContents.use((bytes) =>
    readBags(bytes).map(({ entry, encryptedKey }) => ({
      entry,
      raw: Buffer.alloc(0),
      encryptedKey: encryptedKey === null ? null : Buffer.from(encryptedKey),
    })),
  );
}

function checkAlias(alias: string): string {
  if (alias.length === 0 || alias.length > MAX_ALIAS_LENGTH || !alias.isWellFormed() || /\p{Cc}/u.test(alias)) {
    throw new AppError(
      'INPUT_INVALID',
      `A KeyStore alias has 1 to ${MAX_ALIAS_LENGTH} characters and no control characters.`,
      'Choose another alias.',
    );
  }
  return alias.toLowerCase();
}
