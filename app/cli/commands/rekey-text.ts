import type { CampaignView, RekeyPlanView } from '../../contract/rekey.ts';
import { counted, countedAt, facts, figure, moment, printable, table } from '../text.ts';

type FieldProof = NonNullable<Extract<NonNullable<CampaignView['outcome']>, { kind: 'proof' }>['fields']>;

/** `rekey status`: what it promises, and more. */
export function campaignDocument(campaign: CampaignView): Readonly<Record<string, unknown>> {
  const { ranges, here: _here, failure: _failure, workers, ...rest } = campaign;
  const { bins: _bins, ...counts } = ranges;
  return { ...rest, ranges: counts, workers: workers.map(({ here: _mine, ...worker }) => worker) };
}

export function planText(plan: RekeyPlanView): string {
  const rows = table(
    ['LU', 'UNDER', '>INSTANCES', '>BYTES', ''],
    plan.rows.map((row) => [row.lu, row.keyDescription, figure(row.instances), figure(row.bytes), row.readable ? '' : 'can not be opened here']),
    'Nothing that was asked for is under an older generation.',
  );
  const sum = plan.total === 0 ? '' : `${counted(plan.total, 'instance')}, ${figure(plan.bytes)} sealed bytes, would be re-encrypted under ${printable(plan.target)}.\n${estimateText(plan)}`;
  const problems = [...plan.refusals, ...plan.warnings].map((problem) => `! ${problem.code}: ${printable(problem.message)}\n  ${printable(problem.remedy)}\n`);
  return `Nothing is done yet.\n${rows}${sum}Instances were ${countedAt(plan.census)}.\n${problems.join('')}`;
}

function estimateText({ estimate }: RekeyPlanView): string {
  const basis = { measured: 'as the fastest campaign here', assumed: 'not measured here yet', limits: 'as the limits allow' }[estimate.basis];
  return `About ${lasting(estimate.seconds)} at ${figure(Math.round(estimate.instancesPerSecond))} instances a second (${basis}).\n`;
}

export function campaignText(campaign: CampaignView): string {
  const { limits, ranges, outcome, workers } = campaign;
  const rate = campaign.rate > 0 ? `, ${figure(Math.round(campaign.rate))} a second` : '';
  const left = campaign.secondsLeft === null ? '' : `, ${lasting(campaign.secondsLeft)} left`;
  return [
    facts([
      ['Campaign', campaign.id],
      ['State', campaign.state],
      ['Asked for', campaign.requestedAs],
      ['Towards', campaign.target],
      ['Done', `${figure(campaign.done)} of ${counted(campaign.total, 'instance')}, ${figure(campaign.failed)} failed${rate}${left}`],
      ['Ranges', `${figure(ranges.done)} done, ${figure(ranges.running)} running, ${figure(ranges.waiting)} waiting, ${figure(ranges.failed)} failed`],
      ['Limits', limitsText(limits)],
      ['Workers', workers.length === 0 ? (campaign.state === 'running' ? 'none: fkc rekey serve, or fkc rekey resume ID --wait' : 'none') : workers.map(({ worker, lastBeat }) => `${worker} (${moment(lastBeat)})`).join(', ')],
      ['Begun', moment(campaign.createdAt)],
    ]),
    outcome === null ? '' : outcomeText(outcome),
  ].join('');
}

/** Every limit that is set. */
export function limitsText({ instancesPerSecond, mebibytesPerSecond, concurrency }: CampaignView['limits']): string {
  return [
    ...(instancesPerSecond === null ? [] : [`${figure(instancesPerSecond)} instances a second`]),
    ...(mebibytesPerSecond === null ? [] : [`${figure(mebibytesPerSecond)} MiB a second`]),
    `${figure(concurrency)} at once in each process`,
  ].join(', ');
}

function outcomeText(outcome: NonNullable<CampaignView['outcome']>): string {
  if (outcome.kind === 'failure') return `! ${outcome.code}: ${printable(outcome.message)}\n  ${printable(outcome.remedy)}\n`;
  const { at, proven, left, failures, counted: seen, fields } = outcome;
  const when = `a second census of ${counted(seen, 'instance')}, ${moment(at)}`;
  if (fields !== null) return fieldsText(fields, `${counted(seen, 'instance')} read anew, ${moment(at)}`, failures);
  if (proven) return `Proven by ${when}: no instance needs the older generations any more.\n`;
  const rows = left.length === 0 ? '' : table(['LU', 'STILL UNDER', '>INSTANCES'], left.map((row) => [row.lu, row.keyDescription, figure(row.instances)]), '');
  return `Not proven, by ${when}: ${counted(left.reduce((sum, row) => sum + row.instances, 0), 'instance')} left, ${counted(failures, 'failure')} kept.\n${rows}`;
}

function fieldsText({ columns, left, unread, renewed, failed }: FieldProof, when: string, failures: number): string {
  const keys = [...new Set([...renewed, ...failed, ...columns].map(({ keyDescription }) => keyDescription))].sort();
  const values = (rows: readonly { readonly keyDescription: string; readonly values: number }[], key: string): number => rows.reduce((sum, row) => sum + (row.keyDescription === key ? row.values : 0), 0);
  const rows = table(
    ['GENERATION', '>VALUES RE-ENCRYPTED', '>INSTANCES FAILED', '>VALUES THERE NOW'],
    keys.map((key) => [key, figure(values(renewed, key)), figure(failed.reduce((sum, row) => sum + (row.keyDescription === key ? row.instances : 0), 0)), figure(values(columns, key))]),
    'The named columns hold no values.',
  );
  const end = left === 0 && unread === 0 ? 'no value in the named columns is under an older generation' : `${counted(left, 'value')} under older generations, ${counted(unread, 'instance')} that could not be read`;
  return `${when}: ${end}, ${counted(failures, 'failure')} kept.\n${rows}Other columns, other databases and backups are not in these figures.\n`;
}

export function campaignsText(campaigns: readonly CampaignView[]): string {
  return table(
    ['CAMPAIGN', 'STATE', '>DONE', '>OF', '>FAILED', 'ASKED FOR', 'BEGUN'],
    campaigns.map((one) => [one.id, one.state, figure(one.done), figure(one.total), figure(one.failed), one.requestedAs, moment(one.createdAt)]),
    'There is no rekey campaign yet.',
  );
}

/** `40 s`, `12 min`, `3.5 h` */
export function lasting(seconds: number): string {
  if (seconds < 90) return `${figure(Math.ceil(seconds))} s`;
  return seconds < 5_400 ? `${figure(Math.round(seconds / 60))} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
