import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import { rmSync } from 'node:fs';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bareClient, createKey, REGION } from '../peers/aws/aws.ts';
import { installLocalStack } from '../peers/aws/python-server.ts';
import { useAws } from '../peers/aws/use-aws.ts';
import { createKey as createGcpKey, LOCATION } from '../peers/gcp/gcp.ts';
import { startGcpPeer, type GcpPeer } from '../peers/gcp/server.ts';
import { createKey as createKmipKey } from '../peers/kmip/kmip.ts';
import { makePki, startGoPeer, type KmipPeer, type Pki } from '../peers/kmip/servers.ts';
import { awsSection, gcpSection, kmipSection, LU, Node, setAwsVariables } from '../peers/kms/node.ts';
import { violations } from './axe.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { activate, failure, go, keyRow, LUI_KEY, sentence, tabTo } from './window.ts';

// Before any hook: the first time it takes minutes.
const python = await installLocalStack();
const INSTANCES = 5;
const BY_KMS = `activatekey name='${LUI_KEY}' generatorType='AWS_KMS' storeType='AWS_KMS'`;

describe.each(await hosts())('activating a key of a KMS from the window on %s', (host) => {
  const aws = useAws(python);
  let opened: OpenConsole;
  let page: Page;
  let key: string;
  let before: string;
  const node = new Node();

  beforeAll(async () => {
    setAwsVariables();
    key = await createKey(aws.url);
    await node.make();
    node.configure(awsSection(key));
    const services = await node.restart();
    await services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
    for (let id = 0; id < INSTANCES; id += 1) before = await node.save(`old-${id}`);
    await services.close();
    opened = await openConsole(host, { home: node.home, profile: 'mine' });
    page = opened.page;
    await sentence(page, /instances are readable/, 60_000);
  });
  afterAll(async () => {
    await opened?.remove();
    await node.remove();
  });

  test('the form offers the configured KMS, the line follows, and the preview tells key, calls and what stays readable', async () => {
    await toActivate(page);
    await tabTo(page, /^Generator/, true);
    await opened.picture('activate-kms-form');
    await page.getByLabel('Generator').selectOption('AWS_KMS');
    await expect.poll(() => commandLine(page).inputValue()).toBe(BY_KMS);
    expect(await page.getByLabel('Store').inputValue()).toBe('AWS_KMS');
    await page.getByText(`KMS key ${key} in ${REGION}, as this node’s config.ini names it.`).waitFor();
    expect(await sentence(page, /would take over/)).toContain(`${INSTANCES} instances stay readable under their older generations`);
    expect(await violations(page)).toEqual([]);
    const touched = page.getByRole('region', { name: 'What it touches' });
    await touched.getByRole('row').filter({ hasText: LU }).getByText(String(INSTANCES), { exact: true }).waitFor();
    await touched.getByText('Config.ini of node-1 names AWS_KMS.').waitFor();
    await touched.getByText(`Regions: ${REGION}`).waitFor();
    await opened.picture('activate-kms-preview');
    await page.getByRole('button', { name: 'Activate…' }).click();
    await page.getByRole('dialog').getByText(/Wrapped by AWS_KMS under .*GenerateDataKey 1/).waitFor();
    await page.getByRole('dialog').getByText('Config.ini of node-1 names AWS_KMS.').waitFor();
    expect(await violations(page)).toEqual([]);
    await opened.picture('activate-kms-sheet');
    await page.keyboard.press('Escape');
  });

  test.each([
    ['refuses', 'KMS_PERMISSION_DENIED', () => aws.proxy.set({ operation: 'GenerateDataKey', fault: { kind: 'error', status: 400, type: 'AccessDeniedException', message: 'no' } }), () => aws.proxy.set()],
    ['has the key disabled', 'KMS_KEY_DISABLED', () => turn(false), () => turn(true)],
  ] as const)('where the KMS %s the old generation stays active, and it is said', async (_, code, breakIt, mendIt) => {
    await page.getByRole('button', { name: 'Activate…' }).click();
    await breakIt();
    try {
      await page.getByRole('dialog').getByRole('button', { name: 'Activate', exact: true }).click();
      expect((await failure(page)).code).toBe(code);
      expect((await active(page))?.description).toBe(before);
      expect(await violations(page)).toEqual([]);
      await opened.picture(`activate-kms-${code}`);
    } finally {
      await mendIt();
    }
    await toActivate(page);
    await page.getByLabel('Generator').selectOption('AWS_KMS');
    await expect.poll(() => commandLine(page).inputValue()).toBe(BY_KMS);
    await sentence(page, /would take over/);
  });

  test('the new generation is wrapped by the KMS key; what was saved stays readable, and what is saved goes under it', async () => {
    const made = await activate(page, 'from the window');
    expect(made).not.toBe(before);
    const steps = await page.getByRole('list', { name: 'Steps of the activation' }).getByRole('listitem').allInnerTexts();
    expect(steps.every((step) => !/failed|not begun/i.test(step))).toBe(true);
    expect(await violations(page)).toEqual([]);
    await opened.picture('activate-kms-done');
    expect(await active(page)).toMatchObject({ description: made, generator: 'AWS_KMS', store: 'AWS_KMS', wrapping: { kind: 'kms', provider: 'AWS_KMS', keyId: key, location: REGION } });
    await go(page, 'Master keys');
    await keyRow(page, made).waitFor();
    await go(page, 'Data');
    await page.getByRole('button', { name: 'Verify all' }).click();
    await page.getByRole('status').filter({ hasText: `All ${INSTANCES} instances were opened just now, and every one is intact.` }).waitFor();
    // A process that starts now unwraps it at the KMS.
    const services = await node.restart();
    expect(await node.save('new')).toBe(made);
    await services.close();
    await go(page, 'KMS');
    await page.getByRole('grid', { name: 'KMS keys' }).getByRole('row').filter({ has: page.locator(`code[title="${key}"]`) }).getByText('enabled').waitFor();
  });

  test('and back to this cluster’s own modules by the form', async () => {
    await toActivate(page);
    await page.getByLabel('Generator').selectOption('Java_AES');
    await page.getByLabel('Store').selectOption('Stripe_AES');
    await sentence(page, new RegExp(`would take over.*${INSTANCES + 1} instances stay readable`));
    const made = await activate(page);
    expect(await active(page)).toMatchObject({ description: made, generator: 'Java_AES', store: 'Stripe_AES', wrapping: { kind: 'internal' } });
    await go(page, 'Data');
    await page.getByRole('button', { name: 'Verify all' }).click();
    await page.getByRole('status').filter({ hasText: `All ${INSTANCES + 1} instances were opened just now, and every one is intact.` }).waitFor();
  });

  async function turn(on: boolean): Promise<void> {
    const client = bareClient(aws.url, REGION);
    await client.send(on ? new EnableKeyCommand({ KeyId: key }) : new DisableKeyCommand({ KeyId: key }));
    client.destroy();
  }
});

describe.each(await hosts())('activating a key of Google and of a KMIP server from the window on %s', (host) => {
  let opened: OpenConsole;
  let page: Page;
  let gcp: GcpPeer;
  let kmip: KmipPeer;
  let pki: Pki;
  let saved = INSTANCES;
  const wraps = { GCP_KMS: { keyId: '', location: LOCATION }, KMIP_KMS: { keyId: '', location: '' } };
  const node = new Node();

  beforeAll(async () => {
    gcp = await startGcpPeer();
    pki = makePki();
    kmip = await startGoPeer(pki);
    wraps.GCP_KMS.keyId = createGcpKey(gcp);
    wraps.KMIP_KMS = { keyId: await createKmipKey(pki, kmip.port), location: `127.0.0.1:${kmip.port}` };
    await node.make({ gcp: { endpoint: gcp.endpoint }, kmip: { ca: pki.authority.ca, cert: pki.alice.cert, key: pki.alice.key } });
    node.configure({ ...gcpSection(wraps.GCP_KMS.keyId), ...kmipSection(kmip.port, wraps.KMIP_KMS.keyId) });
    const services = await node.restart();
    await services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
    for (let id = 0; id < saved; id += 1) await node.save(`old-${id}`);
    await node.stop();
    opened = await openConsole(host, { home: node.home, profile: 'mine' });
    page = opened.page;
    await sentence(page, /instances are readable/, 60_000);
  });
  afterAll(async () => {
    await opened?.remove();
    await node.remove();
    await gcp?.stop();
    await kmip?.stop();
    if (pki !== undefined) rmSync(pki.folder, { recursive: true, force: true });
  });

  test.each([
    ['GCP_KMS', 'light', (): string => LOCATION],
    ['KMIP_KMS', 'dark', (): string => `127.0.0.1:${kmip.port}, ${LOCATION}`],
  ] as const)('%s is chosen, the line follows, the new generation is wrapped there, and all data stay readable', async (store, theme, regions) => {
    await page.evaluate((wanted) => window.keyConsole?.preferences.set({ theme: wanted, idleMinutes: 15 }), theme);
    await page.reload();
    await page.locator(`html[data-theme='${theme}']`).waitFor();
    await toActivate(page);
    await page.getByLabel('Store').selectOption(store);
    await expect.poll(() => commandLine(page).inputValue()).toBe(`activatekey name='${LUI_KEY}' storeType='${store}'`);
    expect(await page.getByLabel('Generator').inputValue()).toBe('Java_AES');
    expect(await sentence(page, /would take over/)).toContain(`${saved} instances stay readable under their older generations`);
    const touched = page.getByRole('region', { name: 'What it touches' });
    await touched.getByRole('row').filter({ hasText: LU }).getByText(String(saved), { exact: true }).waitFor();
    await touched.getByText(`Config.ini of node-1 names ${store}.`).waitFor();
    await touched.getByText(`Regions: ${regions()}`, { exact: true }).waitFor();
    expect(await violations(page)).toEqual([]);
    await touched.scrollIntoViewIfNeeded();
    await opened.picture(`activate-${store}-preview`);
    await page.getByRole('button', { name: 'Activate…' }).click();
    await page.getByRole('dialog').getByText(`Config.ini of node-1 names ${store}.`).waitFor();
    await page.getByRole('dialog').getByText(new RegExp(`and ${saved} instances; counted`)).waitFor();
    expect(await violations(page)).toEqual([]);
    await opened.picture(`activate-${store}-sheet`);
    await page.keyboard.press('Escape');
    const made = await activate(page, 'from the window');
    expect(await active(page)).toMatchObject({ description: made, generator: 'Java_AES', store, wrapping: { kind: 'kms', provider: store, ...wraps[store] } });
    // A process that starts now unwraps it at the KMS.
    await node.restart();
    expect(await node.save(`under ${store}`)).toBe(made);
    await node.stop();
    saved += 1;
    await go(page, 'Data');
    await page.getByRole('button', { name: 'Verify all' }).click();
    await page.getByRole('status').filter({ hasText: `All ${saved} instances were opened just now, and every one is intact.` }).waitFor();
  });
});

function commandLine(page: Page): Locator {
  return page.getByRole('textbox', { name: 'Command' });
}

async function toActivate(page: Page): Promise<void> {
  await page.evaluate(() => void (location.hash = '#/keys'));
  await sentence(page, /generation/);
  await page.getByRole('button', { name: 'Activate new key' }).click();
  await commandLine(page).waitFor();
}

/** The active generation of {@link LUI_KEY}. */
async function active(page: Page): Promise<{ description: string; wrapping: Record<string, string> } | undefined> {
  const answer = await page.evaluate(() => window.keyConsole?.keys.list());
  return answer?.ok === true ? answer.value.keys.find(({ name, state }) => name === LUI_KEY && state === 'active') : undefined;
}
