import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { CONTENT_SECURITY_POLICY, fileFor, serve } from '../../app/electron/protocol.ts';

const folder = mkdtempSync(join(tmpdir(), 'fkc-protocol-'));
const root = join(folder, 'renderer');
mkdirSync(join(root, 'assets'), { recursive: true });
writeFileSync(join(root, 'index.html'), '<!doctype html>');
writeFileSync(join(root, 'assets', 'main.js'), '1');
writeFileSync(join(root, 'assets', 'notes.txt'), 'no such kind');
writeFileSync(join(folder, 'secret.json'), '{"secret":1}');
writeFileSync(join(folder, 'renderer-other.json'), '{"secret":1}');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const get = (url: string, method = 'GET'): Promise<Response> => serve(root)(new Request(url, { method }));

test('serves the page and its parts with their types', async () => {
  const page = await get('app://console/');
  expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([200, 'text/html; charset=utf-8', '<!doctype html>']);
  const script = await get('app://console/assets/main.js');
  expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
});

test.each([
  'app://console/../secret.json',
  'app://console/%2e%2e/secret.json',
  'app://console/%2e%2e%2fsecret.json',
  'app://console/assets/..%2f..%2fsecret.json',
  'app://console/..%5csecret.json',
  'app://console/%2e%2e/renderer-other.json',
  'app://console//etc/passwd',
  'app://console/C:/secret.json',
  'app://console/index.html%00.js',
  'app://console/%E0%A4%A',
  'app://console/assets/notes.txt',
  'app://console/assets',
  'app://console/missing.js',
  'app://other/index.html',
  'app://console.evil/index.html',
  'https://console/index.html',
])('%s is not there', async (url) => {
  const answer = await get(url);
  expect(answer.status).toBe(404);
  expect(await answer.text()).toBe('');
});

test('only reading is allowed', async () => {
  expect((await get('app://console/', 'POST')).status).toBe(405);
});

test('every answer carries the policy', async () => {
  for (const answer of [await get('app://console/'), await get('app://console/missing.js'), await get('app://console/', 'PUT')]) {
    expect(answer.headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY);
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  }
});

test('the policy allows nothing inline, nothing evaluated and no network', () => {
  expect(CONTENT_SECURITY_POLICY).not.toMatch(/unsafe|https?:|\*|blob:/);
  for (const rule of ["default-src 'none'", "script-src 'self'", "connect-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]) {
    expect(CONTENT_SECURITY_POLICY.split('; ')).toContain(rule);
  }
});

test('no URL leads out of the folder', () => {
  const piece = fc.constantFrom('..', '.', '%2e%2e', '%2f', '/', '\\', '%5c', 'a', 'index.html', '%00', ':', '//', '~', '%', 'é');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const file = fileFor(root, `app://console/${pieces.join('')}`);
      expect(file === null || file.startsWith(`${root}/`)).toBe(true);
    }),
    { numRuns: 500 },
  );
});
