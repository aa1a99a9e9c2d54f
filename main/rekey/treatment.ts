import { sealInstance } from '../crypto/envelope.ts';
import { discard } from '../crypto/release.ts';
import { openStored, openWith } from '../lu/instances.ts';
import type { InstanceKeys } from '../lu/keys.ts';
import type { SecretBytes } from '../secret.ts';
import type { StoredInstance } from '../systemdb/repositories.ts';
import { CampaignKeys, unusable } from './campaign-keys.ts';
import type { CampaignParams } from './campaign.ts';

/** The generation that instances get, asked for anew all the time. The key is borrowed. */
export interface ActiveGeneration {
  readonly description: string;
  readonly key: SecretBytes;
}

/** What a campaign does to an instance. */
export interface Treatment {
  /** Whether an instance of a generation is looked at, while `active` is the active one. */
  wanted(keyDescription: string, active: string): boolean;
  /**
   * The new sealed form, at once where all that it takes is at hand; null where it needs none. Plain bytes are zeroed on every path.
   * @param renewed gets the field values in it that are new, by the generation that they had
   * @throws AppError a failure of the instance, or one that concerns all (see `isOfInstance`).
   */
  reseal(stored: StoredInstance, active: ActiveGeneration, renewed?: Map<string, number>): Buffer | null | Promise<Buffer | null>;
}

/** Whole instances from old generations to the active one. */
export class GenerationTreatment implements Treatment {
  readonly #keys: CampaignKeys;
  readonly #from: ReadonlySet<string>;

  constructor(keys: InstanceKeys, params: Pick<CampaignParams, 'from'>) {
    this.#keys = new CampaignKeys(keys);
    this.#from = new Set(params.from);
  }

  wanted(keyDescription: string, active: string): boolean {
    return keyDescription !== active && this.#from.has(keyDescription);
  }

  reseal(stored: StoredInstance, active: ActiveGeneration): Buffer | Promise<Buffer> {
    const key = this.#keys.held(stored.keyDescription);
    if (key === undefined) return openStored(this.#keys, stored).then((plain) => this.#seal(stored, plain, active));
    return this.#seal(stored, openWith(key, stored), active);
  }

  #seal({ lu, id }: StoredInstance, plain: Buffer, { description, key }: ActiveGeneration): Buffer {
    try {
      return sealInstance(this.#keys.suite, key, { keyDescription: description, lu, instanceId: id }, plain);
    } finally {
      discard(plain);
    }
  }
}

/**
 * A process that can not use one of the generations would report every instance under it as a failure, though the
 * instance is fine: it does not take part. A campaign over fields opens what its plan counted.
 * @throws AppError `REKEY_GENERATION_UNREADABLE`, `LOCKED`, `DATABASE_*`
 */
export async function checkGenerations(keys: InstanceKeys, { from, planned }: Pick<CampaignParams, 'from' | 'planned'>): Promise<void> {
  for (const description of new Set([...from, ...planned.rows.map((row) => row.keyDescription)])) {
    try {
      await keys.get(description);
    } catch (error) {
      throw unusable(`generation "${description}"`, error, description);
    }
  }
}
