import { foldCase, WORD_PARAMETERS, type Parameter } from './grammar.ts';
import { tokenize, type Quote, type Token } from './tokens.ts';

/** [from, to) is what a completion replaces. */
interface Replaced {
  readonly from: number;
  readonly to: number;
}

/** The parameters that the line gives anywhere but at the cursor, each with its value (empty where it has none yet). */
type Given = ReadonlyMap<Parameter, string>;

/** What belongs at the cursor. */
export type Place =
  | (Replaced & { readonly kind: 'keyword'; readonly typed: string })
  | (Replaced & { readonly kind: 'parameter'; readonly typed: string; readonly given: Given })
  | (Replaced & { readonly kind: 'equals'; readonly parameter: Parameter; readonly given: Given })
  | (Replaced & { readonly kind: 'value'; readonly parameter: Parameter; readonly typed: string; readonly quote: Quote; readonly given: Given })
  | { readonly kind: 'nothing' };

const NOTHING: Place = { kind: 'nothing' };

/**
 * Reads the line up to `cursor` (an offset inside it) and says what belongs there. What stands behind the cursor counts
 * only where it goes on with the same word or value, and for the parameters that it gives.
 */
export function readPlace(text: string, cursor: number): Place {
  const tokens = tokenize(text.slice(0, cursor)).slice(0, -1);
  const last = tokens.at(-1);
  if (last?.kind === 'stray' || tokens.some((token) => token.kind === 'semicolon')) return NOTHING;
  const touches = last !== undefined && last.end === cursor;
  if (last?.kind === 'open-value') return touches ? inValue(text, cursor, tokens, last.start, last.text, last.quote) : NOTHING;
  const inWord = touches && last.kind === 'word';
  const before = inWord ? tokens.slice(0, -1) : tokens;
  const typed = inWord ? last.text : '';
  const from = inWord ? last.start : cursor;
  const to = wordEnd(text, cursor);
  if (before.length === 0) return { kind: 'keyword', from, to, typed };
  const previous = before.at(-1);
  if (previous?.kind === 'equals') {
    const parameter = parameterBefore(before, before.length - 1);
    if (parameter === null) return NOTHING;
    return { kind: 'value', from, to, parameter, typed, quote: "'", given: givenAround(text, before.slice(0, -2), to) };
  }
  const parameter = parameterBefore(before, before.length);
  if (parameter !== null && !inWord) {
    return { kind: 'equals', from: previous?.end ?? from, to: cursor, parameter, given: givenAround(text, before.slice(0, -1), to) };
  }
  if (previous?.kind === 'word' && foldCase(previous.text) === 'with') {
    return { kind: 'parameter', from: previous.start, to, typed: `WITH ${typed}`, given: givenAround(text, before, to) };
  }
  if (previous?.kind !== 'value' && before.length > 1) return NOTHING;
  return { kind: 'parameter', from, to, typed, given: givenAround(text, before, to) };
}

function inValue(text: string, cursor: number, tokens: readonly Token[], from: number, typed: string, quote: Quote): Place {
  const parameter = tokens.at(-2)?.kind === 'equals' ? parameterBefore(tokens, tokens.length - 2) : null;
  if (parameter === null) return NOTHING;
  const end = wordEnd(text, cursor);
  const to = text[end] === quote ? end + 1 : end;
  return { kind: 'value', from, to, parameter, typed, quote, given: givenAround(text, tokens.slice(0, -3), to) };
}

/** Where the word that `cursor` stands in (or at) ends. */
function wordEnd(text: string, cursor: number): number {
  return cursor + (/^[\w-]*/.exec(text.slice(cursor))?.[0].length ?? 0);
}

/** The parameter that the words just before `index` name. */
function parameterBefore(tokens: readonly Token[], index: number): Parameter | null {
  const word = wordAt(tokens, index - 1);
  if (word === 'args' && wordAt(tokens, index - 2) === 'with') return 'args';
  return index < 2 ? null : (WORD_PARAMETERS.find((parameter) => foldCase(parameter) === word) ?? null);
}

function wordAt(tokens: readonly Token[], index: number): string | null {
  const token = tokens[index];
  return token?.kind === 'word' ? foldCase(token.text) : null;
}

function givenAround(text: string, before: readonly Token[], to: number): Given {
  return new Map([...givenIn(tokenize(text.slice(to)), 0), ...givenIn(before, 1)]);
}

function givenIn(tokens: readonly Token[], first: number): [Parameter, string][] {
  const given: [Parameter, string][] = [];
  for (let index = first; index < tokens.length; index += 1) {
    const word = wordAt(tokens, index);
    const parameter = word === 'args' ? 'args' : WORD_PARAMETERS.find((known) => foldCase(known) === word);
    const sign = tokens[index + 1];
    const value = tokens[index + 2];
    if (parameter === undefined || sign?.kind !== 'equals') continue;
    given.push([parameter, value?.kind === 'value' ? value.text : '']);
  }
  return given;
}
