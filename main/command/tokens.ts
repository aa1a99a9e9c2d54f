import { codePointName, hiddenKind, isOddBlank, plainQuote, plainSign } from './characters.ts';
import { quoteValue } from './grammar.ts';
import { problemAt, type CommandProblem, type Range } from './problem.ts';

export type Quote = "'" | '"';

export interface WordToken extends Range {
  readonly kind: 'word';
  readonly text: string;
}

/** A value in quotes; `text` is what it says, with the doubled quotes made single. */
export interface ValueToken extends Range {
  readonly kind: 'value';
  readonly text: string;
  readonly quote: Quote;
}

/** A value whose closing quote is missing where the line ends. */
export interface OpenValueToken extends Range {
  readonly kind: 'open-value';
  readonly text: string;
  readonly quote: Quote;
}

/** A character that may not stand there; nothing is read behind it. */
export interface StrayToken extends Range {
  readonly kind: 'stray';
  readonly problem: CommandProblem;
}

export interface SignToken extends Range {
  readonly kind: 'equals' | 'semicolon' | 'end';
}

export type Token = WordToken | ValueToken | OpenValueToken | StrayToken | SignToken;

/**
 * The parts of a line, in order; blanks between them are dropped. Never fails: what can not be read becomes a `stray` or
 * `open-value` token, and reading stops there. The last token is always `end`. Takes time linear in the text.
 */
export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = characterAt(text, at);
    if (isBlank(character)) {
      at += 1;
      continue;
    }
    const token = readToken(text, at, character);
    tokens.push(token);
    if (token.kind === 'stray' || token.kind === 'open-value') break;
    at = token.end;
  }
  tokens.push({ kind: 'end', start: text.length, end: text.length });
  return tokens;
}

/** True for the blanks that separate the parts: space, tab, line ends. */
function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r';
}

function characterAt(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}

function readToken(text: string, start: number, character: string): Token {
  if (character === '=') return { kind: 'equals', start, end: start + 1 };
  if (character === ';') return { kind: 'semicolon', start, end: start + 1 };
  if (character === "'" || character === '"') return readValue(text, start, character);
  const problem = strayCharacter(character, start) ?? strayMark(text, character, start);
  if (problem !== null) return { kind: 'stray', start: problem.start, end: problem.end, problem };
  return readWord(text, start);
}

function readWord(text: string, start: number): WordToken | StrayToken {
  let end = start;
  while (end < text.length) {
    const character = characterAt(text, end);
    if (isBlank(character) || isOddBlank(character) || '=;\'",'.includes(character)) break;
    const problem = strayCharacter(character, end);
    if (problem !== null) return { kind: 'stray', start: problem.start, end: problem.end, problem };
    if (strayMark(text, character, end) !== null) break;
    end += character.length;
  }
  return { kind: 'word', start, end, text: text.slice(start, end) };
}

function readValue(text: string, start: number, quote: Quote): ValueToken | OpenValueToken | StrayToken {
  const said: string[] = [];
  let at = start + 1;
  while (at < text.length) {
    const character = characterAt(text, at);
    if (character === '\n' || character === '\r') break;
    if (character === quote) {
      if (text[at + 1] !== quote) return { kind: 'value', start, end: at + 1, text: said.join(''), quote };
      at += 1;
    }
    const problem = strayCharacter(character, at);
    if (problem !== null) return { kind: 'stray', start: problem.start, end: problem.end, problem };
    said.push(character);
    at += character.length;
  }
  return { kind: 'open-value', start, end: at, text: said.join(''), quote };
}

/** The problem of a character that may stand nowhere, not even in a value. */
function strayCharacter(character: string, start: number): CommandProblem | null {
  const range = { start, end: start + character.length };
  const name = codePointName(character);
  if (isOddBlank(character)) {
    const message = `The blank ${name} is not a plain space.`;
    return problemAt(range, 'COMMAND_SYNTAX', message, 'Write a plain space instead.', ' ');
  }
  const kind = hiddenKind(character);
  if (kind === null) return null;
  return problemAt(range, 'COMMAND_SYNTAX', `${name} is ${kind}, which may not stand in a command.`, 'Take it out.', '');
}

/** The problem of a visible mark that only a value may hold. */
function strayMark(text: string, character: string, start: number): CommandProblem | null {
  const range = { start, end: start + character.length };
  if (character === ',') {
    return problemAt(range, 'COMMAND_SYNTAX', 'Parameters are not separated by commas.', 'Write a space instead.', ' ');
  }
  const sign = plainSign(character);
  if (sign !== undefined) {
    const message = `${codePointName(character)} looks like "${sign}" but is another character.`;
    return problemAt(range, 'COMMAND_SYNTAX', message, `Write a plain ${sign} instead.`, sign);
  }
  const quote = plainQuote(character);
  return quote === undefined ? null : oddQuote(text, range, quote);
}

/** A typographic quote: where its partner follows in the same line, the suggestion replaces the whole value. */
function oddQuote(text: string, opening: Range, quote: Quote): CommandProblem {
  const rest = /^[^\r\n'"=;]*/.exec(text.slice(opening.end, opening.end + 128))?.[0] ?? '';
  const length = [...rest].findIndex((character) => plainQuote(character) === quote);
  const value = [...rest].slice(0, Math.max(0, length)).join('');
  const range = length < 0 ? opening : { start: opening.start, end: opening.end + value.length + 1 };
  return problemAt(
    range,
    'COMMAND_SYNTAX',
    `${codePointName(characterAt(text, opening.start))} is a typographic quote.`,
    'Put values in plain quotes: \' or ".',
    length < 0 ? quote : quoteValue(value, quote),
  );
}
