import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { findChromium } from '../../app/chromium/find.ts';

const folder = mkdtempSync(join(tmpdir(), 'fkc-find-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const chrome = join(folder, 'google-chrome');
const chromium = join(folder, 'chromium');

test('finds what is on the path and may be run, Chromium first', () => {
  writeFileSync(chrome, '');
  writeFileSync(chromium, '');
  expect(findChromium({ PATH: folder }, 'linux')).toBeNull();
  chmodSync(chrome, 0o755);
  expect(findChromium({ PATH: `/nowhere:${folder}` }, 'linux')).toBe(chrome);
  chmodSync(chromium, 0o755);
  expect(findChromium({ PATH: folder }, 'linux')).toBe(chromium);
});

test('FKC_CHROMIUM alone counts when it is set', () => {
  expect(findChromium({ PATH: folder, FKC_CHROMIUM: chrome }, 'linux')).toBe(chrome);
  expect(findChromium({ PATH: folder, FKC_CHROMIUM: '/nowhere/chrome' }, 'linux')).toBeNull();
});

test('there may be none', () => {
  expect(findChromium({}, 'linux')).toBeNull();
  expect(findChromium({}, 'win32')).toBeNull();
});
