import type { Census, DataVerification, InstanceDetail } from '../../../app/contract/data.ts';
import { counted, figure, percent, relativeTime, size } from '../../format.ts';
import type { SentenceText } from '../../ui/Sentence.tsx';

type Counts = Pick<Census, 'at' | 'live' | 'complete' | 'total' | 'rows' | 'coverage'>;

/** What is stored, and under which keys, and how far is that known? `active` and `usable` hold key descriptions. */
export function dataSentence(census: Counts, active: ReadonlySet<string>, usable: ReadonlySet<string>, now: number): SentenceText {
  if (census.at === null) return { tone: 'worry', text: 'Nobody has counted yet what is stored here, and under which keys: take a census.' };
  const { tone, text } = countsSentence(census, active, usable);
  const when = `Counted ${relativeTime(Math.min(census.at, now), now)}`;
  if (census.live) return { tone, text: `${text} ${when}.` };
  if (census.complete) return { tone, text: `${text} ${when}, every range.` };
  const missed = census.coverage.notCovered.length;
  const rest = missed === 0 ? 'not every Logical Unit' : `but for ${counted(missed, 'range')} that could not be read`;
  return { tone: tone === 'calm' ? 'worry' : tone, text: `${text} ${when}, ${rest}: there may be more.` };
}

function countsSentence(census: Counts, active: ReadonlySet<string>, usable: ReadonlySet<string>): SentenceText {
  if (census.total === 0) return { tone: 'calm', text: 'No instance is stored yet.' };
  const lost = census.rows.reduce((sum, row) => (usable.has(row.keyDescription) ? sum : sum + row.instances), 0);
  if (lost > 0) return { tone: 'alarm', text: `${counted(lost, 'instance')} of ${figure(census.total)} ${lost === 1 ? 'lies' : 'lie'} under a generation that can not be used now.` };
  const lus = new Set(census.rows.map((row) => row.lu)).size;
  const generations = new Set(census.rows.map((row) => row.keyDescription)).size;
  const bytes = census.rows.reduce((sum, row) => sum + row.bytes, 0);
  const under = census.rows.reduce((sum, row) => (active.has(row.keyDescription) ? sum + row.instances : sum), 0);
  return {
    tone: 'calm',
    text: `${counted(census.total, 'instance')} of ${counted(lus, 'Logical Unit')}, ${size(bytes)} sealed, ${census.total === 1 ? 'lies' : 'lie'} under ${counted(generations, 'generation')}; ${under === 0 ? 'none' : under === census.total ? 'all' : percent(under / census.total)} under the active one.`,
  };
}

/** What did opening every instance find? */
export function verificationSentence(result: DataVerification): SentenceText {
  const lost = result.unreadable.length;
  if (lost === 0) return { tone: 'calm', text: result.checked === 1 ? 'The one instance was opened, and it is intact.' : `All ${figure(result.checked)} instances were opened just now, and every one is intact.` };
  return { tone: 'alarm', text: `${counted(lost, 'instance')} of ${figure(result.checked)} could not be opened just now.` };
}

/** Is this instance intact, and under which key? */
export function instanceSentence(instance: InstanceDetail): SentenceText {
  const what = `${instance.lu} ${instance.id}`;
  if (!instance.integrity.ok) return { tone: 'alarm', text: `${what} can not be opened: ${instance.integrity.failure?.message ?? 'its bytes do not hold.'}` };
  const chunks = instance.envelope === null ? '' : ` in ${counted(instance.envelope.chunks, 'chunk')}`;
  const state = instance.generation === null ? '' : instance.generation.state === 'active' ? ', under the active generation' : `, under a generation that is ${instance.generation.state}`;
  return { tone: 'calm', text: `${what} is intact: ${size(instance.bytes)}${chunks}${state}.` };
}
