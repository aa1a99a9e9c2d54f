import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { go, sentence } from './window.ts';

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

// A save dialog can only be answered where there is none: the Chromium host has a folder for exports instead.
describe.each((await hosts()).filter((host) => host === 'chromium'))('exports on %s', (host) => {
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole(host);
    page = opened.page;
    await sentence(page, /instances are readable/, 60_000);
    await go(page, 'Master keys');
  });
  afterAll(() => opened.remove());

  async function exported(ending: string): Promise<Buffer> {
    const saved = page.getByRole('status').filter({ hasText: `.${ending}` });
    await saved.waitFor();
    const file = await saved.locator('code').innerText();
    expect(file.startsWith(join(opened.home, 'exports'))).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await saved.getByRole('button', { name: 'Dismiss' }).click();
    return readFile(file);
  }

  test('a table as CSV and as JSON, a picture as PNG', async () => {
    const keys = await page.evaluate(() => window.keyConsole?.keys.list());
    if (keys?.ok !== true) throw new Error('No keys.');

    await page.getByRole('button', { name: /^Export/ }).first().click();
    await page.getByRole('button', { name: /^CSV/ }).click();
    const csv = (await exported('csv')).toString().trimEnd().split('\r\n');
    expect(csv).toHaveLength(1 + keys.value.keys.length);

    await page.getByRole('button', { name: /^Export/ }).first().click();
    await page.getByRole('button', { name: /^JSON/ }).click();
    const json = JSON.parse((await exported('json')).toString()) as { description: string }[];
    expect(json.map((row) => row.description).sort()).toEqual(keys.value.keys.map((key) => key.description).sort());

    await page.getByRole('button', { name: 'PNG' }).click();
    const picture = await exported('png');
    expect(picture.subarray(0, 4)).toEqual(PNG);
    expect(await readdir(join(opened.home, 'exports'))).toHaveLength(3);
  });

  test('the census, with what wraps each generation', async () => {
    const keys = await page.evaluate(() => window.keyConsole?.keys.list());
    if (keys?.ok !== true) throw new Error('No keys.');
    await go(page, 'Data');
    await page.getByRole('button', { name: /^Export/ }).first().click();
    await page.getByRole('button', { name: /^JSON/ }).click();
    const rows = JSON.parse((await exported('json')).toString()) as { keyDescription: string; instances: number; wrapping: string; wrappedBy: string }[];
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      const key = keys.value.keys.find(({ description }) => description === row.keyDescription);
      expect([row.wrapping, row.wrappedBy]).toEqual([key?.wrapping['kind'], key?.wrapping['keyId']]);
      expect(row.wrappedBy).toBeTruthy();
      expect(row.instances).toBeGreaterThan(0);
    }
  });

  test('a name that is a path is refused', async () => {
    const answer = await page.evaluate(() => window.keyConsole?.files.save({ name: '../elsewhere.csv', base64: '' }));
    expect(answer).toMatchObject({ ok: false, code: 'INPUT_INVALID' });
  });
});
