import { AppError } from '../../main/errors.ts';
import type { AwsCredentials } from '../../main/kms/aws/provider.ts';
import type { SecretBytes } from '../../main/secret.ts';
import type { Keychain } from '../keychain.ts';
import type { OwnCredentials } from './kms-settings.ts';
import { decodeCredentials, encodeCredentials, factsOf, readSealed, removeSealed, writeSealed, type GivenCredentials } from './sealed-credentials.ts';

/** Where credentials that were given lie: sealed in the profile's folder, or in the memory of this process. */
export type Kept = 'keychain' | 'memory';

/** What can be told of them. */
export interface KeptFacts {
  readonly kept: Kept;
  /** Null where they can not be opened. */
  readonly accessKeyId: string | null;
  readonly temporary: boolean;
  readonly failure: AppError | null;
}

/**
 * The AWS credentials that one profile was given in the window. With a keychain they lie sealed in the profile's folder,
 * and are opened for each request alone; without one they are in memory until {@link lock}. Their owner: nobody else keeps
 * them. They are used between {@link unlock} and {@link lock}.
 */
export class GivenAwsCredentials implements OwnCredentials {
  readonly #profile: string;
  readonly #file: string;
  readonly #keychain: Keychain | null;
  /** What lies in the file: sealed bytes, `damaged`, or nothing. */
  #sealed: Buffer | 'damaged' | null = null;
  #memory: SecretBytes | null = null;
  #unlocked = false;
  /** The end of the last change: one at a time writes the file. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(profile: string, file: string, keychain: Keychain | null) {
    this.#profile = profile;
    this.#file = file;
    this.#keychain = keychain;
  }

  /** A file that can not be read is told when it is needed. @param keychain null: this host takes no credentials at all */
  static async open(profile: string, file: string, keychain: Keychain | null): Promise<GivenAwsCredentials> {
    const opened = new GivenAwsCredentials(profile, file, keychain);
    if (keychain !== null) await opened.#look();
    return opened;
  }

  /** Whether what is given is sealed; else it is held in memory until the console is locked. */
  get seals(): boolean {
    return this.#keychain?.available() === true;
  }

  get aws(): (() => Promise<AwsCredentials>) | null {
    return this.#kept === null ? null : () => this.#use(decodeCredentials);
  }

  /** Null where there are none. While locked nothing is opened to find out. */
  async facts(): Promise<KeptFacts | null> {
    const kept = this.#kept;
    if (kept === null) return null;
    try {
      return { kept, ...(await this.#use(factsOf)), failure: null };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { kept, accessKeyId: null, temporary: false, failure: error };
    }
  }

  /**
   * Keeps them in the place of those before. Takes the secrets over.
   * @throws AppError `LOCKED`, `KEYCHAIN_FAILED`, `DISK_FULL`, `FILE_WRITE_FAILED`; those before are then kept
   */
  give(given: GivenCredentials): Promise<Kept> {
    return this.#inTurn(() => this.#give(given));
  }

  /** Zeroes those in memory and removes the sealed ones. @throws AppError `FILE_WRITE_FAILED` */
  forget(): Promise<void> {
    return this.#inTurn(async () => {
      this.#hold(null);
      if (this.#sealed === null) return;
      await removeSealed(this.#file).finally(() => this.#look());
    });
  }

  unlock(): void {
    this.#unlocked = true;
  }

  /** Zeroes those in memory; sealed ones stay, and are not opened until {@link unlock}. @returns whether there were any to use */
  lock(): boolean {
    const used = this.#unlocked && this.#kept !== null;
    this.#unlocked = false;
    this.#hold(null);
    return used;
  }

  async #give(given: GivenCredentials): Promise<Kept> {
    try {
      this.#assertUnlocked();
      const encoded = encodeCredentials(this.#profile, given);
      if (this.#keychain?.available() !== true) {
        this.#hold(encoded);
        return 'memory';
      }
      try {
        await this.#seal(this.#keychain, encoded);
      } finally {
        encoded.dispose();
      }
      this.#hold(null);
      return 'keychain';
    } finally {
      given.secretAccessKey.dispose();
      given.sessionToken?.dispose();
    }
  }

  get #kept(): Kept | null {
    if (this.#memory !== null) return 'memory';
    return this.#sealed === null ? null : 'keychain';
  }

  /** Lends them for as long as `read` takes. */
  async #use<T>(read: (profile: string, encoded: SecretBytes) => T): Promise<T> {
    this.#assertUnlocked();
    if (this.#memory !== null) return read(this.#profile, this.#memory);
    if (this.#sealed === null) throw forgotten();
    if (this.#sealed === 'damaged') throw this.#unreadable('its file is damaged or can not be read');
    if (this.#keychain?.available() !== true) throw this.#unreadable('there is no keychain here that could open them');
    try {
      using opened = await this.#keychain.open(this.#sealed);
      // A lock may have come while the keychain was asked.
      this.#assertUnlocked();
      return read(this.#profile, opened);
    } catch (error) {
      if (error instanceof AppError) throw error;
      // What a keychain says may quote what it read.
      throw this.#unreadable('the keychain does not open them: another user, machine or profile sealed them, or its own key is gone');
    }
  }

  async #look(): Promise<void> {
    this.#sealed = await readSealed(this.#file).catch(() => 'damaged' as const);
  }

  async #seal(keychain: Keychain, encoded: SecretBytes): Promise<void> {
    let sealed: Buffer;
    try {
      sealed = await keychain.seal(encoded);
    } catch {
      throw new AppError('KEYCHAIN_FAILED', 'The keychain of this machine did not seal the credentials. Nothing was stored; what was kept before is unchanged.', 'Unlock the keychain of this user, then give them again.');
    }
    try {
      await writeSealed(this.#file, sealed);
    } finally {
      // Where the writing failed it may have been done all the same.
      await this.#look();
    }
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(change);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #hold(next: SecretBytes | null): void {
    this.#memory?.dispose();
    this.#memory = next;
  }

  #unreadable(why: string): AppError {
    return new AppError(
      'KMS_CREDENTIALS_UNREADABLE',
      `The AWS credentials that this profile keeps sealed can not be opened: ${why}. AWS was not asked; the file stays as it is.`,
      'Open the console as the user and on the machine that sealed them, with the keychain unlocked; or give them anew on the page KMS, or forget them there.',
      { details: { file: this.#file } },
    );
  }

  #assertUnlocked(): void {
    if (this.#unlocked) return;
    throw new AppError('LOCKED', 'The console is locked: the AWS credentials that it was given are not used. AWS was not asked.', 'Unlock it, then do it again.');
  }
}

function forgotten(): AppError {
  return new AppError('KMS_CREDENTIALS_MISSING', 'The AWS credentials that were used for this were forgotten meanwhile. AWS was not asked, and nothing was changed.', 'Give others on the page KMS, then do it again.');
}

/** Enough of an access key ID to know it by: it is no secret, but half of what opens the account. */
export function shortened(accessKeyId: string): string {
  return accessKeyId.length < 12 ? `${accessKeyId.slice(0, 2)}…` : `${accessKeyId.slice(0, 4)}…${accessKeyId.slice(-4)}`;
}
