import { InvalidArgumentError, Option, type Command } from 'commander';
import { KMS_PROVIDERS, type KmsProviderName } from '../../../main/kms/provider.ts';
import type { KmsActName, KmsKeyDetailView, KmsKeyView, KmsOverviewView, KmsPlanView, KmsTestView } from '../../contract/kms.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { touchedText } from '../kms-dependents-text.ts';
import type { Session } from '../session.ts';
import { counted, countedAt, facts, figure, moment, printable, table } from '../text.ts';

interface KeyOptions {
  readonly provider?: KmsProviderName;
}

interface ActOptions extends KeyOptions {
  readonly dryRun?: boolean;
  readonly confirm?: string;
  readonly days?: number;
}

const ACTS: readonly (readonly [act: KmsActName, what: string])[] = [
  ['disable', 'let a KMS key neither wrap nor unwrap, until it is enabled again'],
  ['enable', 'let a disabled KMS key wrap and unwrap again'],
  ['rotate', 'give a KMS key a new version now; what it wrapped stays readable'],
  ['schedule-deletion', 'delete a KMS key that nothing needs, after the longest window that its KMS has'],
  ['cancel-deletion', 'call a scheduled deletion back; the key comes back disabled'],
];

/** `fkc kms list | keys | show | test | disable | enable | rotate | schedule-deletion | cancel-deletion`: needs no plain key. */
export function addKms(program: Command, choose: Choose): Command {
  const kms = program.command('kms').description('key management services: do they answer, what depends on each of their keys, acts on keys');
  kms
    .command('list')
    .description('each KMS that config.ini or a generation names: does it answer, how fast, and what a restart would lose')
    .addHelpText('after', examples('fkc --profile prod kms list', 'fkc --profile prod kms list --json'))
    .action(() =>
      choose(async (session) => {
        const overview = await (await session.opened()).kmsKeys.overview(true);
        return { document: { providers: overview.providers }, text: providersText(overview), broken: overview.providers.some(({ answers }) => answers === 'no') };
      }),
    );
  kms
    .command('keys')
    .description('their keys, with state, versions, rotation, and what depends on each')
    .addHelpText('after', examples('fkc --profile prod kms keys', 'fkc --profile prod kms keys --json'))
    .action(() =>
      choose(async (session) => {
        const { keys, census, providers } = await (await session.opened()).kmsKeys.overview(true);
        return { document: { keys, census }, text: `${keysText(keys)}${providers.flatMap(({ provider, listing, more }) => [...(listing === null ? [] : [`${provider}: its keys could not be listed (${listing.code}); shown is what generations and config.ini name.\n`]), ...(more ? [`${provider} has more keys than were looked at.\n`] : [])]).join('')}Dependents ${countedAt(census)}.\n` };
      }),
    );
  withProvider(kms.command('show'))
    .argument('<key>', 'its ID, ARN, resource name or alias, or the name in config.ini')
    .description('one key: its state, its versions, and everything that depends on it')
    .addHelpText('after', examples('fkc --profile prod kms show alias/fabric', 'fkc --profile prod kms show alias/fabric --json'))
    .action((text: string, { provider }: KeyOptions) =>
      choose(async (session) => {
        const { kmsKeys } = await session.opened();
        const found = await kmsKeys.find(text, provider);
        const key = await kmsKeys.key(found.provider, found.keyId);
        return { document: { ...key }, text: keyText(key), broken: key.whyNot !== null };
      }),
    );
  withProvider(kms.command('test'))
    .description('make or wrap a random key, unwrap it and compare, at each configured KMS; nothing is stored')
    .addHelpText('after', examples('fkc --profile prod kms test', 'fkc --profile prod kms test --provider AWS_KMS --json'))
    .action(({ provider }: KeyOptions) =>
      choose(async (session) => {
        const tests = await (await session.opened()).kmsKeys.test(provider);
        return { document: { ok: tests.every(({ ok }) => ok), tests }, text: tests.map(testText).join('\n'), broken: tests.some(({ ok }) => !ok) };
      }),
    );
  for (const [act, what] of ACTS) addAct(kms, choose, act, what);
  return kms;
}

function addAct(kms: Command, choose: Choose, act: KmsActName, what: string): void {
  const command = withProvider(kms.command(act))
    .argument('<key>', 'its ID, ARN, resource name or alias, or the name in config.ini')
    .description(what)
    .option('--dry-run', 'say what would be done and what depends on the key, and do nothing')
    .option('--confirm <key>', 'the last part of the key’s name (for an act that takes nothing away the profile’s), in place of being asked for it');
  if (act === 'schedule-deletion') command.option('--days <days>', 'window in which it can be called back (default: the longest)', days);
  command
    .addHelpText('after', examples(`fkc --profile prod kms ${act} alias/old --dry-run`, `fkc --profile prod kms ${act} alias/old`))
    .action((text: string, options: ActOptions) => choose((session) => run(session, act, text, options)));
}

async function run(session: Session, act: KmsActName, text: string, { provider, dryRun, confirm, days: window }: ActOptions) {
  const { kmsKeys, kmsActs } = await session.opened();
  const request = { act, ...(await kmsKeys.find(text, provider)), ...(window === undefined ? {} : { days: window }) };
  const plan = await kmsActs.plan(request);
  session.progress.clear();
  if (dryRun === true) {
    return { document: { ...plan, ok: plan.refusal === null, dryRun: true }, text: `Nothing is done yet.\n${planText(plan)}${plan.refusal === null ? '' : `It would be refused: ${printable(plan.refusal.message)}\n${printable(plan.refusal.remedy)} (${plan.refusal.code})\n`}`, broken: plan.refusal !== null };
  }
  // What is refused needs no consent; and nobody gave one where the refusal turns out to be gone.
  if (plan.refusal === null && plan.confirm !== null) await session.confirm({ act: `kms.${act}`, object: plan.keyId, expected: plan.confirm.text, given: confirm, consequences: () => planText(plan) });
  const { state, deletionAt } = await kmsActs.run(request, plan.refusal === null ? (plan.confirm?.text ?? '') : (confirm ?? ''));
  return {
    document: { ok: true, act, provider: plan.provider, keyId: plan.keyId, state, deletionAt },
    text: `Done: ${act} of ${printable(plan.keyId)}.\n${facts([
      ['State now', (state ?? 'not known').replace('-', ' ')],
      ...(deletionAt === null ? [] : [['Gone', moment(deletionAt)] as const]),
      ['The way back', plan.wayBack],
    ])}`,
  };
}

function withProvider(command: Command): Command {
  return command.addOption(new Option('--provider <name>', 'the KMS that is meant').choices(KMS_PROVIDERS));
}

function days(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 3650) throw new InvalidArgumentError('whole days, at least 1');
  return value;
}

function providersText({ providers }: KmsOverviewView): string {
  const rows = providers.flatMap(({ provider, configured, endpoints, answers, failure, since, lostAtRestart }) => {
    const says = answers === 'yes' ? 'answers' : answers === 'no' ? `does not answer (${failure?.code ?? ''})` : 'not asked';
    const common = [since === null ? '–' : moment(since), lostAtRestart.generations === 0 ? 'nothing' : `${counted(lostAtRestart.generations, 'generation')}, ${counted(lostAtRestart.instances, 'instance')}`];
    const places = endpoints.length === 0 ? [[configured?.location ?? '–', says, '–']] : endpoints.map(({ location, circuit, medianMs }) => [location, circuit === 'closed' ? says : `${says}, circuit ${circuit}`, medianMs === null ? '–' : `${medianMs.toFixed(medianMs < 10 ? 1 : 0)} ms`]);
    return places.map((place) => [provider, ...place, configured?.keyId ?? '(none)', ...common]);
  });
  return table(['PROVIDER', 'REGION', '', '>MEDIAN', 'KEY IN CONFIG.INI', 'FAILING SINCE', 'LOST AT A RESTART'], rows, 'No config.ini and no generation names a KMS: fkc config set encryption_aws_kms.CUSTOMER_KEY_ID …');
}

function keysText(keys: readonly KmsKeyView[]): string {
  const rows = keys
    .toSorted((a, b) => b.instances - a.instances || b.generations - a.generations)
    .map(({ provider, keyId, state, whyNot, location, versions, rotation, aliases, generations, instances, nodes }) => [
      keyId,
      provider,
      state?.replace('-', ' ') ?? whyNot?.code ?? 'not known',
      location ?? '–',
      versions === null ? '–' : figure(versions),
      rotation === null ? '–' : rotation.everyDays === null ? 'by hand' : `every ${rotation.everyDays} days`,
      (aliases ?? []).join(' ') || '–',
      figure(generations),
      figure(instances),
      nodes.join(' ') || '–',
    ]);
  return table(['KMS KEY', 'PROVIDER', 'STATE', 'REGION', '>VERSIONS', 'ROTATION', 'ALIASES', '>GENERATIONS', '>INSTANCES', 'NODES'], rows, 'No KMS key is known.');
}

function keyText(key: KmsKeyDetailView): string {
  const generations = key.wraps.map(({ description, name, state, version, location, instances }) => [description, name, state, version ?? '–', location, figure(instances)]);
  const versions = (key.versionList ?? []).map(({ version, current, createdAt, state }) => [version, current ? 'current' : '', state ?? '', moment(createdAt)]);
  return [
    facts([
      ['Key', key.keyId],
      ['Provider', key.provider],
      ['State', key.state?.replace('-', ' ') ?? `not known (${key.whyNot?.code ?? ''})`],
      ...(key.deletionAt === null ? [] : [['Gone', moment(key.deletionAt)] as const]),
      ['Region', `${key.location ?? '–'}${key.multiRegion ? ', multi-Region' : ''}`],
      ['Made', moment(key.createdAt)],
      ['Rotation', key.rotation === null ? '–' : key.rotation.everyDays === null ? 'by hand' : `every ${key.rotation.everyDays} days`],
      ['Aliases', (key.aliases ?? []).join(' ') || '–'],
      ['Allows now', key.acts.join(', ') || 'nothing'],
      ...(key.replacedBy === null ? [] : [['Replaced by', key.replacedBy] as const]),
      ['Named by', key.nodes.join(', ') || 'no node'],
      ['Depends on it', `${counted(key.generations, 'generation')}, ${counted(key.instances, 'instance')} (${countedAt(key.census)})`],
      ...(key.failing === null ? [] : [['Does not unwrap', `since ${moment(key.failing.since)}: ${key.failing.failure.message}`] as const]),
    ]),
    `\n${table(['GENERATION', 'NAME', 'STATE', 'VERSION', 'REGION', '>INSTANCES'], generations, 'No generation is wrapped by it.')}`,
    key.byLu.length === 0 ? '' : `\n${table(['LOGICAL UNIT', '>INSTANCES'], key.byLu.map(({ lu, instances }) => [lu, figure(instances)]), '')}`,
    versions.length === 0 ? '' : `\n${table(['VERSION', '', 'STATE', 'MADE'], versions, '')}`,
  ].join('');
}

const STEPS: Readonly<Record<KmsTestView['steps'][number]['step'], string>> = { open: 'credentials', describe: 'key state', generate: 'generate', wrap: 'wrap', unwrap: 'unwrap', compare: 'compare' };

function testText({ provider, keyId, ok, steps }: KmsTestView): string {
  const rows = steps.map(({ step, ok: good, ms, detail, failure }) => [STEPS[step], good ? 'ok' : (failure?.code ?? 'failed'), `${ms.toFixed(1)} ms`, good ? detail : `${failure?.message ?? ''} ${failure?.remedy ?? ''}`]);
  return `${provider} ${printable(keyId ?? '')}: ${ok ? 'works' : 'does not work'}\n${table(['STEP', '', '>TOOK', ''], rows, '')}`;
}

function planText(plan: KmsPlanView): string {
  return [
    'What will happen:\n',
    ...plan.steps.map((step, index) => `${index + 1}. ${printable(step)}\n`),
    `It touches ${counted(plan.generations.length, 'key generation')} and ${counted(plan.instances, 'instance')} (${countedAt(plan.census)}).\n`,
    touchedText(plan, 'it'),
    `The way back: ${plan.wayBack}\n`,
    ...plan.warnings.map((warning) => `Note: ${printable(warning)}\n`),
  ].join('');
}
