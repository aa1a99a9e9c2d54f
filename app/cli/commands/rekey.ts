import type { Command } from 'commander';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, isAppError } from '../../../main/errors.ts';
import type { CampaignFailureView, CampaignView } from '../../contract/rekey.ts';
import type { Services } from '../../services.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import type { Session } from '../session.ts';
import { counted, figure } from '../text.ts';
import { type FieldOptions, limitsOf, requestOf, type WhatOptions, whole, withFields, withLimits, withWhat } from './rekey-options.ts';
import { addRekeySchedule } from './rekey-schedule.ts';
import { addRekeyServe } from './rekey-serve.ts';
import { campaignDocument, campaignsText, campaignText, lasting, planText } from './rekey-text.ts';

const LOOK_EVERY_MS = 500;
const FAILURES_PAGE = 500;

interface StartOptions extends WhatOptions, FieldOptions {
  readonly wait?: true;
  readonly confirm?: string;
}

/** `fkc rekey plan | start | status | pause | resume | cancel | retry | limit | failures | schedule | serve` */
export function addRekey(program: Command, choose: Choose): void {
  const rekey = program.command('rekey').description('re-encrypt instances under the active generation: campaigns, schedules, the long-running worker');
  addPlan(rekey, choose);
  addStart(rekey, choose);
  addStatus(rekey, choose);
  addSteering(rekey, choose);
  addRetry(rekey, choose);
  addFailures(rekey, choose);
  addRekeySchedule(rekey, choose);
  addRekeyServe(rekey, choose);
}

function addPlan(rekey: Command, choose: Choose): void {
  withFields(withWhat(rekey.command('plan').description('what a campaign would do: instances, bytes, time; exit code 1 if it could not be started')))
    .addHelpText('after', examples('fkc rekey plan', 'fkc rekey plan --lu CUSTOMER --rate 500 --json'))
    .action((options: StartOptions) =>
      choose(async (session) => {
        const plan = await (await session.unlocked()).rekeys.plan(requestOf(options), limitsOf(options));
        return { document: { ok: plan.refusals.length === 0, ...plan }, text: planText(plan), broken: plan.refusals.some((refusal) => refusal.code !== 'REKEY_NOTHING_TO_DO') };
      }),
    );
}

function addStart(rekey: Command, choose: Choose): void {
  withFields(withWhat(rekey.command('start').description('plan a campaign and start it; without --wait, another process works on it')))
    .option('--wait', 'work on it here until it ends; Ctrl+C pauses it; exit code 1 if instances are left')
    .option('--confirm <name>', 'name of a production profile, in place of being asked for it')
    .addHelpText('after', examples('fkc rekey start --wait', 'fkc rekey start --from "masterkey_key_name-20260301t120000.000z-2af90f26" --rate 200'))
    .action((options: StartOptions) =>
      choose(async (session) => {
        const services = await session.unlocked();
        const request = requestOf(options);
        const { name, production } = services.cluster.profile;
        const consequences = async (): Promise<string> => planText(await services.rekeys.plan(request, limitsOf(options)));
        if (production) await session.confirm({ act: 'rekey.start', object: name, expected: name, given: options.confirm, consequences });
        const id = await services.rekeys.start(request, limitsOf(options), production ? name : undefined);
        if (options.wait === true) return work(session, services, id);
        return told(await services.rekeys.get(id));
      }),
    );
}

function addStatus(rekey: Command, choose: Choose): void {
  rekey
    .command('status')
    .argument('[id]', 'campaign; without it the newest one that has not ended, else the newest')
    .description('how far a campaign is; needs no password')
    .addHelpText('after', examples('fkc rekey status', 'fkc rekey status --json'))
    .action((id: string | undefined) =>
      choose(async (session) => {
        const { rekeys } = await session.opened();
        if (id !== undefined) return told(await rekeys.get(id));
        const all = await rekeys.list();
        const chosen = all.find((one) => one.state === 'running') ?? all.find((one) => one.state === 'paused' || one.state === 'planned') ?? all[0];
        if (chosen === undefined) throw new AppError('REKEY_UNKNOWN', 'There is no rekey campaign in this system database yet.', 'See what one would do: fkc rekey plan');
        const others = all.filter((one) => one.id !== chosen.id);
        return { document: campaignDocument(chosen), text: `${campaignText(chosen)}${others.length === 0 ? '' : `\n${campaignsText(others)}`}` };
      }),
    );
}

function addSteering(rekey: Command, choose: Choose): void {
  const id = ['<id>', 'campaign, as rekey status shows it'] as const;
  rekey
    .command('pause')
    .argument(...id)
    .description('every process stops working on it within seconds, and gives its ranges back')
    .action((campaign: string) =>
      choose(async (session) => {
        const { rekeys } = await session.opened();
        await rekeys.pause(campaign);
        return told(await rekeys.get(campaign));
      }),
    );
  rekey
    .command('resume')
    .argument(...id)
    .description('let a paused campaign go on; with --wait, work on it here, also where others do already')
    .option('--wait', 'work on it here until it ends; Ctrl+C pauses it')
    .action((campaign: string, options: { wait?: true }) =>
      choose(async (session) => {
        const services = options.wait === true ? await session.unlocked() : await session.opened();
        await services.rekeys.resume(campaign);
        return options.wait === true ? work(session, services, campaign) : told(await services.rekeys.get(campaign));
      }),
    );
  rekey
    .command('cancel')
    .argument(...id)
    .description('end it for good; what was re-encrypted stays so')
    .action((campaign: string) =>
      choose(async (session) => {
        const { rekeys } = await session.opened();
        await rekeys.cancel(campaign);
        return told(await rekeys.get(campaign));
      }),
    );
  withLimits(rekey.command('limit').argument(...id).description('change the limits of a campaign, also while it runs; 0 is no limit')).action((campaign: string, options: WhatOptions, command: Command) => {
    if (Object.keys(options).length === 0) command.error('error: give --rate, --mib or --concurrency');
    choose(async (session) => {
      const { rekeys } = await session.opened();
      await rekeys.setLimits(campaign, limitsOf(options));
      return told(await rekeys.get(campaign));
    });
  });
}

function addRetry(rekey: Command, choose: Choose): void {
  rekey
    .command('retry')
    .argument('<id>', 'campaign that has ended')
    .description('try again what it left as it was; exit code 1 if some fail again')
    .option('--wait', 'where whole ranges had failed, work on them here')
    .action((id: string, options: { wait?: true }) =>
      choose(async (session) => {
        const services = await session.unlocked();
        const { state, ...counts } = await services.rekeys.retry(id);
        if (state === 'running' && options.wait === true) return work(session, services, id);
        const campaign = await services.rekeys.get(id);
        const { retried, rewritten, unneeded, failed } = counts;
        return {
          document: { ...campaignDocument(campaign), retried, rewritten, unneeded, failedAgain: failed },
          text: `${counted(retried, 'instance')} tried again: ${figure(rewritten)} re-encrypted, ${figure(unneeded)} need it no longer, ${figure(failed)} failed again.\n${campaignText(campaign)}`,
          broken: failed > 0,
        };
      }),
    );
}

function addFailures(rekey: Command, choose: Choose): void {
  rekey
    .command('failures')
    .argument('<id>', 'campaign')
    .description('the instances that it left as they were, with the reason of each; needs no password')
    .option('--limit <n>', 'at most so many', (text) => whole(text, 1_000_000), 100)
    .action((id: string, { limit }: { limit: number }) =>
      choose(async (session) => {
        const { failures, more } = await firstFailures(await session.opened(), id, limit);
        const lines = failures.map((one) => `${one.lu} ${one.id} (${one.keyDescription})\n  ${one.code}: ${one.message}\n  ${one.remedy}\n`);
        return { document: { failures, more }, text: failures.length === 0 ? 'No instance is left with a failure.\n' : `${lines.join('')}${more ? 'There are more.\n' : ''}` };
      }),
    );
}

/** The first `limit` failures of a campaign, page by page. */
async function firstFailures({ rekeys }: Services, id: string, limit: number) {
  const failures: CampaignFailureView[] = [];
  for (;;) {
    const last = failures.at(-1);
    const page = await rekeys.failures(id, { limit: Math.min(FAILURES_PAGE, limit - failures.length), ...(last === undefined ? {} : { after: { lu: last.lu, id: last.id } }) });
    failures.push(...page.failures);
    if (!page.more || failures.length === limit) return { failures, more: page.more };
  }
}

/** Works on a campaign until it ends; an interrupt pauses it, or at least ends what this process does for it. */
async function work(session: Session, services: Services, id: string) {
  const { rekeys } = services;
  let notPaused: unknown;
  session.onInterrupt(async () => {
    try {
      await rekeys.pause(id);
    } catch (error) {
      // Where it ended at this very moment there was nothing to pause; where the database is away, nobody can.
      notPaused = error;
      await rekeys.workers.stop(id);
    }
  });
  const watching = new AbortController();
  const watch = show(session, services, id, watching.signal);
  let state: CampaignView['state'];
  try {
    state = await rekeys.workers.work(id);
    if (state === 'running' && isAppError(notPaused)) throw notPaused;
  } catch (error) {
    throw isAppError(notPaused) ? runsOn(id, notPaused) : error;
  } finally {
    watching.abort();
    await watch;
  }
  const campaign = await rekeys.get(id);
  if (state === 'paused') throw new AppError('CANCELLED', `Campaign ${id} is paused: ${figure(campaign.done)} of ${figure(campaign.total)} are done and stay so.`, `Go on: fkc rekey resume ${id} --wait`, { details: { id } });
  const { outcome } = campaign;
  const left = outcome?.kind === 'proof' && (outcome.left.length > 0 || (outcome.fields?.left ?? 0) > 0 || (outcome.fields?.unread ?? 0) > 0);
  return { ...told(campaign), broken: state !== 'done' || left || campaign.failed > 0 };
}

/** What an interrupt comes to where the campaign could not be paused. */
function runsOn(id: string, why: AppError): AppError {
  return new AppError(
    'CANCELLED',
    `This process works on campaign ${id} no more, but could not pause it: it is running, for other processes. ${why.message}`,
    `Pause it when the database answers: fkc rekey pause ${id}. Or go on: fkc rekey resume ${id} --wait`,
    { details: { id, why: why.code } },
  );
}

async function show(session: Session, services: Services, id: string, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    session.progress.tell(`Rekey: ${await how(services, id)}`);
    await delay(LOOK_EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

async function how({ rekeys }: Services, id: string): Promise<string> {
  try {
    const { done, total, rate, secondsLeft, here } = await rekeys.get(id);
    const doing = here?.phase === 'counting' ? 'counting what is left' : `${figure(done)} of ${figure(total)}`;
    const waiting = here?.waiting == null ? '' : `, waiting for the database (${here.waiting.code})`;
    return `${doing}${rate > 0 ? `, ${figure(Math.round(rate))} a second` : ''}${secondsLeft === null ? '' : `, ${lasting(secondsLeft)} left`}${waiting}`;
  } catch (error) {
    // The work waits for the database, and so does who watches.
    return `waiting for the database (${isAppError(error) ? error.code : 'INTERNAL'})`;
  }
}

function told(campaign: CampaignView) {
  return { document: campaignDocument(campaign), text: campaignText(campaign) };
}
