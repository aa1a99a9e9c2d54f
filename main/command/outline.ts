import { LUI_KEY_NAME } from '../masterkey/types.ts';
import { foldLookAlikes, isPlain } from './characters.ts';
import { nearest } from './distance.ts';
import {
  DEFAULT_GENERATOR,
  DEFAULT_STORE,
  foldCase,
  KEYWORD,
  PARAMETERS,
  quoteValue,
  WORD_PARAMETERS,
  type Parameter,
} from './grammar.ts';
import { problemAt, shown, type CommandProblem, type Range } from './problem.ts';
import type { OpenValueToken, Token, ValueToken } from './tokens.ts';

/** One `parameter = 'value'` of the line. */
export interface Assignment {
  readonly parameter: Parameter;
  /** Where the parameter's word or words stand. */
  readonly written: Range;
  readonly value: ValueToken;
}

/** What the line is made of up to its first mistake in form; what the values say is not looked at. */
export interface Outline {
  /** The word `activatekey`, where the line begins with it. */
  readonly keyword: Range | null;
  readonly assignments: readonly Assignment[];
  /** The first mistake in form. */
  readonly problem: CommandProblem | null;
}

/** Reads `tokens` (of `text`) as a command. Takes time linear in their number. */
export function readOutline(text: string, tokens: readonly Token[]): Outline {
  const keyword = readKeyword(text, tokens);
  if ('problem' in keyword) return { keyword: null, assignments: [], problem: keyword.problem };
  const assignments: Assignment[] = [];
  const stop = (problem: CommandProblem | null): Outline => ({ keyword, assignments, problem });
  for (let index = 1; ; ) {
    const token = tokenAt(tokens, index);
    if (token.kind === 'end') return stop(null);
    if (token.kind === 'semicolon') return stop(readAfterSemicolon(text, tokenAt(tokens, index + 1)));
    const parameter = readParameter(tokens, index);
    if ('problem' in parameter) return stop(parameter.problem);
    if (assignments.some((earlier) => earlier.parameter === parameter.parameter)) return stop(repeated(parameter));
    const value = readValue(text, tokens, parameter);
    if ('problem' in value) return stop(value.problem);
    assignments.push({ parameter: parameter.parameter, written: parameter.written, value });
    index = parameter.next + 2;
  }
}

interface Stopped {
  readonly problem: CommandProblem;
}

interface ParameterRead {
  readonly parameter: Parameter;
  readonly written: Range;
  /** Index of the token behind the parameter's words. */
  readonly next: number;
}

function tokenAt(tokens: readonly Token[], index: number): Token {
  const token = tokens[Math.min(index, tokens.length - 1)];
  return token ?? { kind: 'end', start: 0, end: 0 };
}

function syntax(range: Range, message: string, remedy: string, suggestion: string | null = null): Stopped {
  return { problem: problemAt(range, 'COMMAND_SYNTAX', message, remedy, suggestion) };
}

function isWord(token: Token, word: string): boolean {
  return token.kind === 'word' && foldCase(token.text) === foldCase(word);
}

/** The plain word that a word with look-alike letters was meant to be; null where `word` is plain. */
function meantWord(word: string, candidates: readonly string[]): string | null {
  const folded = isPlain(word) ? null : foldLookAlikes(word);
  return folded === null ? null : (nearest(folded, candidates) ?? folded);
}

function readKeyword(text: string, tokens: readonly Token[]): Range | Stopped {
  const first = tokenAt(tokens, 0);
  const second = tokenAt(tokens, 1);
  if (first.kind === 'stray') return { problem: first.problem };
  if (isWord(first, KEYWORD)) return { start: first.start, end: first.end };
  const whole = `${KEYWORD} name=${quoteValue(LUI_KEY_NAME)}`;
  const remedy = `Begin the line with ${KEYWORD}, for example: ${whole}`;
  const unknown = (range: Range, message: string, suggestion: string | null): Stopped => ({
    problem: problemAt(range, 'COMMAND_UNKNOWN', message, remedy, suggestion),
  });
  if (first.kind !== 'word') return unknown(first, `A command begins with the word ${KEYWORD}.`, null);
  if (second.kind === 'word' && foldCase(first.text + second.text) === KEYWORD) {
    return unknown({ start: first.start, end: second.end }, `${KEYWORD} is written as one word.`, KEYWORD);
  }
  if (WORD_PARAMETERS.some((parameter) => isWord(first, parameter)) || isWord(first, 'WITH')) {
    const suggestion = `${KEYWORD} ${text.slice(first.start, first.end)}`;
    return unknown(first, `The word ${KEYWORD} is missing before ${shown(first.text)}.`, suggestion);
  }
  const suggestion = meantWord(first.text, [KEYWORD]) ?? nearest(first.text, [KEYWORD]);
  const why = isPlain(first.text) ? 'is not a command' : 'holds letters that only look like plain ones';
  return unknown(first, `${shown(first.text)} ${why}.`, suggestion);
}

function readAfterSemicolon(text: string, token: Token): CommandProblem | null {
  if (token.kind === 'end') return null;
  if (token.kind === 'stray') return token.problem;
  const range = { start: token.start, end: text.trimEnd().length };
  const only = token.kind === 'semicolon' && range.end === token.end;
  return syntax(
    range,
    'There is something behind the semicolon that ends the command.',
    'Run one command at a time.',
    only ? '' : null,
  ).problem;
}

function readParameter(tokens: readonly Token[], index: number): ParameterRead | Stopped {
  const token = tokenAt(tokens, index);
  if (token.kind === 'stray') return { problem: token.problem };
  if (token.kind !== 'word') {
    const what = token.kind === 'equals' ? 'An = without a parameter before it' : 'A value without a parameter';
    return syntax(token, `${what}.`, "Write parameters as name='value'.");
  }
  const parameter = WORD_PARAMETERS.find((known) => isWord(token, known));
  if (parameter !== undefined) return { parameter, written: token, next: index + 1 };
  if (isWord(token, 'WITH')) return readWithArgs(token, tokenAt(tokens, index + 1), index);
  if (isWord(token, 'ARGS')) {
    return syntax(token, 'Arguments begin with the word WITH.', "Write WITH ARGS='…'.", 'WITH ARGS');
  }
  const candidates = [...WORD_PARAMETERS, PARAMETERS.args.written];
  const suggestion = meantWord(token.text, candidates) ?? nearest(token.text, candidates);
  const message = isWord(token, KEYWORD)
    ? `${KEYWORD} stands twice.`
    : `${shown(token.text)} is not a parameter of ${KEYWORD}${isPlain(token.text) ? '' : ': it holds letters that only look like plain ones'}.`;
  const remedy = 'The parameters are name, generatorType, storeType and WITH ARGS.';
  return {
    problem: problemAt(token, 'COMMAND_PARAMETER_UNKNOWN', message, remedy, isWord(token, KEYWORD) ? '' : suggestion),
  };
}

function readWithArgs(withWord: Range, next: Token, index: number): ParameterRead | Stopped {
  if (next.kind === 'stray') return { problem: next.problem };
  if (isWord(next, 'ARGS')) {
    return { parameter: 'args', written: { start: withWord.start, end: next.end }, next: index + 2 };
  }
  const remedy = "Write WITH ARGS='…', or leave WITH out.";
  if (next.kind === 'word' && nearest(next.text, ['ARGS']) !== null) {
    return syntax(next, `${shown(next.text)} stands where ARGS belongs.`, remedy, 'ARGS');
  }
  return syntax(withWord, 'ARGS is missing behind WITH.', remedy, next.kind === 'equals' ? 'WITH ARGS' : null);
}

function repeated(again: ParameterRead): CommandProblem {
  const { written } = PARAMETERS[again.parameter];
  return problemAt(
    again.written,
    'COMMAND_PARAMETER_REPEATED',
    `${written} is given twice.`,
    'Leave one of the two out.',
  );
}

const EXAMPLES: Readonly<Record<Parameter, string | null>> = {
  name: quoteValue(LUI_KEY_NAME),
  generatorType: quoteValue(DEFAULT_GENERATOR),
  storeType: quoteValue(DEFAULT_STORE),
  args: null,
};

/** The value behind `= `; each way in which it can be missing has its own message. */
function readValue(text: string, tokens: readonly Token[], parameter: ParameterRead): ValueToken | Stopped {
  const { written } = PARAMETERS[parameter.parameter];
  const sign = tokenAt(tokens, parameter.next);
  const token = tokenAt(tokens, parameter.next + 1);
  const example = EXAMPLES[parameter.parameter];
  const remedy = `Write ${written}=${example ?? "'…'"}.`;
  if (sign.kind === 'stray') return { problem: sign.problem };
  if (sign.kind !== 'equals') {
    const typed = text.slice(parameter.written.start, parameter.written.end);
    const valueFollows = sign.kind === 'value' || sign.kind === 'open-value';
    if (valueFollows) return syntax(parameter.written, `An = is missing between ${written} and its value.`, remedy, `${typed}=`);
    const suggestion = example === null ? null : `${typed}=${example}`;
    return syntax(parameter.written, `The value of ${written} is missing.`, remedy, suggestion);
  }
  if (token.kind === 'value') return token;
  if (token.kind === 'stray') return { problem: token.problem };
  if (token.kind === 'equals') return syntax(token, 'The = stands twice.', remedy, '');
  if (token.kind === 'open-value') return unclosed(text.slice(token.start, token.end), token, parameter.parameter);
  const isNextParameter = token.kind === 'word' && tokenAt(tokens, parameter.next + 2).kind === 'equals';
  if (token.kind !== 'word' || isNextParameter || isWord(token, 'WITH')) {
    return syntax(sign, `The value of ${written} is missing behind the =.`, remedy, example === null ? null : `=${example}`);
  }
  const quotable = parameter.parameter !== 'args' && /^[\w.-]+$/.test(token.text);
  const suggestion = quotable ? quoteValue(token.text) : null;
  return syntax(token, `The value of ${written} is not in quotes.`, 'Put it in quotes: \'…\' or "…".', suggestion);
}

/**
 * A value without its closing quote: the suggestion closes it where it is one word; quotes at its end
 * were meant to close it.
 */
function unclosed(typed: string, token: OpenValueToken, parameter: Parameter): Stopped {
  const closable = parameter !== 'args' && !/\s/.test(typed);
  return syntax(
    token,
    `The value of ${PARAMETERS[parameter].written} has no closing quote (${token.quote}).`,
    `Close it with ${token.quote}; a quote inside a value is doubled.`,
    closable ? typed.replace(/(?<=.)['"]+$/, '') + token.quote : null,
  );
}
