import { isAppError, type AppError } from '../../main/errors.ts';
import type { AwsCredentialsView } from '../contract/kms.ts';
import type { ConsoleEvent } from '../contract/events.ts';
import type { Profiles } from '../profiles.ts';
import { shortened } from './aws-credentials.ts';
import type { Cluster } from './cluster.ts';
import { configuredAwsKeyOf } from './kms.ts';
import type { KmsKeys } from './kms-keys.ts';
import type { GivenCredentials } from './sealed-credentials.ts';

/** Which credentials this machine asks AWS with, and the two acts on those that the console itself is given. */
export class KmsCredentials {
  readonly #cluster: Cluster;
  readonly #keys: KmsKeys;
  readonly #profiles: Profiles;
  readonly #emit: (event: ConsoleEvent) => void;

  constructor(cluster: Cluster, keys: KmsKeys, profiles: Profiles, emit: (event: ConsoleEvent) => void) {
    this.#cluster = cluster;
    this.#keys = keys;
    this.#profiles = profiles;
    this.#emit = emit;
  }

  /** Asks no KMS. @throws AppError `PROFILE_*`: that credentials can not be used is part of the answer */
  async view(): Promise<AwsCredentialsView> {
    const { credentials } = this.#cluster;
    const [configured, given] = await Promise.all([this.#configured(), credentials.facts()]);
    const always = { kept: given?.kept ?? null, seals: credentials.seals };
    if (typeof configured !== 'string') return { ...always, source: 'config', accessKeyId: null, temporary: false, failure: shown(configured) };
    if (configured !== '') return { ...always, source: 'config', accessKeyId: shortened(configured), temporary: false, failure: null };
    if (given === null) return { ...always, source: 'chain', accessKeyId: null, temporary: false, failure: null };
    const { kept: source, accessKeyId, temporary, failure } = given;
    return { ...always, source, accessKeyId: accessKeyId === null ? null : shortened(accessKeyId), temporary, failure: failure === null ? null : shown(failure) };
  }

  /**
   * Keeps credentials for AWS in the place of those before, and tries again what failed without them. Takes the secrets over.
   * @throws AppError `LOCKED`, `KEYCHAIN_FAILED`, `DISK_FULL`, `FILE_WRITE_FAILED`, `DATABASE_*`; those before are then kept
   */
  async give(given: GivenCredentials): Promise<AwsCredentialsView> {
    const { credentials } = this.#cluster;
    try {
      void this.#cluster.ring;
      const facts = { accessKeyId: shortened(given.accessKeyId), temporary: given.sessionToken !== null, kept: credentials.seals ? 'keychain' : 'memory' };
      await this.#cluster.guarded('kms.give-credentials', 'AWS_KMS', facts, async () => credentials.give(given));
    } finally {
      given.secretAccessKey.dispose();
      given.sessionToken?.dispose();
    }
    return this.#changed();
  }

  /** Forgets what was given, sealed or in memory. @throws AppError `LOCKED`, `FILE_WRITE_FAILED`, `DATABASE_*` */
  async forget(): Promise<AwsCredentialsView> {
    const { credentials } = this.#cluster;
    void this.#cluster.ring;
    const known = await credentials.facts();
    const facts = { kept: known?.kept ?? 'nothing', ...(known?.accessKeyId == null ? {} : { accessKeyId: shortened(known.accessKeyId) }) };
    await this.#cluster.guarded('kms.forget-credentials', 'AWS_KMS', facts, () => credentials.forget());
    return this.#changed();
  }

  /** Opens AWS anew: what was opened before holds what it was opened with. */
  async #changed(): Promise<AwsCredentialsView> {
    this.#cluster.kms.registry.renew('AWS_KMS');
    this.#keys.forget();
    void this.#openAgain();
    return this.view();
  }

  /** Tries the keys again that could not be opened; whoever gave credentials does not wait for it. */
  async #openAgain(): Promise<void> {
    // A lock may have come meanwhile; what still fails is told where keys are shown.
    if (this.#cluster.unlocked) await this.#cluster.ring.refresh(true).catch(() => undefined);
    this.#emit({ type: 'changed', what: 'all' });
  }

  /** The access key ID of config.ini, empty where it gives none; or why that is not known. */
  async #configured(): Promise<string | AppError> {
    try {
      return await configuredAwsKeyOf(await this.#profiles.get(this.#cluster.profile.name));
    } catch (error) {
      if (isAppError(error) && !error.code.startsWith('PROFILE_')) return error;
      throw error;
    }
  }
}

function shown({ code, message, remedy }: AppError): { code: string; message: string; remedy: string } {
  return { code, message, remedy };
}
