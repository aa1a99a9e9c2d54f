import { isAppError } from '../errors.ts';
import type { InstanceKeys } from '../lu/keys.ts';
import { LUI_KEY_NAME } from '../masterkey/types.ts';
import type { CensusRow, SystemDb } from '../systemdb/repositories.ts';
import type { GenerationFacts } from './plan.ts';

/**
 * The generations that a plan must know: all of the LUI key, each tried here where an instance needs it.
 * @param census rows of the instances; only what they name is tried.
 * @throws AppError `LOCKED`, `DATABASE_*`
 */
export async function surveyGenerations(db: Pick<SystemDb, 'keys'>, keys: InstanceKeys, census: readonly CensusRow[]): Promise<GenerationFacts[]> {
  const activated = new Set((await db.keys.activations()).map(({ description }) => description));
  const used = new Set(census.map((row) => row.keyDescription));
  const known = (await db.keys.list()).filter(({ name, description }) => name === LUI_KEY_NAME || used.has(description)).map(({ description }) => description);
  const facts: GenerationFacts[] = [];
  for (const keyDescription of new Set([...known, ...used])) {
    facts.push({ keyDescription, activated: activated.has(keyDescription), unreadable: used.has(keyDescription) ? await whyUnreadable(keys, keyDescription) : null });
  }
  return facts;
}

async function whyUnreadable(keys: InstanceKeys, description: string): Promise<GenerationFacts['unreadable']> {
  try {
    await keys.get(description);
    return null;
  } catch (error) {
    if (!isAppError(error) || error.code === 'LOCKED' || error.code.startsWith('DATABASE_')) throw error;
    return { code: error.code, message: error.message, remedy: error.remedy };
  }
}
