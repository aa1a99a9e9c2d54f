import { expect } from 'vitest';
import type { Services } from '../../../app/services.ts';
import { isAppError } from '../../../main/errors.ts';
import { counterOf } from './content.ts';
import type { Saved } from './processes.ts';

const READS = 16;

/** That every instance is readable, and holds nothing older than what was acknowledged; also while others are saved. */
export function expectNothingOlder(services: Services, lu: string, ids: readonly string[], saved: Saved): Promise<void> {
  return expectCounters(services, lu, ids, saved, () => Infinity);
}

/** That it holds nothing that nobody saved either. Only once no process saves any more: what is on its way is not told yet. */
export function expectOnlySaved(services: Services, lu: string, ids: readonly string[], saved: Saved): Promise<void> {
  return expectCounters(services, lu, ids, saved, (id) => saved.tried.get(id) ?? saved.first);
}

async function expectCounters({ cluster: { instances } }: Services, lu: string, ids: readonly string[], saved: Saved, mostOf: (id: string) => number): Promise<void> {
  const wrong: string[] = [];
  const left = [...ids];
  const lane = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      const least = saved.acknowledged.get(id) ?? saved.first;
      const most = mostOf(id);
      try {
        const counter = counterOf((await instances.read(lu, id)).image);
        if (counter < least) wrong.push(`${id} holds ${counter}, and ${least} was acknowledged`);
        if (counter > most) wrong.push(`${id} holds ${counter}, and no more than ${most} was ever saved`);
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
