import type { SystemDb } from '../systemdb/repositories.ts';
import { descriptionTime } from './description.ts';

/**
 * A description is left alone for this long after it was made, so that no activation on its way is cut off. Nothing is
 * lost where clocks differ or a process slept that long: it finds its parts gone and does not activate.
 */
export const ORPHAN_GRACE_MS = 15 * 60_000;

/**
 * Key descriptions that a crash left behind: stripes or facts that never became active, and that no instance carries.
 * Nothing is encrypted under them.
 */
export async function findOrphans(db: SystemDb): Promise<string[]> {
  const described = (await db.keys.list()).map((generation) => generation.description);
  const striped = await db.stripes.descriptions();
  // Read last: what became active since the lists were read is no orphan.
  const activated = new Set((await db.keys.activations()).map((activation) => activation.description));
  const never = [...new Set([...described, ...striped])].filter((description) => !activated.has(description));
  // On a cluster a census reads every instance's row: only where there is something to ask it.
  if (never.length === 0) return [];
  const inUse = new Set((await db.instances.census()).map((row) => row.keyDescription));
  return never.filter((description) => !inUse.has(description)).sort();
}

/** The orphans that may be removed at `now`: old enough that no activation of another process is cut off. */
export async function removableOrphans(db: SystemDb, now: number): Promise<string[]> {
  return (await findOrphans(db)).filter((description) => now - (descriptionTime(description) ?? 0) > ORPHAN_GRACE_MS);
}

/** Removes the orphans that may be removed at `now`. @returns their descriptions. */
export async function removeOrphans(db: SystemDb, now: number): Promise<string[]> {
  const removed: string[] = [];
  for (const description of await removableOrphans(db, now)) {
    if (await removeOrphan(db, description)) removed.push(description);
  }
  return removed;
}

/** Facts first: stripes go only where no facts stand, so those of a generation that became active meanwhile stay. */
export async function removeOrphan(db: SystemDb, description: string): Promise<boolean> {
  const facts = await db.keys.removeOrphan(description);
  const stripes = await db.stripes.removeOrphan(description);
  return facts || stripes;
}
