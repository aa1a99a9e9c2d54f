import { type AppError, isAppError } from '../errors.ts';
import { isOfInstance } from '../lu/instances.ts';
import type { CampaignFailure, StoredInstance, SystemDb } from '../systemdb/repositories.ts';
import type { ActiveGeneration, Treatment } from './treatment.ts';

const PAGE = 500;
/** Instances looked at at once: each may be tens of MiB. */
const AT_ONCE = 8;

/** Keeps why an instance was left as it is. */
export async function putFailure(db: Pick<SystemDb, 'campaigns'>, campaign: string, { lu, id, keyDescription }: StoredInstance, error: AppError, at: number): Promise<void> {
  await db.campaigns.putFailure(campaign, { lu, id, keyDescription, code: error.code, message: error.message, remedy: error.remedy, at });
}

/** All failures of a campaign, page by page; removing those of a page meanwhile is no harm. */
export async function* failurePages(db: Pick<SystemDb, 'campaigns'>, campaign: string): AsyncGenerator<CampaignFailure[]> {
  for (let after: { lu: string; id: string } | undefined; ; ) {
    const page = await db.campaigns.failures(campaign, { ...(after === undefined ? {} : { after }), limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    yield page;
    after = { lu: last.lu, id: last.id };
  }
}

export interface Sweep {
  readonly db: Pick<SystemDb, 'campaigns' | 'instances'>;
  readonly campaign: string;
  readonly treatment: Treatment;
  readonly active: () => Promise<ActiveGeneration>;
  readonly signal: AbortSignal;
}

/**
 * Takes off the list what needs it no longer: saved anew or removed since, or re-encrypted when its range was worked
 * through once more. Whoever has just counted calls it, so that no instance counts as done and as failed.
 * @throws AppError `LOCKED`, `REKEY_GENERATION_UNREADABLE`, `DATABASE_*`
 */
export async function dropSettled({ db, campaign, treatment, active, signal }: Sweep): Promise<void> {
  for await (const page of failurePages(db, campaign)) {
    const generation = await active();
    for (let from = 0; from < page.length && !signal.aborted; from += AT_ONCE) {
      await Promise.all(
        page.slice(from, from + AT_ONCE).map(async ({ lu, id }) => {
          if (!(await stillNeeds(db, treatment, lu, id, generation))) await db.campaigns.removeFailure(campaign, lu, id);
        }),
      );
    }
  }
}

async function stillNeeds(db: Pick<SystemDb, 'instances'>, treatment: Treatment, lu: string, id: string, active: ActiveGeneration): Promise<boolean> {
  try {
    const stored = await db.instances.get(lu, id);
    return stored !== null && treatment.wanted(stored.keyDescription, active.description) && (await treatment.reseal(stored, active)) !== null;
  } catch (error) {
    if (isOfInstance(error) || isAppError(error, 'DATABASE_CORRUPT') || isAppError(error, 'DATABASE_FAILED')) return true;
    throw error;
  }
}
