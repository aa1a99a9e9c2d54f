import type { CampaignView, RekeyNeeds } from '../../../app/contract/rekey.ts';
import { counted, duration, figure } from '../../format.ts';
import { asCounted } from '../../ui/census-age.ts';
import type { SentenceText } from '../../ui/Sentence.tsx';

type FieldProof = NonNullable<Extract<NonNullable<CampaignView['outcome']>, { kind: 'proof' }>['fields']>;

/** What is still under older generations, and is anything done about it? */
export function rekeySentence({ campaigns, needs }: { campaigns: readonly CampaignView[]; needs: RekeyNeeds }, now: number): SentenceText {
  const { older, total, generations, census } = needs;
  const running = campaigns.filter((each) => each.state === 'running');
  const idle = running.filter((each) => each.workers.length === 0 && each.here === null);
  if (census.at === null) return { tone: 'worry', text: 'Nobody has counted yet which instances are under older generations: take a census first.' };
  const age = asCounted(census, now);
  const what = older === 0 ? `No instance needs an older generation: all ${figure(total)} are under the active one` : `${figure(older)} of ${counted(total, 'instance')} ${older === 1 ? 'is' : 'are'} under ${counted(generations, 'older generation')}`;
  if (total === 0) return { tone: 'calm', text: 'Nothing is stored here yet, so nothing needs an older generation.' };
  if (idle.length > 0) return { tone: 'worry', text: `${what}; ${idle.length === 1 ? 'a campaign is running' : `${idle.length} campaigns are running`} but no process works on ${idle.length === 1 ? 'it' : 'them'}.` };
  if (running.length > 0) {
    const left = running.map((each) => each.secondsLeft).reduce<number | null>((most, each) => (most === null || each === null ? (each ?? most) : Math.max(most, each)), null);
    return { tone: 'calm', text: `${what}; ${running.length === 1 ? 'a campaign is' : `${running.length} campaigns are`} re-encrypting${left === null ? '' : `, about ${duration(left * 1000)} left`}.${age}` };
  }
  const paused = campaigns.filter((each) => each.state === 'paused').length;
  if (paused > 0) return { tone: 'worry', text: `${what}; ${paused === 1 ? 'a campaign is' : `${paused} campaigns are`} paused.${age}` };
  return { tone: 'calm', text: `${what}${older === 0 ? '' : ', and nothing re-encrypts them'}.${age}` };
}

/** Empty where none is known: in Cassandra the later write wins in silence, and what was saved meanwhile counts as re-encrypted. */
export function meanwhile({ superseded }: { superseded: number }): string {
  return superseded === 0 ? '' : `${figure(superseded)} saved or removed meanwhile, `;
}

/** How far is this campaign, and what did it prove? */
export function campaignSentence({ state, done, total, failed, workers, here, secondsLeft, outcome }: CampaignView): SentenceText {
  const progress = `${figure(done)} of ${counted(total, 'instance')} ${done === 1 ? 'is' : 'are'} re-encrypted`;
  const failures = failed === 0 ? '' : `; ${figure(failed)} could not be`;
  switch (state) {
    case 'planned':
      return { tone: 'calm', text: `Planned, not begun: ${counted(total, 'instance')} would be re-encrypted.` };
    case 'running':
      if (here?.phase === 'counting') return { tone: 'calm', text: `${progress}${failures}; a second census counts what is left.` };
      if (here?.waiting != null) return { tone: 'worry', text: `${progress}${failures}; the database does not answer, and is asked again.` };
      if (workers.length === 0 && here === null) return { tone: 'worry', text: `${progress}${failures}; no process works on it.` };
      return { tone: failed === 0 ? 'calm' : 'worry', text: `${progress}${failures}${secondsLeft === null ? '' : `; about ${duration(secondsLeft * 1000)} left`}.` };
    case 'paused':
      return { tone: 'worry', text: `Paused: ${progress}${failures}.` };
    case 'cancelled':
      return { tone: 'calm', text: `Cancelled: ${progress} and ${done === 1 ? 'stays' : 'stay'} so.` };
    case 'failed':
      if (outcome?.kind === 'failure' && outcome.ranges === 0) return { tone: 'alarm', text: `Not proven: every range was worked through, but a second census could not count everything; ${progress}.` };
      return { tone: 'alarm', text: `Some ranges could not be worked through: ${progress}.` };
    case 'done': {
      if (outcome?.kind !== 'proof') return { tone: 'calm', text: `${progress}${failures}.` };
      const left = outcome.left.reduce((sum, row) => sum + row.instances, 0);
      if (outcome.proven) return { tone: 'calm', text: `Proven: of ${counted(outcome.counted, 'instance')} counted anew, none needs the older generations any more.` };
      if (outcome.fields !== null) return fieldsSentence(outcome.fields, outcome.counted, failed);
      return { tone: 'worry', text: `${counted(left, 'instance')} still ${left === 1 ? 'needs' : 'need'} an older generation: a second census of ${figure(outcome.counted)} found ${left === 1 ? 'it' : 'them'}.` };
    }
  }
}

function fieldsSentence({ left, unread, columns }: FieldProof, instances: number, failed: number): SentenceText {
  const values = columns.reduce((sum, row) => sum + row.values, 0);
  const seen = `${counted(instances, 'instance')} read anew`;
  if (left > 0 || unread > 0 || failed > 0) {
    const what = [
      ...(left > 0 ? [`${figure(left)} of ${counted(values, 'value')} in the named columns ${left === 1 ? 'is' : 'are'} under an older generation`] : []),
      ...(unread > 0 ? [`of ${counted(unread, 'instance')} nobody knows what the columns hold`] : []),
      ...(left === 0 && unread === 0 ? [`${counted(failed, 'instance')} could not be re-encrypted`] : []),
    ];
    return { tone: 'worry', text: `${seen}: ${what.join(', and ')}.` };
  }
  return { tone: 'calm', text: `${seen}: all ${counted(values, 'value')} in the named columns ${values === 1 ? 'is' : 'are'} under the active generation. Other columns were not looked at.` };
}

/** `312 of 658 · 40 a second · 9 s left · 1 failed`. */
export function campaignPace({ state, done, total, failed, rate, secondsLeft, createdAt, updatedAt }: CampaignView): string {
  return [
    `${figure(done)} of ${figure(total)}`,
    ...(failed > 0 ? [`${figure(failed)} failed`] : []),
    ...(state === 'running' && rate > 0 ? [`${rate < 10 ? rate.toFixed(1) : figure(rate)} a second`] : []),
    ...(state === 'running' && secondsLeft !== null ? [`${duration(secondsLeft * 1000)} left`] : []),
    ...(state === 'done' ? [`in ${duration(updatedAt - createdAt)}`] : []),
  ].join(' · ');
}

/** The ranges in words, for those who do not see the picture: `3 done, 1 running, 12 waiting`. */
export function rangesInWords({ done, running, failed, waiting }: CampaignView['ranges']): string {
  const parts = [
    ...(done > 0 ? [`${figure(done)} done`] : []),
    ...(running > 0 ? [`${figure(running)} running`] : []),
    ...(failed > 0 ? [`${figure(failed)} failed`] : []),
    ...(waiting > 0 ? [`${figure(waiting)} waiting`] : []),
  ];
  const all = done + running + failed + waiting;
  return all === 0 ? 'no ranges' : `${counted(all, 'range')}: ${parts.join(', ')}`;
}
