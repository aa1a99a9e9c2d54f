import type { ActivationPlan } from '../../../app/contract/command.ts';
import { counted, figure, middle } from '../../format.ts';
import type { SentenceText } from '../../ui/Sentence.tsx';

/** What would this command do? */
export function activateSentence(plan: ActivationPlan | undefined, wrong: boolean): SentenceText {
  if (plan === undefined) return { tone: 'calm', text: wrong ? 'The command can not be carried out as it stands; nothing happens until it can.' : 'Say which key gets a new generation; nothing happens before you confirm.' };
  if (plan.previous === null) return { tone: 'calm', text: `This makes the first generation of ${plan.name}; nothing is encrypted under that name yet.` };
  const older = plan.instancesUnderOlder;
  const rest = older === 0 ? 'no instance is affected' : `${counted(older, 'instance')} ${older === 1 ? 'stays' : 'stay'} readable under ${older === 1 ? 'its' : 'their'} older generation${older === 1 ? '' : 's'}`;
  return { tone: 'calm', text: `A new generation of ${plan.name} would take over from ${middle(plan.previous, 34)}; ${rest}.` };
}

/** What did it do? */
export function activatedSentence(name: string, description: string, stay: number): SentenceText {
  return { tone: 'calm', text: `${middle(description, 40)} is now the active generation of ${name}; ${stay === 0 ? 'nothing was under older ones' : `${figure(stay)} instances stay readable under older ones`}.` };
}
