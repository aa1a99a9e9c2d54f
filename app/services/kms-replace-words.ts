import { AppError } from '../../main/errors.ts';
import type { ReplacementPlan, ReplacementResult } from '../contract/kms-replace.ts';
import type { ConfigChange } from './config.ts';

/** What came of the files. */
export function writtenWords(changes: readonly ConfigChange[]): string {
  const changed = changes.filter((change) => change.changed).map(({ node }) => node);
  return changed.length === 0 ? 'every file is so already' : `written on ${changed.join(', ')}`;
}

export function movedMeanwhile(name: string, keyId: string, plan: ReplacementPlan): AppError {
  return new AppError(
    'KMS_KEY_MISMATCH',
    `${name} was activated under ${keyId}, and ${plan.keyId ?? plan.asked} is the key that was tried: an alias was moved meanwhile, or somebody changed config.ini. The generation was read back and verified, and is active.`,
    'See what config.ini names (fkc config diff), and give the ID of the key in place of an alias.',
  );
}

/** What a person does after it. */
export function nextOf(dependents: ReplacementResult['dependents'], changes: readonly ConfigChange[]): string[] {
  const needed = dependents.filter(({ instances }) => instances > 0);
  const kept = dependents.filter(({ replaced }) => replaced).map(({ keyId }) => keyId);
  return [
    ...(changes.some(({ changed }) => changed) ? ['Running nodes read config.ini when they go live. They go on saving under what they hold; they take over the new generation by themselves, and need the new key for that.'] : []),
    ...(needed.length === 0 ? [] : ['Rekey, so that no instance needs an old key any more: fkc rekey plan']),
    ...(kept.length === 0 ? [] : [`Keep ${kept.join(' and ')}, enabled: what it wrapped is opened by it alone, also in backups.`]),
  ];
}
