import type { Command } from 'commander';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { figure, table } from '../text.ts';

/** `fkc census`: needs no key. */
export function addCensus(program: Command, choose: Choose): void {
  program
    .command('census')
    .description('count the instances by LU and key generation, exactly')
    .addHelpText('after', examples('fkc census', 'fkc census --json'))
    .action(() =>
      choose(async (session) => {
        const census = await (await session.opened()).data.census();
        return { document: { ...census }, text: censusText(census) };
      }),
    );
}

export function censusText({ total, rows }: { total: number; rows: readonly { lu: string; keyDescription: string; instances: number; bytes: number }[] }): string {
  const lines = rows.map((row) => [row.lu, row.keyDescription, figure(row.instances), figure(row.bytes)]);
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  const sum = rows.length === 0 ? [] : [['total', '', figure(total), figure(bytes)]];
  return table(['LU', 'KEY DESCRIPTION', '>INSTANCES', '>BYTES'], [...lines, ...sum], 'No instance is stored yet.');
}
