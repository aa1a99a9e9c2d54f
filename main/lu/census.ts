import type { CensusRow, SystemDb } from '../systemdb/repositories.ts';

/** Which generation protects how much, at one moment. */
export interface Census {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Instances of all LUs. */
  readonly total: number;
  /** By LU, then key description; `bytes` is the sealed size. */
  readonly rows: CensusRow[];
}

/**
 * Counts the instances by LU × generation, exactly; no sealed byte is read and no key is needed.
 * @param at the time that the census will carry.
 */
export async function takeCensus(db: Pick<SystemDb, 'instances'>, at: number = Date.now()): Promise<Census> {
  const rows = await db.instances.census();
  return { at, total: rows.reduce((sum, row) => sum + row.instances, 0), rows };
}
