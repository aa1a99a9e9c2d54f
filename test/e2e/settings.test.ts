import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { activate, failure, go, sentence } from './window.ts';

const PASSWORD = 'a password of the end-to-end tests';

describe.each(await hosts())('settings and guarded acts on %s', (host) => {
  let opened: OpenConsole;
  let page: Page;
  const confirmField = (sheet: Locator): Locator => sheet.getByLabel(/^Type .* to confirm$/);
  const records = async (act: string): Promise<string[]> => {
    const answer = await page.evaluate((wanted) => window.keyConsole?.audit.list({ act: wanted, limit: 50 }), act);
    if (answer?.ok !== true) throw new Error(`No answer about ${act}.`);
    return answer.value.records.map((record) => record.outcome).reverse();
  };

  beforeAll(async () => {
    opened = await openConsole(host);
    page = opened.page;
    await sentence(page, /instances are readable/, 60_000);
  });
  afterAll(() => opened.remove());

  test('decrypt and show tells its consequences, is audited before it happens, and is hidden again', async () => {
    await page.evaluate(() => {
      location.hash = '#/data/CUSTOMER/148';
    });
    await sentence(page, /^CUSTOMER 148 is intact/);
    expect(await page.locator('#page table.content').count()).toBe(0);
    expect(await records('lu.show')).toEqual([]);
    await page.getByRole('button', { name: 'Decrypt and show…' }).click();
    const sheet = page.getByRole('dialog', { name: 'Decrypt and show CUSTOMER 148' });
    for (const part of ['What will happen', 'What it touches', 'How to come back']) await sheet.getByRole('heading', { name: part }).waitFor();
    await sheet.getByRole('button', { name: 'Decrypt and show', exact: true }).click();
    await page.getByRole('cell', { name: 'ELEANOR', exact: true }).waitFor();
    expect(await records('lu.show')).toEqual(['started', 'done']);
    await page.getByRole('button', { name: 'Hide the content' }).click();
    await page.getByText('ELEANOR').first().waitFor({ state: 'detached' });
    await expect.poll(() => page.getByText('ELEANOR').count()).toBe(0);
  });

  test('an instance that is not there is one clear failure', async () => {
    await page.evaluate(() => {
      location.hash = '#/data/CUSTOMER/none';
    });
    expect(await failure(page.locator('#page'))).toMatchObject({ code: 'INSTANCE_NOT_FOUND' });
  });

  test('turning the KeyStore on shows what it touches, asks for the name, and keeps everything readable', async () => {
    const file = join(opened.home, 'fabric.keystore');
    await go(page, 'Overview');
    await page.getByText('The protection key lies in the same database as the data that it protects.').waitFor();
    await page.getByRole('button', { name: 'Turn the KeyStore on' }).click();
    await sentence(page, /^(Attention: )?Profile demo protects its master keys with an internal key/);
    await page.getByRole('button', { name: 'Turn the KeyStore on…' }).click();
    const sheet = page.getByRole('dialog', { name: 'Turn the KeyStore on' });
    await sheet.getByLabel('KeyStore file').fill(file);
    await sheet.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await sheet.getByText('4 generations and 658 instances').waitFor();
    await sheet.getByText(/There is no way back/).waitFor();
    await sheet.getByLabel('Password again', { exact: true }).fill(`${PASSWORD}!`);
    await sheet.getByText('The two differ.').waitFor();
    await sheet.getByLabel('Password again', { exact: true }).fill(PASSWORD);
    const act = sheet.getByRole('button', { name: 'Turn on', exact: true });
    expect(await act.isDisabled()).toBe(true);
    await confirmField(sheet).fill('Demo');
    expect(await act.isDisabled()).toBe(true);
    await confirmField(sheet).fill('demo');
    await act.click();
    await page.getByRole('status').filter({ hasText: /The KeyStore is on; masterkey_key_name-\S+ is active under it/ }).waitFor();
    await sentence(page, /^Profile demo protects its master keys with a KeyStore\b.* 3 entries/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await page.getByRole('button', { name: /Turn the KeyStore on/ }).count()).toBe(0);
    expect(await records('keystore.enable')).toEqual(['started', 'done']);
    await everythingIsReadable(page);
  });

  test('the protection key is rotated after the name was typed; a wrong name does nothing', async () => {
    await go(page, 'Settings');
    const fingerprint = (): Promise<string> => page.locator('dt', { hasText: 'Fingerprint' }).locator('+ dd').innerText();
    const before = await fingerprint();
    await page.getByRole('button', { name: 'Rotate the protection key…' }).click();
    const sheet = page.getByRole('dialog', { name: 'Rotate the protection key' });
    await sheet.getByText('6 generations and 658 instances').waitFor();
    await sheet.getByText(/Copy the changed KeyStore file to every other node/).waitFor();
    await confirmField(sheet).fill('demo');
    await sheet.getByRole('button', { name: 'Rotate', exact: true }).click();
    await page.getByRole('status').filter({ hasText: 'The protection key was rotated' }).waitFor();
    expect(await fingerprint()).not.toBe(before);
    const refused = await page.evaluate(() => window.keyConsole?.keystore.rotate({ confirm: 'not the name' }));
    expect(refused).toMatchObject({ ok: false, code: 'CONFIRMATION_MISMATCH' });
    expect(await records('keystore.rotate-protection')).toEqual(['started', 'done', 'started', 'refused']);
    await everythingIsReadable(page);
    await go(page, 'Master keys');
    await page.getByRole('grid', { name: 'Master keys' }).getByRole('row').filter({ hasText: 'KeyStore' }).first().waitFor();
  });

  test('a profile with an impossible name is refused with a code, and the form stays', async () => {
    await go(page, 'Settings');
    await page.getByRole('button', { name: 'New profile…' }).click();
    const dialog = page.getByRole('dialog', { name: 'New profile' });
    await dialog.getByLabel('Name', { exact: true }).fill('../up');
    await dialog.getByLabel('SQLite file').fill(join(opened.home, 'second.sqlite'));
    await dialog.getByRole('button', { name: 'Create' }).click();
    expect(await failure(dialog)).toMatchObject({ code: 'PROFILE_INVALID' });
    await dialog.getByLabel('Name', { exact: true }).fill('second');
    await dialog.getByLabel(/^Production/).check();
    await dialog.getByRole('button', { name: 'Create' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Switch to second' }).waitFor();
  });

  test('another profile is an empty cluster, which shows three steps', async () => {
    await page.getByRole('button', { name: 'Switch to second' }).click();
    await page.getByRole('banner').getByText('Production').waitFor();
    await go(page, 'Overview');
    expect(await sentence(page, /three steps/)).toBe('This cluster holds no data yet: three steps make it ready.');
    expect(await page.getByRole('listitem').filter({ hasText: /^(Done|To do):/ }).allInnerTexts()).toHaveLength(3);
    await go(page, 'Data');
    await sentence(page, /No instance is stored yet/);
    await go(page, 'Master keys');
    await sentence(page, /^2 generations of 2 key names/);
  });

  test('in a production profile the profile’s name is asked for before a key is activated', async () => {
    await page.getByRole('button', { name: 'Activate new key' }).click();
    await sentence(page, /would take over/);
    await page.getByRole('button', { name: 'Activate…' }).click();
    const sheet = page.getByRole('dialog');
    expect(await sheet.getByRole('button', { name: 'Activate', exact: true }).isDisabled()).toBe(true);
    await confirmField(sheet).fill('second');
    await sheet.getByRole('button', { name: 'Activate', exact: true }).click();
    await sentence(page, /is now the active generation/);
  });

  test('switching back asks for the KeyStore’s password, since the keys were zeroed', async () => {
    await page.getByRole('combobox', { name: 'Profile' }).selectOption('demo');
    const lock = page.getByRole('dialog', { name: 'demo is locked' });
    await lock.getByLabel('Password of the KeyStore', { exact: true }).fill(PASSWORD);
    await lock.getByRole('button', { name: 'Unlock' }).click();
    await lock.waitFor({ state: 'detached' });
    await everythingIsReadable(page);
    await go(page, 'Master keys');
    await page.getByRole('button', { name: 'Activate new key' }).click();
    await sentence(page, /would take over/);
    await activate(page);
  });

  test('the theme is kept', async () => {
    await go(page, 'Settings');
    await page.getByLabel('High contrast').click();
    const background = (): Promise<string> => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await expect.poll(background).toBe('rgb(0, 0, 0)');
    await page.reload();
    await expect.poll(background).toBe('rgb(0, 0, 0)');
    await page.getByLabel('Light').click();
    await expect.poll(background).not.toBe('rgb(0, 0, 0)');
  });
});

async function everythingIsReadable(page: Page): Promise<void> {
  await go(page, 'Data');
  await page.getByRole('button', { name: 'Verify all' }).click();
  await page.getByRole('status').filter({ hasText: 'All 658 instances were opened just now, and every one is intact.' }).waitFor();
}
