import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bareClient, createKey, REGION } from '../peers/aws/aws.ts';
import { installLocalStack } from '../peers/aws/python-server.ts';
import { useAws } from '../peers/aws/use-aws.ts';
import { awsSection, LU, Node, setAwsVariables } from '../peers/kms/node.ts';
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
  const line = () => page.getByRole('textbox', { name: 'Command' });
  const toActivate = async (): Promise<void> => {
    await page.evaluate(() => void (location.hash = '#/keys'));
    await sentence(page, /generation/);
    await page.getByRole('button', { name: 'Activate new key' }).click();
    await line().waitFor();
  };
  const active = async (): Promise<{ description: string; wrapping: Record<string, string> } | undefined> => {
    const answer = await page.evaluate(() => window.keyConsole?.keys.list());
    return answer?.ok === true ? answer.value.keys.find(({ name, state }) => name === 'masterkey_key_name' && state === 'active') : undefined;
  };

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
    await toActivate();
    await tabTo(page, /^Generator/, true);
    await opened.picture('activate-kms-form');
    await page.getByLabel('Generator').selectOption('AWS_KMS');
    await expect.poll(() => line().inputValue()).toBe(BY_KMS);
    expect(await page.getByLabel('Store').inputValue()).toBe('AWS_KMS');
    await page.getByText(`KMS key ${key} in ${REGION}, as this node’s config.ini names it.`).waitFor();
    expect(await sentence(page, /would take over/)).toContain(`${INSTANCES} instances stay readable under their older generations`);
    expect(await violations(page)).toEqual([]);
    await opened.picture('activate-kms-preview');
    await page.getByRole('button', { name: 'Activate…' }).click();
    await page.getByRole('dialog').getByText(/Wrapped by AWS_KMS under .*GenerateDataKey 1/).waitFor();
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
      expect((await active())?.description).toBe(before);
      expect(await violations(page)).toEqual([]);
      await opened.picture(`activate-kms-${code}`);
    } finally {
      await mendIt();
    }
    await toActivate();
    await page.getByLabel('Generator').selectOption('AWS_KMS');
    await expect.poll(() => line().inputValue()).toBe(BY_KMS);
    await sentence(page, /would take over/);
  });

  test('the new generation is wrapped by the KMS key; what was saved stays readable, and what is saved goes under it', async () => {
    const made = await activate(page, 'from the window');
    expect(made).not.toBe(before);
    const steps = await page.getByRole('list', { name: 'Steps of the activation' }).getByRole('listitem').allInnerTexts();
    expect(steps.every((step) => !/failed|not begun/i.test(step))).toBe(true);
    expect(await violations(page)).toEqual([]);
    await opened.picture('activate-kms-done');
    expect(await active()).toMatchObject({ description: made, generator: 'AWS_KMS', store: 'AWS_KMS', wrapping: { kind: 'kms', provider: 'AWS_KMS', keyId: key, location: REGION } });
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
    await toActivate();
    await page.getByLabel('Generator').selectOption('Java_AES');
    await page.getByLabel('Store').selectOption('Stripe_AES');
    await sentence(page, new RegExp(`would take over.*${INSTANCES + 1} instances stay readable`));
    const made = await activate(page);
    expect(await active()).toMatchObject({ description: made, generator: 'Java_AES', store: 'Stripe_AES', wrapping: { kind: 'internal' } });
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
