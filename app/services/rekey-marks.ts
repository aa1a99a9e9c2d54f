import { isAppError } from '../../main/errors.ts';
import type { Generation } from '../../main/masterkey/generations.ts';
import { readCampaign, type Campaign } from '../../main/rekey/campaign.ts';
import type { CampaignRecord } from '../../main/systemdb/repositories.ts';
import type { KeyMark } from '../contract/keys.ts';

/** One mark for each campaign that ended with a count, in the lane of the name that it worked for. */
export function rekeyMarks(records: readonly CampaignRecord[], generations: readonly Pick<Generation, 'description' | 'name'>[]): KeyMark[] {
  const names = new Map(generations.map(({ description, name }) => [description, name]));
  return records.flatMap((record) => {
    const campaign = record.state === 'done' ? readable(record) : null;
    const name = campaign === null ? undefined : names.get(campaign.params.target);
    if (campaign === null || name === undefined || campaign.outcome?.kind !== 'proof') return [];
    const { at, rewritten, proven, failures } = campaign.outcome;
    const { target, requestedAs, fields } = campaign.params;
    const left = fields === undefined ? campaign.outcome.left.reduce((sum, row) => sum + row.instances, 0) : null;
    return [{ at, kind: 'rekey' as const, name, label: requestedAs, actor: null, record: null, kms: null, rekey: { campaign: record.id, target, rewritten, proven, left, failures } }];
  });
}

/** A record that was damaged from outside has no mark; the page Rekey tells of it. */
function readable(record: CampaignRecord): Campaign | null {
  try {
    return readCampaign(record);
  } catch (error) {
    if (isAppError(error, 'DATABASE_CORRUPT')) return null;
    throw error;
  }
}
