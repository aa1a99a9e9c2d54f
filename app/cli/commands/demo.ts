import type { Command } from 'commander';
import { AppError } from '../../../main/errors.ts';
import { LUI_KEY_NAME } from '../../../main/masterkey/types.ts';
import type { Services } from '../../services.ts';
import { demoReady } from '../../services/demo.ts';
import type { Answer, Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import type { Session } from '../session.ts';
import { counted, figure, table } from '../text.ts';
import { censusText } from './census.ts';
import { keysText } from './keys.ts';
import { planText } from './run.ts';

const LINE = `activatekey name='${LUI_KEY_NAME}'`;

/** What one step told: also the entries of the `--json` document. */
interface Told {
  readonly title: string;
  readonly sentence: string;
  readonly figures: Readonly<Record<string, unknown>>;
}

/** `fkc demo`: the main job on the embedded demo cluster, told step by step. */
export function addDemo(program: Command, choose: Choose): void {
  program
    .command('demo')
    .description('the main job on a demo cluster, step by step: activate a key, save under it, read everything back')
    .addHelpText('after', `${examples('fkc demo', 'fkc demo --profile demo-eu')}\nWithout --profile it works on the embedded demo cluster; another profile has to be made with --demo.\n`)
    .action((_options: unknown, command: Command) => {
      const { profile } = command.optsWithGlobals<{ profile?: string }>();
      choose((session) => demo(session, profile));
    });
}

async function demo(session: Session, profile: string | undefined): Promise<Answer> {
  if (profile === undefined) session.useDemo();
  else if (!(await session.profiles.get(profile)).demo) {
    throw new AppError('PROFILE_INVALID', `"${profile}" is no demo cluster: the demo rotates a key and saves data. Nothing was done.`, 'Leave --profile away, or make a profile with --demo.');
  }
  const told: Told[] = [];
  const tell = async (title: string, sentence: string, figures: Told['figures'], more = ''): Promise<void> => {
    told.push({ title, sentence, figures });
    session.progress.clear();
    if (!session.options.json) await session.out.write(`${told.length}. ${title}\n   ${sentence}\n${more === '' ? '' : `\n${indent(more)}`}\n`);
  };

  const services = await open(session, tell);
  await showKeys(services, tell);
  await showCensus(services, tell, 'Count what they protect');
  await showPlan(services, tell);
  const { description, previous, fingerprint } = await services.activation.run(LINE, 'fkc demo');
  await tell('Activate', `${description} is active now, and ${previous ?? 'no generation'} no longer is.`, { description, previous, fingerprint });
  await showCensus(services, tell, 'Count again: rotating a key touches no data');
  await saveOne(services, tell);
  const verified = await services.data.verify();
  await tell('Read everything back', `${figure(verified.readable)} of ${counted(verified.checked, 'instance')} can be read, each under its own generation.`, {
    checked: verified.checked,
    readable: verified.readable,
    unreadable: verified.unreadable,
  });
  const audit = await services.verifyAudit();
  await tell('Check the audit trail', `${counted(audit.records, 'record')} say who did all this, and the chain ${audit.intact ? 'is intact' : 'is broken'}.`, {
    records: audit.records,
    intact: audit.intact,
    head: audit.head,
  });
  const holds = verified.unreadable.length === 0 && audit.intact;
  return { document: { ok: holds, description, previous, steps: told }, text: 'Now the same in a window: npm start\n', broken: !holds };
}

type Tell = (title: string, sentence: string, figures: Told['figures'], more?: string) => Promise<void>;

async function open(session: Session, tell: Tell): Promise<Services> {
  const opened = await session.opened();
  const { location } = opened.cluster.db.info;
  if (!session.options.json && !(await demoReady(opened))) await session.out.write('The first start imports and encrypts the sample data; that takes some seconds.\n\n');
  const services = await session.unlocked();
  const generations = (await services.keys.list()).keys.length;
  await tell('Open the demo cluster', `It went live with ${counted(generations, 'key generation')} in memory only; its system database is ${location}.`, { database: location, generations });
  return services;
}

async function showKeys(services: Services, tell: Tell): Promise<void> {
  const { keys } = await services.keys.list();
  const active = keys.filter((key) => key.state === 'active').length;
  await tell('Look at the master keys', `There are ${counted(keys.length, 'generation')}, ${figure(active)} of them active: one for each name.`, { generations: keys.length, active }, keysText(keys));
}

async function showCensus(services: Services, tell: Tell, title: string): Promise<void> {
  await services.censuses.renewIfOlderThan(0);
  const census = await services.data.census();
  const generations = new Set(census.rows.map((row) => row.keyDescription)).size;
  await tell(title, `${counted(census.total, 'instance')} lie under ${counted(generations, 'generation')}.`, { total: census.total, rows: census.rows }, censusText(census, await services.censuses.generations(census.rows)));
}

async function showPlan(services: Services, tell: Tell): Promise<void> {
  const plan = await services.activation.plan(LINE);
  const readable = plan.staysReadable.reduce((sum, row) => sum + row.instances, 0);
  await tell('Ask what an activation would do', `It would make one new generation; all ${counted(readable, 'instance')} stay readable through theirs.`, { command: plan.command, staysReadable: readable }, planText(plan));
}

async function saveOne(services: Services, tell: Tell): Promise<void> {
  const active = (await services.cluster.ring.active()).description;
  const { rows } = await services.data.census();
  const older = rows.find((row) => row.keyDescription !== active);
  const [chosen] = older === undefined ? [] : (await services.data.list({ lu: older.lu, keyDescription: older.keyDescription, limit: 1 })).instances;
  if (chosen === undefined) return tell('Save one instance', 'Every instance is under the active generation already.', {});
  const { lu, id } = chosen;
  const { image } = await services.data.read(lu, id, 'fkc demo');
  try {
    const saved = await services.data.save(lu, id, image);
    const rowsOfIt = table(['INSTANCE', 'BEFORE', 'AFTER'], [[`${lu} ${id}`, chosen.keyDescription, saved.keyDescription]], '');
    await tell('Save one instance', `${lu} ${id} was read under its old generation and saved under the new one.`, { lu, id, before: chosen.keyDescription, after: saved.keyDescription }, rowsOfIt);
  } finally {
    image.fill(0);
  }
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '   ');
}
