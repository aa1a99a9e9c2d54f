import { GENERATORS, HASH_KEY_NAME, LUI_KEY_NAME, POSSIBLE_PAIRS, STORES, type Generator, type Store } from '../masterkey/types.ts';
import { nearest } from './distance.ts';
import {
  DEFAULT_GENERATOR,
  DEFAULT_STORE,
  findGenerator,
  findStore,
  foldCase,
  GENERATOR_DETAILS,
  KEYWORD,
  MAX_COMMAND_LENGTH,
  PARAMETERS,
  quoteValue,
  STORE_DETAILS,
  takesArgs,
  WORD_PARAMETERS,
  type Parameter,
  type Vocabulary,
} from './grammar.ts';
import { readPlace, type Place } from './place.ts';

/** A way to go on: `insert` replaces [from, to) of the line. */
export interface Completion {
  readonly insert: string;
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly detail: string;
}

/**
 * What could stand at `cursor` (UTF-16 units, clamped to the text) of a line that may be half typed: the keyword, the
 * parameters that are not given yet, or the values of the parameter before the cursor, best first. A value is offered with
 * its quotes, also inside an unfinished quote; only modules that are configured and go with the other one given. Empty
 * where nothing fits. Never throws.
 */
export function completeCommand(text: string, cursor: number, known: Vocabulary): Completion[] {
  if (text.length > MAX_COMMAND_LENGTH) return [];
  const place = readPlace(text, Math.min(Math.max(0, Math.trunc(cursor) || 0), text.length));
  switch (place.kind) {
    case 'keyword':
      return completeKeyword(text, place);
    case 'parameter':
      return completeParameter(text, place, known);
    case 'equals':
      return matching('', valuesFor(place, known)).map((value) => offer(place, `=${quoteValue(value.word)}`, value));
    case 'value':
      return matching(place.typed, valuesFor(place, known)).map((value) => offer(place, quoteValue(value.word, place.quote), value));
    case 'nothing':
      return [];
  }
}

interface Word {
  readonly word: string;
  readonly detail: string;
}

function offer(place: { readonly from: number; readonly to: number }, insert: string, { word, detail }: Word): Completion {
  return { insert, from: place.from, to: place.to, label: word, detail };
}

/** The words that begin with what is typed, else those that hold it, else the nearest one; all where nothing is typed. */
function matching(typed: string, words: readonly Word[]): readonly Word[] {
  const wanted = foldCase(typed.trim());
  const beginning = words.filter(({ word }) => foldCase(word).startsWith(wanted));
  if (beginning.length > 0) return beginning;
  const holding = words.filter(({ word }) => foldCase(word).includes(wanted));
  if (holding.length > 0) return holding;
  const near = nearest(wanted, words.map(({ word }) => word));
  return words.filter(({ word }) => word === near);
}

function completeKeyword(text: string, place: Place & { kind: 'keyword' }): Completion[] {
  const space = /^\s/.test(text.slice(place.to)) ? '' : ' ';
  return matching(place.typed, [{ word: KEYWORD, detail: 'Make a new generation of a master key and activate it' }]).map((word) =>
    offer(place, word.word + space, word),
  );
}

function completeParameter(text: string, place: Place & { kind: 'parameter' }, known: Vocabulary): Completion[] {
  const { generator, store } = modulesOf(place);
  const open: Parameter[] = WORD_PARAMETERS.filter((parameter) => !place.given.has(parameter));
  if (!place.given.has('args') && takesArgs(generator ?? DEFAULT_GENERATOR, store ?? DEFAULT_STORE)) open.push('args');
  const offered = open
    .filter((parameter) => parameter === 'args' || valuesFor({ ...place, parameter }, known).length > 0)
    .map((parameter) => ({ word: PARAMETERS[parameter].written, detail: PARAMETERS[parameter].detail }));
  const isAssigned = /^\s*=/.test(text.slice(place.to));
  const space = /[\s]$/.test(text.slice(0, place.from)) ? '' : ' ';
  return matching(place.typed, offered).map((word) => offer(place, `${space}${word.word}${isAssigned ? '' : "='"}`, word));
}

/** The modules that the line names, undefined where it names none (or none that exists). */
function modulesOf({ given }: Pick<Place & { kind: 'parameter' }, 'given'>): { generator: Generator | undefined; store: Store | undefined } {
  return { generator: findGenerator(given.get('generatorType') ?? ''), store: findStore(given.get('storeType') ?? '') };
}

const NAME_DETAILS: ReadonlyMap<string, string> = new Map([
  [LUI_KEY_NAME, 'Encrypts Logical Unit instances'],
  [HASH_KEY_NAME, 'Keys the masking hash'],
]);

function valuesFor(place: { readonly parameter: Parameter; readonly given: ReadonlyMap<Parameter, string> }, known: Vocabulary): readonly Word[] {
  const { generator, store } = modulesOf(place);
  switch (place.parameter) {
    case 'name':
      return known.names.map((word) => ({ word, detail: NAME_DETAILS.get(word) ?? 'Master key' }));
    case 'generatorType':
      return GENERATORS.filter((word) => known.available.generators.includes(word))
        .filter((word) => (store === undefined ? hasStore(word, known) : POSSIBLE_PAIRS[word].includes(store)))
        .map((word) => ({ word, detail: GENERATOR_DETAILS[word] }));
    case 'storeType':
      return STORES.filter((word) => known.available.stores.includes(word))
        .filter((word) => generator === undefined || POSSIBLE_PAIRS[generator].includes(word))
        .map((word) => ({ word, detail: STORE_DETAILS[word] }));
    case 'args':
      return [];
  }
}

function hasStore(generator: Generator, known: Vocabulary): boolean {
  return POSSIBLE_PAIRS[generator].some((store) => known.available.stores.includes(store));
}
