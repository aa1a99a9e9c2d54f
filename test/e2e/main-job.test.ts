import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { activate, DEMO, go, keyRow, LUI_KEY, newGeneration, sentence, typeCommand } from './window.ts';

describe.each(await hosts())('the main job on %s', (host) => {
  const home = mkdtempSync(join(tmpdir(), 'fkc-e2e-'));
  let opened: OpenConsole;
  let page: Page;
  let inTheWay: ChildProcess;
  const problems: string[] = [];
  let before = '';
  let made = '';

  beforeAll(async () => {
    inTheWay = spawn(process.execPath, [fileURLToPath(new URL('./slow-import.ts', import.meta.url)), join(home, 'demo', 'system.sqlite')], { stdio: ['pipe', 'pipe', 'inherit'] });
    opened = await openConsole(host, { home });
    page = opened.page;
    page.on('pageerror', (error) => problems.push(error.message));
  });
  afterAll(async () => {
    inTheWay.kill();
    await opened.remove();
  });

  test('the first start shows how far the import is, then says exactly what is readable', async () => {
    const progress = await sentence(page, /imported and encrypted: \d+ of 599 instances/);
    expect(progress).toMatch(/^The data are being imported and encrypted: [1-9]\d* of 599 instances so far/);
    await page.getByRole('progressbar').waitFor();
    inTheWay.stdin?.end();
    await once(inTheWay, 'exit');
    expect(await sentence(page, /instances are readable/)).toBe(
      `All ${DEMO.total} instances are readable, ${DEMO.third} under the active generation and ${DEMO.first + DEMO.second} under older ones. One finding needs you.`,
    );
  });

  test('the timeline holds three generations with real history', async () => {
    await go(page, 'Master keys');
    await sentence(page, /^4 generations of 2 key names; masterkey_key_name was renewed 3 days ago, and 573 instances still need older generations/);
    await page.getByRole('application', { name: /^Timeline of 4 generations under 2 key names/ }).waitFor();
    const rows = await page.getByRole('grid', { name: 'Master keys' }).getByRole('row').filter({ hasText: LUI_KEY }).allInnerTexts();
    const figures = rows.map((row) => [/\b(active|deactivated)\b/.exec(row)?.[1], Number(/\n(\d+)\n/.exec(row)?.[1])]);
    expect(figures).toEqual([['active', DEMO.third], ['deactivated', DEMO.second], ['deactivated', DEMO.first]]);
    const active = page.getByRole('grid', { name: 'Master keys' }).getByRole('row').filter({ hasText: LUI_KEY }).first();
    before = (await active.locator('code[title]').first().getAttribute('title')) ?? '';
    expect(before).toMatch(/^masterkey_key_name-\d{8}t\d{6}\.\d{3}z-[0-9a-f]{8}$/);
  });

  test('the form and the line keep in step, both ways', async () => {
    await page.getByRole('button', { name: 'Activate new key' }).click();
    const line = page.getByRole('textbox', { name: 'Command' });
    await expect.poll(() => line.inputValue()).toBe("activatekey name='masterkey_key_name'");
    await page.getByLabel('Key name').selectOption('k2_hash_key');
    await expect.poll(() => line.inputValue()).toBe("activatekey name='k2_hash_key'");
    await sentence(page, /A new generation of k2_hash_key would take over/);
    await typeCommand(page, "ACTIVATEKEY storeType = 'Stripe_AES'  name='masterkey_key_name'");
    await expect.poll(() => page.getByLabel('Key name').inputValue()).toBe(LUI_KEY);
    // What was typed is left as it was typed.
    expect(await line.inputValue()).toBe("ACTIVATEKEY storeType = 'Stripe_AES'  name='masterkey_key_name'");
    // The form offers what is configured; the line takes anything, and says why it can not be done.
    expect(await page.getByLabel('Store').locator('option[value="GCP_KMS"]').isDisabled()).toBe(true);
    await typeCommand(page, "activatekey name='masterkey_key_name' storeType='GCP_KMS'");
    await page.getByText('PROVIDER_NOT_CONFIGURED').waitFor();
    expect(await page.getByRole('button', { name: 'Activate…' }).isDisabled()).toBe(true);
    await typeCommand(page, "activatekey name='masterkey_key_name'");
    await expect.poll(() => page.getByRole('button', { name: 'Activate…' }).isDisabled()).toBe(false);
  });

  test('a slip is one inline error where it stands, with what was probably meant', async () => {
    await typeCommand(page, "activatekey nam='masterkey_key_name'");
    await page.getByText('COMMAND_PARAMETER_UNKNOWN').waitFor();
    expect(await page.locator('.command-mirror mark').innerText()).toBe('nam');
    expect(await page.getByRole('textbox', { name: 'Command' }).getAttribute('aria-invalid')).toBe('true');
    await page.getByRole('button', { name: /Did you mean name/ }).click();
    await page.getByText('COMMAND_PARAMETER_UNKNOWN').waitFor({ state: 'detached' });
    await typeCommand(page, "activatekey name='masterkey_key_nmae'");
    await page.getByText('KEY_NAME_UNKNOWN').waitFor();
    await page.getByRole('button', { name: /Did you mean/ }).click();
    expect(await page.getByRole('textbox', { name: 'Command' }).inputValue()).toBe("activatekey name='masterkey_key_name'");
  });

  test('the preview says what stays readable through what; the steps run live; the new generation is active', async () => {
    expect(await sentence(page, /would take over/)).toContain(`${DEMO.total} instances stay readable under their older generations`);
    const readable = page.getByRole('table').filter({ has: page.getByRole('columnheader', { name: 'Through' }) });
    const counts = await readable.getByRole('row').locator('td.number').allInnerTexts();
    expect(counts.map(Number).sort((a, b) => a - b)).toEqual([DEMO.third, DEMO.second, DEMO.first].sort((a, b) => a - b));

    await page.evaluate(() => {
      window.heard = [];
      window.keyConsole?.events.subscribe((event) => {
        if (event.type === 'activation') window.heard?.push(event.step);
      });
    });
    made = await activate(page, 'main job in the window');
    expect(made).not.toBe(before);
    const heard = (await page.evaluate(() => window.heard)) as string[];
    expect([...new Set(heard)]).toEqual(['generated', 'wrapped', 'stored', 'read-back', 'verified', 'described', 'active']);
    const steps = await page.getByRole('list', { name: 'Steps of the activation' }).getByRole('listitem').allInnerTexts();
    expect(steps.map((step) => step.split(/\n/).at(-1)?.trim())).toEqual(['done', 'done', '65 of 65 stripes', 'done', 'done', 'done', 'done']);
  });

  test('the timeline and the census have changed', async () => {
    await go(page, 'Master keys');
    await sentence(page, /^5 generations of 2 key names; masterkey_key_name was renewed just now, and 658 instances still need older generations/);
    await page.getByRole('application', { name: /^Timeline of 5 generations/ }).waitFor();
    await keyRow(page, made).getByRole('gridcell', { name: 'active', exact: true }).waitFor();
    await keyRow(page, before).getByRole('gridcell', { name: 'deactivated', exact: true }).waitFor();
    await keyRow(page, made).click();
    const panel = page.getByRole('complementary', { name: 'Key generation' });
    await panel.getByText('main job in the window').waitFor();
    await panel.getByText('all 65 found').waitFor();
    await go(page, 'Data');
    expect(await sentence(page, /instances of 2 Logical Units/)).toMatch(/^658 instances of 2 Logical Units, [\d.]+ MiB sealed, lie under 3 generations; none under the active one\. Counted just now\.$/);
  });

  test('every instance stays readable', async () => {
    await page.getByRole('button', { name: 'Verify all' }).click();
    await page.getByRole('status').filter({ hasText: 'All 658 instances were opened just now, and every one is intact.' }).waitFor();
  });

  test('the keyboard alone rotates again, from the palette', async () => {
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog', { name: 'Palette' });
    await palette.waitFor();
    await page.keyboard.type("activatekey name='master");
    await page.keyboard.press('Tab');
    await expect.poll(() => palette.getByRole('textbox', { name: 'Command' }).inputValue()).toMatch(/^activatekey name='masterkey_key_name'/);
    await palette.getByText(/A new generation of masterkey_key_name would take over/).waitFor();
    await page.keyboard.press('Enter');
    await palette.waitFor({ state: 'detached' });
    await sentence(page, /would take over/);
    await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Command');
    await page.keyboard.press('Enter');
    const sheet = page.getByRole('dialog', { name: /Activate a new generation/ });
    await sheet.waitFor();
    await tabTo(page, 'Activate');
    await page.keyboard.press('Enter');
    const again = await newGeneration(page);
    expect(again).not.toBe(made);
    await page.keyboard.press('g');
    await page.keyboard.press('k');
    await sentence(page, /^6 generations of 2 key names/);
    await keyRow(page, again).getByRole('gridcell', { name: 'active', exact: true }).waitFor();
  });

  test('what another process activates is seen within seconds', async () => {
    const cli = fileURLToPath(new URL('../../app/cli/index.ts', import.meta.url));
    const { FKC_PROFILE: _profile, ...environment } = process.env;
    const { stdout } = await promisify(execFile)(process.execPath, [cli, 'run', `activatekey name='${LUI_KEY}'`, '--reason', 'from another process', '--json'], { env: { ...environment, FKC_HOME: home } });
    const { description } = JSON.parse(stdout) as { description: string };
    const ended = Date.now();
    await sentence(page, /^7 generations of 2 key names/);
    await keyRow(page, description).getByRole('gridcell', { name: 'active', exact: true }).waitFor();
    expect(Date.now() - ended).toBeLessThan(8_000);
    // This window's own process can use the key that it has never held before.
    await go(page, 'Data');
    await page.getByRole('button', { name: 'Verify all' }).click();
    await page.getByRole('status').filter({ hasText: 'All 658 instances were opened just now' }).waitFor();
  });

  test('the window met nothing that it did not foresee', () => {
    expect(problems).toEqual([]);
  });
});

/** Walks with Tab until the button of this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let step = 0; step < 20; step += 1) {
    if ((await page.evaluate(() => document.activeElement?.textContent)) === name) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reached "${name}".`);
}
