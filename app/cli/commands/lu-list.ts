import { InvalidArgumentError, type Command } from 'commander';
import { AppError } from '../../../main/errors.ts';
import type { Services } from '../../services.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import type { Session } from '../session.ts';
import { countedAt, figure, moment, printable, table } from '../text.ts';

interface ListOptions {
  readonly limit: number;
  readonly after?: string;
  readonly key?: string;
}

const DEFAULT_LIMIT = 1_000;
const MAX_LIMIT = 100_000;

/** `fkc lu list`: needs no key. */
export function addLuList(lu: Command, choose: Choose): void {
  lu.command('list')
    .argument('[lu]', 'list the instances of this LU')
    .description('list the LUs, or the instances of one; needs no password')
    .option('--limit <count>', `instances to list, up to ${figure(MAX_LIMIT)}`, limit, DEFAULT_LIMIT)
    .option('--after <id>', 'only instances after this ID')
    .option('--key <description>', 'only instances under this generation')
    .addHelpText('after', examples('fkc lu list', 'fkc lu list CUSTOMER --limit 20'))
    .action((name: string | undefined, options: ListOptions) => choose((session) => (name === undefined ? listLus(session) : listInstances(session, name, options))));
}

async function listLus(session: Session) {
  const services = await session.opened();
  const { rows, at, live, complete } = await services.data.census();
  const names = [...new Set([...(await services.cluster.db.instances.lus()), ...rows.map((row) => row.lu), ...Object.keys(services.cluster.profile.lus)])].sort();
  const lus = names.map((lu) => {
    const own = rows.filter((row) => row.lu === lu);
    const sum = (of: (row: (typeof own)[number]) => number): number => own.reduce((total, row) => total + of(row), 0);
    return { lu, instances: sum((row) => row.instances), bytes: sum((row) => row.bytes), generations: own.length };
  });
  const text = table(
    ['LU', '>INSTANCES', '>BYTES', '>GENERATIONS'],
    lus.map((lu) => [lu.lu, figure(lu.instances), figure(lu.bytes), figure(lu.generations)]),
    'No LU was imported yet: fkc lu import LU --definition FILE --source FILE_OR_FOLDER',
  );
  const age = live ? '' : `Figures ${countedAt({ at, live, complete })}.\n`;
  return { document: { lus, census: { at, live, complete } }, text: text + age };
}

async function listInstances(session: Session, lu: string, { limit, after, key }: ListOptions) {
  const services = await session.opened();
  const { instances, more } = await services.data.list({ lu, limit, after, keyDescription: key });
  if (instances.length === 0 && after === undefined && key === undefined) await assertKnown(services, lu);
  const rest = more ? `More: --after ${printable(instances.at(-1)?.id ?? '')}\n` : '';
  const text = table(
    ['ID', 'KEY DESCRIPTION', '>BYTES', '>REVISION', 'SAVED'],
    instances.map((one) => [one.id, one.keyDescription, figure(one.bytes), figure(one.revision), moment(one.savedAt)]),
    'There is no such instance.',
  );
  return { document: { lu, instances, more }, text: text + rest };
}

/** @throws AppError `LU_UNKNOWN` */
export async function assertKnown(services: Services, lu: string): Promise<void> {
  if (services.cluster.profile.lus[lu] !== undefined) return;
  if ((await services.cluster.db.instances.lus()).includes(lu)) return;
  throw new AppError('LU_UNKNOWN', `No instance of an LU "${lu}" is stored here.`, 'See the LUs (case counts): fkc lu list', { details: { lu } });
}

function limit(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0 && value <= MAX_LIMIT) return value;
  throw new InvalidArgumentError(`It is a whole number from 1 to ${MAX_LIMIT}.`);
}
