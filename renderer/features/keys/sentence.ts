import type { CensusState } from '../../../app/contract/census.ts';
import type { GenerationView } from '../../../app/contract/keys.ts';
import { counted, figure, relativeTime } from '../../format.ts';
import { asCounted } from '../../ui/census-age.ts';
import type { SentenceText } from '../../ui/Sentence.tsx';

/** The key that encrypts instances; a platform always has it. */
const MAIN = 'masterkey_key_name';

/** Which keys are there, and does anything hang on one that can not be used? */
export function keysSentence(keys: readonly GenerationView[], census: CensusState, now: number): SentenceText {
  if (keys.length === 0) return { tone: 'calm', text: 'There is no master key yet; the first one is made by activating it.' };
  const names = new Set(keys.map((key) => key.name)).size;
  const age = asCounted(census, now);
  const head = `${counted(keys.length, 'generation')} of ${counted(names, 'key name')}`;
  const broken = keys.filter((key) => key.failure !== null);
  if (broken.length > 0) {
    const needing = broken.reduce((sum, key) => sum + key.instances, 0);
    const which = broken.length === 1 ? `one can not be used` : `${figure(broken.length)} can not be used`;
    return {
      tone: 'alarm',
      text: `Of ${head}, ${which}, and ${needing === 0 ? 'no instance needs' : needing === 1 ? '1 instance needs' : `${figure(needing)} instances need`} ${broken.length === 1 ? 'it' : 'them'}.${age}`,
    };
  }
  const active = keys.find((key) => key.name === MAIN && key.state === 'active') ?? keys.find((key) => key.state === 'active');
  if (active === undefined) return { tone: 'worry', text: `${head}, and none of them is active: nothing new can be encrypted.` };
  if (census.at === null) return { tone: 'worry', text: `${head}; nobody has counted yet which data needs which: take a census on the Data page.` };
  const older = keys.reduce((sum, key) => (key.state === 'active' ? sum : sum + key.instances), 0);
  const since = active.activatedAt === null ? '' : ` was renewed ${relativeTime(active.activatedAt, now)}`;
  const rest = older === 0 ? 'no instance needs an older generation' : `${counted(older, 'instance')} still ${older === 1 ? 'needs' : 'need'} older generations, all of them usable`;
  return { tone: 'calm', text: `${head}; ${active.name}${since}, and ${rest}.${age}` };
}
