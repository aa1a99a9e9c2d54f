import type { KmsAct, KmsActs } from '../../main/kms/acts.ts';
import type { KmsActName } from '../contract/kms.ts';

/** Each act by its name at the KMS. */
export const ACTS: Readonly<Record<KmsActName, KmsAct & keyof KmsActs>> = {
  enable: 'enable',
  disable: 'disable',
  rotate: 'rotateNow',
  'schedule-deletion': 'scheduleDeletion',
  'cancel-deletion': 'cancelDeletion',
};

/** The acts of ours that a provider has and that a key allows. @param allowed null: as far as the provider goes */
export function actsOfKey(able: KmsActs, allowed: readonly KmsAct[] | null): KmsActName[] {
  return (Object.keys(ACTS) as KmsActName[]).filter((act) => able[ACTS[act]] !== undefined && (allowed === null || allowed.includes(ACTS[act])));
}
