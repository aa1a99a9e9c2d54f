import { DisableKeyCommand } from '@aws-sdk/client-kms';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openServices } from '../../app/services.ts';
import { imageOf } from '../lu/fixtures.ts';
import { bareClient, createKey } from '../peers/aws/aws.ts';
import { addNodes, HOME, setCredentials } from '../peers/aws/region-fixture.ts';
import { installLocalStack } from '../peers/aws/python-server.ts';
import { useAws } from '../peers/aws/use-aws.ts';
import { violations } from './axe.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { failure, go, sentence, tabTo } from './window.ts';

// Before any hook: the first time it takes minutes.
const python = await installLocalStack();

describe.each(await hosts())('the page that replaces a KMS key on %s', (host) => {
  const aws = useAws(python);
  let opened: OpenConsole;
  let page: Page;
  let home: string;
  let oldKey: string;
  let newKey: string;
  let off: string;
  const steps = (label: string) => page.getByRole('list', { name: label }).getByRole('listitem');

  beforeAll(async () => {
    setCredentials();
    home = await mkdtemp(join(tmpdir(), 'fkc-e2e-replace-'));
    [oldKey, newKey, off] = [await createKey(aws.url, {}, HOME), await createKey(aws.url, {}, HOME), await createKey(aws.url, {}, HOME)];
    const client = bareClient(aws.url, HOME);
    await client.send(new DisableKeyCommand({ KeyId: off }));
    client.destroy();
    const maker = await openServices({ home });
    await maker.createProfile({ name: 'world', sqlite: join(home, 'world.sqlite') }, null);
    await addNodes(maker, 'world', home, ['n1', 'n2'].map((node) => ({ node, region: HOME, key: oldKey })));
    await maker.close();
    const services = await openServices({ home, profile: 'world' });
    await services.unlock(null);
    await services.define({ lu: 'CUSTOMER', root: { table: 'customer', key: 'name' }, tables: [] });
    for (const name of ['masterkey_key_name', 'k2_hash_key']) await services.activation.run(`activatekey name='${name}' generatorType='AWS_KMS' storeType='AWS_KMS'`, null);
    for (let id = 0; id < 7; id += 1) await services.cluster.instances.save('CUSTOMER', `c${id}`, imageOf("CREATE TABLE customer(name TEXT); INSERT INTO customer VALUES ('x')"));
    await services.close();
    opened = await openConsole(host, { home, profile: 'world' });
    page = opened.page;
    await sentence(page, /instances are readable/, 60_000);
  });
  afterAll(async () => {
    await opened?.remove();
  });

  test('is reached by the palette, and tries a key by keyboard: a disabled one is refused', async () => {
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog', { name: 'Palette' });
    await palette.waitFor();
    await page.keyboard.type('replace a kms');
    await palette.getByRole('option', { name: /Replace a KMS key/ }).waitFor();
    await page.keyboard.press('Enter');
    await sentence(page, /Name the KMS key that takes over from arn:aws:kms/);
    await opened.picture('replace-form');
    await page.getByRole('textbox', { name: 'New key' }).fill(off);
    await page.keyboard.press('Enter');
    expect(await sentence(page, /can not take over/)).toBe('This key can not take over: a check from here failed. Nothing was changed.');
    await steps('Checks from here').filter({ hasText: 'KMS_KEY_DISABLED' }).waitFor();
    expect(await page.getByRole('button', { name: 'Replace the key…' }).isDisabled()).toBe(true);
    expect(await violations(page)).toEqual([]);
    await opened.picture('replace-refused');
  });

  test('shows the checks, the difference for every node, the master keys and what needs the old key', async () => {
    await page.getByRole('textbox', { name: 'New key' }).fill(newKey);
    await page.keyboard.press('Enter');
    expect(await sentence(page, /works from here/)).toBe('The new key works from here. 2 files change, 2 master keys get a new generation, and 7 instances need an older KMS key until they are rekeyed.');
    expect(await steps('Checks from here').count()).toBe(3);
    await page.getByRole('group', { name: 'Difference on n2' }).getByText(`+CUSTOMER_KEY_ID=${newKey}`).waitFor();
    await page.getByRole('checkbox', { name: 'k2_hash_key' }).click();
    await sentence(page, /1 master key gets a new generation/);
    const needed = page.getByRole('region', { name: 'What still needs another KMS key' });
    await needed.getByRole('cell', { name: 'CUSTOMER 7' }).waitFor();
    await needed.getByRole('cell', { name: 'n1, n2' }).waitFor();
    await needed.getByRole('cell', { name: HOME, exact: true }).waitFor();
    await page.getByRole('region', { name: 'Master keys' }).locator('summary').first().click();
    await page.getByText('Read back and verify').first().waitFor();
    await needed.scrollIntoViewIfNeeded();
    await opened.picture('replace-names');
  });

  test.each(['light', 'dark', 'high-contrast'] as const)('axe finds nothing in the %s theme', async (theme) => {
    await page.evaluate((wanted) => window.keyConsole?.preferences.set({ theme: wanted, idleMinutes: 15 }), theme);
    await page.reload();
    await page.locator(`html[data-theme='${theme}']`).waitFor();
    await page.getByRole('textbox', { name: 'New key' }).fill(newKey);
    await page.keyboard.press('Enter');
    await sentence(page, /works from here/);
    expect(await violations(page)).toEqual([]);
    await opened.picture(`replace-${theme}`);
  });

  test('fits a narrow window', async () => {
    await page.setViewportSize({ width: 1024, height: 700 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)).toBe(true);
    await opened.picture('replace-narrow');
  });

  test('says what is true when a file can not be written, and goes on', async () => {
    await mkdir(join(home, 'n2.ini.fkc-new'));
    await tabTo(page, /^Replace the key…$/, true);
    await page.keyboard.press('Enter');
    const sheet = page.getByRole('dialog', { name: 'Replace the KMS key' });
    expect(await violations(page)).toEqual([]);
    await opened.picture('replace-sheet');
    await sheet.getByLabel('Reason').fill('for the tests');
    await sheet.getByLabel(/Type world/).fill('world');
    await page.keyboard.press('Enter');
    await sentence(page, /stopped half way/);
    expect(await failure(page)).toMatchObject({ code: 'KMS_REPLACE_PARTLY' });
    await opened.picture('replace-half-way');
    expect(await violations(page)).toEqual([]);
    await rm(join(home, 'n2.ini.fkc-new'), { recursive: true });
    await page.getByRole('button', { name: 'Try again' }).click();
    await sentence(page, /1 file changes/);
  });

  test('carries it out with its steps, and tells what comes next', async () => {
    await page.getByRole('checkbox', { name: 'k2_hash_key' }).click();
    await sentence(page, /1 master key gets a new generation/);
    await page.getByRole('button', { name: 'Replace the key…' }).click();
    await page.getByRole('dialog').getByLabel(/Type world/).fill('world');
    await page.getByRole('dialog').getByRole('button', { name: 'Replace the key', exact: true }).click();
    expect(await sentence(page, /under the new KMS key/)).toBe('1 master key is active under the new KMS key; 7 instances need an older KMS key until they are rekeyed.');
    expect(await steps('Steps of the replacement').count()).toBe(5);
    expect(await violations(page)).toEqual([]);
    await opened.picture('replace-done');
    for (const node of ['n1', 'n2']) expect(await readFile(join(home, `${node}.ini`), 'utf8')).toContain(newKey);
    await page.getByRole('link', { name: 'Plan the rekey' }).click();
    await page.getByRole('dialog', { name: 'Rekey' }).waitFor();
  });

  test('a change in the section of a KMS shows what depends on it', async () => {
    await page.keyboard.press('Escape');
    await go(page, 'Configuration');
    await sentence(page, /config\.ini of 2 nodes/);
    await page.locator('#page').focus();
    await page.keyboard.press('v');
    const sheet = page.getByRole('dialog', { name: 'Change a value of config.ini' });
    await sheet.getByLabel('Key', { exact: true }).selectOption('encryption_aws_kms.REGION');
    await sheet.getByLabel('Node').selectOption('n2');
    await sheet.getByLabel('Value').fill('eu-north-1');
    await sheet.getByText(/By AWS_KMS, n2 opens 3 generations with 7 instances; counted/).waitFor();
    const needs = sheet.getByRole('list', { name: 'What depends on the KMS' });
    await needs.getByText('2 generations; CUSTOMER 7').waitFor();
    await sheet.getByText(`Regions: ${HOME}`).waitFor();
    for (const theme of ['light', 'dark'] as const) {
      await page.evaluate((wanted) => document.documentElement.setAttribute('data-theme', wanted), theme);
      await needs.scrollIntoViewIfNeeded();
      await opened.picture(`replace-config-${theme}`);
    }
    expect(await violations(page)).toEqual([]);
    await sheet.getByLabel('Key', { exact: true }).selectOption('ENTITY_ENCRYPTION_MODE');
    await sheet.getByLabel('Value').fill('MDB');
    await needs.waitFor({ state: 'detached' });
  });
});
