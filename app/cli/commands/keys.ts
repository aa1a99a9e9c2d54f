import type { Command } from 'commander';
import type { GenerationDetail, GenerationView } from '../../contract/keys.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { ringText } from '../ring-text.ts';
import { counted, countedAt, facts, figure, moment, table } from '../text.ts';
import { unreadableText } from './unreadable.ts';

const ONE_FILE = 'The system database is one file: all bytes lie in it, and whoever copies it has them all.\n';

/** `fkc keys list | show | stripes | verify | remove-orphans` */
export function addKeys(program: Command, choose: Choose): void {
  const keys = program.command('keys').description('master keys: every generation of every name');
  keys
    .command('list')
    .description('list all generations; needs no password')
    .addHelpText('after', examples('fkc keys list', 'fkc keys list --json'))
    .action(() =>
      choose(async (session) => {
        const { keys: all, census } = await (await session.opened()).keys.list();
        return { document: { keys: all.map(stored), census }, text: keysText(all) + (census.live ? '' : `Instances ${countedAt(census)}.\n`) };
      }),
    );
  keys
    .command('show')
    .argument('<description>', 'key description, as keys list shows it')
    .description('show one generation; needs no password')
    .addHelpText('after', examples('fkc keys show "masterkey_key_name-20260301t120000.000z-2af90f26"'))
    .action((description: string) =>
      choose(async (session) => {
        const { instancesByLu, census, stripesFound, audit, ...key } = await (await session.opened()).keys.get(description);
        return { document: { ...stored(key), instancesByLu, census, stripesFound, audit }, text: keyText({ ...key, instancesByLu, census, stripesFound, audit }) };
      }),
    );
  keys
    .command('stripes')
    .argument('<description>', 'key description, as keys list shows it')
    .description('which node of the cluster holds which bytes of a wrapped key; needs no password')
    .addHelpText('after', examples('fkc keys stripes "masterkey_key_name-20260301t120000.000z-2af90f26"'))
    .action((description: string) =>
      choose(async (session) => {
        const services = await session.opened();
        const { stripes } = await services.keys.get(description);
        const ring = await services.map.ring(description);
        return { document: ring === null ? { stripes, nodes: [], holdsAll: [] } : { ...ring }, text: ring === null ? ONE_FILE : ringText(ring) };
      }),
    );
  addVerify(keys, choose);
  addRemoveOrphans(keys, choose);
}

function addVerify(keys: Command, choose: Choose): void {
  keys
    .command('verify')
    .argument('[description]', 'only this generation')
    .description('unwrap generations from what is stored now and compare their fingerprints; exit code 1 if one can not be used')
    .addHelpText('after', examples('fkc keys verify', 'fkc keys verify --json'))
    .action((description: string | undefined) =>
      choose(async (session) => {
        const { checked, readable, unreadable, orphans } = await (await session.unlocked()).keys.verify(description);
        const left = orphans.length === 0 ? '' : `Left behind by a crash, nothing is encrypted under them (fkc keys remove-orphans):\n${orphans.map((orphan) => `  ${orphan}\n`).join('')}`;
        return {
          document: { checked, readable, unreadable, orphans },
          text: `${figure(readable)} of ${counted(checked, 'generation')} can be used.\n${unreadableText(unreadable.map((key) => ({ ...key, what: key.description })))}${left}`,
          broken: unreadable.length > 0,
        };
      }),
    );
}

function addRemoveOrphans(keys: Command, choose: Choose): void {
  keys
    .command('remove-orphans')
    .description('remove what a crashed activation left behind and nothing needs; needs no password')
    .option('--dry-run', 'only name them')
    .addHelpText('after', examples('fkc keys remove-orphans --dry-run'))
    .action((options: { dryRun?: boolean }) =>
      choose(async (session) => {
        const { orphans, removed } = await (await session.opened()).keys.removeOrphans(options.dryRun === true);
        const verb = removed ? 'removed' : 'would be removed';
        return {
          document: { ok: true, orphans, removed },
          text: orphans.length === 0 ? 'There is nothing to remove.\n' : `${counted(orphans.length, 'orphan')} ${verb}:\n${orphans.map((orphan) => `  ${orphan}\n`).join('')}`,
        };
      }),
    );
}

/** What is stored of a generation; whether it can be used is for `keys verify` to say, which has the keys. */
function stored({ readable: _readable, failure: _failure, ...key }: GenerationView): Record<string, unknown> {
  return key;
}

export function keysText(keys: readonly GenerationView[]): string {
  return table(
    ['NAME', 'STATE', 'DESCRIPTION', 'FINGERPRINT', 'GENERATOR', 'STORE', '>INSTANCES', 'ACTIVATED'],
    keys.map((key) => [key.name, key.state, key.description, key.fingerprint, key.generator, key.store, figure(key.instances), moment(key.activatedAt)]),
    'There is no master key yet; the first are made when the cluster goes live (for example: fkc keys verify).',
  );
}

function keyText(key: GenerationDetail): string {
  const wrapping = Object.entries(key.wrapping).map(([name, value]) => `${name} ${value}`).join(', ');
  return [
    facts([
      ['Name', key.name],
      ['Description', key.description],
      ['State', key.state],
      ['Fingerprint', key.fingerprint],
      ['Generator', key.generator],
      ['Store', key.store],
      ['Protection', wrapping],
      ['Stripes', `${figure(key.stripesFound)} of ${figure(key.stripes)} found`],
      ['Created', `${moment(key.createdAt)} by ${key.actor}`],
      ['Activated', moment(key.activatedAt)],
      ['Deactivated', moment(key.deactivatedAt)],
      ['Reason', key.reason ?? '–'],
    ]),
    '\n',
    table(['LU', '>INSTANCES', '>BYTES'], key.instancesByLu.map((row) => [row.lu, figure(row.instances), figure(row.bytes)]), key.census.at === null ? 'Not known: no census was taken yet (fkc census).' : 'No instance is under this generation.'),
    key.census.live ? '' : `Instances ${countedAt(key.census)}.\n`,
    '\n',
    table(['AUDIT', 'WHEN', 'WHO', 'ACT', 'OUTCOME'], key.audit.map((record) => [String(record.seq), moment(record.at), record.actor, record.act, record.outcome]), 'The audit trail does not name this generation.'),
  ].join('');
}
