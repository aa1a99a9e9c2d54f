import type { Command } from 'commander';
import type { ConfigPlan } from '../../contract/config.ts';
import type { ConfigChange, ConfigEdit } from '../../services/config.ts';
import { isSecret } from '../../../main/config/parameters.ts';
import { keyPath } from '../../../main/config/parse.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { findingsText, isBroken } from '../findings.ts';
import { configDependentsText } from '../kms-dependents-text.ts';
import type { Session } from '../session.ts';
import { printable, table } from '../text.ts';

interface ChangeOptions {
  readonly node?: string;
  readonly dryRun?: boolean;
  readonly confirm?: string;
}

/** `fkc config lint | diff | set | unset` */
export function addConfig(program: Command, choose: Choose): void {
  const config = program.command('config').description("every node's config.ini: what is wrong, what differs, changes in place");
  config
    .command('lint')
    .description('check every node\'s config.ini, alone and against the others')
    .addHelpText('after', examples('fkc --profile eu config lint', 'fkc --profile eu config lint --json'))
    .action(() =>
      choose(async (session) => {
        const findings = await (await session.opened()).configs.lint();
        return { document: { findings }, text: findingsText(findings, 'Nothing to be mended.'), broken: isBroken(findings) };
      }),
    );
  config
    .command('diff')
    .description('the keys in which the nodes differ; secrets are dots')
    .addHelpText('after', examples('fkc --profile eu config diff'))
    .action(() =>
      choose(async (session) => {
        const { nodes, rows } = await (await session.opened()).configs.compare();
        const cells = rows.map(({ section, key, values, ofTheNode }) => [keyPath(section, key), ...values.map(({ value, group }) => (value === null ? '–' : `${value} [${group}]`)), ofTheNode ? 'may differ' : '']);
        const text = table(['KEY', ...nodes.map(({ node }) => printable(node)), ''], cells, 'No key differs between the nodes.');
        return { document: { nodes, rows }, text: rows.length === 0 ? text : `${text}Equal numbers mean equal values.\n` };
      }),
    );
  config
    .command('set')
    .argument('<section.key>', 'as in encryption_aws_kms.REGION; a key before any section as KEY')
    .argument('<value>', 'the new value')
    .description('set a key in place, on every node or one; all other bytes stay')
    .option('--node <node>', 'on that node alone')
    .option('--dry-run', 'show the difference, and do nothing')
    .option('--confirm <name>', 'name of the profile, in place of being asked for it')
    .addHelpText('after', examples('fkc --profile eu config set encryption_aws_kms.REGION eu-central-1 --node node-1 --dry-run', 'fkc --profile eu config set ENTITY_ENCRYPTION_MODE ON_SAVE'))
    .action((path: string, value: string, options: ChangeOptions) => choose((session) => change(session, editOf(path, value), options)));
  config
    .command('unset')
    .argument('<section.key>', 'as in encryption_aws_kms.REGION; a key before any section as KEY')
    .description('take a key out, on every node or one, with every line that it has in its section; all other bytes stay')
    .option('--node <node>', 'on that node alone')
    .option('--dry-run', 'show the difference, and do nothing')
    .option('--confirm <name>', 'name of the profile, in place of being asked for it')
    .addHelpText('after', examples('fkc --profile eu config unset encryption_aws_kms.SECRET_ACCESS_KEY --dry-run', 'fkc --profile eu config unset ENTITY_ENCRYPTON_MODE --node node-2'))
    .action((path: string, options: ChangeOptions) => choose((session) => change(session, editOf(path, null), options)));
}

async function change(session: Session, edit: ConfigEdit, { node, dryRun, confirm }: ChangeOptions) {
  const { configs, configPlans, cluster } = await session.opened();
  const planned = async (): Promise<ConfigPlan> => {
    const plan = await configPlans.plan([edit], node ?? null);
    session.progress.clear();
    return plan;
  };
  const key = keyPath(edit.section, edit.key);
  if (dryRun === true) {
    const { changes, dependents } = await planned();
    return { document: { ok: true, dryRun: true, key, nodes: changes, dependents }, text: `Nothing is done yet.\n${consequencesOf({ changes, dependents })}` };
  }
  await session.confirm({ act: 'config.set', object: key, expected: cluster.profile.name, given: confirm, consequences: async () => consequencesOf(await planned()) });
  const done = await configs.set([edit], node ?? null, cluster.profile.name);
  const backups = done.flatMap(({ backup }) => (backup === null ? [] : [`Backup: ${printable(backup)}\n`]));
  const kept = edit.value === null && isSecret(edit.section, edit.key) && backups.length > 0 ? 'The backup still holds the secret: delete it, and change the secret where it is used.\n' : '';
  return { document: { ok: true, key, nodes: done }, text: `${changesText(done)}${backups.join('')}${kept}${backups.length === 0 ? '' : 'A node reads it when it goes live.\n'}` };
}

/** The first dot parts section and key; one at the begin stands for "before any section". */
function editOf(path: string, value: string | null): ConfigEdit {
  const dot = path.indexOf('.');
  return dot === -1 ? { section: '', key: path, value } : { section: path.slice(0, dot), key: path.slice(dot + 1), value };
}

function consequencesOf({ changes, dependents }: ConfigPlan): string {
  return `${changesText(changes)}${configDependentsText(dependents)}`;
}

function changesText(changes: readonly ConfigChange[]): string {
  return changes
    .map(({ node, file, changed, diff }) => (changed ? `${printable(node)}:\n${diff.split('\n').map(printable).join('\n')}` : `${printable(node)}: ${printable(file)} is so already.\n`))
    .join('');
}
