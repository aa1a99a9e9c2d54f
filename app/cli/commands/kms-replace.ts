import { type Command, Option } from 'commander';
import { KMS_PROVIDERS } from '../../../main/kms/provider.ts';
import type { KeyDependents, ReplacementPlan, ReplacementRequest, ReplacementResult, ReplacementStep } from '../../contract/kms-replace.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import type { Session } from '../session.ts';
import { counted, countedAt, figure, printable, table } from '../text.ts';

interface ReplaceOptions {
  readonly provider: ReplacementRequest['provider'];
  readonly keyId: string;
  readonly region?: string;
  readonly also?: string[];
  readonly leave?: string[];
  readonly dryRun?: boolean;
  readonly reason?: string;
  readonly confirm?: string;
}

/** `fkc kms replace` */
export function addKmsReplace(kms: Command, choose: Choose): void {
  kms
    .command('replace')
    .description('put a new KMS key in the place of the one that is configured: try it, write every config.ini, activate; the old key stays needed')
    .addOption(new Option('--provider <name>', 'the KMS of the new key').choices(KMS_PROVIDERS).makeOptionMandatory())
    .requiredOption('--key-id <id>', 'the new key: ID, ARN or alias (AWS), name or whole resource name (GCP), unique identifier (KMIP)')
    .option('--region <region>', 'its Region (AWS), location (GCP) or server (KMIP); left out, each node keeps its own')
    .option('--also <names...>', 'activate these master keys too, beside those that the old key wraps')
    .option('--leave <names...>', 'leave these master keys under the key that wraps them now')
    .option('--dry-run', 'try the new key and show everything; change nothing')
    .option('--reason <text>', 'why; kept with the generations and in the audit trail')
    .option('--confirm <name>', 'name of the profile, in place of being asked for it')
    .addHelpText(
      'after',
      examples(
        'fkc --profile prod kms replace --provider AWS_KMS --key-id alias/fabric-2027 --dry-run',
        'fkc --profile prod kms replace --provider AWS_KMS --key-id mrk-0123456789abcdef0123456789abcdef --reason "yearly"',
        'fkc --profile prod kms replace --provider GCP_KMS --key-id projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k',
      ),
    )
    .action((options: ReplaceOptions) => choose((session) => (options.dryRun === true ? dryRun(session, options) : replace(session, options))));
}

async function dryRun(session: Session, options: ReplaceOptions) {
  const { replacement } = await session.unlocked();
  const plan = await replacement.plan(requestOf(options));
  session.progress.clear();
  return { document: { ok: plan.refusal === null, dryRun: true, ...plan }, text: `Nothing is done yet.\n${planText(plan)}`, broken: plan.refusal !== null };
}

async function replace(session: Session, options: ReplaceOptions) {
  const { replacement, cluster } = await session.unlocked();
  const request = requestOf(options);
  const { name } = cluster.profile;
  await session.confirm({
    act: 'kms.replace',
    object: request.keyId,
    expected: name,
    given: options.confirm,
    consequences: async () => {
      const plan = await replacement.plan(request);
      session.progress.clear();
      return planText(plan);
    },
  });
  const done = await replacement.run(request, name, options.reason ?? null);
  session.progress.clear();
  return { document: { ok: true, ...done }, text: resultText(done) };
}

function requestOf({ provider, keyId, region, also, leave }: ReplaceOptions): ReplacementRequest {
  return { provider, keyId, ...(region === undefined ? {} : { region }), ...(also === undefined ? {} : { also }), ...(leave === undefined ? {} : { leave }) };
}

const MARKS: Readonly<Record<ReplacementStep['state'], string>> = { running: '…', done: 'ok', warning: 'note', failed: 'FAILED', skipped: '–' };

function planText(plan: ReplacementPlan): string {
  const { refusal, steps, names, calls, warnings } = plan;
  const checks = steps.map(({ state, title, detail }) => `${MARKS[state].padEnd(6)}  ${printable(title)}: ${printable(detail)}\n`).join('');
  if (refusal !== null) return `Checks from here:\n${checks}\nIt can not be replaced by this key (${refusal.code}).\n${printable(refusal.message)}\n${printable(refusal.remedy)}\n`;
  if (plan.alreadySo) return `Checks from here:\n${checks}\nNothing is left to do: every file names this key, and what it has to wrap is under it.\n`;
  const rows = names.map(({ name, active, under, then, why }) => [name, active ?? '–', under, then === 'activate' ? 'new generation' : 'stays', why]);
  return [
    `Checks from here:\n${checks}\n`,
    plan.changes.map(({ node, file, changed, diff }) => (changed ? `${printable(node)}:\n${diff.split('\n').map(printable).join('\n')}` : `${printable(node)}: ${printable(file)} is so already.\n`)).join(''),
    `\n${table(['MASTER KEY', 'ACTIVE', 'UNDER', 'THEN', 'BECAUSE'], rows, 'No master key.')}`,
    names.flatMap(({ command, steps: own }) => (command === null ? [] : [`\n${printable(command)}\n`, ...own.map(({ title, detail }, index) => `${index + 1}. ${title}: ${printable(detail)}\n`)])).join(''),
    calls.length === 0 ? '' : `Calls of these activations: ${calls.map(({ operation, times }) => `${times} ${operation}`).join(', ')}\n`,
    dependentsText(plan.dependents, plan.census),
    warnings.map((warning) => `Note: ${printable(warning)}\n`).join(''),
  ].join('');
}

function resultText(done: ReplacementResult): string {
  const written = done.changes.filter(({ changed }) => changed);
  const backups = done.changes.flatMap(({ node, backup }) => (backup === null ? [] : [`Backup of ${printable(node)}: ${printable(backup)}\n`]));
  return [
    written.length === 0 && done.activated.length === 0 ? 'Nothing was left to do.\n' : `${printable(done.keyId)} wraps new master keys now.\n`,
    written.length === 0 ? 'Every config.ini named it already.\n' : `config.ini was written on ${written.map(({ node }) => printable(node)).join(', ')}.\n`,
    backups.join(''),
    done.activated.length === 0 ? '' : table(['MASTER KEY', 'NEW ACTIVE GENERATION', 'BEFORE'], done.activated.map(({ name, description, previous }) => [name, description, previous ?? '–']), ''),
    dependentsText(done.dependents, done.census),
    done.next.map((step) => `Next: ${printable(step)}\n`).join(''),
  ].join('');
}

function dependentsText(dependents: readonly KeyDependents[], census: ReplacementPlan['census']): string {
  if (dependents.length === 0) return 'No generation is under another KMS key.\n';
  const rows = dependents.map(({ keyId, regions, nodes, replaced, generations, instances, lus }) => [keyId, regions.join(', '), nodes.join(', ') || '–', replaced ? 'replaced' : '', figure(generations), figure(instances), lus.map(({ lu, instances: own }) => `${lu} ${figure(own)}`).join(', ')]);
  const sum = dependents.reduce((total, { instances }) => total + instances, 0);
  return `\n${table(['STILL NEEDED KMS KEY', 'REGIONS', 'NAMED BY', '', '>GENERATIONS', '>INSTANCES', 'BY LU'], rows, '')}${counted(sum, 'instance')} can be read through these alone, until they are rekeyed (${countedAt(census)}).\n`;
}
