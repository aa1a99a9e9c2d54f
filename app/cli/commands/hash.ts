import type { Command } from 'commander';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { linesOf } from '../input.ts';

const MAX_VALUE_BYTES = 1024 * 1024;
/** Values hashed before their hashes are written. */
const BATCH = 1_000;

/** `fkc hash`: values on stdin, one a line; hashes on stdout, one a line, in the same order. */
export function addHash(program: Command, choose: Choose): void {
  program
    .command('hash')
    .description('mask values: keyed hashes of the lines on stdin, one a line')
    .requiredOption('--namespace <name>', 'equal values get equal hashes within one name space, and different ones in another')
    .addHelpText('after', examples('printf "anna@example.com\\n" | fkc hash --namespace email'))
    .action(({ namespace }: { namespace: string }) =>
      choose(async (session) => {
        const { data } = await session.unlocked();
        await session.hint('Type one value a line, then Ctrl+D.');
        const { json } = session.options;
        const hashes: string[] = [];
        let batch: string[] = [];
        const flush = async (): Promise<void> => {
          const masked = await data.hash(namespace, batch);
          batch = [];
          if (json) hashes.push(...masked);
          else await session.out.write(masked.map((hash) => `${hash}\n`).join(''));
        };
        for await (const value of linesOf(session.input, MAX_VALUE_BYTES)) {
          if (session.out.closed) break;
          if (batch.push(value) === BATCH) await flush();
        }
        await flush();
        return { document: { namespace, hashes }, text: '' };
      }),
    );
}
