import { InvalidArgumentError, type Command } from 'commander';
import { readFieldName, type FieldName, type RekeyLimitsInput, type RekeyRequestInput } from '../../contract/rekey.ts';

export interface WhatOptions {
  readonly lu?: readonly string[];
  readonly from?: readonly string[];
  readonly rate?: number;
  readonly mib?: number;
  readonly concurrency?: number;
}

export interface FieldOptions {
  readonly field?: readonly FieldName[];
}

/** The options that say what is re-encrypted, and how fast. */
export function withWhat(command: Command): Command {
  const more = (one: string, before: readonly string[] = []): string[] => [...before, one];
  return withLimits(command.option('--lu <lu>', 'only this LU; may be repeated', more).option('--from <description>', 'only what is under this generation; may be repeated (default: all but the active one)', more));
}

/** The options that say how fast. */
export function withLimits(command: Command): Command {
  return command
    .option('--rate <n>', 'at most so many instances a second, in all processes together', rate)
    .option('--mib <n>', 'at most so many MiB a second, in all processes together', rate)
    .option('--concurrency <n>', 'at most so many instances at once in each process (default: 128)', (text) => whole(text, 256));
}

/** The option of a campaign over field values. */
export function withFields(command: Command): Command {
  return command.option('--field <lu:table.column>', 'instead, the values of field level encryption in this column; may be repeated', (text: string, before: readonly FieldName[] = []) => {
    const name = readFieldName(text);
    if (name === null) throw new InvalidArgumentError('It is LU:TABLE.COLUMN.');
    return [...before, name];
  });
}

/** What was given; 0 is no limit. */
export function limitsOf({ rate: perSecond, mib, concurrency }: WhatOptions): RekeyLimitsInput {
  return {
    ...(perSecond === undefined ? {} : { instancesPerSecond: perSecond === 0 ? null : perSecond }),
    ...(mib === undefined ? {} : { mebibytesPerSecond: mib === 0 ? null : mib }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

export function requestOf({ lu, from, field }: WhatOptions & FieldOptions): RekeyRequestInput {
  return { ...(lu === undefined ? {} : { lus: [...new Set(lu)] }), ...(from === undefined ? {} : { from: [...new Set(from)] }), ...(field === undefined ? {} : { fields: [...field] }) };
}

function rate(text: string): number {
  const value = /^\d{1,7}(\.\d{1,3})?$/.test(text) ? Number(text) : NaN;
  if (value >= 0) return value;
  throw new InvalidArgumentError('It is a number from 0 (no limit) to 9999999.');
}

/** A whole number of an option, from 1 to `most`. */
export function whole(text: string, most: number): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (value >= 1 && value <= most) return value;
  throw new InvalidArgumentError(`It is a whole number from 1 to ${most}.`);
}
