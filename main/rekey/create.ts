import { randomUUID } from 'node:crypto';
import { AppError } from '../errors.ts';
import type { InstanceRange, SystemDb } from '../systemdb/repositories.ts';
import { type Campaign, type CampaignLimits, DEFAULT_LIMITS, readCampaign } from './campaign.ts';
import { withLease } from './lease.ts';
import { paramsOf, type RekeyPlan } from './plan.ts';

/** One campaign at a time comes into being, or to life again: two at once could not see that they overlap. */
const CREATION_LEASE = 'rekey:create';
const CREATION_SECONDS = 60;

/** Far more than there ever are unfinished at once. */
export const CAMPAIGNS_LOOKED_AT = 1_000;

/**
 * Makes a campaign of a plan: the record, `planned`, and the ranges of its LUs. It does nothing until it is started.
 * @throws AppError the first refusal of the plan, or `REKEY_OVERLAPS` where another unfinished campaign has one of its
 *   LUs or one that ended is retried.
 */
export async function createCampaign(
  db: Pick<SystemDb, 'campaigns' | 'instances' | 'leases'>,
  plan: RekeyPlan,
  options: { readonly limits?: CampaignLimits; readonly id?: string; readonly schedule?: string; readonly now?: () => number } = {},
): Promise<Campaign> {
  const [refusal] = plan.refusals;
  if (refusal !== undefined) {
    throw new AppError(refusal.code, refusal.message, refusal.remedy, refusal.object === null ? {} : { details: { object: refusal.object } });
  }
  const ranges: InstanceRange[] = [];
  for (const lu of plan.lus) ranges.push(...(await db.instances.ranges(lu)));
  const { limits = DEFAULT_LIMITS, id = randomUUID(), schedule, now = Date.now } = options;
  return decidedAlone(db, async () => {
    await refuseOverlap(db, plan.lus);
    const at = now();
    const params = JSON.stringify({ ...paramsOf(plan), ...(schedule === undefined ? {} : { schedule }) });
    const record = { id, state: 'planned' as const, params, limits: JSON.stringify(limits), outcome: null, createdAt: at, updatedAt: at };
    await db.campaigns.create(record, ranges);
    return readCampaign(record);
  });
}

/**
 * Does what decides which campaigns are unfinished, while nobody else does.
 * @throws AppError as {@link withLease}
 */
export function decidedAlone<T>(db: Pick<SystemDb, 'leases'>, work: () => Promise<T>): Promise<T> {
  return withLease(db, CREATION_LEASE, CREATION_SECONDS, work);
}

/** What a retry holds of each LU of its campaign: that has ended, and rewrites instances all the same. */
export function retryLease(lu: string): string {
  return `rekey:retry:${lu}`;
}

/** Names the campaign to whoever finds the lease. @param once tells this retry from others of the same campaign. */
export function retryHolder(campaign: string, once: string): string {
  return `${campaign} ${once}`;
}

/**
 * Two campaigns at once over an instance could rewrite it for two generations in the same moment. Only within
 * {@link decidedAlone} the answer still holds a moment later.
 * @param but a campaign that may have these LUs.
 * @throws AppError `REKEY_OVERLAPS`
 */
export async function refuseOverlap(db: Pick<SystemDb, 'campaigns' | 'leases'>, lus: readonly string[], but?: string): Promise<void> {
  const holders = await Promise.all(lus.map((lu) => db.leases.holder(retryLease(lu))));
  for (const [i, holder] of holders.entries()) {
    const retried = holder?.split(' ')[0];
    if (retried === undefined || retried === but) continue;
    throw new AppError(
      'REKEY_OVERLAPS',
      `What campaign ${retried} left as it was is being retried, also of ${lus[i]}. Nothing was started.`,
      'Wait until the retry is done (a minute, where its process died); or ask for other LUs.',
      { details: { campaign: retried, state: 'being retried', lus: lus.filter((_, at) => holders[at] === holder) } },
    );
  }
  for (const record of await db.campaigns.list(CAMPAIGNS_LOOKED_AT)) {
    if (record.id === but || (record.state !== 'planned' && record.state !== 'running' && record.state !== 'paused')) continue;
    const shared = readCampaign(record).params.lus.filter((lu) => lus.includes(lu));
    if (shared.length === 0) continue;
    throw new AppError(
      'REKEY_OVERLAPS',
      `Campaign ${record.id} (${record.state}) already works on ${shared.join(', ')}. Nothing was started.`,
      'Wait until it is done, or cancel it; or ask for other LUs.',
      { details: { campaign: record.id, state: record.state, lus: shared } },
    );
  }
}
