import type { Command } from 'commander';
import type { Profile } from '../../profiles.ts';
import { addNode, removeNode } from '../../services/profile-nodes.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { printable, table } from '../text.ts';

/** `fkc profile node NAME add NODE --config-ini FILE`, `remove NODE`, `list`: opens no database. */
export function addProfileNode(profile: Command, choose: Choose): void {
  profile
    .command('node')
    .argument('<name>', 'name of the profile')
    .argument('<act>', 'add, remove or list')
    .argument('[node]', "the node's name")
    .description("each node's own config.ini; the first node is this machine's")
    .option('--config-ini <file>', 'path, from here, of the config.ini of that node')
    .addHelpText('after', examples('fkc profile node eu add node-1 --config-ini /opt/fabric/config/config.ini', 'fkc profile node eu list'))
    .action((name: string, act: string, node: string | undefined, { configIni }: { configIni?: string }, command: Command) => {
      if (!['add', 'remove', 'list'].includes(act)) command.error(`error: unknown act '${act}': add, remove or list`);
      if (act !== 'list' && node === undefined) command.error('error: give the name of the node');
      if (act === 'list' && node !== undefined) command.error('error: list takes no node');
      if ((act === 'add') !== (configIni !== undefined)) command.error('error: --config-ini <file> goes with add, and add with it');
      choose(async ({ profiles }) => {
        if (act === 'list') return listed(await profiles.get(name), '');
        if (act === 'add') return listed(await addNode(profiles, name, node ?? '', configIni ?? ''), `Node "${printable(node ?? '')}" was added.\n`);
        return listed(await removeNode(profiles, name, node ?? ''), `Node "${printable(node ?? '')}" was removed; its files stay.\n`);
      });
    });
}

function listed({ name, nodes }: Profile, before: string) {
  const rows = nodes.map((node, index) => [node.name, node.configIni, index === 0 ? 'this machine' : '']);
  const text = before + table(['NODE', 'CONFIG.INI', ''], rows, 'No node yet: fkc profile node NAME add NODE --config-ini FILE');
  return { document: { ok: true, profile: name, nodes: nodes.map((node) => ({ node: node.name, configIni: node.configIni })) }, text };
}
