import { resolve } from 'node:path';
import type { Command } from 'commander';
import { AppError } from '../../../main/errors.ts';
import { parseLuDefinition, type LuDefinition } from '../../../main/lu/definition.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { readInput } from '../files.ts';
import { counted, figure, printable } from '../text.ts';

interface ImportOptions {
  readonly definition?: string;
  readonly source: string;
}

/** `fkc lu import` */
export function addLuImport(lu: Command, choose: Choose): void {
  lu.command('import')
    .argument('<lu>', 'name of the Logical Unit')
    .description('import and encrypt every instance of a source; can be interrupted and repeated')
    .option('--definition <file>', 'LU definition (JSON), kept in the profile; needed once')
    .requiredOption('--source <path>', 'a SQLite file, or a folder of CSV files')
    .addHelpText('after', examples('fkc --profile mine lu import CUSTOMER --definition customer.lu.json --source crm.sqlite', 'fkc --profile mine lu import CUSTOMER --source crm.sqlite'))
    .action((name: string, { definition: file, source }: ImportOptions) =>
      choose(async (session) => {
        const given = file === undefined ? null : await readDefinition(name, file);
        const services = await session.opened();
        const definition = given ?? services.data.definition(name);
        await session.unlocked();
        if (given !== null) await services.define(given);
        const { imported, unchanged, total } = await services.data.import(definition, resolve(source));
        return {
          document: { ok: true, lu: name, imported, unchanged, total },
          text: `${printable(name)}: ${counted(imported, 'instance')} imported and encrypted, ${figure(unchanged)} unchanged; the source has ${figure(total)}.\n`,
        };
      }),
    );
}

async function readDefinition(lu: string, file: string): Promise<LuDefinition> {
  const definition = parseLuDefinition((await readInput(file)).toString('utf8'), file);
  if (definition.lu === lu) return definition;
  throw new AppError(
    'LU_DEFINITION_INVALID',
    `"${file}" defines the LU "${definition.lu}", not "${lu}". Nothing was imported.`,
    `Import it as ${definition.lu}, or give the definition of ${lu}.`,
    { details: { lu, defined: definition.lu } },
  );
}
