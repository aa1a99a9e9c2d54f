import { AppError } from '../errors.ts';
import { findOrphans } from './orphans.ts';
import type { Protectors } from './protectors.ts';
import { eachInLanes } from './lanes.ts';
import { unwrapGeneration } from './unwrap.ts';

export interface UnreadableKey {
  readonly description: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

export interface KeyVerification {
  readonly checked: number;
  readonly readable: number;
  readonly unreadable: readonly UnreadableKey[];
  readonly orphans: readonly string[];
}

/**
 * Unwraps and compares generations from what is stored now, whatever is in memory: a KMS is called once for each that it
 * wrapped, the KeyStore file is read again.
 * @param description only this one; all where undefined.
 * @throws AppError `KEY_DESCRIPTION_UNKNOWN`, `KEYSTORE_*` where the file can not be read
 */
export async function verifyKeys(protectors: Protectors, description?: string): Promise<KeyVerification> {
  const { db, protection } = protectors;
  await protection.reload();
  const orphans = await findOrphans(db);
  const all = await db.keys.list();
  const chosen = all.filter((generation) =>
    description === undefined ? !orphans.includes(generation.description) : generation.description === description,
  );
  if (description !== undefined && chosen.length === 0) {
    throw new AppError(
      'KEY_DESCRIPTION_UNKNOWN',
      `The system database knows no key "${description}".`,
      'Copy the key description from the list of master keys.',
      { details: { description } },
    );
  }
  const failures = new Map<string, UnreadableKey>();
  await eachInLanes(chosen, async (generation) => {
    try {
      const { key } = await unwrapGeneration(protectors, generation);
      key.dispose();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      failures.set(generation.description, { description: generation.description, code: error.code, message: error.message, remedy: error.remedy });
    }
  });
  const unreadable = chosen.flatMap((generation) => failures.get(generation.description) ?? []);
  return { checked: chosen.length, readable: chosen.length - unreadable.length, unreadable, orphans };
}
