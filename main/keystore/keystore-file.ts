import { createHash } from 'node:crypto';
import { open, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { constants } from 'node:fs';

import type { FileOwner } from '../atomic-file.ts';
import { AppError, isAppError } from '../errors.ts';
import type { SecretBytes } from '../secret.ts';
import { createFile, replaceFile } from './atomic-write.ts';
import { malformed, readFailed, writeFailed } from './failures.ts';
import { withKeyStoreLock } from './lock.ts';
import { checkNewPassword, checkPassword } from './password.ts';
import type { KeyStoreEntry } from './pkcs12/bags.ts';
import { emptyPkcs12, openPkcs12, type KeyStoreContent } from './pkcs12/content.ts';

/** Some 100,000 entries. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const LOCK_WAIT_MS = 15_000;
/** How often a writer that does not know our lock (keytool) may come between before an update gives up. */
const MAX_ATTEMPTS = 5;

interface FileRead {
  readonly bytes: Buffer;
  /** SHA-256, hex. */
  readonly digest: string;
  readonly owner: FileOwner;
}

/**
 * A Java KeyStore file in PKCS#12, opened with its password. It shows the file as last read or written by this object;
 * {@link reload} looks again. Several processes may hold and update one file: no update loses another's entry.
 */
export class KeyStoreFile implements Disposable {
  /** Absolute, links resolved. */
  readonly path: string;
  readonly #password: SecretBytes;
  #digest: string;
  #content: KeyStoreContent;

  private constructor(path: string, password: SecretBytes, digest: string, content: KeyStoreContent) {
    this.path = path;
    this.#password = password;
    this.#digest = digest;
    this.#content = content;
  }

  /**
   * Opens the KeyStore at `path`. Clones `password`, which stays the caller's to dispose.
   * @throws AppError `KEYSTORE_NOT_FOUND`, `FILE_UNREADABLE`, `KEYSTORE_MALFORMED`, `KEYSTORE_FORMAT_UNKNOWN`,
   * `KEYSTORE_ALGORITHM_UNSUPPORTED`, `KEYSTORE_PASSWORD_WRONG`, `KEYSTORE_PASSWORD_MISSING`, `KEYSTORE_PASSWORD_NOT_ASCII`
   */
  static async open(path: string, password: SecretBytes): Promise<KeyStoreFile> {
    checkPassword(password);
    const real = await realpath(path).catch((error: unknown) => {
      throw readFailed(path, error);
    });
    const { bytes, digest } = await readWhole(real);
    const content = openPkcs12(bytes, password);
    return new KeyStoreFile(real, password.clone(), digest, content);
  }

  /**
   * Makes an empty KeyStore at `path`, mode 0600, and opens it. Clones `password`.
   * @throws AppError `FILE_EXISTS`, `DISK_FULL`, `KEYSTORE_WRITE_FAILED`, `KEYSTORE_BUSY`, `KEYSTORE_PASSWORD_MISSING`,
   * `KEYSTORE_PASSWORD_NOT_ASCII`, `KEYSTORE_PASSWORD_TOO_SHORT`
   */
  static async create(path: string, password: SecretBytes): Promise<KeyStoreFile> {
    checkNewPassword(password);
    const folder = await realpath(dirname(resolve(path))).catch((error: unknown) => {
      throw writeFailed(path, error);
    });
    const file = join(folder, basename(path));
    using empty = emptyPkcs12(password);
    await withKeyStoreLock(file, LOCK_WAIT_MS, () => createFile(file, empty.encode()));
    return KeyStoreFile.open(file, password);
  }

  /** SHA-256 (hex) of the file as last read or written: equal copies have equal digests. */
  get digest(): string {
    return this.#digest;
  }

  /** See {@link KeyStoreContent.entries}. */
  entries(): KeyStoreEntry[] {
    return this.#content.entries();
  }

  /** See {@link KeyStoreContent.secretKey}. */
  secretKey(alias: string): SecretBytes | null {
    return this.#content.secretKey(alias);
  }

  /**
   * Reads the file again. Where that fails, what was read before stays.
   * @returns whether it had changed
   * @throws AppError as {@link open}
   */
  async reload(): Promise<boolean> {
    const { bytes, digest } = await readWhole(this.path);
    if (digest === this.#digest) return false;
    this.#adopt(openPkcs12(bytes, this.#password), digest);
    return true;
  }

  /**
   * Changes the file durably: applies `change` to what the file holds now, which may be more than this object has seen,
   * and writes the result in its place. Answering the given content changes nothing. `change` may be called again where a
   * program that does not know our lock wrote meanwhile, so it must have no other effects.
   * @throws AppError what `change` throws; as {@link open}; `KEYSTORE_BUSY`, `KEYSTORE_CHANGED_MEANWHILE`, `DISK_FULL`,
   * `KEYSTORE_WRITE_FAILED`. In every case the file stands as it was.
   */
  async update(change: (content: KeyStoreContent) => KeyStoreContent): Promise<void> {
    await withKeyStoreLock(this.path, LOCK_WAIT_MS, async () => {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        if (await this.#tryUpdate(change)) return;
      }
      throw new AppError(
        'KEYSTORE_CHANGED_MEANWHILE',
        `Another program kept writing the KeyStore "${this.path}", so the change was not written. The file holds what that program wrote.`,
        'Let the other program (for example keytool) end, then repeat.',
        { details: { file: this.path } },
      );
    });
  }

  /** Zeroes the password; the object can not be used any longer. */
  dispose(): void {
    this.#password.dispose();
    this.#content.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async #tryUpdate(change: (content: KeyStoreContent) => KeyStoreContent): Promise<boolean> {
    const old = await readWhole(this.path);
    const before = openPkcs12(old.bytes, this.#password);
    let bytes: Buffer | null;
    try {
      const after = change(before);
      bytes = after === before ? null : after.encode();
    } catch (error) {
      before.dispose();
      throw error;
    }
    if (bytes === null) {
      this.#adopt(before, old.digest);
      return true;
    }
    before.dispose();
    // Read before it is written: what we could not open ourselves never replaces the file.
    const reopened = openPkcs12(bytes, this.#password);
    try {
      const written = await replaceFile(this.path, old, bytes, async () => (await readWhole(this.path)).digest === old.digest);
      if (written) this.#adopt(reopened, digestOf(bytes));
      else reopened.dispose();
      return written;
    } catch (error) {
      reopened.dispose();
      throw error;
    }
  }

  #adopt(content: KeyStoreContent, digest: string): void {
    this.#content.dispose();
    this.#content = content;
    this.#digest = digest;
  }
}

/** Reads a regular file of a sane size; a pipe or a device would never end. */
async function readWhole(path: string): Promise<FileRead> {
  try {
    const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw readFailed(path, 'not a regular file');
      if (stats.size > MAX_FILE_BYTES) throw malformed(`it is larger than ${MAX_FILE_BYTES} bytes`);
      const bytes = await handle.readFile();
      return { bytes, digest: digestOf(bytes), owner: { uid: stats.uid, gid: stats.gid } };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw isAppError(error) ? error : readFailed(path, error);
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
