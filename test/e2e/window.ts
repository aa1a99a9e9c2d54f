import { setTimeout as delay } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';
import type { CampaignView } from '../../app/contract/rekey.ts';

/** What the demo cluster holds, by the key that each instance needs: Sakila has 599 customers, Chinook 59. */
export const DEMO = {
  total: 599 + 59,
  /** Saved last under the third generation: every seventh customer. */
  third: 85,
  /** Every third customer that is no seventh, and the whole of Chinook. */
  second: 171 + 59,
  first: 343,
} as const;

export const LUI_KEY = 'masterkey_key_name';

/** Goes to a page of the navigation. */
export async function go(page: Page, name: 'Overview' | 'Master keys' | 'Data' | 'KMS' | 'Rekey' | 'Nodes' | 'Regions' | 'Configuration' | 'Audit' | 'Settings'): Promise<void> {
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click();
}

/** The page's sentence, once it is one like `pattern`, without the hidden word for its tone. */
export async function sentence(page: Page, pattern: RegExp, timeout = 20_000): Promise<string> {
  const heading = page.locator('#page h1').filter({ hasText: pattern });
  await heading.waitFor({ timeout });
  return (await heading.innerText()).replace(/^(Attention|Critical):\s*/, '').replaceAll(/\s+/g, ' ').trim();
}

/** The failure that is shown, with its three parts. */
export async function failure(within: Page | Locator): Promise<{ code: string; message: string; remedy: string }> {
  const panel = within.locator('.failure').first();
  await panel.waitFor();
  const text = (part: string): Promise<string> => panel.locator(`.failure-${part}`).innerText();
  return { code: (await text('code')).trim(), message: await text('message'), remedy: await text('remedy') };
}

export function keyRow(page: Page, description: string): Locator {
  return page.getByRole('grid', { name: 'Master keys' }).getByRole('row').filter({ has: page.locator(`code[title="${description}"]`) });
}

/** Types the line anew on the Activate page, and closes what is offered to complete it, however late it comes. */
export async function typeCommand(page: Page, text: string): Promise<void> {
  const line = page.getByRole('textbox', { name: 'Command' });
  await line.fill('');
  await line.pressSequentially(text);
  await page.keyboard.press('Escape');
}

/** From the Activate page with a sound command: opens the sheet, confirms, and waits for the end. @returns the description */
export async function activate(page: Page, reason?: string): Promise<string> {
  if (reason !== undefined) await page.getByLabel('Reason').fill(reason);
  await page.getByRole('button', { name: 'Activate…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Activate', exact: true }).click();
  return newGeneration(page);
}

export async function newGeneration(page: Page): Promise<string> {
  await sentence(page, /is now the active generation of/);
  return (await page.getByRole('region', { name: 'The new generation' }).getByRole('link').innerText()).trim();
}

/** The newest campaign, as the console tells it now. */
export async function campaignNow(page: Page): Promise<CampaignView> {
  const answer = await page.evaluate(() => window.keyConsole?.rekey.list());
  const [newest] = answer?.ok === true ? answer.value.campaigns : [];
  if (newest === undefined) throw new Error(JSON.stringify(answer));
  return newest;
}

/** Instances a second that the newest campaign does now: over six seconds, since its progress is written every two. */
export async function rekeyPace(page: Page): Promise<number> {
  const [{ done }, from] = [await campaignNow(page), performance.now()];
  await delay(6_000);
  return ((await campaignNow(page)).done - done) / ((performance.now() - from) / 1000);
}

/** Walks with Tab until what has the focus is called so. */
export async function tabTo(page: Page, name: RegExp, back = false): Promise<void> {
  for (let stop = 0; stop < 60; stop += 1) {
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      const label = element instanceof HTMLInputElement || element instanceof HTMLSelectElement ? element.labels?.[0]?.textContent : null;
      return element?.getAttribute('aria-label') ?? label ?? element?.textContent ?? '';
    });
    if (name.test(focused.trim())) return;
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
  }
  throw new Error(`Tab never reached ${name}.`);
}
