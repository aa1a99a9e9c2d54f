import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ensureElectron, installedElectron, type ElectronPlace } from '../../scripts/electron-binary.ts';

let root: string;
let place: ElectronPlace;
let said: string[];
const say = (line: string): void => void said.push(line);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fkc-electron-'));
  place = { folder: join(root, 'electron'), refusal: join(root, 'cache', 'refused.json'), fetchLimitMs: 1_500 };
  said = [];
  mkdirSync(place.folder);
  writeFileSync(join(place.folder, 'package.json'), '{"version":"1.2.3"}');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const installer = (program: string): void => writeFileSync(join(place.folder, 'install.js'), program);
/** An installer that lays down a binary which ends with `code` when it is asked for its version. */
const working = (code: number): string => `
  const { mkdirSync, writeFileSync } = require('node:fs');
  mkdirSync(__dirname + '/dist');
  writeFileSync(__dirname + '/dist/electron', '#!/bin/sh\\nexit ${code}\\n', { mode: 0o755 });
  writeFileSync(__dirname + '/path.txt', 'electron');`;

test('fetches the binary with its own installer, and finds it again', async () => {
  installer(working(0));
  const binary = join(place.folder, 'dist', 'electron');
  expect(await installedElectron(place)).toBeNull();
  expect(await ensureElectron(say, place)).toBe(binary);
  rmSync(join(place.folder, 'install.js'));
  expect(await ensureElectron(say, place)).toBe(binary);
  expect(said).toHaveLength(1);
});

test('a refusal is noticed at once, said once and remembered', async () => {
  installer('process.exit(1)');
  expect(await ensureElectron(say, place)).toBeNull();
  expect(said).toHaveLength(2);
  installer(working(0));
  expect(await ensureElectron(say, place)).toBeNull();
  expect(said).toHaveLength(2);
});

test('an old refusal, or one of another version, counts no more', async () => {
  installer('process.exit(1)');
  await ensureElectron(say, place);
  const refusal = JSON.parse(readFileSync(place.refusal, 'utf8')) as { version: string; at: number };
  writeFileSync(place.refusal, JSON.stringify({ ...refusal, at: refusal.at - 25 * 3600 * 1000 }));
  installer(working(0));
  expect(await ensureElectron(say, place)).not.toBeNull();
});

test('an installer that hangs is ended', async () => {
  installer('setInterval(() => undefined, 1000)');
  const began = Date.now();
  expect(await ensureElectron(say, place)).toBeNull();
  expect(Date.now() - began).toBeLessThan(10_000);
  expect(existsSync(place.refusal)).toBe(true);
});

test('a binary that does not start on this machine is passed over, without fetching it again', async () => {
  installer(working(127));
  expect(await ensureElectron(say, place)).toBeNull();
  expect(await ensureElectron(say, place)).toBeNull();
  expect(said).toHaveLength(1);
});
