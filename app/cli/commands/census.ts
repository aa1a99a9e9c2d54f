import { InvalidArgumentError, type Command } from 'commander';
import type { CensusResult } from '../../../main/census/result.ts';
import type { CensusGeneration } from '../../contract/census.ts';
import { protectionWords } from '../../contract/wrapping-words.ts';
import type { Choose } from '../answer.ts';
import { examples } from '../examples.ts';
import { counted, figure, moment, printable, table } from '../text.ts';
import { assertKnown } from './lu-list.ts';
import { unreadableText } from './unreadable.ts';

/** Of the instances, what a deep census authenticates unless it is told otherwise. */
const SHARE = 0.1;

interface CensusOptions {
  readonly deep?: true;
  readonly share?: number;
  readonly lu?: readonly string[];
  readonly resume?: string;
}

/** `fkc census`: needs no key, but to authenticate a share of the instances. */
export function addCensus(program: Command, choose: Choose): void {
  program
    .command('census')
    .description('count the instances by LU, key generation (with what wraps it) and node, exactly, and keep the result; exit code 1 if it is not whole')
    .option('--deep', `also compare every envelope with its record, and authenticate a share of the instances (default: ${SHARE * 100}%)`)
    .option('--share <share>', 'the share that a deep census authenticates, as 0.25 or 25%; always the same instances', share)
    .option('--lu <lu>', 'only this LU; may be repeated', (lu: string, before: readonly string[] = []) => [...before, lu])
    .option('--resume <job>', 'go on with a census that was interrupted')
    .addHelpText('after', examples('fkc census', 'fkc census --deep --share 25%', 'fkc census --lu CUSTOMER --json'))
    .action((options: CensusOptions, command: Command) => {
      if (options.resume !== undefined && Object.keys(options).length > 1) command.error('error: --resume goes on as the census began; it takes no other option');
      choose(async (session) => {
        const services = await session.opened();
        const { deep, share: chosen, lu: lus, resume } = options;
        for (const lu of lus ?? []) await assertKnown(services, lu);
        const depth = deep === true || chosen !== undefined ? { share: chosen ?? SHARE } : undefined;
        if (resume === undefined ? (depth?.share ?? 0) > 0 : await services.censuses.needsKeys(resume)) await session.unlocked();
        const result = await (resume === undefined
          ? services.censuses.take({ ...(depth === undefined ? {} : { deep: depth }), ...(lus === undefined ? {} : { lus: [...new Set(lus)] }) })
          : services.censuses.resume(resume));
        const generations = await services.censuses.generations(result.rows);
        return { document: { ...documentOf(result), generations }, text: resultText(result, generations), broken: result.notCovered.length > 0 || (result.deep?.findings ?? 0) > 0 };
      });
    });
}

function documentOf({ id, startedAt, endedAt, whole, total, rows, byNode, parts, notCovered, says, deep }: CensusResult) {
  const ranges = parts.reduce((sum, part) => sum + part.ranges, 0);
  return {
    id,
    at: endedAt,
    startedAt,
    total,
    rows,
    nodes: byNode,
    coverage: { whole, complete: notCovered.length === 0, ranges, counted: parts.reduce((sum, part) => sum + part.counted, 0), lus: parts.map((part) => part.lu), notCovered, says },
    deep,
  };
}

function resultText(result: CensusResult, generations: readonly CensusGeneration[]): string {
  const { startedAt, endedAt, byNode, notCovered, parts, says, deep } = result;
  const ranges = parts.reduce((sum, part) => sum + part.ranges, 0);
  const read = notCovered.length === 0 ? (ranges === 1 ? 'the one range' : `all ${figure(ranges)} ranges`) : `${figure(ranges - notCovered.length)} of ${counted(ranges, 'range')}`;
  return [
    censusText(result, generations),
    byNode.length === 0 ? '' : `\n${nodesText(byNode)}`,
    `\nCounted ${moment(endedAt)} in ${((endedAt - startedAt) / 1000).toFixed(1)} s: ${read}.\n`,
    deep === null ? '' : deepText(deep),
    'What it does not cover:\n',
    ...says.map((one) => `- ${printable(one)}\n`),
  ].join('');
}

function nodesText(byNode: CensusResult['byNode']): string {
  return table(
    ['NODE', 'LU', 'KEY DESCRIPTION', '>INSTANCES HERE'],
    [...byNode].sort((a, b) => (a.node < b.node ? -1 : a.node > b.node ? 1 : 0)).map((row) => [row.node, row.lu, row.keyDescription, figure(row.instances)]),
    '',
  );
}

function deepText({ checked, opened, findings, list }: NonNullable<CensusResult['deep']>): string {
  const looked = `${counted(checked, 'envelope')} compared with ${checked === 1 ? 'its record' : 'their records'}, ${counted(opened, 'instance')} authenticated: `;
  if (findings === 0) return `${looked}every one holds.\n`;
  const more = findings > list.length ? `Of ${figure(findings)}, the first ${figure(list.length)} are listed.\n` : '';
  return `${looked}${counted(findings, 'instance')} ${findings === 1 ? 'does' : 'do'} not hold.\n${unreadableText(list.map((one) => ({ ...one, what: `${one.lu} ${one.id}` })))}${more}`;
}

/** Instances by LU and generation. @param generations of every key description in `rows` */
export function censusText({ total, rows }: Pick<CensusResult, 'total' | 'rows'>, generations: readonly CensusGeneration[]): string {
  const wrapping = new Map(generations.map((generation) => [generation.keyDescription, generation.wrapping]));
  const lines = rows.map((row) => [row.lu, row.keyDescription, wrappedBy(wrapping.get(row.keyDescription) ?? null), figure(row.instances), figure(row.bytes)]);
  const bytes = rows.reduce((sum, row) => sum + row.bytes, 0);
  const sum = rows.length === 0 ? [] : [['total', '', '', figure(total), figure(bytes)]];
  return table(['LU', 'KEY DESCRIPTION', 'WRAPPED BY', '>INSTANCES', '>BYTES'], [...lines, ...sum], 'No instance is stored yet.');
}

function wrappedBy(wrapping: CensusGeneration['wrapping']): string {
  return wrapping === null ? 'unknown key' : protectionWords(wrapping);
}

function share(text: string): number {
  const percent = text.endsWith('%');
  const digits = percent ? text.slice(0, -1) : text;
  const value = /^\d{1,3}(\.\d{1,9})?$/.test(digits) ? Number(digits) / (percent ? 100 : 1) : NaN;
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('It is a number from 0 to 1, or a percentage from 0% to 100%.');
}
