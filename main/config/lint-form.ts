import { nearest } from '../command/distance.ts';
import type { Finding, Severity } from './finding.ts';
import { maskedKey } from './mask.ts';
import { formMistake, isReference, KNOWN_SECTIONS, OTHER_SECTIONS, parameterOf, PARAMETERS } from './parameters.ts';
import { entriesOf, keyPath, privateKeyLines, rawText, textOf, unquoted, type ConfigEntry, type ConfigFile } from './parse.ts';
import { FileScan } from './scan-file.ts';
import { secretFinding } from './secret-finding.ts';

/** Makes a finding of the file that is looked at. */
export type Tell = (severity: Severity, code: string, at: { line: number | null; key: string | null }, what: string, remedy: string) => Finding;

/** What single lines show: names, forms, duplicates, secrets in plain form. */
export function lintLines(file: ConfigFile, tell: Tell, place: { file: string; node: string | null }): Finding[] {
  const entries = entriesOf(file);
  return [
    ...unreadable(file, tell),
    ...sections(file, tell),
    ...entries.flatMap((entry) => [...names(entry, tell), ...forms(entry, tell), ...plainSecrets(entry, tell)]),
    ...duplicates(entries, tell),
    ...otherSecrets(file, place),
  ];
}

/** A pasted key may stand where a name stands: it is not shown either. */
function shownPath(section: string, key: string): string {
  return keyPath(section, maskedKey(key));
}

function at({ section, key, line }: ConfigEntry): { line: number; key: string } {
  return { line, key: shownPath(section, key) };
}

function unreadable(file: ConfigFile, tell: Tell): Finding[] {
  const inPrivateKey = privateKeyLines(file);
  return file.lines.flatMap((line, index) =>
    line.kind === 'other' && inPrivateKey[index] !== true ? [tell('note', 'CONFIG_LINE_UNREADABLE', { line: index + 1, key: null }, 'This line is neither a section, nor KEY=VALUE, nor a comment.', 'Mend it, or begin it with "#".')] : [],
  );
}

function sections(file: ConfigFile, tell: Tell): Finding[] {
  const known = [...KNOWN_SECTIONS, ...OTHER_SECTIONS];
  return file.lines.flatMap((line, index) => {
    if (line.kind !== 'section') return [];
    const name = textOf(line.name, file);
    if (known.includes(name)) return [];
    const meant = name.length < 6 ? null : nearest(name, known);
    const place = { line: index + 1, key: null };
    if (meant !== null) return [tell('warning', 'CONFIG_SECTION_MISSPELT', place, `There is no section [${name}]: what stands in it has no effect.`, `Did you mean [${meant}]?`)];
    return /^encryption_/i.test(name) ? [tell('note', 'CONFIG_SECTION_UNKNOWN', place, `The console does not know the section [${name}].`, 'Check its name against the platform\'s handbook.')] : [];
  });
}

function names(entry: ConfigEntry, tell: Tell): Finding[] {
  const { section, key } = entry;
  if (parameterOf(section, key) !== null) return [];
  const elsewhere = PARAMETERS.find((parameter) => parameter.key === key && parameter.key.length > 8);
  if (elsewhere !== undefined && (section === '' || KNOWN_SECTIONS.includes(section) || elsewhere.section === '')) {
    const home = elsewhere.section === '' ? 'before any section' : `in [${elsewhere.section}]`;
    return [tell('warning', 'CONFIG_KEY_MISPLACED', at(entry), `${key} has no effect ${section === '' ? 'before any section' : `in [${section}]`}.`, `Put it ${home}.`)];
  }
  const siblings = PARAMETERS.filter((parameter) => parameter.section === section).map((parameter) => parameter.key);
  const isKnownSection = KNOWN_SECTIONS.includes(section);
  // The platform has parameters of its own before and in other sections: only what is very near is a slip there.
  const meant = isKnownSection || key.length >= 10 ? nearest(key, siblings) : null;
  if (meant !== null) return [tell('warning', 'CONFIG_KEY_MISSPELT', at(entry), `${shownPath(section, key)} is no parameter: it has no effect.`, `Did you mean ${meant}?`)];
  return isKnownSection ? [tell('warning', 'CONFIG_KEY_UNKNOWN', at(entry), `${shownPath(section, key)} is no parameter that the console knows.`, `Known here: ${siblings.join(', ')}.`)] : [];
}

function forms(entry: ConfigEntry, tell: Tell): Finding[] {
  const parameter = parameterOf(entry.section, entry.key);
  const mistake = parameter === null ? null : formMistake(parameter.form, unquoted(entry.value));
  return mistake === null ? [] : [tell('critical', 'CONFIG_VALUE_FORM', at(entry), `The value of ${shownPath(entry.section, entry.key)} has the wrong form.`, `Correct it: ${mistake}.`)];
}

/** A path to a credential file is less than the credential, but tells where it lies. */
function plainSecrets(entry: ConfigEntry, tell: Tell): Finding[] {
  const { section, key, value } = entry;
  if (parameterOf(section, key)?.secret !== true || isReference(unquoted(value))) return [];
  const only = key === 'USER' || key === 'ACCESS_KEY_ID' || key === 'CREDENTIAL_FILE';
  const remedy =
    key === 'CREDENTIAL_FILE'
      ? 'Use ambient credentials or GOOGLE_APPLICATION_CREDENTIALS in place of it; at least give that file mode 0600.'
      : `Take it out of the file: let ${key} be empty where the node has its own trust, or name the variable that holds it, as in \${${key}}. Then change the secret: it was readable here.`;
  return [tell(only ? 'warning' : 'critical', 'CONFIG_SECRET_IN_PLAIN', at(entry), `${shownPath(section, key)} is a secret, and stands in the file in plain form.`, remedy)];
}

function duplicates(entries: readonly ConfigEntry[], tell: Tell): Finding[] {
  return entries.flatMap((entry, index) => {
    const first = entries.findIndex((other) => other.section === entry.section && other.key === entry.key);
    const before = entries[first];
    if (first === index || before === undefined) return [];
    const differ = before.value !== entry.value;
    return [
      tell(differ ? 'warning' : 'note', 'CONFIG_KEY_REPEATED', at(entry), `${shownPath(entry.section, entry.key)} stands in line ${before.line} already${differ ? ', with another value: the last one counts' : ''}.`, 'Take all but one away.'),
    ];
  });
}

/** Lines are bounded by the file's own size. */
const MAX_SECRETS = 1_000;

/** Secrets where none is looked for: in comments, in other sections, keys over several lines. */
function otherSecrets(file: ConfigFile, place: { file: string; node: string | null }): Finding[] {
  const known = new Set(entriesOf(file).filter(({ section, key }) => parameterOf(section, key)?.secret === true).map(({ line }) => line));
  const scan = new FileScan('config.ini', MAX_SECRETS);
  file.lines.forEach((line, index) => {
    const text = textOf(rawText(line), file);
    // What is commented out is still there to be read.
    scan.take({ line: index + 1, text: line.kind === 'comment' ? text.replace(/^[ \t#;]+/, '') : text, offset: 0, last: true });
  });
  return scan.end().found.filter(({ line }) => !known.has(line)).map(({ kind, line, length }) => secretFinding(kind, length, { ...place, line, key: null }));
}
