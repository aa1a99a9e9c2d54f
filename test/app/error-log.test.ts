import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describe, fileErrorLog } from '../../app/error-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'fkc-log-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('writes id, place and stack into a file that only its owner reads', () => {
  const file = join(folder, 'logs', 'console.log');
  const id = fileErrorLog(file).record('keys.list', new TypeError('broken'));
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(`${id} keys.list`);
  expect(text).toMatch(/TypeError: broken\n\s+at .*error-log\.test\.ts/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('keeps one older megabyte', () => {
  const file = join(folder, 'console.log');
  writeFileSync(file, 'x'.repeat(1024 * 1024 + 1));
  fileErrorLog(file).record('keys.list', new Error('new'));
  expect(statSync(`${file}.1`).size).toBe(1024 * 1024 + 1);
  expect(statSync(file).size).toBeLessThan(10_000);
});

test('still gives an id where nothing can be written', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(fileErrorLog(join(folder, 'file', 'console.log')).record('x', new Error('y'))).toMatch(/^[0-9a-f]{8}$/);
});

test('a parser’s error does not carry what it parsed', () => {
  let error: unknown;
  try {
    JSON.parse('hunter2hunter2');
  } catch (caught) {
    error = caught;
  }
  expect(describe(error, undefined)).not.toContain('hunter2');
});

test('what is thrown need not be an error, and causes may go in circles', () => {
  const circular = new Error('round');
  circular.cause = circular;
  expect(describe(circular, undefined)).toContain('Error: round');
  expect(describe('hunter2', undefined)).toBe('  string thrown');
});
