import { AppError } from '../errors.ts';
import { configBytes, keyPath, parseConfig, parseLine, rawOf, valueOf, type ConfigFile, type ConfigLine } from './parse.ts';

const SECTION_NAME = /^(?! )[^\0-\x1f[\]]*(?<! )$/;
const KEY_NAME = /^(?![ #;[])[^\0-\x1f=]+(?<! )$/;

type EntryLine = Extract<ConfigLine, { kind: 'entry' }>;

/**
 * Sets one value and leaves every other byte as it is. Where the key stands, its value alone changes (of several the last
 * one, which counts); otherwise a line is added after the last key of the section, written as its neighbour is; a section
 * that is not there comes at the end.
 * @param section empty for keys before any section
 * @throws AppError `CONFIG_KEY_INVALID`, `CONFIG_VALUE_INVALID`: not one line, or it would be read as something else;
 * `CONFIG_ENCODING_UNSUPPORTED`
 */
export function setValue(file: ConfigFile, section: string, key: string, value: string): ConfigFile {
  const raw = { section: rawName(file, section, SECTION_NAME), key: rawName(file, key, KEY_NAME), value: rawOf(value, file) };
  if (raw.value === null || /[\r\n\0]/.test(value)) throw valueInvalid(section, key, 'it is not one line of the characters that this file can hold');
  const lines = [...file.lines];
  const at = lastEntry(lines, raw.section, raw.key);
  if (at !== -1) lines[at] = { ...(lines[at] as EntryLine), value: raw.value };
  else if (raw.section === '' || headerOf(lines, raw.section) !== -1) insertEntry(lines, raw.section, raw.key, raw.value);
  else appendSection(lines, raw.section, raw.key, raw.value);
  const edited = parseConfig(configBytes({ ...file, lines }));
  if (valueOf(edited, section, key) === value) return edited;
  throw valueInvalid(section, key, 'with blanks at its ends, a quote or a comment sign it would be read as something else');
}

/**
 * Takes a key away, with every line that it has in that section; the file is the same where it is not there.
 * @throws AppError `CONFIG_KEY_INVALID`, `CONFIG_ENCODING_UNSUPPORTED`
 */
export function removeKey(file: ConfigFile, section: string, key: string): ConfigFile {
  const raw = { section: rawName(file, section, SECTION_NAME), key: rawName(file, key, KEY_NAME) };
  const lines = [...file.lines];
  for (let at = lastEntry(lines, raw.section, raw.key); at !== -1; at = lastEntry(lines, raw.section, raw.key)) {
    const [gone] = lines.splice(at, 1);
    const before = lines[at - 1];
    // The file had no line end at its end, and keeps that.
    if (gone?.end === '' && before !== undefined) lines[at - 1] = { ...before, end: '' };
  }
  return { ...file, lines };
}

/** A section's or key's name as a byte string. */
function rawName(file: ConfigFile, name: string, form: RegExp): string {
  if (file.encoding === 'utf-16') {
    throw new AppError(
      'CONFIG_ENCODING_UNSUPPORTED',
      'This config.ini is UTF-16. It was not changed.',
      'Save it as UTF-8 first, as the platform reads it.',
    );
  }
  const raw = rawOf(name, file);
  if (raw !== null && form.test(raw)) return raw;
  throw new AppError(
    'CONFIG_KEY_INVALID',
    'That is no name of a section or key. Nothing was changed.',
    'Give it as SECTION.KEY, without brackets, "=" and comment signs; a key before any section as KEY.',
    { details: { name } },
  );
}

/** Never names the value: it may be a secret. */
function valueInvalid(section: string, key: string, why: string): AppError {
  return new AppError(
    'CONFIG_VALUE_INVALID',
    `That value can not stand in a config.ini: ${why}. Nothing was changed.`,
    'Give a value of one line; one with blanks or comment signs in quotes.',
    { details: { key: keyPath(section, key) } },
  );
}

function sectionsOf(lines: readonly ConfigLine[]): string[] {
  let section = '';
  return lines.map((line) => (section = line.kind === 'section' ? line.name : section));
}

function lastEntry(lines: readonly ConfigLine[], section: string, key: string): number {
  const sections = sectionsOf(lines);
  return lines.findLastIndex((line, index) => line.kind === 'entry' && line.key === key && sections[index] === section);
}

function headerOf(lines: readonly ConfigLine[], section: string): number {
  return lines.findLastIndex((line) => line.kind === 'section' && line.name === section);
}

function insertEntry(lines: ConfigLine[], section: string, key: string, value: string): void {
  const sections = sectionsOf(lines);
  const neighbour = lines.findLastIndex((line, index) => line.kind === 'entry' && sections[index] === section);
  const at = neighbour !== -1 ? neighbour + 1 : section === '' ? beforeSections(lines) : headerOf(lines, section) + 1;
  insertLines(lines, at, [styled(lines, neighbour, key) + value]);
}

/** Before the first section and the comments right above it. */
function beforeSections(lines: readonly ConfigLine[]): number {
  let at = lines.findIndex((line) => line.kind === 'section');
  if (at === -1) return lines.length;
  while (lines[at - 1]?.kind === 'comment') at -= 1;
  return at;
}

function appendSection(lines: ConfigLine[], section: string, key: string, value: string): void {
  const last = lines.at(-1);
  const blank = last === undefined || last.kind === 'blank' ? [] : [''];
  insertLines(lines, lines.length, [...blank, `[${section}]`, styled(lines, -1, key) + value]);
}

/** Key and separator as the line at `neighbour` writes them, else as the last entry of the file does. */
function styled(lines: readonly ConfigLine[], neighbour: number, key: string): string {
  const model = neighbour === -1 ? lines.findLast((line) => line.kind === 'entry') : lines[neighbour];
  if (model?.kind !== 'entry') return `${key}=`;
  const indent = /^[ \t]*/.exec(model.before)?.[0] ?? '';
  const separator = model.before.slice(indent.length + model.key.length);
  // Values that are set in columns would not stay in theirs: one blank is enough.
  return indent + key + separator.replace(/[ \t]+/g, ' ');
}

/** Puts lines in, ended as those around them; a file without a line end at its end stays so. */
function insertLines(lines: ConfigLine[], at: number, texts: readonly string[]): void {
  const end = lines[at - 1]?.end || lines.find((line) => line.end !== '')?.end || '\n';
  const before = lines[at - 1];
  const openEnd = at === lines.length && before?.end === '';
  if (before !== undefined && before.end === '') lines[at - 1] = { ...before, end };
  lines.splice(at, 0, ...texts.map((text, index) => parseLine(text, openEnd && index === texts.length - 1 ? '' : end)));
}

