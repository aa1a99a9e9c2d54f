import { suiteFor } from '../../../main/crypto/algorithms.ts';
import type { InstanceKeys } from '../../../main/lu/keys.ts';
import { SecretBytes } from '../../../main/secret.ts';

/** Two generations that every process of the bench knows. */
export const GENERATIONS = ['bench-a', 'bench-b'] as const;
export type Generation = (typeof GENERATIONS)[number];

/** Keys of the bench, with `active` as the active generation. */
export function benchKeys(active: Generation): InstanceKeys {
  const keys = new Map(GENERATIONS.map((description, i) => [description as string, SecretBytes.copyOf(Buffer.alloc(32, i + 1))]));
  const get = (description: string): SecretBytes => {
    const key = keys.get(description);
    if (key === undefined) throw new Error(`The bench has no generation ${description}.`);
    return key;
  };
  const newest = async () => ({ description: active, key: get(active) });
  return { suite: suiteFor(false), active: newest, forSaving: newest, get: async (description) => get(description) };
}
