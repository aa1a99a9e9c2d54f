import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Profiles } from '../../app/profiles.ts';
import { CUSTOMERS, makeHome, PROFILE } from '../faults/cluster.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { failure, go, sentence, typeCommand } from './window.ts';

/** As {@link makeHome} chose it. */
const PASSWORD = 'fault-test-password';

describe.each(await hosts())('locking on %s', (host) => {
  let opened: OpenConsole;
  let page: Page;
  let remove: () => Promise<void>;
  const lock = () => page.getByRole('dialog', { name: `${PROFILE} is locked` });
  const unlock = async (password: string): Promise<void> => {
    await lock().getByLabel('Password of the KeyStore', { exact: true }).fill(password);
    await lock().getByRole('button', { name: 'Unlock' }).click();
  };

  beforeAll(async () => {
    const made = await makeHome({ keystore: true });
    remove = made.remove;
    // No source for the password: it has to be asked for.
    const profiles = new Profiles(made.home);
    await profiles.save({ ...(await profiles.get(PROFILE)), keystore: { file: join(made.home, 'fabric.keystore') } });
    await rm(join(made.home, 'password'));
    opened = await openConsole(host, { home: made.home, profile: PROFILE });
    page = opened.page;
  });
  afterAll(async () => {
    await opened.close();
    await remove();
  });

  test('the console starts locked, and nothing behind the lock can be reached', async () => {
    await lock().waitFor();
    await page.getByRole('banner', { includeHidden: true }).getByText('KeyStore locked').waitFor();
    await page.keyboard.press('Control+k');
    await page.keyboard.press('Escape');
    await lock().waitFor();
    expect(await page.getByRole('dialog').count()).toBe(1);
    for (let step = 0; step < 12; step += 1) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null)).toBe(true);
    }
    const answers = await page.evaluate(async () => [
      await window.keyConsole?.data.verify({}),
      await window.keyConsole?.data.show({ lu: 'CUSTOMER', id: '1' }),
      await window.keyConsole?.command.run({ text: "activatekey name='masterkey_key_name'" }),
      await window.keyConsole?.keystore.rotate({ confirm: 'faults' }),
    ]);
    expect(answers.map((answer) => (answer?.ok === false ? answer.code : answer))).toEqual(['LOCKED', 'LOCKED', 'LOCKED', 'LOCKED']);
  });

  test('a wrong password shows its code, what it means and what to do; the field is empty again', async () => {
    await unlock('not the password');
    expect(await failure(lock())).toEqual({
      code: 'KEYSTORE_PASSWORD_WRONG',
      message: expect.stringContaining('Nothing was changed') as string,
      remedy: expect.stringContaining('Check the password') as string,
    });
    expect(await lock().getByLabel('Password of the KeyStore', { exact: true }).inputValue()).toBe('');
  });

  test('the right one unlocks, and everything is readable', async () => {
    await unlock(PASSWORD);
    await lock().waitFor({ state: 'detached' });
    expect(await sentence(page, /readable/)).toContain(`All ${CUSTOMERS} instances are readable`);
    await page.getByRole('banner').getByText(/KeyStore, \d+ entries/).waitFor();
  });

  test('what was being written survives a lock from the keyboard', async () => {
    await page.getByRole('button', { name: 'Activate new key' }).click();
    await sentence(page, /would take over/);
    await typeCommand(page, "activatekey name='k2_hash_key'");
    await page.getByLabel('Reason').fill('half a reas');
    await page.keyboard.press('Control+Shift+l');
    await lock().waitFor();
    await unlock(PASSWORD);
    await lock().waitFor({ state: 'detached' });
    expect(await page.getByRole('textbox', { name: 'Command' }).inputValue()).toBe("activatekey name='k2_hash_key'");
    expect(await page.getByLabel('Reason').inputValue()).toBe('half a reas');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('TEXTAREA');
  });

  test('a lock takes decrypted content off the screen', async () => {
    await go(page, 'Data');
    await page.getByRole('grid', { name: /^Instances of/ }).getByRole('row').nth(1).click();
    await page.getByRole('button', { name: 'Decrypt and show…' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Decrypt and show', exact: true }).click();
    await page.getByRole('cell', { name: 'Customer 1', exact: true }).waitFor();
    // As the idle clock of main does it: the window is only told.
    await page.evaluate(() => window.keyConsole?.session.lock());
    await lock().waitFor();
    await expect.poll(() => page.evaluate(() => document.body.textContent?.includes('Customer 1'))).toBe(false);
    await unlock(PASSWORD);
    await lock().waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Decrypt and show…' }).waitFor();
  });

  test('the audit trail tells of each lock, each unlocking and the refused one', async () => {
    const answer = await page.evaluate(() => window.keyConsole?.audit.list({ limit: 100 }));
    if (answer?.ok !== true) throw new Error('no answer');
    const records = answer.value.records.filter((record) => record.act === 'go-live' || record.act === 'lock');
    expect(records.filter((record) => record.act === 'lock' && record.outcome === 'done').length).toBeGreaterThanOrEqual(2);
    expect(records.filter((record) => record.act === 'go-live').map((record) => record.outcome)).toContain('refused');
    expect(JSON.stringify(answer.value.records)).not.toContain(PASSWORD);
    expect(JSON.stringify(answer.value.records)).not.toContain('not the password');
  });
});
