import type { Suite } from '../crypto/algorithms.ts';
import { AppError, type ErrorCode, isAppError } from '../errors.ts';
import type { InstanceKeys } from '../lu/keys.ts';
import type { SecretBytes } from '../secret.ts';

/** Why no process at all can use a generation: then it is the instance that has a failure, and the others go on. */
const GONE: ReadonlySet<ErrorCode> = new Set(['KEY_DESCRIPTION_UNKNOWN', 'KEY_STRIPES_MISSING', 'KEY_STRIPES_CHANGED', 'KMS_KEY_DESTROYED']);

/**
 * The keys as a process that takes part in a campaign uses them. A generation that it can not use now (its KMS is away, its
 * copy of the KeyStore is an older one) ends its part: kept as failures of instances, that would put good ones on the list
 * as fast as they are read, though other processes can open them.
 */
export class CampaignKeys implements InstanceKeys {
  readonly suite: Suite;
  readonly #keys: InstanceKeys;
  /** Those that were handed out: whoever locks disposes them. */
  readonly #held = new Map<string, SecretBytes>();

  constructor(keys: InstanceKeys) {
    this.suite = keys.suite;
    this.#keys = keys;
  }

  /** @throws AppError `REKEY_GENERATION_UNREADABLE`, `LOCKED`, `DATABASE_*` */
  async active(): Promise<{ description: string; key: SecretBytes }> {
    try {
      return await this.#keys.active();
    } catch (error) {
      throw unusable('the active generation', error);
    }
  }

  /** @throws AppError as {@link active} */
  forSaving(): Promise<{ description: string; key: SecretBytes }> {
    return this.active();
  }

  /** @throws AppError as {@link active}; what is so for every process (`KEY_DESCRIPTION_UNKNOWN` …) as it is */
  async get(description: string): Promise<SecretBytes> {
    try {
      const key = await this.#keys.get(description);
      this.#held.set(description, key);
      return key;
    } catch (error) {
      if (isAppError(error) && GONE.has(error.code)) throw error;
      throw unusable(`generation "${description}"`, error, description);
    }
  }

  /** The generation without a wait, where it was handed out before and is still in memory; borrowed as of {@link get}. */
  held(description: string): SecretBytes | undefined {
    const key = this.#held.get(description);
    return key?.disposed === false ? key : undefined;
  }
}

/** That this process can not use a generation; what says nothing about the generation stays as it is. */
export function unusable(which: string, error: unknown, description?: string): unknown {
  if (!isAppError(error) || error.code === 'LOCKED' || error.code.startsWith('DATABASE_')) return error;
  return new AppError('REKEY_GENERATION_UNREADABLE', `This process can not use ${which}, so it can not take part in the campaign; others may go on. ${error.message}`, error.remedy, {
    details: { ...(description === undefined ? {} : { description }), why: error.code },
    cause: error,
  });
}
