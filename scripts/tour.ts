import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { Walk, type Findings } from './walk.ts';

/** The first start imports two databases. */
const IMPORT_PATIENCE = 180_000;
const NAME = 'masterkey_key_name';
const REASON = 'tour: a rotation from the window';

/**
 * Walks the main job once through the window: activates a master key on the profile that is open, and proves that
 * every instance stays readable. Writes a picture of every page (1440 × 900, light; the main ones dark too) and
 * `report.md` into the folder `out`, which is emptied first. Each run leaves one more generation behind.
 * @throws Error where a page of the navigation has no picture, and at the first expectation that does not come true, with the step; `failed.png` shows the page then.
 */
export async function tour(console: { readonly page: Page; close(): Promise<void> }, out: string): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const walk = new Walk(console.page, out);
  await walk.prepare();
  try {
    const findings = await mainJob(walk);
    writeFileSync(join(out, 'report.md'), walk.report(findings));
  } catch (error) {
    await walk.page.screenshot({ path: join(out, 'failed.png') }).catch(() => undefined);
    throw new Error(`The tour stopped at "${walk.step}": ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function mainJob(walk: Walk): Promise<Findings> {
  const { page } = walk;

  walk.begin('Waited for the demo cluster to be imported and encrypted');
  await walk.sentence(/instances? (are|is) readable/, IMPORT_PATIENCE);

  walk.begin('Looked at the overview');
  const readableBefore = figureIn(await walk.sentence(/^(Attention: )?All [\d,]+ instances are readable/), /All ([\d,]+) instances/);
  await page.getByRole('heading', { name: 'Keys in time' }).waitFor();
  await walk.picture('overview');

  walk.begin('Looked at the master keys');
  await walk.go('Master keys');
  const before = figureIn(await walk.sentence(/generations? of \d+ key names?;/), /^([\d,]+) generation/);
  const previous = await activeGeneration(walk);
  await walk.picture('keys');
  await rowOf(walk, previous).click();
  await page.getByRole('complementary', { name: 'Key generation' }).getByRole('button', { name: 'Verify' }).click();
  await page.getByRole('status').filter({ hasText: 'it is intact' }).waitFor();
  await walk.picture('key-generation');

  walk.begin('Looked at the data');
  await walk.go('Data');
  await walk.sentence(/instances of \d+ Logical Units?/);
  const instances = page.getByRole('grid', { name: /^Instances of/ });
  await instances.getByRole('row').nth(1).waitFor();
  await walk.picture('data');
  await instances.getByRole('row').nth(1).click();
  await walk.sentence(/ is intact: /);
  await walk.picture('instance', { dark: false });

  walk.begin('Typed the command, with a slip that the console saw');
  await walk.go('Master keys');
  await page.getByRole('button', { name: 'Activate new key' }).click();
  const line = page.getByRole('textbox', { name: 'Command' });
  await line.fill('');
  await line.pressSequentially(`activatekey name='${NAME.slice(0, -1)}'`);
  // What is offered to complete it would lie over the picture.
  await line.blur();
  await page.getByText('KEY_NAME_UNKNOWN').waitFor();
  await walk.picture('activate-slip', { dark: false });
  await page.getByRole('button', { name: /Did you mean/ }).click();
  walk.expect((await line.inputValue()) === `activatekey name='${NAME}'`, 'the suggestion mends the command');
  await page.getByLabel('Reason').fill(REASON);
  await walk.sentence(new RegExp(`A new generation of ${NAME} would take over`));
  await page.getByRole('heading', { name: 'What stays readable, and through what' }).waitFor();
  await walk.picture('activate');

  walk.begin('Confirmed the plan, and watched the steps');
  await page.getByRole('button', { name: 'Activate…' }).click();
  const sheet = page.getByRole('dialog', { name: /Activate a new generation/ });
  await sheet.waitFor();
  await walk.picture('activate-plan', { dark: false });
  await sheet.getByRole('button', { name: 'Activate', exact: true }).click();
  await walk.sentence(/is now the active generation of/);
  const steps = await page.getByRole('list', { name: 'Steps of the activation' }).getByRole('listitem').allInnerTexts();
  walk.expect(steps.length >= 6 && steps.every((step) => /done|stripes/.test(step)), `every step is done, not: ${steps.join(' / ')}`);
  const made = page.getByRole('region', { name: 'The new generation' }).getByRole('link');
  const description = (await made.innerText()).trim();
  await walk.picture('activated');

  walk.begin('Found the new generation on the timeline');
  await walk.go('Master keys');
  await walk.sentence(new RegExp(`^(Attention: )?${(before + 1).toLocaleString('en-US')} generations of`));
  walk.expect((await activeGeneration(walk)) === description, 'the new generation is the active one');
  walk.expect((await rowOf(walk, previous).getByRole('gridcell', { name: 'deactivated', exact: true }).count()) === 1, 'the one before it is deactivated');
  await walk.picture('keys-after');
  await rowOf(walk, description).click();
  const panel = page.getByRole('complementary', { name: 'Key generation' });
  await panel.getByText(REASON).waitFor();
  const fingerprint = await panel.locator('dt', { hasText: 'Fingerprint' }).locator('+ dd').innerText();
  await walk.picture('new-generation', { dark: false });

  walk.begin('Opened every instance');
  await walk.go('Data');
  await page.getByRole('button', { name: 'Verify all' }).click();
  const verified = page.getByRole('status').filter({ hasText: /were opened just now, and every one is intact/ });
  await verified.waitFor();
  const readableAfter = figureIn(await verified.innerText(), /All ([\d,]+) instances/);
  walk.expect(readableAfter === readableBefore, `${readableBefore} instances are readable as before, not ${readableAfter}`);
  await walk.picture('data-verified');

  await rekey(walk);
  const auditRecords = await audit(walk);
  await keyServices(walk);
  await nodes(walk);
  await configuration(walk);
  await settings(walk);
  await paletteAndLock(walk);
  await walk.expectEveryPagePictured();
  return { readableBefore, previous, description, fingerprint: fingerprint.trim(), readableAfter, auditRecords };
}

async function rekey(walk: Walk): Promise<void> {
  const { page } = walk;
  walk.begin('Planned a rekey, throttled it, and saw it proven');
  await walk.go('Rekey');
  await walk.sentence(/are under \d+ older generations?/);
  await page.getByRole('button', { name: 'Rekey…' }).click();
  const sheet = page.getByRole('dialog', { name: 'Rekey' });
  await sheet.getByRole('button', { name: /^Re-encrypt [\d,]+ instances$/ }).waitFor();
  await sheet.getByLabel('Throttle').fill('6');
  await sheet.getByText('as throttled').waitFor();
  await walk.picture('rekey-plan', { dark: false });
  await sheet.getByRole('button', { name: /^Re-encrypt/ }).click();
  await walk.sentence(/^[1-9][\d,]* of [\d,]+ instances are re-encrypted/);
  await walk.picture('rekey-running');
  await page.getByLabel('Throttle').fill('15');
  await walk.sentence(/^Proven: of [\d,]+ instances/);
  await page.getByText('Zero references').waitFor();
  await walk.picture('rekey-proof');
  await walk.go('Rekey');
  await walk.sentence(/^No instance needs an older generation/);
  await walk.picture('rekey', { dark: false });
}

async function audit(walk: Walk): Promise<number> {
  const { page } = walk;
  walk.begin('Verified the audit chain');
  await walk.go('Audit');
  const proof = /^([\d,]+) records, unbroken since/;
  await walk.sentence(proof);
  await page.getByRole('button', { name: 'Verify now' }).click();
  await page.getByRole('contentinfo').getByText(/Audit chain of [\d,]+ records? verified/).waitFor();
  const records = figureIn(await walk.sentence(proof), proof);
  const begun = page.getByRole('grid', { name: 'Audit records' }).getByRole('row').filter({ hasText: 'activatekey' }).filter({ hasText: 'started' }).first();
  await begun.waitFor();
  await walk.picture('audit');
  await begun.click();
  await page.getByRole('complementary', { name: /^Audit record/ }).getByText(REASON).waitFor();
  await walk.picture('audit-record', { dark: false });
  return records;
}

async function keyServices(walk: Walk): Promise<void> {
  walk.begin('Looked at the key management services, and at the regions of their keys');
  await walk.go('KMS');
  await walk.sentence(/KMS/);
  await walk.picture('kms', { dark: false });
  await walk.go('Regions');
  await walk.sentence(/region/);
  await walk.picture('regions', { dark: false });
}

async function nodes(walk: Walk): Promise<void> {
  const { page } = walk;
  walk.begin('Looked at the processes that hold the keys');
  await walk.go('Nodes');
  await walk.sentence(/went live on it/);
  await page.getByRole('grid', { name: 'Processes of the platform' }).getByRole('row').nth(1).waitFor();
  await walk.picture('nodes', { dark: false });
}

async function configuration(walk: Walk): Promise<void> {
  const { page } = walk;
  walk.begin('Looked at every node’s config.ini, and at what a change would do to them');
  await walk.go('Configuration');
  await walk.sentence(/config\.ini of 2 nodes/);
  await page.getByRole('group', { name: 'Side by side' }).getByText('Did you mean ENTITY_ENCRYPTION_MODE?').waitFor();
  await walk.picture('configuration');
  await page.getByRole('button', { name: 'Change ENTITY_ENCRYPTION_MODE' }).click();
  const sheet = page.getByRole('dialog', { name: 'Change a value of config.ini' });
  await sheet.getByLabel('Value').fill('MDB');
  await sheet.getByRole('group', { name: 'Difference on node-2' }).waitFor();
  await walk.picture('configuration-change', { dark: false });
  await sheet.getByRole('button', { name: 'Cancel' }).click();
  await sheet.waitFor({ state: 'detached' });
}

async function settings(walk: Walk): Promise<void> {
  const { page } = walk;
  walk.begin('Looked at the settings, and at what a new protection key would touch');
  await walk.go('Settings');
  await walk.sentence(/^(Attention: )?Profile .* protects its master keys/);
  await walk.picture('settings');
  await page.getByRole('button', { name: 'Rotate the protection key…' }).click();
  const sheet = page.getByRole('dialog', { name: 'Rotate the protection key' });
  await sheet.getByText('Make a new 256-bit protection key').waitFor();
  await walk.picture('rotate-protection', { dark: false });
  await sheet.getByRole('button', { name: 'Cancel' }).click();
  await sheet.waitFor({ state: 'detached' });
}

async function paletteAndLock(walk: Walk): Promise<void> {
  const { page } = walk;
  walk.begin('Opened the palette, and locked');
  await walk.go('Overview');
  await walk.sentence(/instances are readable/);
  await page.keyboard.press('Control+k');
  const palette = page.getByRole('dialog', { name: 'Palette' });
  await palette.waitFor();
  await walk.picture('palette');
  await page.keyboard.press('Escape');
  await palette.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Lock', exact: true }).click();
  const lock = page.getByRole('dialog', { name: /is locked/ });
  await lock.waitFor();
  await walk.picture('locked');
  await lock.getByRole('button', { name: 'Unlock' }).click();
  await lock.waitFor({ state: 'detached' });
  await walk.sentence(/instances are readable/);
}

/** The description of the active generation of the key that encrypts instances, from the table. */
async function activeGeneration({ page }: Walk): Promise<string> {
  const row = page
    .getByRole('grid', { name: 'Master keys' })
    .getByRole('row')
    .filter({ has: page.getByRole('gridcell', { name: 'active', exact: true }) })
    .filter({ hasText: NAME });
  return (await row.locator('code[title]').first().getAttribute('title')) ?? '';
}

function rowOf({ page }: Walk, description: string): Locator {
  return page.getByRole('grid', { name: 'Master keys' }).getByRole('row').filter({ has: page.locator(`code[title="${description}"]`) });
}

function figureIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text.replace('Attention: ', '').trim())?.[1];
  if (found === undefined) throw new Error(`No figure in "${text}".`);
  return Number(found.replaceAll(',', ''));
}
