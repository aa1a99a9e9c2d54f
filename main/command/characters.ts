/** Characters that deceive the eye: invisible ones, and ones that look like the plain character that is meant. */

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** What kind of character that may not stand in a command `character` is; null for one that may. */
export function hiddenKind(character: string): string | null {
  if (!HIDDEN.test(character)) return null;
  if (/\p{Cc}|\p{Zl}|\p{Zp}/u.test(character)) return 'a control character';
  if (/\p{Cs}/u.test(character)) return 'half a character';
  if (/\p{Bidi_Control}/u.test(character)) return 'a character that turns the direction of writing';
  if (/\p{Co}|\p{Cn}/u.test(character)) return 'a character without a meaning of its own';
  return 'an invisible character';
}

/** True for a blank that is not the plain one (no-break, em, ideographic …). */
export function isOddBlank(character: string): boolean {
  return character !== ' ' && /\p{Zs}/u.test(character);
}

/** Quotes that word processors put in place of the plain ones, each with the plain one. */
const ODD_QUOTES: ReadonlyMap<string, "'" | '"'> = new Map([
  ...[...'‘’‚‛′ʼ´`‹›＇'].map((character) => [character, "'"] as const),
  ...[...'“”„‟″«»＂'].map((character) => [character, '"'] as const),
]);

/** The plain quote that `character` stands for; undefined where it is no quote, or a plain one. */
export function plainQuote(character: string): "'" | '"' | undefined {
  return ODD_QUOTES.get(character);
}

const ODD_SIGNS: ReadonlyMap<string, string> = new Map([
  ['＝', '='],
  ['﹦', '='],
  ['；', ';'],
  ['\u037e', ';'],
]);

/** The plain `=` or `;` that `character` looks like. */
export function plainSign(character: string): string | undefined {
  return ODD_SIGNS.get(character);
}

/** Cyrillic and Greek letters (and dashes) drawn like ASCII ones, after the Unicode confusables table (UTS #39). */
const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  [
    ['аɑα', 'a'],
    ['сϲ', 'c'],
    ['ԁ', 'd'],
    ['е', 'e'],
    ['ɡ', 'g'],
    ['һ', 'h'],
    ['іıι', 'i'],
    ['ј', 'j'],
    ['кκ', 'k'],
    ['ӏ', 'l'],
    ['м', 'm'],
    ['п', 'n'],
    ['оοσ', 'o'],
    ['рρ', 'p'],
    ['ѕ', 's'],
    ['тτ', 't'],
    ['υ', 'u'],
    ['ν', 'v'],
    ['ѡ', 'w'],
    ['х', 'x'],
    ['уγ', 'y'],
    ['АΑ', 'A'],
    ['ВΒ', 'B'],
    ['СϹ', 'C'],
    ['ЕΕ', 'E'],
    ['НΗ', 'H'],
    ['ІΙ', 'I'],
    ['Ј', 'J'],
    ['КΚ', 'K'],
    ['МΜ', 'M'],
    ['Ν', 'N'],
    ['ОΟ', 'O'],
    ['РΡ', 'P'],
    ['Ѕ', 'S'],
    ['ТΤ', 'T'],
    ['ХΧ', 'X'],
    ['УΥ', 'Y'],
    ['‐‑‒–—−', '-'],
  ].flatMap(([odd = '', plain = '']) => [...odd].map((character) => [character, plain] as const)),
);

/** Beyond any keyword or key name, so that folding never works on long input. */
const LONGEST_FOLDED = 64;

/** `text` with its look-alikes in plain ASCII; null where that does not make it plain, or where it is plain already. */
export function foldLookAlikes(text: string): string | null {
  if (text.length > LONGEST_FOLDED) return null;
  const folded = [...text.normalize('NFKC')].map((character) => LOOK_ALIKES.get(character) ?? character).join('');
  return folded !== text && isPlain(folded) ? folded : null;
}

/** True where `text` is printable ASCII alone. */
export function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** `U+200B`. */
export function codePointName(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
