import type { Command } from 'commander';
import type { Output } from '../../contract/index.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { figure, moment, printable, table } from '../text.ts';

const ONE_FILE = 'The system database is one file on this machine.\n';

/** `fkc nodes` */
export function addNodes(program: Command, choose: Choose): void {
  program
    .command('nodes')
    .description("nodes of the database, by the cluster's own list, and processes of the platform; exit code 1 if a node of the database is down; needs no password")
    .option('--all', 'also processes that were not seen for 30 days')
    .addHelpText('after', examples('fkc --profile eu nodes', 'fkc --profile eu nodes --all --json'))
    .action(({ all }: { all?: boolean }) =>
      choose(async (session) => {
        const { database, replication, platform, hidden } = await (await session.opened()).map.nodes(all === true);
        const nodes = { database, replication, platform, hidden };
        return { document: nodes, text: nodesText(nodes), broken: (database ?? []).some(({ up }) => !up) };
      }),
    );
}

function nodesText({ database, replication, platform, hidden }: Output<'cluster.nodes'>): string {
  const cluster =
    database === null
      ? ONE_FILE
      : table(['NODE', 'STATE', 'DATA CENTRE', 'RACK', 'CASSANDRA'], database.map(({ address, up, dataCenter, rack, version }) => [address, up ? 'up' : 'down', dataCenter, rack, version]), 'The cluster names no node.') +
        `k2auth: ${printable(replication ?? '')}.\n`;
  const processes = table(
    ['HOST', 'PROCESS', 'STATE', 'DATA CENTRE', 'VERSION', 'LIVE SINCE', 'LAST SEEN', 'KEYSTORE COPY', 'NOTES'],
    platform.map(({ host, id, up, dataCenter, version, liveSince, lastSeen, keystoreDigest, notes }) => [host, id, up ? 'up' : 'down', dataCenter ?? '', version, moment(liveSince), moment(lastSeen), keystoreDigest ?? 'internal', notes.join(' ')]),
    'No process went live on this system database yet.',
  );
  return `${cluster}\n${processes}${hidden === 0 ? '' : `Not shown, as they were not seen for 30 days: ${figure(hidden)} (--all)\n`}`;
}
