import { GENERATORS, KEY_NAME_PATTERN, LUI_KEY_NAME, POSSIBLE_PAIRS, STORES, type Generator, type Store } from '../masterkey/types.ts';
import { foldLookAlikes, isPlain } from './characters.ts';
import { nearest } from './distance.ts';
import {
  DEFAULT_GENERATOR,
  DEFAULT_STORE,
  findGenerator,
  findStore,
  foldCase,
  MAX_ARGS_LENGTH,
  quoteValue,
  takesArgs,
  type Vocabulary,
} from './grammar.ts';
import { anyOf, problemAt, shown, type CommandProblem } from './problem.ts';
import type { ValueToken } from './tokens.ts';

/** `value` in the quotes that the operator uses. */
function inQuotesOf(token: ValueToken, value: string | null): string | null {
  return value === null ? null : quoteValue(value, token.quote);
}

/** The problem of a key name: KEY_NAME_UNKNOWN, or COMMAND_VALUE_INVALID where no key could have that name. */
export function checkName(token: ValueToken, known: Vocabulary): CommandProblem | null {
  const name = token.text;
  if (known.names.includes(name)) return null;
  const remedy = known.names.length === 0 ? 'This profile has no keys yet.' : `Known names: ${known.names.slice(0, 8).join(', ')}.`;
  if (name === '') {
    const usual = known.names.includes(LUI_KEY_NAME) ? LUI_KEY_NAME : (known.names[0] ?? null);
    return problemAt(token, 'COMMAND_VALUE_INVALID', 'The name is empty.', remedy, inQuotesOf(token, usual));
  }
  if (KEY_NAME_PATTERN.test(name)) {
    const message = `There is no key named ${shown(name)}.`;
    return problemAt(token, 'KEY_NAME_UNKNOWN', message, remedy, inQuotesOf(token, nearest(name, known.names)));
  }
  const plain = isPlain(name) ? name : foldLookAlikes(name);
  const lower = plain === null ? null : foldCase(plain.trim());
  const isName = lower !== null && KEY_NAME_PATTERN.test(lower);
  const meant = isName && known.names.includes(lower) ? lower : (nearest(lower ?? name, known.names) ?? (isName ? lower : null));
  return problemAt(token, 'COMMAND_VALUE_INVALID', whyNotAName(name), remedy, inQuotesOf(token, meant));
}

function whyNotAName(name: string): string {
  if (!isPlain(name)) return `The name ${shown(name)} holds letters outside a–z; some may only look like plain ones.`;
  if (KEY_NAME_PATTERN.test(foldCase(name))) return `Key names are in lower case; ${shown(name)} is not.`;
  return `${shown(name)} is not a key name: 1 to 48 of a–z, 0–9, "_" and "-", with a letter first.`;
}

/** GENERATOR_UNKNOWN for a word that names no generator. */
export function checkGenerator(token: ValueToken): CommandProblem | null {
  return findGenerator(token.text) === undefined ? unknownModule(token, 'GENERATOR_UNKNOWN', 'generator', GENERATORS) : null;
}

/** STORE_UNKNOWN for a word that names no store. */
export function checkStore(token: ValueToken): CommandProblem | null {
  return findStore(token.text) === undefined ? unknownModule(token, 'STORE_UNKNOWN', 'store', STORES) : null;
}

function unknownModule(
  token: ValueToken,
  code: 'GENERATOR_UNKNOWN' | 'STORE_UNKNOWN',
  kind: string,
  modules: readonly string[],
): CommandProblem {
  const plain = isPlain(token.text) ? token.text : foldLookAlikes(token.text);
  const message = token.text === '' ? `The ${kind} is empty.` : `There is no ${kind} named ${shown(token.text)}.`;
  const remedy = `The ${kind}s are ${anyOf(modules)}.`;
  return problemAt(token, code, message, remedy, inQuotesOf(token, nearest((plain ?? token.text).trim(), modules)));
}

/** GENERATOR_STORE_IMPOSSIBLE for a pair that does not go together; at least one of the two must have been given. */
export function checkPair(
  generatorToken: ValueToken | undefined,
  storeToken: ValueToken | undefined,
  known: Vocabulary,
): CommandProblem | null {
  const generator = generatorToken === undefined ? DEFAULT_GENERATOR : (findGenerator(generatorToken.text) ?? DEFAULT_GENERATOR);
  const store = storeToken === undefined ? DEFAULT_STORE : (findStore(storeToken.text) ?? DEFAULT_STORE);
  const token = storeToken ?? generatorToken;
  if (POSSIBLE_PAIRS[generator].includes(store) || token === undefined) return null;
  const generators = GENERATORS.filter((candidate) => POSSIBLE_PAIRS[candidate].includes(store));
  const message = `A key made by ${generator}${generatorToken === undefined ? ' (the default)' : ''} can not be kept by ${store}${storeToken === undefined ? ' (the default)' : ''}.`;
  const remedy = `${generator} goes with ${anyOf(POSSIBLE_PAIRS[generator])}; ${store} goes with ${anyOf(generators)}.`;
  return problemAt(token, 'GENERATOR_STORE_IMPOSSIBLE', message, remedy, suggestPair(generator, store, generatorToken, storeToken, known));
}

/** What to write in place of the value that the problem points at, where only one configured module would do. */
function suggestPair(
  generator: Generator,
  store: Store,
  generatorToken: ValueToken | undefined,
  storeToken: ValueToken | undefined,
  known: Vocabulary,
): string | null {
  const stores = POSSIBLE_PAIRS[generator].filter((candidate) => known.available.stores.includes(candidate));
  const generators = known.available.generators.filter((candidate) => POSSIBLE_PAIRS[candidate].includes(store));
  if (storeToken === undefined && generatorToken !== undefined) {
    const [only] = stores.length === 1 ? stores : [];
    return only === undefined ? null : `${quoteValue(generator, generatorToken.quote)} storeType=${quoteValue(only, generatorToken.quote)}`;
  }
  if (storeToken === undefined) return null;
  if (generatorToken === undefined && generators.length === 1) {
    return `${quoteValue(store, storeToken.quote)} generatorType=${quoteValue(generators[0] ?? generator, storeToken.quote)}`;
  }
  return stores.length === 1 ? quoteValue(stores[0] ?? store, storeToken.quote) : null;
}

/** PROVIDER_NOT_CONFIGURED for a module that exists but is not set up in this profile. */
export function checkConfigured(
  generatorToken: ValueToken | undefined,
  storeToken: ValueToken | undefined,
  known: Vocabulary,
): CommandProblem | null {
  const generator = findGenerator(generatorToken?.text ?? DEFAULT_GENERATOR) ?? DEFAULT_GENERATOR;
  const store = findStore(storeToken?.text ?? DEFAULT_STORE) ?? DEFAULT_STORE;
  if (generatorToken !== undefined && !known.available.generators.includes(generator)) {
    return notConfigured(generatorToken, 'generator', generator, known.available.generators);
  }
  if (storeToken !== undefined && !known.available.stores.includes(store)) {
    return notConfigured(storeToken, 'store', store, known.available.stores);
  }
  return null;
}

function notConfigured(token: ValueToken, kind: string, module: string, available: readonly string[]): CommandProblem {
  const ready = available.length === 0 ? `No ${kind} is configured.` : `Ready to use: ${anyOf(available)}.`;
  return problemAt(
    token,
    'PROVIDER_NOT_CONFIGURED',
    `The ${kind} ${module} is not configured in this profile.`,
    `Configure ${module} in the profile first, or use another ${kind}. ${ready}`,
  );
}

/** COMMAND_VALUE_INVALID for arguments that are too long, or given to modules that take none. Never repeats them. */
export function checkArgs(token: ValueToken, generator: Generator, store: Store): CommandProblem | null {
  if (token.text.length > MAX_ARGS_LENGTH) {
    const message = `The arguments have ${token.text.length} characters; ${MAX_ARGS_LENGTH} are allowed.`;
    return problemAt(token, 'COMMAND_VALUE_INVALID', message, 'Shorten them.');
  }
  if (token.text === '' || takesArgs(generator, store)) return null;
  const message = `${generator} and ${store} take no arguments.`;
  return problemAt(token, 'COMMAND_VALUE_INVALID', message, 'Leave WITH ARGS out.', inQuotesOf(token, ''));
}
