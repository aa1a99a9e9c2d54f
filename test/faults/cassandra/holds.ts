import { expect } from 'vitest';
import type { Services } from '../../../app/services.ts';
import { isAppError } from '../../../main/errors.ts';
import { counterOf } from './content.ts';
import type { Saved } from './processes.ts';

const READS = 16;

/** That every instance is readable, and holds nothing older than what was acknowledged, nor anything that nobody saved. */
export async function expectNothingOlder({ cluster: { instances } }: Services, lu: string, ids: readonly string[], saved: Saved): Promise<void> {
  const wrong: string[] = [];
  const left = [...ids];
  const lane = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      const least = saved.acknowledged.get(id) ?? 0;
      try {
        const counter = counterOf((await instances.read(lu, id)).image);
        if (counter < least) wrong.push(`${id} holds ${counter}, and ${least} was acknowledged`);
      } catch (error) {
        wrong.push(`${id}: ${isAppError(error) ? error.code : String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: READS }, lane));
  expect(wrong).toEqual([]);
}

/** Instances by generation, counted now. */
export async function generationsOf({ cluster: { db } }: Services, lu: string): Promise<Record<string, number>> {
  const rows = (await db.instances.census()).filter((row) => row.lu === lu);
  return Object.fromEntries(rows.map((row) => [row.keyDescription, row.instances]));
}
