import type { InstanceRange, StoredInstance } from '../repositories.ts';

/**
 * An instance of a range scan, which knows its range: what is rewritten of one range goes to the same nodes. A map beside
 * the instances would have to be cleared of each of them by the garbage collector, which costs more than the rest of a scan.
 */
export class FoundInstance implements StoredInstance {
  readonly lu: string;
  readonly id: string;
  readonly keyDescription: string;
  readonly bytes: number;
  readonly savedAt: number;
  readonly revision: number;
  readonly sealed: Uint8Array;
  readonly #range: InstanceRange;

  constructor({ lu, id, keyDescription, bytes, savedAt, revision, sealed }: StoredInstance, range: InstanceRange) {
    this.lu = lu;
    this.id = id;
    this.keyDescription = keyDescription;
    this.bytes = bytes;
    this.savedAt = savedAt;
    this.revision = revision;
    this.sealed = sealed;
    this.#range = range;
  }

  /** undefined where it was read otherwise. */
  static rangeOf(read: StoredInstance): InstanceRange | undefined {
    return #range in read ? read.#range : undefined;
  }
}
