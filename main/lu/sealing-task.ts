/** What the thread that imports and the thread that seals for it say to each other. */

/** A batch to be sealed. The memory that it shares belongs to the thread that asks, which zeroes it when it has the answer. */
export interface SealingTask {
  readonly suite: number;
  readonly lu: string;
  readonly keyDescription: string;
  /** The master key. */
  readonly key: Uint8Array<SharedArrayBuffer>;
  readonly ids: readonly string[];
  /** The images, one after the other, and where each ends. */
  readonly images: Uint8Array<SharedArrayBuffer>;
  readonly ends: readonly number[];
}

/** The sealed forms, one after the other, and where each ends. */
export interface SealedTask {
  readonly sealed: Uint8Array<ArrayBuffer>;
  readonly ends: readonly number[];
}

/** First `ready`, then an answer to each task; null where it could not be done. */
export type SealingAnswer = 'ready' | SealedTask | null;
