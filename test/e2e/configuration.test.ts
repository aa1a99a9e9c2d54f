import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { violations } from './axe.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { failure, go, sentence } from './window.ts';

/** What the demo's second node has in a comment. */
const LEFT_BEHIND = 'demo-Zebra-41';
const PLANTED = 'known-store-pass-88';

describe.each(await hosts())('the page Configuration on %s', (host) => {
  let opened: OpenConsole;
  let page: Page;
  const config = (node: string): string => join(opened.home, 'demo', node, 'config.ini');
  const row = (key: string) => page.getByRole('group', { name: 'Side by side' }).getByRole('row').filter({ has: page.getByRole('rowheader', { name: new RegExp(`^${key} `) }) });
  const records = async (act: string): Promise<string[]> => {
    const answer = await page.evaluate((wanted) => window.keyConsole?.audit.list({ act: wanted, limit: 50 }), act);
    if (answer?.ok !== true) throw new Error(`No answer about ${act}.`);
    return answer.value.records.map((record) => record.outcome).reverse();
  };

  beforeAll(async () => {
    opened = await openConsole(host);
    page = opened.page;
    await sentence(page, /instances are readable/, 60_000);
    await go(page, 'Configuration');
    await sentence(page, /config\.ini of 2 nodes/);
  });
  afterAll(() => opened.remove());

  test('shows what differs and what is wrong, and never a secret', async () => {
    expect(await sentence(page, /config\.ini/)).toBe('In the config.ini of 2 nodes: 1 finding is critical, 2 warnings are open, and the nodes differ in 2 keys that should be the same.');
    await row('KEY_STORE_LOCATION').getByText('node-2, line 5:').waitFor();
    await row('ENTITY_ENCRYPTON_MODE').getByText('Did you mean ENTITY_ENCRYPTION_MODE?').waitFor();
    await page.getByRole('region', { name: 'Of whole files, and of single lines' }).getByText('node-2, line 6:').waitFor();
    expect(await page.content()).not.toContain(LEFT_BEHIND);
    const view = await page.evaluate(() => window.keyConsole?.config.view());
    expect(JSON.stringify(view)).not.toContain(LEFT_BEHIND);
  });

  test('a folder is searched as a job; what is found has file and line, and is never shown', async () => {
    const folder = join(opened.home, 'searched');
    mkdirSync(join(folder, 'deep'), { recursive: true });
    writeFileSync(join(folder, 'deep', 'start.sh'), `#!/bin/sh\nkeytool -list -storepass ${PLANTED}\n`);
    await page.getByRole('textbox', { name: 'Folder' }).fill(join(opened.home, 'not-there'));
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByText('FILE_NOT_FOUND').waitFor();
    await page.getByRole('textbox', { name: 'Folder' }).fill(folder);
    await page.keyboard.press('Enter');
    await page.getByText(/^1 hard-coded secret in 1 file/).waitFor();
    const found = page.getByRole('grid', { name: 'Hard-coded secrets' }).getByRole('row').nth(1);
    await found.getByText('deep/start.sh').waitFor();
    await found.getByRole('gridcell', { name: '2', exact: true }).waitFor();
    expect(await page.content()).not.toContain(PLANTED);
    expect(await violations(page)).toEqual([]);
    await found.scrollIntoViewIfNeeded();
    await opened.picture('configuration-scan');
  });

  test.each(['light', 'dark', 'high-contrast'] as const)('axe finds nothing in the %s theme, on the page and on its sheets', async (theme) => {
    await page.evaluate((wanted) => window.keyConsole?.preferences.set({ theme: wanted, idleMinutes: 15 }), theme);
    await page.reload();
    await page.locator(`html[data-theme='${theme}']`).waitFor();
    await sentence(page, /config\.ini/);
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Change ENTITY_ENCRYPTION_MODE' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByLabel('Value').fill('MDB');
    await sheet.getByRole('group', { name: 'Difference on node-2' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Add node…' }).click();
    await page.getByRole('dialog', { name: 'Add a node' }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  test('what is refused is said beside the form, and nothing can be written', async () => {
    await page.getByRole('button', { name: 'Change ENTITY_ENCRYPTION_MODE' }).click();
    const sheet = page.getByRole('dialog', { name: 'Change a value of config.ini' });
    await sheet.getByLabel('Value').fill('SOMETIMES');
    expect(await failure(sheet)).toMatchObject({ code: 'CONFIG_VALUE_INVALID' });
    await sheet.getByLabel(/to confirm$/).fill('demo');
    expect(await sheet.getByRole('button', { name: /^Write/ }).isDisabled()).toBe(true);
    await sheet.getByLabel('Key', { exact: true }).selectOption('KEY_STORE_PASSWORD');
    await sheet.getByLabel('Value').fill(PLANTED);
    await sheet.getByText('CONFIG_SECRET_IN_PLAIN').waitFor();
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
  });

  test('a value is changed on every node with the keyboard alone: difference, name, backup', async () => {
    const before = { one: readFileSync(config('node-1'), 'utf8'), two: readFileSync(config('node-2'), 'utf8') };
    await page.locator('#page').focus();
    await page.keyboard.press('v');
    const sheet = page.getByRole('dialog', { name: 'Change a value of config.ini' });
    await sheet.getByLabel('Key', { exact: true }).focus();
    await sheet.getByLabel('Key', { exact: true }).selectOption('ENTITY_ENCRYPTION_MODE');
    await sheet.getByLabel('Value').focus();
    await page.keyboard.type('MDB');
    const second = sheet.getByRole('group', { name: 'Difference on node-2' });
    await second.getByText('+ENTITY_ENCRYPTION_MODE=MDB').waitFor();
    expect(await second.innerText()).not.toContain(LEFT_BEHIND);
    await sheet.getByLabel(/to confirm$/).focus();
    await page.keyboard.type('demo');
    await page.keyboard.press('Enter');
    await page.getByRole('status').filter({ hasText: 'Written on node-1 and node-2' }).getByText(`${config('node-2')}.bak`).waitFor();
    expect(readFileSync(config('node-1'), 'utf8')).toBe(before.one.replace('ENTITY_ENCRYPTION_MODE=ON_SAVE', 'ENTITY_ENCRYPTION_MODE=MDB'));
    expect(readFileSync(`${config('node-2')}.bak`, 'utf8')).toBe(before.two);
    expect(statSync(config('node-2')).mode & 0o777).toBe(0o600);
    expect(await records('config.set')).toEqual(['started', 'done']);
    await sentence(page, /differ in 1 key that should be the same/);
  });

  test('a key is removed where it stands, after its difference was seen', async () => {
    const before = readFileSync(config('node-2'), 'utf8');
    await page.getByRole('button', { name: 'Change ENTITY_ENCRYPTON_MODE' }).click();
    const sheet = page.getByRole('dialog', { name: 'Change a value of config.ini' });
    await sheet.getByLabel('What becomes of it').selectOption('it is removed');
    await sheet.getByText('ENTITY_ENCRYPTON_MODE is taken out of 1 file, each replaced whole; no other byte changes. 1 file is so already.').waitFor();
    await sheet.getByRole('group', { name: 'Difference on node-2' }).getByText(/^-ENTITY_ENCRYPTON_MODE=/).waitFor();
    expect(await violations(page)).toEqual([]);
    await opened.picture('configuration-remove');
    await sheet.getByLabel(/to confirm$/).focus();
    await page.keyboard.type('demo');
    await page.keyboard.press('Enter');
    await page.getByRole('status').filter({ hasText: 'Written on node-2' }).waitFor();
    expect(readFileSync(config('node-2'), 'utf8')).toBe(before.replace(/^ENTITY_ENCRYPTON_MODE=.*\r?\n/m, ''));
    await row('ENTITY_ENCRYPTON_MODE').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Change KEY_STORE_LOCATION' }).click();
    await sheet.getByLabel('Key', { exact: true }).selectOption('KEY_STORE_PASSWORD');
    await sheet.getByLabel('What becomes of it').selectOption('it is removed');
    await sheet.getByText(/It still holds the secret/).waitFor();
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
  });

  test('what another program writes is seen; a file that is gone is a finding', async () => {
    writeFileSync(config('node-1'), 'nothing that it could be read as', { flag: 'a' });
    await page.getByText('This line is neither a section').waitFor();
    await page.getByRole('button', { name: 'Add node…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add a node' });
    await dialog.getByLabel('Name', { exact: true }).fill('node-3');
    await dialog.getByLabel('Its config.ini').fill(join(opened.home, 'none.ini'));
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    expect(await failure(dialog)).toMatchObject({ code: 'FILE_NOT_FOUND' });
    const third = join(opened.home, 'third.ini');
    writeFileSync(third, '[encryption_aws_kms]\nREGION=eu-west-1\n');
    await dialog.getByLabel('Its config.ini').fill(third);
    await dialog.getByRole('button', { name: 'Add', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await row('REGION').getByText('each node’s own').waitFor();
    await row('CUSTOMER_KEY_ID').getByText(/CUSTOMER_KEY_ID is missing/).waitFor();
    writeFileSync(third, Buffer.alloc(5 * 1024 * 1024, 'x'));
    await page.getByText('unreadable').waitFor();
    await page.getByText(/has more than 4 MiB/).waitFor();
  });

  test('nodes are removed, their files stay, and an empty page says how to begin', async () => {
    for (const node of ['node-3', 'node-2', 'node-1']) {
      await page.getByRole('button', { name: `Remove ${node} from the profile` }).click();
      await page.getByRole('dialog', { name: `Remove ${node}` }).getByRole('button', { name: 'Remove', exact: true }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
    await sentence(page, /No node’s config.ini is known yet/);
    await page.getByText('fkc profile node PROFILE add NODE --config-ini FILE').waitFor();
    expect(statSync(config('node-1')).isFile()).toBe(true);
    expect(await violations(page)).toEqual([]);
  });

  test('two letters lead to it', async () => {
    await go(page, 'Overview');
    await sentence(page, /readable/);
    await page.locator('#page').focus();
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await sentence(page, /No node’s config.ini/);
  });
});
