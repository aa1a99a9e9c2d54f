import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { violations } from './axe.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { sentence } from './window.ts';

/** Every page, with what tells that it is there. */
const PAGES = [
  ['overview', '#/', /instances are readable/],
  ['master keys', '#/keys', /generations? of \d+ key name/],
  ['activate', '#/activate', /would take over/],
  ['a command with a mistake', "#/activate?command=activatekey%20nam%3D'x'", /can not be carried out/],
  ['data', '#/data', /instances of 2 Logical Units/],
  ['an instance', '#/data/CUSTOMER/1', /is intact/],
  ['rekeys', '#/rekey', /older generation/],
  ['audit', '#/audit', /unbroken since/],
  ['an audit record', '#/audit/1', /unbroken since/],
  ['settings', '#/settings', /protects its master keys/],
  ['an address that leads nowhere', '#/nowhere', /no page at this address/],
] as const;

describe.each(await hosts())('the window for everybody on %s', (host) => {
  let opened: OpenConsole;
  let page: Page;
  const visit = async (address: string, pattern: RegExp): Promise<void> => {
    await page.evaluate((to) => {
      location.hash = to;
    }, address);
    await sentence(page, pattern);
  };
  const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? '');

  beforeAll(async () => {
    opened = await openConsole(host);
    page = opened.page;
    await sentence(page, /instances are readable/, 60_000);
  });
  afterAll(() => opened.remove());

  describe.each(['light', 'dark', 'high-contrast'] as const)('in the %s theme axe finds nothing', (theme) => {
    beforeAll(async () => {
      await page.evaluate((wanted) => window.keyConsole?.preferences.set({ theme: wanted, idleMinutes: 15 }), theme);
      await page.reload();
      await page.locator(`html[data-theme='${theme}']`).waitFor();
    });

    test.each(PAGES)('on %s', async (_, address, pattern) => {
      await visit(address, pattern);
      expect(await violations(page)).toEqual([]);
    });

    test('on a generation’s panel', async () => {
      await visit('#/keys', /generations? of/);
      await page.getByRole('grid', { name: 'Master keys' }).getByRole('row').nth(1).click();
      await page.getByRole('complementary', { name: 'Key generation' }).getByText('all 65 found').waitFor();
      expect(await violations(page)).toEqual([]);
    });

    test('on the palette, the sheet of keys, a sheet of consequences and the lock screen', async () => {
      await visit('#/settings', /protects its master keys/);
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog', { name: 'Palette' }).waitFor();
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).waitFor();
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Rotate the protection key…' }).click();
      await page.getByRole('dialog').getByText('Make a new 256-bit protection key').waitFor();
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await page.keyboard.press('Control+Shift+l');
      await page.getByRole('dialog', { name: 'demo is locked' }).waitFor();
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    });
  });

  test('a line that can not be carried out leaves no form that says something else', async () => {
    const form = page.getByRole('textbox', { name: 'Arguments' });
    await visit("#/activate?command=activatekey%20name%3D'masterkey_key_name'%20storeType%3D'GCP_KMS'", /can not be carried out/);
    await page.getByText('The form does not show what the line says').waitFor();
    expect(await form.isDisabled()).toBe(true);
    await page.getByRole('textbox', { name: 'Command' }).fill("activatekey name='masterkey_key_name'");
    await sentence(page, /would take over/);
    expect(await form.isDisabled()).toBe(false);
  });

  test('axe sees what is wrong', async () => {
    await visit('#/', /readable/);
    await page.evaluate(() => {
      const pale = document.createElement('p');
      pale.id = 'planted';
      pale.textContent = 'pale';
      Object.assign(pale.style, { color: '#eee', background: '#fff' });
      const nameless = document.createElement('input');
      nameless.id = 'nameless';
      document.querySelector('#page')?.append(pale, nameless);
    });
    expect((await violations(page)).map((each) => each.split(':')[0]).sort()).toEqual(['color-contrast', 'label']);
    await page.evaluate(() => document.querySelectorAll('#planted, #nameless').forEach((each) => each.remove()));
  });

  test('every page is reached by two letters, and begins at its sentence', async () => {
    for (const [letter, pattern] of [['k', /generations? of/], ['d', /Logical Units/], ['r', /older generation/], ['a', /unbroken/], ['s', /protects/], ['n', /would take over/], ['o', /readable/]] as const) {
      await page.locator('body').click({ position: { x: 2, y: 300 } });
      await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
      await page.keyboard.press('g');
      await page.keyboard.press(letter);
      await sentence(page, pattern);
    }
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await sentence(page, /protects/);
    await expect.poll(focused).toMatch(/^Page$/);
  });

  test('the skip link leads past the navigation, and every stop of Tab can be seen', async () => {
    await visit('#/', /readable/);
    await page.reload();
    await sentence(page, /readable/);
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    await expect.poll(focused).toBe('Page');
    for (let stop = 0; stop < 15; stop += 1) {
      await page.keyboard.press('Tab');
      const seen = await page.evaluate(() => {
        const element = document.activeElement;
        if (element === null || element === document.body) return true;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
        return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
      });
      expect(seen, await focused()).toBe(true);
    }
  });

  test('a table is filtered, walked and opened with the keyboard', async () => {
    await visit('#/data', /Logical Units/);
    await page.getByRole('grid', { name: /^Instances of CUSTOMER/ }).getByRole('row').nth(1).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('17');
    const grid = page.getByRole('grid', { name: /^Instances of/ });
    await expect.poll(() => page.locator('.table-count').innerText()).toMatch(/^[1-9]\d* of/);
    await page.keyboard.press('Tab');
    for (let stop = 0; stop < 12 && !(await page.evaluate(() => document.activeElement?.getAttribute('role') === 'row')); stop += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-rowindex'))).toBe('3');
    const id = await grid.locator('[aria-rowindex="3"] code').first().innerText();
    await page.keyboard.press('Enter');
    await sentence(page, new RegExp(`^CUSTOMER ${id} is intact`));
  });
});
