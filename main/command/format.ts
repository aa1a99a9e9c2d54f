import { DEFAULT_GENERATOR, DEFAULT_STORE, KEYWORD, quoteValue } from './grammar.ts';

/**
 * The shortest line that says `command`: modules only where they are not the default, values in single quotes.
 * `parseCommand` reads it back as the same command. Also takes what a half-filled form holds.
 */
export function formatCommand(command: {
  readonly name: string;
  readonly generatorType: string;
  readonly storeType: string;
  readonly args: string | null;
}): string {
  const { name, generatorType, storeType, args } = command;
  const parts = [
    KEYWORD,
    `name=${quoteValue(name)}`,
    ...(generatorType === DEFAULT_GENERATOR ? [] : [`generatorType=${quoteValue(generatorType)}`]),
    ...(storeType === DEFAULT_STORE ? [] : [`storeType=${quoteValue(storeType)}`]),
    ...(args === null || args === '' ? [] : [`WITH ARGS=${quoteValue(args)}`]),
  ];
  return parts.join(' ');
}
