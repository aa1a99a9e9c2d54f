import type { Command } from 'commander';
import type { ActivationPlan } from '../../contract/command.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { touchedText } from '../kms-dependents-text.ts';
import { plannedRingText } from '../ring-text.ts';
import type { Session } from '../session.ts';
import { counted, countedAt, facts, figure, printable, table } from '../text.ts';

interface RunOptions {
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly confirm?: string;
}

/** `fkc run "activatekey …"` */
export function addRun(program: Command, choose: Choose): void {
  program
    .command('run')
    .argument('<line>', "activatekey name='…' [generatorType='…'] [storeType='…'] [WITH ARGS='…'], in one pair of double quotes")
    .description('activate a new generation of a master key')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--reason <text>', 'why; kept with the generation and in the audit trail')
    .option('--confirm <name>', "name of a production profile, in place of being asked for it")
    .addHelpText('after', examples(`fkc run "activatekey name='masterkey_key_name'" --dry-run`, `fkc run "activatekey name='masterkey_key_name'" --reason "quarterly rotation"`))
    .action((line: string, options: RunOptions) =>
      choose((session) => {
        session.line = line;
        return options.dryRun === true ? dryRun(session, line) : run(session, line, options);
      }),
    );
}

async function dryRun(session: Session, line: string) {
  const { problem } = await (await session.opened()).activation.parse(line);
  // A line that is not understood is refused by the plan itself, which then needs no key.
  const services = problem === null ? await session.unlocked() : await session.opened();
  const plan = await services.activation.plan(line);
  session.progress.clear();
  return { document: { ok: true, dryRun: true, ...plan }, text: planText(plan) };
}

async function run(session: Session, line: string, { reason, confirm }: RunOptions) {
  const { activation, cluster } = await session.opened();
  const { command } = await activation.parse(line);
  if (command !== null) {
    await session.unlocked();
    const { name, production } = cluster.profile;
    const consequences = async (): Promise<string> => {
      const plan = await activation.plan(line);
      session.progress.clear();
      return planText(plan);
    };
    if (production) await session.confirm({ act: 'activatekey', object: command.name, expected: name, given: confirm, consequences });
  }
  const done = await activation.run(line, reason ?? null);
  return {
    document: { ok: true, ...done },
    text: `${done.name} has a new active generation.\n${facts([
      ['Description', done.description],
      ['Fingerprint', done.fingerprint],
      ['Before', done.previous ?? '– (it is the first)'],
    ])}`,
  };
}

export function planText(plan: ActivationPlan): string {
  const steps = plan.steps.map((step, index) => `${index + 1}. ${step.title}: ${step.detail}\n`).join('');
  const readable = table(
    ['STAYS READABLE', '>INSTANCES', 'THROUGH'],
    plan.staysReadable.map((row) => [row.description, figure(row.instances), row.through]),
    'No generation of this name exists yet.',
  );
  const older = `${counted(plan.instancesUnderOlder, 'instance')} stay under older generations until they are saved again or rekeyed (${countedAt(plan.census)}).\n`;
  const touched = plan.kms === null ? '' : touchedText(plan, plan.kms.provider);
  const ring = plan.ring === null ? '' : plannedRingText(plan.ring);
  return `Nothing is done yet. ${printable(plan.command)} would:\n${steps}\n${readable}${older}${touched}${ring}${plan.warnings.map((warning) => `Note: ${warning}\n`).join('')}`;
}
