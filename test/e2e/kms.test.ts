import { DisableKeyCommand } from '@aws-sdk/client-kms';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bareClient, createKey, REGION } from '../peers/aws/aws.ts';
import { installLocalStack } from '../peers/aws/python-server.ts';
import { useAws } from '../peers/aws/use-aws.ts';
import { createKey as createGcpKey } from '../peers/gcp/gcp.ts';
import { startGcpPeer, type GcpPeer } from '../peers/gcp/server.ts';
import { awsSection, gcpSection, line, LU, Node, setAwsVariables } from '../peers/kms/node.ts';
import { violations } from './axe.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { failure, go, sentence, tabTo } from './window.ts';

// Before any hook: the first time it takes minutes.
const python = await installLocalStack();
const shortOf = (keyId: string): string => keyId.split('/').at(-1) ?? '';

describe.each(await hosts())('the page KMS on %s', (host) => {
  const aws = useAws(python);
  let gcp: GcpPeer;
  let opened: OpenConsole;
  let page: Page;
  let old: string;
  let current: string;
  let unused: string;
  let google: string;
  const node = new Node();
  const row = (keyId: string): Locator => page.getByRole('grid', { name: 'KMS keys' }).getByRole('row').filter({ has: page.locator(`code[title="${keyId}"]`) });
  const panel = (): Locator => page.getByRole('complementary', { name: 'KMS key' });
  const sheet = (): Locator => page.getByRole('dialog');
  const choose = async (keyId: string): Promise<void> => {
    await row(keyId).click();
    await page.keyboard.press('Enter');
    await panel().getByText(keyId).first().waitFor();
  };

  beforeAll(async () => {
    setAwsVariables();
    gcp = await startGcpPeer();
    await node.make({ gcp: { endpoint: gcp.endpoint } });
    old = await createKey(aws.url);
    current = await createKey(aws.url);
    unused = await createKey(aws.url);
    const off = await createKey(aws.url);
    const client = bareClient(aws.url, REGION);
    await client.send(new DisableKeyCommand({ KeyId: off }));
    client.destroy();
    google = createGcpKey(gcp);
    const services = await node.restart();
    await services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
    for (const [key, count] of [[old, 7], [current, 3]] as const) {
      node.configure({ ...awsSection(key), ...gcpSection(google) });
      await services.activation.run(line('AWS_KMS'), 'e2e');
      for (let id = 0; id < count; id += 1) await node.save(`${shortOf(key)}-${id}`);
    }
    await services.close();
    opened = await openConsole(host, { home: node.home, profile: 'mine' });
    page = opened.page;
    await sentence(page, /instances are readable/, 60_000);
  });
  afterAll(async () => {
    await opened?.remove();
    await node.remove();
    await gcp?.stop();
  });

  test('says whether they answer and what depends on each key, reached by keyboard', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    expect(await sentence(page, /in use answer/)).toBe('All 3 KMS keys in use answer; 10 instances depend on them.');
    const health = page.getByRole('group', { name: 'Health of each KMS' });
    await health.getByRole('row').filter({ hasText: 'AWS_KMS' }).getByText('calls go through').waitFor();
    await health.getByRole('row').filter({ hasText: 'GCP_KMS' }).getByText('answers').waitFor();
    await row(old).getByText('enabled').waitFor();
    await row(old).getByText('7', { exact: true }).waitFor();
    await row(current).getByText('3', { exact: true }).waitFor();
    await page.getByRole('grid', { name: 'KMS keys' }).getByText('disabled').waitFor();
    await opened.picture('kms-page');
  });

  test('tests each KMS with a random key', async () => {
    await page.keyboard.press('t');
    await page.getByRole('region', { name: /Each KMS wrapped a random key/ }).getByText('Make a key and wrap it').waitFor();
    await opened.picture('kms-test');
    await page.getByRole('button', { name: 'Close: test' }).click();
  });

  test('rotates a key: the KMS has two versions of it then, and the audit trail the act', async () => {
    await choose(google);
    const versions = panel().getByRole('region', { name: 'Versions at the KMS' }).getByRole('row');
    await versions.getByText('current').waitFor();
    expect(await versions.count()).toBe(1);
    await panel().getByRole('button', { name: 'Rotate now…' }).click();
    await sheet().getByText(/gets a new version at its KMS/).waitFor();
    expect(await violations(page)).toEqual([]);
    await opened.picture('kms-rotate');
    await sheet().getByRole('button', { name: 'Rotate now', exact: true }).click();
    await versions.nth(1).waitFor();
    expect(await versions.count()).toBe(2);
    await panel().getByRole('region', { name: 'Audit records' }).getByRole('row').filter({ hasText: 'kms.rotate' }).getByText('done').waitFor();
    await opened.picture('kms-rotated');
  });

  test('shows one key with its dependents at an address of its own', async () => {
    await choose(old);
    expect(decodeURIComponent(page.url())).toContain(`/kms/AWS_KMS/${old}`);
    await panel().getByRole('region', { name: 'What depends on it' }).getByRole('row').filter({ hasText: LU }).getByText('7', { exact: true }).waitFor();
    await panel().getByRole('region', { name: 'Generations that it wraps' }).getByText('deactivated').waitFor();
    await opened.picture('kms-key');
    await panel().getByRole('region', { name: 'Generations that it wraps' }).getByRole('link').click();
    await page.getByRole('complementary', { name: 'Key generation' }).getByRole('link', { name: old }).click();
    await panel().getByText(old).first().waitFor();
  });

  test('refuses to delete a key that instances need, with what they are', async () => {
    await panel().getByRole('button', { name: 'Schedule deletion…' }).click();
    expect((await failure(sheet())).code).toBe('KMS_KEY_IN_USE');
    await sheet().getByRole('row').filter({ hasText: LU }).getByText('7', { exact: true }).waitFor();
    expect(await sheet().getByRole('button', { name: 'Schedule the deletion' }).isDisabled()).toBe(true);
    expect(await violations(page)).toEqual([]);
    await opened.picture('kms-refused');
    await page.keyboard.press('Escape');
  });

  test('disables a key after its name was typed, says what is lost to nodes that start, and enables it again, all by keyboard', async () => {
    await tabTo(page, /^Disable…$/, true);
    await page.keyboard.press('Enter');
    await sheet().getByText(/can not read 1 generation with 7 instances/).waitFor();
    await sheet().getByRole('textbox').focus();
    await page.keyboard.type('something else');
    expect(await sheet().getByRole('button', { name: 'Disable', exact: true }).isDisabled()).toBe(true);
    await sheet().getByRole('textbox').fill(shortOf(old));
    await opened.picture('kms-disable');
    await page.keyboard.press('Enter');
    expect(await sentence(page, /is disabled/)).toBe(`KMS key ${shortOf(old)} is disabled. A node that starts now could not read 7 instances; nodes that run go on with what they hold.`);
    await panel().getByText('disabled').first().waitFor();
    await opened.picture('kms-disabled');
    await panel().getByRole('button', { name: 'Enable…' }).click();
    await sheet().getByRole('button', { name: 'Enable', exact: true }).click();
    await sentence(page, /^(Attention: |Critical: )?All 3 KMS keys in use answer/);
  });

  test('schedules the deletion of a key that nothing needs, and calls it back', async () => {
    await choose(unused);
    await panel().getByRole('button', { name: 'Schedule deletion…' }).click();
    await sheet().getByText(/is deleted in 30 days/).waitFor();
    await sheet().getByRole('textbox').fill(shortOf(unused));
    await sheet().getByRole('button', { name: 'Schedule the deletion' }).click();
    await panel().getByText('pending deletion').first().waitFor();
    await panel().getByRole('button', { name: 'Cancel deletion…' }).click();
    await sheet().getByRole('button', { name: 'Call the deletion back' }).click();
    await panel().getByText('disabled').first().waitFor();
    await panel().getByRole('region', { name: 'Audit records' }).getByText('kms.cancel-deletion').first().waitFor();
  });

  test.each(['light', 'dark'] as const)('its acts are marks of the timeline with words, reached by keyboard and by pointer, in the %s theme', async (theme) => {
    await page.evaluate((wanted) => window.keyConsole?.preferences.set({ theme: wanted, idleMinutes: 15 }), theme);
    await go(page, 'Master keys');
    await page.reload();
    await page.locator(`html[data-theme='${theme}']`).waitFor();
    const told = page.getByRole('status').filter({ hasText: / UTC by / });
    const tip = page.locator('.timeline-tip');
    await page.getByRole('application', { name: /^Timeline of/ }).waitFor();
    await tabTo(page, /^Timeline of/);
    // Done within seconds of each other, they are one mark that tells all of them.
    await page.keyboard.press(',');
    for (const does of [`${shortOf(unused)} called back from deletion`, `${shortOf(unused)} scheduled for deletion`, `${shortOf(old)} enabled`, `${shortOf(old)} disabled`]) {
      await told.filter({ hasText: `KMS key ${does}` }).waitFor();
      await tip.getByText(`KMS key ${does}`).waitFor();
    }
    await tip.getByText('From then on no node that started could read what it wraps.').waitFor();
    expect(await violations(page)).toEqual([]);
    await opened.picture(`kms-marks-${theme}`);
    await page.keyboard.press('Escape');
    await tip.waitFor({ state: 'hidden' });
    await page.keyboard.press('0');
    const box = await page.getByRole('application', { name: /^Timeline of/ }).boundingBox();
    if (box === null) throw new Error('no timeline');
    await page.waitForTimeout(300);
    for (let x = box.width - 16; x > box.width / 3 && !(await tip.isVisible()); x -= 5) await page.mouse.move(box.x + x, box.y + 35);
    await tip.getByText(/KMS key .* called back from deletion/).waitFor();
    const words = await tip.boundingBox();
    expect((words?.x ?? 0) + (words?.width ?? 0)).toBeLessThanOrEqual(box.x + box.width);
    await opened.picture(`kms-marks-all-${theme}`);
    await page.mouse.move(box.x + 20, box.y + 200);
    await tabTo(page, /^Timeline of/);
    await page.keyboard.press(',');
    await page.keyboard.press('Enter');
    await panel().getByText(unused).first().waitFor();
  });

  test.each(['light', 'dark', 'high-contrast'] as const)('axe finds nothing in the %s theme, also where the window is small', async (theme) => {
    await page.evaluate((wanted) => window.keyConsole?.preferences.set({ theme: wanted, idleMinutes: 15 }), theme);
    await page.reload();
    await page.locator(`html[data-theme='${theme}']`).waitFor();
    await sentence(page, /in use answer/);
    await panel().getByText(unused).first().waitFor();
    expect(await violations(page)).toEqual([]);
    await opened.picture(`kms-key-${theme}`);
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 1024, height: 700 });
    await row(old).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    expect(await violations(page)).toEqual([]);
    await opened.picture(`kms-small-${theme}`);
    await page.setViewportSize({ width: 1360, height: 860 });
    await choose(unused);
  });

  test('shows what is known where keys can not be listed, and where the KMS is away', async () => {
    await page.getByRole('button', { name: 'Close: KMS key' }).click();
    aws.proxy.set({ operation: 'ListKeys', fault: { kind: 'error', status: 400, type: 'AccessDeniedException', message: 'no' } });
    await go(page, 'Overview');
    await page.waitForTimeout(21_000);
    await go(page, 'KMS');
    await sentence(page, /does not let its other keys be listed/, 30_000);
    expect((await failure(page)).code).toBe('KMS_PERMISSION_DENIED');
    await row(old).getByText('enabled').waitFor();
    await opened.picture('kms-unlisted');
    aws.proxy.set({ fault: { kind: 'cut', after: null } });
    await page.waitForTimeout(21_000);
    await page.reload();
    await sentence(page, /AWS_KMS does not answer/, 40_000);
    await row(old).getByText('7', { exact: true }).waitFor();
    // After so many failures it is not asked for a while, which is said with how fast it answered before.
    const health = page.getByRole('group', { name: 'Health of each KMS' }).getByRole('row').filter({ hasText: 'AWS_KMS' });
    await health.getByText('not asked for a while').waitFor();
    await health.getByText('failing since').waitFor();
    await health.getByText(/^\d+(\.\d+)? ms$/).waitFor();
    await page.getByRole('contentinfo').getByText('KMS does not answer since').waitFor();
    expect(await violations(page)).toEqual([]);
    await opened.picture('kms-away');
    aws.proxy.set();
    await health.getByText('calls go through').waitFor({ timeout: 90_000 });
    await sentence(page, /in use answer/, 60_000);
  });

  test('says how to begin where no KMS is used', async () => {
    await page.evaluate(async (sqlite) => {
      await window.keyConsole?.profiles.create({ name: 'plain', sqlite, cassandra: null, fips: false, production: false });
      await window.keyConsole?.profiles.select({ name: 'plain' });
    }, join(node.home, 'plain.sqlite'));
    await page.evaluate(() => (window.location.hash = '#/kms'));
    expect(await sentence(page, /uses a KMS/)).toBe('No node and no master key uses a KMS.');
    await page.getByText('No KMS is used').waitFor();
    expect(await violations(page)).toEqual([]);
    await opened.picture('kms-empty');
    await page.evaluate(() => window.keyConsole?.profiles.select({ name: 'mine' }));
    await sentence(page, /in use answer/, 60_000);
  });

  test('does nothing from a locked window', async () => {
    const answer = await page.evaluate(async (keyId) => {
      await window.keyConsole?.session.lock();
      return window.keyConsole?.kms.act({ act: 'enable', provider: 'AWS_KMS', keyId, confirm: '' });
    }, unused);
    expect(answer).toMatchObject({ ok: false, code: 'LOCKED' });
    await opened.picture('kms-locked');
  });
});
