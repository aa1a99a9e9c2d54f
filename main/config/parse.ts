/** How the bytes of a file are read as text. The bytes themselves are kept whatever the encoding is. */
export type ConfigEncoding =
  | 'utf-8'
  /** Some bytes are not UTF-8: each byte is one character, so that every value can be shown and kept. */
  | 'latin1'
  /** UTF-16 by its byte order mark; kept as it is, not understood. */
  | 'utf-16';

/**
 * One line. Every text in it is a *byte string*: one character (U+0000–U+00FF) for each byte of the file, so that writing
 * gives back the same bytes. {@link textOf} makes words for people of it.
 */
export type ConfigLine =
  /** Blank, a comment, or nothing that is understood. */
  | { readonly kind: 'blank' | 'comment' | 'other'; readonly text: string; readonly end: string }
  /** `[name]`, with whatever stands around it. */
  | { readonly kind: 'section'; readonly name: string; readonly text: string; readonly end: string }
  /** `before` + `value` + `after` is the whole line: key, separator and blanks; the value; blanks and inline comment. */
  | { readonly kind: 'entry'; readonly key: string; readonly before: string; readonly value: string; readonly after: string; readonly end: string };

/** A config.ini as it stands in the file. */
export interface ConfigFile {
  readonly encoding: ConfigEncoding;
  /** The byte order mark, as a byte string; empty where there is none. */
  readonly mark: string;
  readonly lines: readonly ConfigLine[];
}

/** A key with its value, as people read it. */
export interface ConfigEntry {
  /** Empty for keys before any section. */
  readonly section: string;
  readonly key: string;
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

const UTF8_MARK = '\u00ef\u00bb\u00bf';
const UTF16_MARKS: readonly string[] = ['\u00ff\u00fe', '\u00fe\u00ff'];

// Blanks are space and tab alone: \s would take 0xA0 and 0x85, which are second bytes of UTF-8 letters.
const SECTION = /^[ \t]*\[([^[\]]*)\][ \t]*(?:[#;].*)?$/s;
const QUOTED = /^("[^"]*"|'[^']*')([ \t]*|[ \t]+[#;].*)$/s;

/** Reads a file of any content; never fails. {@link configBytes} of the result are the same bytes. */
export function parseConfig(bytes: Uint8Array): ConfigFile {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const encoding = encodingOf(bytes, whole);
  const mark = encoding === 'utf-16' ? whole.slice(0, 2) : whole.startsWith(UTF8_MARK) ? UTF8_MARK : '';
  return { encoding, mark, lines: linesOf(whole.slice(mark.length)) };
}

/** The bytes of the file. */
export function configBytes({ mark, lines }: ConfigFile): Buffer {
  return Buffer.from(mark + lines.map((line) => rawText(line) + line.end).join(''), 'latin1');
}

/** One line without its end, understood. @param text a byte string without line ends */
export function parseLine(text: string, end: string): ConfigLine {
  if (/^[ \t]*$/.test(text)) return { kind: 'blank', text, end };
  if (/^[ \t]*[#;]/.test(text)) return { kind: 'comment', text, end };
  const section = SECTION.exec(text)?.[1];
  if (section !== undefined) return { kind: 'section', name: trimmed(section), text, end };
  const equals = text.indexOf('=');
  const key = equals === -1 ? '' : trimmed(text.slice(0, equals));
  if (key === '' || key.startsWith('[')) return { kind: 'other', text, end };
  const { gap, value, after } = splitValue(text.slice(equals + 1));
  return { kind: 'entry', key, before: text.slice(0, equals + 1) + gap, value, after, end };
}

/** A line as a byte string, without its end. */
export function rawText(line: ConfigLine): string {
  return line.kind === 'entry' ? line.before + line.value + line.after : line.text;
}

/** A byte string as people read it. */
export function textOf(raw: string, { encoding }: Pick<ConfigFile, 'encoding'>): string {
  return encoding === 'utf-8' ? Buffer.from(raw, 'latin1').toString('utf8') : raw;
}

/** People's text as the byte string of that file; null where its encoding has no such characters. */
export function rawOf(text: string, { encoding }: Pick<ConfigFile, 'encoding'>): string | null {
  if (encoding === 'utf-8') return text.isWellFormed() ? Buffer.from(text, 'utf8').toString('latin1') : null;
  return [...text].every((character) => character <= '\u00ff') ? text : null;
}

/** Which lines belong to a private key that was pasted in: the last one of its body looks like `KEY=`, and is none. */
export function privateKeyLines({ lines }: ConfigFile): boolean[] {
  let inside = false;
  return lines.map((line) => {
    const text = rawText(line);
    // A section ends what was never ended: not everything after it is part of a key.
    const begins = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(text);
    const belongs = begins || (inside && line.kind !== 'section');
    inside = belongs && !/-----END [A-Z0-9 ]*PRIVATE KEY/.test(text);
    return belongs;
  });
}

/** Every key with its value, in the order of the file. Where a key stands twice in a section, the last one counts. */
export function entriesOf(file: ConfigFile): ConfigEntry[] {
  if (file.encoding === 'utf-16') return [];
  const inPrivateKey = privateKeyLines(file);
  let section = '';
  return file.lines.flatMap((line, index) => {
    if (line.kind === 'section') section = textOf(line.name, file);
    return line.kind === 'entry' && (inPrivateKey[index] !== true || rawText(line).includes('-----BEGIN ')) ? [{ section, key: textOf(line.key, file), value: textOf(line.value, file), line: index + 1 }] : [];
  });
}

/** The value that counts; null where the key does not stand there. @param section empty for keys before any section */
export function valueOf(file: ConfigFile, section: string, key: string): string | null {
  return entriesOf(file).findLast((entry) => entry.section === section && entry.key === key)?.value ?? null;
}

/** A value without the quotes around it. */
export function unquoted(value: string): string {
  return /^(?:"[^"]*"|'[^']*')$/s.test(value) ? value.slice(1, -1) : value;
}

/** `SECTION.KEY`, or the key alone where it stands before any section. */
export function keyPath(section: string, key: string): string {
  return section === '' ? key : `${section}.${key}`;
}

function encodingOf(bytes: Uint8Array, whole: string): ConfigEncoding {
  if (UTF16_MARKS.includes(whole.slice(0, 2))) return 'utf-16';
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return 'utf-8';
  } catch {
    return 'latin1';
  }
}

function linesOf(text: string): ConfigLine[] {
  const lines: ConfigLine[] = [];
  let start = 0;
  for (const { 0: end, index } of text.matchAll(/\r\n|\n|\r/g)) {
    lines.push(parseLine(text.slice(start, index), end));
    start = index + end.length;
  }
  if (start < text.length) lines.push(parseLine(text.slice(start), ''));
  return lines;
}

/** An inline comment begins with `#` or `;` after a blank; inside quotes it is part of the value. */
function splitValue(rest: string): { gap: string; value: string; after: string } {
  const gap = /^[ \t]*/.exec(rest)?.[0] ?? '';
  const body = rest.slice(gap.length);
  const quoted = QUOTED.exec(body);
  if (quoted !== null) return { gap, value: quoted[1] ?? '', after: quoted[2] ?? '' };
  // An empty value before a comment: the blanks stay between them.
  if (gap !== '' && /^[#;]/.test(body)) return { gap: '', value: '', after: rest };
  const value = body.slice(0, textEnd(body.slice(0, commentStart(body))));
  return { gap, value, after: body.slice(value.length) };
}

function commentStart(body: string): number {
  const at = body.search(/[ \t][#;]/);
  return at === -1 ? body.length : at;
}

function trimmed(text: string): string {
  return text.slice(0, textEnd(text)).replace(/^[ \t]+/, '');
}

/** Where the blanks at the end begin. A loop, because a pattern would try each run of blanks anew. */
function textEnd(text: string): number {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end -= 1;
  return end;
}
