import { Output } from './output.ts';
import { Progress } from './progress.ts';
import { Terminal } from './terminal.ts';
import { printable } from './text.ts';
import { AppError } from '../../main/errors.ts';
import type { SecretBytes } from '../../main/secret.ts';
import { DATABASE_PASSWORD, KEYSTORE_PASSWORD, passwordFrom } from '../password.ts';
import { Profiles, type Profile } from '../profiles.ts';
import { DEMO_PROFILE } from '../services/demo.ts';
import { assertConfirmed } from '../services/keystore.ts';
import { openServices, type Services } from '../services.ts';

/** The options that every command has. */
export interface GlobalOptions {
  /** Undefined: the embedded demo cluster. */
  readonly profile: string | undefined;
  readonly json: boolean;
  readonly keystorePasswordFile: string | undefined;
}

export interface Confirmation {
  /** As the audit trail names the act and what it is done to. */
  readonly act: string;
  readonly object: string;
  /** What has to be typed. */
  readonly expected: string;
  /** What `--confirm` gave. */
  readonly given: string | undefined;
  /** What is shown before it is asked for. */
  readonly consequences: () => string | Promise<string>;
}

/** What a command needs beyond its own arguments: the profile's services, opened when asked for, and its terminal. */
export class Session {
  readonly options: GlobalOptions;
  readonly home: string;
  readonly profiles: Profiles;
  readonly input: NodeJS.ReadStream = process.stdin;
  readonly out = new Output(process.stdout);
  readonly err = new Output(process.stderr);
  readonly terminal = new Terminal(process.stdin, process.stderr);
  readonly progress = new Progress(process.stderr);
  /** The `activatekey` line that positions in a failure point into. */
  line: string | null = null;
  #profile: string | undefined;
  #services: Promise<Services> | null = null;
  #stop: (() => unknown) | null = null;

  constructor(options: GlobalOptions, home: string) {
    this.options = options;
    this.#profile = options.profile;
    this.home = home;
    this.profiles = new Profiles(home);
  }

  /** From here on the embedded demo cluster, whatever $FKC_PROFILE says. */
  useDemo(): void {
    this.#profile = undefined;
  }

  /** The profile's services; no key is in memory and no password is asked for. @throws AppError `PROFILE_*`, `DATABASE_*` */
  opened(): Promise<Services> {
    const profile = this.#profile;
    this.#services ??= openServices({
      home: this.home,
      emit: (event) => this.progress.show(event),
      askDatabasePassword: (asked) => this.askDatabasePassword(asked),
      ...(profile === undefined || profile === DEMO_PROFILE ? {} : { profile }),
    });
    return this.#services;
  }

  /** As {@link opened}, gone live; the demo cluster is filled first. @throws AppError also `KEYSTORE_*` */
  async unlocked(): Promise<Services> {
    const services = await this.opened();
    if (services.cluster.unlocked) return services;
    await services.unlock(await this.#givenPassword(services));
    this.progress.clear();
    for (const note of services.cluster.notes()) await this.err.write(`note: ${printable(note)}\n`);
    const { size } = services.cluster.ring.failures;
    if (size > 0) await this.err.write(`note: ${size} key generation${size === 1 ? '' : 's'} can not be used here; see: fkc keys verify\n`);
    return services;
  }

  /**
   * The password for a KeyStore that is about to be turned on; asked for twice where the file is yet to be made.
   * @throws AppError `KEYSTORE_PASSWORD_MISSING`, `CONFIRMATION_MISMATCH`, `CANCELLED`
   */
  async newKeyStorePassword(isNew: boolean): Promise<SecretBytes> {
    const given = await passwordFrom(KEYSTORE_PASSWORD, { passwordFile: this.options.keystorePasswordFile });
    if (given !== null) return given;
    if (!this.terminal.interactive) {
      throw new AppError(
        'KEYSTORE_PASSWORD_MISSING',
        'No password was given for the KeyStore, and there is no terminal to ask on. Nothing was done.',
        'Give it by --keystore-password-file, or by the variable FKC_KEYSTORE_PASSWORD.',
      );
    }
    const password = await this.terminal.askPassword('KeyStore password: ');
    if (!isNew) return password;
    try {
      using again = await this.terminal.askPassword('The same again, for the new KeyStore: ');
      if (password.use((one) => again.use((other) => one.equals(other)))) return password.clone();
    } finally {
      password.dispose();
    }
    throw new AppError('CONFIRMATION_MISMATCH', 'The two passwords differ. Nothing was done.', 'Run the command again and type the same password twice.');
  }

  /**
   * The confirmation of a dangerous act: what `--confirm` gave; on a terminal it is asked for, with the consequences
   * shown first; without a terminal the command itself is the confirmation. A mismatch is audited as a refusal.
   * @throws AppError `CONFIRMATION_MISMATCH`, `CANCELLED`
   */
  async confirm({ act, object, expected, given, consequences }: Confirmation): Promise<void> {
    if (given === undefined && !this.terminal.interactive) return;
    if (given === undefined) {
      this.progress.clear();
      await this.err.write(await consequences());
    }
    const typed = given ?? (await this.terminal.ask(`Type "${printable(expected)}" to go on: `)).trim();
    try {
      assertConfirmed(typed, expected);
    } catch (error) {
      const { trail } = (await this.opened()).cluster;
      await trail.record({ act, object, context: { code: 'CONFIRMATION_MISMATCH' }, outcome: 'refused' });
      throw error;
    }
  }

  /** Says what stdin is for where a person sits before it. */
  async hint(text: string): Promise<void> {
    if (this.terminal.interactive) await this.err.write(`${text}\n`);
  }

  /** What an interrupt does from now on in place of pausing jobs; the command then ends by itself. */
  onInterrupt(stop: () => unknown): void {
    this.#stop = stop;
  }

  /** Pauses what runs. @returns false where nothing ran that could be paused */
  async interrupt(): Promise<boolean> {
    if (this.#stop !== null) {
      await this.#stop();
      return true;
    }
    const services = await this.#services?.catch(() => null);
    if (services === null || services === undefined || services.jobs.running === 0) return false;
    await services.jobs.close();
    return true;
  }

  /** Zeroes every key and closes the database. */
  async close(): Promise<void> {
    this.progress.clear();
    const services = await this.#services?.catch(() => null);
    await services?.close();
  }

  /** The password of the profile's database user, from the terminal. @throws AppError `DATABASE_PASSWORD_MISSING`, `CANCELLED` */
  async askDatabasePassword({ name, cassandra }: Profile): Promise<SecretBytes> {
    if (!this.terminal.interactive) {
      throw new AppError(
        'DATABASE_PASSWORD_MISSING',
        `Profile "${name}" needs the password of its database user, and there is no terminal to ask on. Nothing was done.`,
        `Give it in the profile (--password-file), or by the variable ${DATABASE_PASSWORD.variable}.`,
      );
    }
    return this.terminal.askPassword(`Password of ${printable(cassandra?.user ?? '')} on ${printable(cassandra?.contactPoints.join(', ') ?? '')}: `);
  }

  async #givenPassword(services: Services): Promise<SecretBytes | null> {
    if (services.cluster.profile.keystore === null) return null;
    const { keystorePasswordFile } = this.options;
    if (keystorePasswordFile !== undefined) return passwordFrom(KEYSTORE_PASSWORD, { passwordFile: keystorePasswordFile });
    if (!this.terminal.interactive || !(await services.cluster.needsPassword())) return null;
    return this.terminal.askPassword(`Password of the KeyStore ${printable(services.cluster.profile.keystore.file)}: `);
  }
}
