import type { Finding, Overview } from '../../../app/contract/overview.ts';
import type { JobView } from '../../../app/contract/data.ts';
import { counted, duration, figure } from '../../format.ts';
import { asCounted } from '../../ui/census-age.ts';
import type { SentenceText } from '../../ui/Sentence.tsx';

/** Is everything readable, and through which keys? */
export function overviewSentence(overview: Overview, now: number): SentenceText {
  const { census, instances, readable, byState, findings } = overview;
  if (overview.empty) return { tone: 'calm', text: 'This cluster holds no data yet: three steps make it ready.' };
  if (census.at === null) return { tone: 'worry', text: 'Nobody has counted yet which data needs which key: take a census on the Data page.' };
  const age = asCounted(census, now);
  if (readable < instances) {
    const lost = instances - readable;
    return {
      tone: 'alarm',
      text: `${counted(lost, 'instance')} of ${figure(instances)} can not be read now, because a master key that ${lost === 1 ? 'it needs' : 'they need'} is not usable.${age}`,
    };
  }
  if (instances === 0) {
    return { tone: worst(findings), text: `No instance is stored yet; ${counted(overview.generations, 'key generation')} ${overview.generations === 1 ? 'is' : 'are'} ready.${age}${needs(findings)}` };
  }
  const all = instances === 1 ? 'The one instance is readable' : `All ${figure(instances)} instances are readable`;
  const each = instances === 1 ? '' : 'all of them ';
  const older =
    byState.older === 0
      ? `${each}under the active generation`
      : byState.active === 0
        ? `${each}under ${instances === 1 ? 'an older generation' : 'older generations'}`
        : `${figure(byState.active)} under the active generation and ${figure(byState.older)} under older ones`;
  return { tone: worst(findings), text: `${all}, ${older}.${age}${needs(findings)}` };
}

function needs(findings: readonly Finding[]): string {
  const open = findings.filter((finding) => finding.severity !== 'note').length;
  if (open === 0) return '';
  return open === 1 ? ' One finding needs you.' : ` ${figure(open)} findings need you.`;
}

function worst(findings: readonly Finding[]): SentenceText['tone'] {
  if (findings.some((finding) => finding.severity === 'critical')) return 'alarm';
  return findings.some((finding) => finding.severity === 'warning') ? 'worry' : 'calm';
}

/** How far is the first start? */
export function startingSentence(jobs: readonly JobView[]): SentenceText {
  const active = jobs.filter((job) => job.state === 'running' || job.state === 'paused' || job.state === 'failed');
  const failed = active.find((job) => job.state === 'failed');
  if (failed !== undefined) return { tone: 'alarm', text: `The first start stopped: ${failed.title} failed after ${counted(failed.done, 'item')}.` };
  const running = jobs.filter((job) => job.total !== null);
  if (running.length === 0) return { tone: 'calm', text: 'The console is getting ready: the database is opened and the master keys go live.' };
  const done = running.reduce((sum, job) => sum + job.done, 0);
  const total = running.reduce((sum, job) => sum + (job.total ?? 0), 0);
  const left = Math.max(...running.map((job) => job.left ?? 0));
  return {
    tone: 'calm',
    text: `The data are being imported and encrypted: ${figure(done)} of ${counted(total, 'instance')} so far${left > 0 ? `, about ${duration(left)} left` : ''}.`,
  };
}
