import { sealInstance } from '../crypto/envelope.ts';
import type { StoredInstance } from '../systemdb/repositories.ts';
import { openStored } from './instances.ts';
import type { InstanceKeys } from './keys.ts';
import { discard, type PlainInstance } from './plain-instance.ts';
import { type Batch, SealingThread } from './sealing-thread.ts';

export interface SealedBatch {
  readonly keyDescription: string;
  /** The sealed forms in their order. */
  readonly sealed: Promise<readonly Uint8Array[]>;
}

/** Seals and opens what an import stores. The bench sets another in its place, to know the price of sealing. */
export interface Sealing {
  /**
   * Begins to seal a batch, under the generation that is active now; it takes the images over. The batch before must
   * have been sealed.
   */
  begin(instances: readonly PlainInstance[]): Promise<SealedBatch>;
  open(stored: StoredInstance): Promise<Uint8Array>;
}

/** A smaller import is over before a thread has started. */
const THREAD_FROM_INSTANCES = 1_000;

/** The product's sealing. A large import has a second thread for it. */
export class KeyedSealing implements Sealing {
  readonly #keys: InstanceKeys;
  readonly #lu: string;
  readonly #thread: SealingThread | null;

  /** @param total instances that there are to import. */
  constructor(keys: InstanceKeys, lu: string, total: number) {
    this.#keys = keys;
    this.#lu = lu;
    this.#thread = total >= THREAD_FROM_INSTANCES ? SealingThread.shared() : null;
  }

  async begin(instances: readonly PlainInstance[]): Promise<SealedBatch> {
    const { description, key } = await this.#keys.forSaving().catch((error: unknown) => {
      instances.forEach(discard);
      throw error;
    });
    const batch: Batch = { suite: this.#keys.suite, key, keyDescription: description, lu: this.#lu, instances };
    const sealed = this.#thread?.canSeal(batch) === true ? this.#thread.seal(batch) : Promise.resolve(sealHere(batch));
    // Who waits for it hears of its failure; until then it is no unhandled one.
    sealed.catch(() => undefined);
    return { keyDescription: description, sealed };
  }

  open(stored: StoredInstance): Promise<Uint8Array> {
    return openStored(this.#keys, stored);
  }
}

function sealHere({ suite, key, keyDescription, lu, instances }: Batch): Uint8Array[] {
  return instances.map((instance) => {
    const sealed = sealInstance(suite, key, { keyDescription, lu, instanceId: instance.id }, instance.image);
    discard(instance);
    return sealed;
  });
}
