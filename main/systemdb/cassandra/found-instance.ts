import type { InstanceRange, StoredInstance } from '../repositories.ts';
import type { LogicalUnit } from './logical-units.ts';

/** Where a range scan found an instance. */
export interface Place {
  readonly unit: LogicalUnit;
  readonly range: InstanceRange;
}

/**
 * An instance of a range scan, which knows its place: what is rewritten of one range goes to the same nodes. A map beside
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
  readonly #place: Place;

  constructor({ lu, id, keyDescription, bytes, savedAt, revision, sealed }: StoredInstance, place: Place) {
    this.lu = lu;
    this.id = id;
    this.keyDescription = keyDescription;
    this.bytes = bytes;
    this.savedAt = savedAt;
    this.revision = revision;
    this.sealed = sealed;
    this.#place = place;
  }

  /** undefined where it was read otherwise. */
  static placeOf(read: StoredInstance): Place | undefined {
    return #place in read ? read.#place : undefined;
  }
}
