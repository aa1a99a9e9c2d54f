import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unifiedDiff } from '../../main/config/diff.ts';
import { removeKey, setValue } from '../../main/config/edit.ts';
import { configBytes, entriesOf, parseConfig, valueOf } from '../../main/config/parse.ts';

const parse = (text: string) => parseConfig(Buffer.from(text));
const written = (file: ReturnType<typeof parse>) => configBytes(file).toString();

const word = fc.stringMatching(/^[A-Za-z][A-Za-z_:.]{0,8}$/);
const value = fc.stringMatching(/^[A-Za-z0-9é/:=.-]{1,12}$/);
const blanks = fc.constantFrom('', ' ', '  ', '\t');
const line = fc.oneof(
  fc.tuple(blanks, word, blanks, blanks, value, fc.constantFrom('', '  ', ' # why', '\t; x')).map(([a, key, b, c, v, after]) => `${a}${key}${b}=${c}${v}${after}`),
  word.map((name) => `[${name}]`),
  fc.constantFrom('', '  ', '# comment', 'nonsense', '; KEY=1', 'A=', 'A= # empty'),
);
const file = fc.tuple(fc.constantFrom('', '\ufeff'), fc.array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r'))), fc.oneof(fc.constant(''), line)).map(([mark, lines, last]) => mark + lines.map((pair) => pair.join('')).join('') + last);

test('any bytes are written as they were read', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => configBytes(parseConfig(bytes)).equals(Buffer.from(bytes))));
  fc.assert(fc.property(file, (text) => written(parse(text)) === text));
});

test('what is set is read, what is set back is as it was, and nothing else changes', () => {
  fc.assert(
    fc.property(file, word, word, value, (text, section, key, next) => {
      const before = parse(text);
      const after = setValue(before, section, key, next);
      expect(valueOf(after, section, key)).toBe(next);
      const others = (one: typeof before) => entriesOf(one).filter((entry) => entry.section !== section || entry.key !== key).map(({ line: _, ...entry }) => entry);
      expect(others(after)).toEqual(others(before));
      expect(valueOf(removeKey(after, section, key), section, key)).toBeNull();
    }),
  );
  fc.assert(
    fc.property(file, value, fc.nat(), (text, next, pick) => {
      const before = parse(text);
      const entries = entriesOf(before);
      const entry = entries[pick % Math.max(1, entries.length)];
      if (entry === undefined) return;
      const old = valueOf(before, entry.section, entry.key) ?? '';
      expect(written(setValue(setValue(before, entry.section, entry.key, next), entry.section, entry.key, old))).toBe(text);
    }),
  );
});

test('a value keeps its spacing and comment; a new key is written as its neighbour is', () => {
  const text = '# ours\r\nA = 1   # why\r\n\r\n[encryption_aws_kms]\r\nREGION = eu-west-1\r\n\r\n[x]\r\nB=2';
  expect(written(setValue(parse(text), '', 'A', '22'))).toBe(text.replace('A = 1 ', 'A = 22 '));
  expect(written(setValue(parse(text), 'encryption_aws_kms', 'CUSTOMER_KEY_ID', 'mrk'))).toBe(text.replace('eu-west-1\r\n', 'eu-west-1\r\nCUSTOMER_KEY_ID = mrk\r\n'));
  expect(written(setValue(parse(text), 'x', 'C', '3'))).toBe(`${text}\r\nC=3`);
  expect(written(removeKey(parse(`${text}\r\nC=3`), 'x', 'C'))).toBe(text);
  expect(written(setValue(parse('A=1\n'), 'new', 'K', 'v'))).toBe('A=1\n\n[new]\nK=v\n');
});

test('bytes that are not UTF-8 stay', () => {
  const bytes = Buffer.from('A=\xe9\nB=1\n', 'latin1');
  expect(configBytes(setValue(parseConfig(bytes), '', 'B', 'ü')).toString('latin1')).toBe('A=\xe9\nB=ü\n');
});

test.each(['a\nb', ' a', 'a ', 'a # b', 'a\0'])('a value that would be read as another one is refused: %j', (bad) => {
  expect(() => setValue(parse('A=1\n'), '', 'A', bad)).toThrow(expect.objectContaining({ code: 'CONFIG_VALUE_INVALID' }));
});

test('other refusals', () => {
  expect(() => setValue(parse('A=1'), 'a]b', 'A', '1')).toThrow(expect.objectContaining({ code: 'CONFIG_KEY_INVALID' }));
  expect(() => setValue(parseConfig(Buffer.from('\ufeffA=1', 'utf16le')), '', 'A', '1')).toThrow(expect.objectContaining({ code: 'CONFIG_ENCODING_UNSUPPORTED' }));
});

test('a diff shows dots in the place of secrets', () => {
  const before = parse('# SECRET_ACCESS_KEY=old-one-1\n[encryption_aws_kms]\nSECRET_ACCESS_KEY=known-secret-2\nREGION=eu-west-1\n');
  const diff = unifiedDiff(before, setValue(before, 'encryption_aws_kms', 'REGION', 'eu-central-1'), 'config.ini');
  expect(diff).toBe('--- config.ini\n+++ config.ini\n@@ -1,4 +1,4 @@\n # SECRET_ACCESS_KEY=••••••••\n [encryption_aws_kms]\n SECRET_ACCESS_KEY=••••••••\n-REGION=eu-west-1\n+REGION=eu-central-1\n');
  expect(unifiedDiff(before, before, 'x')).toBe('');
});
