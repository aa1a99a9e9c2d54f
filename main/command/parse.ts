import { LUI_KEY_NAME } from '../masterkey/types.ts';
import {
  DEFAULT_GENERATOR,
  DEFAULT_STORE,
  findGenerator,
  findStore,
  KEYWORD,
  MAX_COMMAND_LENGTH,
  quoteValue,
  type ActivateKeyCommand,
  type Parameter,
  type Vocabulary,
} from './grammar.ts';
import { readOutline, type Outline } from './outline.ts';
import { problemAt, type CommandProblem } from './problem.ts';
import { tokenize, type Token, type ValueToken } from './tokens.ts';
import { checkArgs, checkConfigured, checkGenerator, checkName, checkPair, checkStore } from './values.ts';

export type ParsedLine =
  | { readonly ok: true; readonly command: ActivateKeyCommand }
  | { readonly ok: false; readonly problem: CommandProblem };

/**
 * Reads one `activatekey` line (the language of {@link KEYWORD grammar.ts}) against what the profile knows.
 *
 * Answers the command, with the modules in their own spelling and the defaults filled in, or exactly one problem: the
 * first in reading order; then a missing name; then what concerns the values together (an impossible pair, a module that
 * is not configured, arguments that nobody takes). Never throws, whatever the text; linear in its length.
 *
 * Codes: COMMAND_EMPTY, COMMAND_TOO_LONG, COMMAND_UNKNOWN, COMMAND_SYNTAX, COMMAND_PARAMETER_UNKNOWN,
 * COMMAND_PARAMETER_REPEATED, COMMAND_PARAMETER_MISSING, COMMAND_VALUE_INVALID, KEY_NAME_UNKNOWN, GENERATOR_UNKNOWN,
 * STORE_UNKNOWN, GENERATOR_STORE_IMPOSSIBLE, PROVIDER_NOT_CONFIGURED.
 */
export function parseCommand(text: string, known: Vocabulary): ParsedLine {
  const tooLong = checkLength(text);
  if (tooLong !== null) return { ok: false, problem: tooLong };
  const tokens = tokenize(text);
  const empty = checkNotEmpty(text, tokens, known);
  if (empty !== null) return { ok: false, problem: empty };
  const outline = readOutline(text, tokens);
  const values = valuesOf(outline);
  const problem =
    checkEach(outline, known) ?? outline.problem ?? checkNameGiven(outline, values, known) ?? checkTogether(values, known);
  if (problem !== null) return { ok: false, problem };
  const { generatorType, storeType } = modulesOf(values);
  const args = values.args?.text ?? '';
  return { ok: true, command: { name: values.name?.text ?? '', generatorType, storeType, args: args === '' ? null : args } };
}

type Values = Readonly<Partial<Record<Parameter, ValueToken>>>;

function valuesOf(outline: Outline): Values {
  return Object.fromEntries(outline.assignments.map(({ parameter, value }) => [parameter, value]));
}

function modulesOf(values: Values): Pick<ActivateKeyCommand, 'generatorType' | 'storeType'> {
  return {
    generatorType: findGenerator(values.generatorType?.text ?? DEFAULT_GENERATOR) ?? DEFAULT_GENERATOR,
    storeType: findStore(values.storeType?.text ?? DEFAULT_STORE) ?? DEFAULT_STORE,
  };
}

function checkLength(text: string): CommandProblem | null {
  if (text.length <= MAX_COMMAND_LENGTH) return null;
  return problemAt(
    { start: MAX_COMMAND_LENGTH, end: text.length },
    'COMMAND_TOO_LONG',
    `The line has ${text.length} characters; a command has ${MAX_COMMAND_LENGTH} at most.`,
    'Shorten it; one command fits on one line.',
  );
}

function checkNotEmpty(text: string, tokens: readonly Token[], known: Vocabulary): CommandProblem | null {
  const [first, second] = tokens;
  if (first?.kind !== 'end' && !(first?.kind === 'semicolon' && second?.kind === 'end')) return null;
  const whole = `${KEYWORD} name=${quoteValue(usualName(known))}`;
  return problemAt({ start: 0, end: text.length }, 'COMMAND_EMPTY', 'The line is empty.', `Write for example: ${whole}`, whole);
}

function usualName(known: Vocabulary): string {
  return known.names.includes(LUI_KEY_NAME) ? LUI_KEY_NAME : (known.names[0] ?? LUI_KEY_NAME);
}

const CHECKS: Readonly<Record<Parameter, (value: ValueToken, known: Vocabulary) => CommandProblem | null>> = {
  name: checkName,
  generatorType: checkGenerator,
  storeType: checkStore,
  args: () => null,
};

function checkEach(outline: Outline, known: Vocabulary): CommandProblem | null {
  for (const { parameter, value } of outline.assignments) {
    const problem = CHECKS[parameter](value, known);
    if (problem !== null) return problem;
  }
  return null;
}

function checkNameGiven(outline: Outline, values: Values, known: Vocabulary): CommandProblem | null {
  if (values.name !== undefined || outline.keyword === null) return null;
  const missing = `name=${quoteValue(usualName(known))}`;
  const at = outline.keyword.end;
  const message = 'The name is missing: which key shall get a new generation?';
  return problemAt({ start: at, end: at }, 'COMMAND_PARAMETER_MISSING', message, `Write ${missing}.`, ` ${missing}`);
}

function checkTogether(values: Values, known: Vocabulary): CommandProblem | null {
  const { generatorType, storeType } = modulesOf(values);
  return (
    checkPair(values.generatorType, values.storeType, known) ??
    checkConfigured(values.generatorType, values.storeType, known) ??
    (values.args === undefined ? null : checkArgs(values.args, generatorType, storeType))
  );
}
