import type { AppError } from '../errors.ts';
import type { CampaignFailure, StoredInstance, SystemDb } from '../systemdb/repositories.ts';

const PAGE = 500;

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
