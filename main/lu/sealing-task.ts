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
  /** Where the sealed forms go, one after the other. */
  readonly sealed: Uint8Array<SharedArrayBuffer>;
}

/** First `ready`, then an answer to each task: where each sealed form ends; null where it could not be done. */
export type SealingAnswer = 'ready' | readonly number[] | null;

/** @returns where each sealed form ends. @throws AppError as {@link sealInstance} */
export function sealAll({ suite, lu, keyDescription, ids, images, ends, sealed }: SealingTask, masterKey: SecretBytes): number[] {
  const algorithms = suiteById(suite);
  let end = 0;
  return ids.map((instanceId, index) => {
    const image = images.subarray(ends[index - 1] ?? 0, ends[index]);
    const form = sealInstance(algorithms, masterKey, { keyDescription, lu, instanceId }, image);
    sealed.set(form, end);
    return (end += form.length);
  });
}
