import { secretsIn, SETTINGS } from './detectors.ts';
import { entropyOf } from './entropy.ts';
import { isReference, isSecret } from './parameters.ts';
import { privateKeyLines, rawText, textOf, type ConfigFile } from './parse.ts';

/** What stands in the place of a secret, whatever its length is. */
export const DOTS = '••••••••';

/** What is only shown is better hidden once too often: whatever looks like an AWS secret key is one, without its ID nearby too. */
const WARY = { ...SETTINGS, nearAccessKey: true };

/** Longer than any parameter's name, shorter than 256 bits in base64. */
const LONGEST_NAME = 42;

/** A value as it may be shown: a secret in plain form becomes dots. */
export function maskedValue(section: string, key: string, value: string): string {
  return isSecret(section, key) && !isReference(value) ? DOTS : maskedText(value);
}

/** A key's name as it may be shown: what was pasted without a name in front of it stands where names stand. */
export function maskedKey(key: string): string {
  return key.length > LONGEST_NAME || looksRandom(key) || secretsIn(key).length > 0 ? DOTS : key;
}

function looksRandom(key: string): boolean {
  return key.length >= 16 && /[a-z]/.test(key) && /[A-Z]/.test(key) && /[0-9+/]/.test(key) && entropyOf(key) >= 3.5;
}

/**
 * The lines of a file as they may be shown, without their ends: values of secret keys, whatever looks like a secret in
 * comments and other values, and private keys over several lines become dots.
 */
export function maskedLines(file: ConfigFile): string[] {
  let section = '';
  const inPrivateKey = privateKeyLines(file);
  return file.lines.map((line, index) => {
    const text = textOf(rawText(line), file);
    if (inPrivateKey[index] === true) return DOTS;
    if (line.kind === 'section') section = textOf(line.name, file);
    if (line.kind === 'entry') {
      if (maskedKey(textOf(line.key, file)) === DOTS) return DOTS;
      const value = maskedValue(section, textOf(line.key, file), textOf(line.value, file));
      return textOf(line.before, file) + value + maskedText(textOf(line.after, file));
    }
    if (line.kind === 'other' && !/[ \t]/.test(text.trim()) && maskedKey(text.trim()) === DOTS) return DOTS;
    return line.kind === 'comment' ? maskedComment(text) : maskedText(text);
  });
}

/** A comment may hold what once was a line: `# SECRET_ACCESS_KEY=…`. */
function maskedComment(text: string): string {
  const [, before = '', key = '', value = ''] = /^([ \t#;]*([^=\s#;]+)[ \t]*=[ \t]*)(\S.*)$/s.exec(text) ?? [];
  return value !== '' && isSecret('', key) && !isReference(value) ? before + DOTS : maskedText(text);
}

function maskedText(text: string): string {
  let shown = text;
  for (const { start, end } of secretsIn(text, WARY).toReversed()) shown = shown.slice(0, start) + DOTS + shown.slice(end);
  return shown;
}
