import { expect, test } from 'vitest';
import { exportName, toCsv, toJson } from '../../renderer/ui/export.ts';

const columns = [
  { header: 'name', value: (row: { name: string | null; count: number }) => row.name },
  { header: 'count', value: (row: { name: string | null; count: number }) => row.count },
];
const cell = (name: string | null): string => toCsv(columns, [{ name, count: -1 }]).split('\r\n').slice(1).join('\r\n').replace(/,-1\r\n$/, '');

test('a head line, CRLF at the end of each line, numbers as they are', () => {
  expect(toCsv(columns, [{ name: 'a', count: -3 }])).toBe('name,count\r\na,-3\r\n');
});

test.each([
  ['plain', 'plain'],
  ['with, comma', '"with, comma"'],
  ['say "it"', '"say ""it"""'],
  ['two\nlines', '"two\nlines"'],
  ['', ''],
])('%j is written as %j', (text, written) => expect(cell(text)).toBe(written));

test('nothing is an empty cell', () => expect(cell(null)).toBe(''));

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx'])('%j is no formula', (text) => {
  expect(cell(text).replace(/^"/, '')).toMatch(/^'/);
});

test('JSON holds the rows', () => expect(JSON.parse(toJson([{ a: 1 }]))).toEqual([{ a: 1 }]));

test('names are safe on every file system', () => expect(exportName('master-keys', 'csv', Date.UTC(2026, 9, 2, 14, 3, 11))).toBe('master-keys-2026-10-02T14-03-11Z.csv'));
