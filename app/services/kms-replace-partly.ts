import { AppError, isAppError } from '../../main/errors.ts';
import type { ReplacementPlan, ReplacementResult } from '../contract/kms-replace.ts';

export interface Reached {
  /** What it stopped at: a master key's name, or the files. */
  readonly at: string;
  readonly plan: ReplacementPlan;
  readonly changes: ReplacementResult['changes'];
  readonly activated: ReplacementResult['activated'];
}

/** What is true after a replacement that stopped half way, and how to go on or back; `cause` itself where nothing was changed. */
export function partly(cause: AppError, { at, plan, changes, activated }: Reached): AppError {
  const halfWritten = isAppError(cause, 'CONFIG_SET_PARTLY');
  const backups = halfWritten ? backupsOf(cause, plan) : changes.flatMap(({ node, backup }) => (backup === null ? [] : [{ node, backup }]));
  if (backups.length === 0 && activated.length === 0) return cause;
  const done = new Map(activated.map(({ name, description }) => [name, description]));
  const left = plan.names.filter(({ then, name }) => then === 'activate' && !done.has(name));
  const truths = [
    halfWritten ? '' : backups.length === 0 ? 'Every config.ini names the new key.' : `The config.ini of ${backups.map(({ node }) => node).join(', ')} ${backups.length === 1 ? 'was' : 'were'} changed, and every node's file names the new key.`,
    activated.length === 0 ? 'No master key was activated under it.' : `Activated under it: ${[...done].map(([name, description]) => `${name} (${description})`).join(', ')}.`,
    left.length === 0 ? '' : `Still active as before: ${left.map(({ name, active }) => `${name} (${active ?? 'no generation'})`).join(', ')}.`,
    'Everything that was readable stays readable: the old keys were not touched.',
  ];
  const back = [
    ...backups.map(({ node, backup }) => `put ${backup} in the place of ${node}'s config.ini`),
    ...(activated.length === 0 ? [] : ['activate once more under the old key']),
  ];
  return new AppError(
    'KMS_REPLACE_PARTLY',
    `The replacement stopped at ${at} (${cause.code}: ${cause.message}) ${truths.filter((truth) => truth !== '').join(' ')}`,
    `To go on: ${cause.remedy} Then run it again: what is done is left alone. To go back: ${back.join('; ')}.`,
    {
      details: { code: cause.code, at, backups: backups.map(({ backup }) => backup), activated: [...done.values()] },
      cause,
    },
  );
}

/** Of the files that were written before one could not be. */
function backupsOf({ details }: AppError, { changes }: ReplacementPlan): { node: string; backup: string }[] {
  const written = details?.['changed'];
  return changes.flatMap(({ node, file, changed }) => (changed && Array.isArray(written) && written.includes(node) ? [{ node, backup: `${file}.bak` }] : []));
}
