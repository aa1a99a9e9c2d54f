/** What people do to a campaign, from any process: its workers see it within a second or two. */
import { AppError } from '../errors.ts';
import type { CampaignState, SystemDb } from '../systemdb/repositories.ts';
import { type CampaignLimits, getCampaign, parseLimits } from './campaign.ts';

type Campaigns = Pick<SystemDb, 'campaigns'>;

/** `planned` → `running`. @throws AppError `REKEY_UNKNOWN`, `REKEY_STATE` */
export async function startCampaign(db: Campaigns, id: string, at: number = Date.now()): Promise<void> {
  await change(db, id, ['planned'], 'running', at);
}

/** `running` → `paused`: workers finish the instances in hand and give their ranges back. @throws AppError `REKEY_UNKNOWN`, `REKEY_STATE` */
export async function pauseCampaign(db: Campaigns, id: string, at: number = Date.now()): Promise<void> {
  await change(db, id, ['running'], 'paused', at);
}

/** `paused` → `running`; also `planned`, where what made it was cut off before it started it. @throws AppError `REKEY_UNKNOWN`, `REKEY_STATE` */
export async function resumeCampaign(db: Campaigns, id: string, at: number = Date.now()): Promise<void> {
  await change(db, id, ['planned', 'paused'], 'running', at);
}

/** Ends it for good; what was re-encrypted stays so. @throws AppError `REKEY_UNKNOWN`, `REKEY_STATE` */
export async function cancelCampaign(db: Campaigns, id: string, at: number = Date.now()): Promise<void> {
  await change(db, id, ['planned', 'running', 'paused'], 'cancelled', at);
}

/**
 * Changes limits, also while it runs; what is not given stays.
 * @throws AppError `REKEY_UNKNOWN`, `INPUT_INVALID`
 */
export async function limitCampaign(db: Campaigns, id: string, limits: Partial<CampaignLimits>, at: number = Date.now()): Promise<CampaignLimits> {
  const next = parseLimits(limits, (await getCampaign(db, id)).limits);
  await db.campaigns.setLimits(id, JSON.stringify(next), at);
  return next;
}

async function change(db: Campaigns, id: string, from: readonly CampaignState[], to: CampaignState, at: number): Promise<void> {
  if (await db.campaigns.setState(id, from, to, at)) return;
  const { record } = await getCampaign(db, id);
  // The same was asked for twice, or the answer to the first try got lost.
  if (record.state === to) return;
  throw new AppError('REKEY_STATE', `Campaign ${id} is ${record.state}, so it can not become ${to}. Nothing was changed.`, `That is possible while it is ${from.join(' or ')}.`, {
    details: { id, state: record.state, wanted: to },
  });
}
