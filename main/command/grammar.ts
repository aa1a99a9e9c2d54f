import { GENERATORS, STORES, type Generator, type Store } from '../masterkey/types.ts';

/**
 * The language, as one table:
 *
 *     activatekey name='<name>' [generatorType='<generator>'] [storeType='<store>'] [WITH ARGS='<args>'] [;]
 *
 * Keywords know no case, the parameters may stand in any order, values stand in single or double quotes (the quote
 * itself is doubled inside), and blanks and line ends are free between the parts.
 */
export const KEYWORD = 'activatekey';

/** What can be given a value. */
export type Parameter = 'name' | 'generatorType' | 'storeType' | 'args';

/** How a parameter is written, and what it is for. */
export const PARAMETERS: Readonly<Record<Parameter, { readonly written: string; readonly detail: string }>> = {
  name: { written: 'name', detail: 'The key that gets a new generation' },
  generatorType: { written: 'generatorType', detail: 'The module that makes the key' },
  storeType: { written: 'storeType', detail: 'The module that protects and keeps the key' },
  args: { written: 'WITH ARGS', detail: 'Arguments for the modules' },
};

/** The parameters that one word names; `WITH ARGS` takes two and is read by itself. */
export const WORD_PARAMETERS = ['name', 'generatorType', 'storeType'] as const satisfies readonly Parameter[];

export const GENERATOR_DETAILS: Readonly<Record<Generator, string>> = {
  Java_AES: 'The console makes the key (256 random bits)',
  AWS_KMS: 'AWS KMS makes the key',
};

export const STORE_DETAILS: Readonly<Record<Store, string>> = {
  Stripe_AES: 'Encrypted by the protection key, then striped',
  AWS_KMS: 'Wrapped by AWS KMS, then striped',
  GCP_KMS: 'Wrapped by Google Cloud KMS, then striped',
  KMIP_KMS: 'Wrapped by a KMIP server, then striped',
};

export const DEFAULT_GENERATOR: Generator = 'Java_AES';
export const DEFAULT_STORE: Store = 'Stripe_AES';

/** Longest command and longest `ARGS` value, in UTF-16 units. */
export const MAX_COMMAND_LENGTH = 4096;
export const MAX_ARGS_LENGTH = 1024;

/** True where at least one of the two modules takes `ARGS`; the local modules take none. */
export function takesArgs(generator: Generator, store: Store): boolean {
  return generator !== 'Java_AES' || store !== 'Stripe_AES';
}

/** A command that passed every check: a known name, and a possible pair of configured modules in their own spelling. */
export interface ActivateKeyCommand {
  readonly name: string;
  readonly generatorType: Generator;
  readonly storeType: Store;
  /** `key=value` pairs or free text for the modules; null where none were given (or empty ones). */
  readonly args: string | null;
}

/** What the line may speak of: the key names of the profile, and the modules that are configured in it. */
export interface Vocabulary {
  readonly names: readonly string[];
  readonly available: { readonly generators: readonly Generator[]; readonly stores: readonly Store[] };
}

/** `text` with A–Z in lower case and nothing else changed, so that no other letter folds into an ASCII one (U+212A). */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The generator that `text` names in any case. */
export function findGenerator(text: string): Generator | undefined {
  return GENERATORS.find((generator) => foldCase(generator) === foldCase(text));
}

/** The store that `text` names in any case. */
export function findStore(text: string): Store | undefined {
  return STORES.find((store) => foldCase(store) === foldCase(text));
}

/** `value` as it is written in a command. */
export function quoteValue(value: string, quote: "'" | '"' = "'"): string {
  return quote + value.replaceAll(quote, quote + quote) + quote;
}
