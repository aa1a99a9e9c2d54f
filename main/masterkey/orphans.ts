import type { SystemDb } from '../systemdb/repositories.ts';
import { ACTIVATION_LIMIT_MS } from './activate.ts';
import { descriptionTime } from './description.ts';

/** A description is left alone for this long after it was made: an activation may still be on its way. */
export const ORPHAN_GRACE_MS = 3 * ACTIVATION_LIMIT_MS;

/**
 * Key descriptions that a crash left behind: stripes or facts that never became active, and that no instance carries.
 * Nothing is encrypted under them.
 */
export async function findOrphans(db: SystemDb): Promise<string[]> {
  const activated = new Set((await db.keys.activations()).map((activation) => activation.description));
  const inUse = new Set((await db.instances.census()).map((row) => row.keyDescription));
  const described = (await db.keys.list()).map((generation) => generation.description);
  const striped = await db.stripes.descriptions();
  return [...new Set([...described, ...striped])]
    .filter((description) => !activated.has(description) && !inUse.has(description))
    .sort();
}

/** The orphans that may be removed at `now`: old enough that no activation of another process is cut off. */
export async function removableOrphans(db: SystemDb, now: number): Promise<string[]> {
  return (await findOrphans(db)).filter((description) => now - (descriptionTime(description) ?? 0) > ORPHAN_GRACE_MS);
}

/** Removes the orphans that may be removed at `now`. @returns their descriptions. */
export async function removeOrphans(db: SystemDb, now: number): Promise<string[]> {
  const old = await removableOrphans(db, now);
  for (const description of old) {
    await db.keys.removeOrphan(description);
    await db.stripes.remove(description);
  }
  return old;
}
