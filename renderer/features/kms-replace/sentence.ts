import type { ReplacementPlan, ReplacementResult } from '../../../app/contract/kms-replace.ts';
import { counted, figure } from '../../format.ts';
import type { SentenceText } from '../../ui/Sentence.tsx';

/** What a plan says first. */
export function planSentence(plan: ReplacementPlan): SentenceText {
  if (plan.refusal !== null) return { text: 'This key can not take over: a check from here failed. Nothing was changed.', tone: 'alarm' };
  if (plan.alreadySo) return { text: 'This key has taken over already: every config.ini names it, and what it has to wrap is under it.', tone: 'calm' };
  const files = plan.changes.filter(({ changed }) => changed).length;
  const names = plan.names.filter(({ then }) => then === 'activate').length;
  return {
    text: `The new key works from here. ${files === 0 ? 'No file changes' : `${counted(files, 'file')} ${files === 1 ? 'changes' : 'change'}`}, ${names === 0 ? 'no master key is activated' : `${counted(names, 'master key')} ${names === 1 ? 'gets' : 'get'} a new generation`}, and ${dependentWords(plan.dependents)}.`,
    tone: plan.warnings.length > 0 || plan.steps.some(({ state }) => state === 'warning') ? 'worry' : 'calm',
  };
}

/** What is true once it is done. */
export function resultSentence({ dependents, activated }: ReplacementResult): SentenceText {
  const made = activated.length === 0 ? 'No master key had to be activated' : `${counted(activated.length, 'master key')} ${activated.length === 1 ? 'is' : 'are'} active under the new KMS key`;
  return { text: `${made}; ${dependentWords(dependents)}.`, tone: 'calm' };
}

/** So many instances need other KMS keys than the new one. */
export function dependentWords(dependents: ReplacementPlan['dependents']): string {
  const instances = dependents.reduce((sum, dependent) => sum + dependent.instances, 0);
  if (dependents.length === 0) return 'nothing is under another KMS key';
  return instances === 0 ? 'no instance needs an older KMS key' : `${figure(instances)} ${instances === 1 ? 'instance needs' : 'instances need'} an older KMS key until they are rekeyed`;
}
