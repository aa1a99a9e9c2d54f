import type { KmsKeyView, KmsOverviewView } from '../../../app/contract/kms.ts';
import { counted, relativeTime } from '../../format.ts';
import type { SentenceText } from '../../ui/Sentence.tsx';

/** Do the KMSs answer, and can everything that depends on their keys be read after a restart? */
export function kmsSentence({ providers, keys, asking }: KmsOverviewView, now: number): SentenceText {
  if (providers.length === 0) return { tone: 'calm', text: 'No node and no master key uses a KMS.' };
  const needed = keys.filter(isNeeded);
  const instances = needed.reduce((sum, key) => sum + key.instances, 0);
  const depends = `${counted(instances, 'instance')} depend${instances === 1 ? 's' : ''} on ${needed.length === 1 ? 'it' : 'them'}`;
  const silent = providers.filter(({ answers }) => answers === 'no');
  const [first] = silent;
  if (first !== undefined) {
    const lost = silent.reduce((sum, { lostAtRestart }) => sum + lostAtRestart.instances, 0);
    return { tone: 'alarm', text: `${silent.map(({ provider }) => provider).join(' and ')} ${silent.length === 1 ? 'does' : 'do'} not answer${first.since === null ? '' : `, since ${relativeTime(Math.min(first.since, now), now)}`}. ${restart(lost)}` };
  }
  const off = needed.filter(({ state, whyNot }) => (state !== null && state !== 'enabled') || whyNot !== null);
  if (off.length > 0) {
    const lost = off.reduce((sum, key) => sum + key.instances, 0);
    const [one] = off;
    const what = off.length === 1 && one !== undefined ? `KMS key ${one.name} ${one.state === null ? 'can not be looked at' : `is ${one.state.replace('-', ' ')}`}` : `${off.length} of ${counted(needed.length, 'KMS key')} can not be used`;
    return { tone: lost > 0 || one?.state === 'pending-deletion' ? 'alarm' : 'worry', text: `${what}. ${restart(lost)}` };
  }
  if (asking && needed.some(({ state }) => state === null)) return { tone: 'calm', text: `Asking about ${counted(needed.length, 'KMS key')}; ${depends}.` };
  if (needed.length === 0) return { tone: 'calm', text: `${providers.map(({ provider }) => provider).join(' and ')} ${providers.length === 1 ? 'answers' : 'answer'}; no master key is wrapped by ${providers.length === 1 ? 'it' : 'them'} yet.` };
  const listing = providers.find((provider) => provider.listing !== null);
  if (listing !== undefined) return { tone: 'worry', text: `${needed.length === 1 ? 'The one KMS key in use answers' : `All ${needed.length} KMS keys in use answer`}; ${depends}. ${listing.provider} does not let its other keys be listed.` };
  return { tone: 'calm', text: `${needed.length === 1 ? 'The one KMS key in use answers' : `All ${needed.length} KMS keys in use answer`}; ${depends}.` };
}

/** Something would be missing without it. */
export function isNeeded(key: KmsKeyView): boolean {
  return key.generations > 0 || key.nodes.length > 0;
}

function restart(lost: number): string {
  return lost === 0 ? 'No instance is lost to a node that starts now.' : `A node that starts now could not read ${counted(lost, 'instance')}; nodes that run go on with what they hold.`;
}
