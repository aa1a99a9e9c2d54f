import { secretsIn } from './detectors.ts';
import { isReference, isSecret } from './parameters.ts';
import { rawText, textOf, type ConfigFile } from './parse.ts';

/** What stands in the place of a secret, whatever its length is. */
export const DOTS = '••••••••';

/** A value as it may be shown: a secret in plain form becomes dots. */
export function maskedValue(section: string, key: string, value: string): string {
  return isSecret(section, key) && !isReference(value) ? DOTS : maskedText(value);
}

/**
 * The lines of a file as they may be shown, without their ends: values of secret keys, whatever looks like a secret in
 * comments and other values, and private keys over several lines become dots.
 */
export function maskedLines(file: ConfigFile): string[] {
  let section = '';
  let inPrivateKey = false;
  return file.lines.map((line) => {
    const text = textOf(rawText(line), file);
    if (inPrivateKey || /-----BEGIN [A-Z ]*PRIVATE KEY/.test(text)) {
      inPrivateKey = !/-----END [A-Z ]*PRIVATE KEY/.test(text);
      return DOTS;
    }
    if (line.kind === 'section') section = textOf(line.name, file);
    if (line.kind === 'entry') {
      const value = maskedValue(section, textOf(line.key, file), textOf(line.value, file));
      return textOf(line.before, file) + value + maskedText(textOf(line.after, file));
    }
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
  for (const { start, end } of secretsIn(text).toReversed()) shown = shown.slice(0, start) + DOTS + shown.slice(end);
  return shown;
}
