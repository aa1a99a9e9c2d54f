import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Instances } from '../../main/lu/instances.ts';
import { type Campaign, type CampaignLimits, DEFAULT_LIMITS } from '../../main/rekey/campaign.ts';
import { startCampaign } from '../../main/rekey/control.ts';
import { createCampaign } from '../../main/rekey/create.ts';
import { type GenerationFacts, planRekey, type RekeyPlan, type RekeyRequest } from '../../main/rekey/plan.ts';
import type { InstanceRange, SystemDb } from '../../main/systemdb/repositories.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { imageOf, temporaryFolder, TestKeys } from '../lu/fixtures.ts';

export const LU = 'CUSTOMER';

export function image(text: string): Uint8Array {
  return imageOf(`PRAGMA page_size = 512; CREATE TABLE customer(name TEXT); INSERT INTO customer VALUES ('${text}')`);
}

/** A system database with `count` instances under key-1, `key-2` active, and a second connection to the same file. */
export async function cluster(count: number, lu = LU): Promise<{ db: SystemDb; other: SystemDb; keys: TestKeys; instances: Instances }> {
  const file = join(temporaryFolder(), 'system.sqlite');
  const db = await openSqlite(file);
  const other = await openSqlite(file);
  onTestFinished(async () => {
    await other.close();
    await db.close();
  });
  const keys = new TestKeys();
  const instances = new Instances(db, keys);
  await fill(db, keys, count, lu);
  keys.rotate('key-2');
  return { db, other, keys, instances };
}

/** Many instances in one transaction. */
export async function fill(db: SystemDb, keys: TestKeys, count: number, lu = LU): Promise<void> {
  const { description, key } = await keys.active();
  const { sealInstance } = await import('../../main/crypto/envelope.ts');
  const plain = image('content');
  const all = Array.from({ length: count }, (_, i) => {
    const id = String(i).padStart(6, '0');
    return { lu, id, keyDescription: description, sealed: sealInstance(keys.suite, key, { keyDescription: description, lu, instanceId: id }, plain), savedAt: 5 };
  });
  await db.instances.saveMany(all);
}

export async function planFor(db: SystemDb, keys: TestKeys, request: RekeyRequest = {}): Promise<RekeyPlan> {
  const census = await db.instances.census();
  const { description } = await keys.active();
  const generations: GenerationFacts[] = [];
  for (const keyDescription of new Set([...census.map((row) => row.keyDescription), description])) {
    const unreadable = await keys.get(keyDescription).then(
      () => null,
      () => ({ code: 'KEY_DESCRIPTION_UNKNOWN' as const, message: 'Unknown.', remedy: 'Restore it.' }),
    );
    generations.push({ keyDescription, activated: true, unreadable });
  }
  return planRekey({ census, generations, active: description, request });
}

/** The LU in ranges of `size` instances, as {@link fill} numbered them: several, without thousands of instances. */
export function inRangesOf(db: SystemDb, size: number, count: number): SystemDb {
  const ranges = async (lu: string): Promise<InstanceRange[]> => {
    const ends = Array.from({ length: Math.ceil(count / size) - 1 }, (_, i) => String((i + 1) * size - 1).padStart(6, '0'));
    return [...ends, ''].map((end, i) => ({ lu, start: ends[i - 1] ?? '', end, nodes: [] }));
  };
  return wrapped(db, { instances: { ranges } });
}

/** A campaign that runs, over everything that is not active. */
export async function started(db: SystemDb, keys: TestKeys, limits: Partial<CampaignLimits> = {}, request: RekeyRequest = {}): Promise<Campaign> {
  const campaign = await createCampaign(db, await planFor(db, keys, request), { limits: { ...DEFAULT_LIMITS, ...limits } });
  await startCampaign(db, campaign.record.id);
  return campaign;
}

export async function generationsOf(db: SystemDb): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const row of await db.instances.census()) found[row.keyDescription] = (found[row.keyDescription] ?? 0) + row.instances;
  return found;
}

/** The database with some of its methods replaced; each gets the real repositories. */
export function wrapped(db: SystemDb, change: { instances?: Partial<SystemDb['instances']>; campaigns?: Partial<SystemDb['campaigns']>; keys?: Partial<SystemDb['keys']> }): SystemDb {
  const over = <T extends object>(real: T, changes: Partial<T> = {}): T =>
    new Proxy(real, {
      get(target, name) {
        const own = (changes as Record<PropertyKey, unknown>)[name];
        if (own !== undefined) return own;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      },
    });
  return { ...db, instances: over(db.instances, change.instances), campaigns: over(db.campaigns, change.campaigns), keys: over(db.keys, change.keys) };
}
