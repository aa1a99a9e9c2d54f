/** What the thread that imports and the thread that seals for it say to each other, and the work that both can do. */
import { suiteById } from '../crypto/algorithms.ts';
import { sealInstance } from '../crypto/envelope.ts';
import type { SecretBytes } from '../secret.ts';

/** A batch to be sealed. Its memory belongs to the thread that asks, which zeroes key and images when it has the answer. */
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

/** The sealed forms, one after the other, and where each ends. Not in shared memory: writing to that is slow. */
export interface SealedTask {
  readonly sealed: Uint8Array<ArrayBuffer>;
  readonly ends: readonly number[];
}

/** First `ready`, then an answer to each task; null where it could not be done. */
export type SealingAnswer = 'ready' | SealedTask | null;

/** @throws AppError as {@link sealInstance} */
export function sealAll({ suite, lu, keyDescription, ids, images, ends }: SealingTask, masterKey: SecretBytes): SealedTask {
  const algorithms = suiteById(suite);
  const parts = ids.map((instanceId, index) => {
    const image = images.subarray(ends[index - 1] ?? 0, ends[index]);
    return sealInstance(algorithms, masterKey, { keyDescription, lu, instanceId }, image);
  });
  const sealed = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  const sealedEnds = parts.map((part) => {
    sealed.set(part, end);
    return (end += part.length);
  });
  return { sealed, ends: sealedEnds };
}
