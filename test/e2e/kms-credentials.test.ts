import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foundIn, foundUnder } from '../faults/known-key.ts';
import { createKey, REGION } from '../peers/aws/aws.ts';
import { installLocalStack } from '../peers/aws/python-server.ts';
import { useAws } from '../peers/aws/use-aws.ts';
import { awsSection, line, LU, Node, setAwsVariables } from '../peers/kms/node.ts';
import { violations } from './axe.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { failure, go, sentence, tabTo } from './window.ts';

/** Of the account that LocalStack makes of it; the secret is looked for in what must not show it. */
const ID = '111122223333';
const SECRET = 'known-secret-typed-in-the-window-0123456789';
const CHAIN = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_EC2_METADATA_DISABLED', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'] as const;
const before = Object.fromEntries(CHAIN.map((name) => [name, process.env[name]]));
// Before any hook: the first time it takes minutes.
const python = await installLocalStack();

describe.each(await hosts())('credentials for AWS on %s', (host) => {
  const aws = useAws(python);
  let opened: OpenConsole;
  let page: Page;
  let key: string;
  const node = new Node();
  const section = (): Locator => page.getByRole('region', { name: 'Credentials for AWS' });
  const dialog = (): Locator => page.getByRole('dialog');
  const theme = async (wanted: 'light' | 'dark'): Promise<void> => {
    await page.evaluate((name) => window.keyConsole?.preferences.set({ theme: name, idleMinutes: 15 }), wanted);
    await page.locator(`html[data-theme='${wanted}']`).waitFor();
  };

  beforeAll(async () => {
    for (const name of CHAIN) delete process.env[name];
    process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
    process.env['AWS_CONFIG_FILE'] = '/nonexistent/config';
    process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/nonexistent/credentials';
    setAwsVariables();
    key = await createKey(aws.url);
    await node.make();
    node.configure(awsSection(key));
    const services = await node.restart();
    await services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
    await services.activation.run(line('AWS_KMS'), 'e2e');
    await node.save('one');
    await services.close();
    // From here on neither config.ini nor the surroundings give any.
    node.configure({ encryption_aws_kms: { REGION, CUSTOMER_KEY_ID: key } });
    opened = await openConsole(host, { home: node.home, profile: 'mine' });
    page = opened.page;
    await sentence(page, /./, 60_000);
  });
  afterAll(async () => {
    for (const [name, value] of Object.entries(before)) if (value === undefined) delete process.env[name]; else process.env[name] = value;
    await opened?.remove();
    await node.remove();
  });

  test('the page says that there are none, and what it means', async () => {
    await go(page, 'KMS');
    await section().getByText(/None were given/).waitFor();
    expect((await failure(page)).code).toBe('KMS_CREDENTIALS_MISSING');
    await opened.picture('kms-credentials-none');
  });

  test('the form is reached by keyboard, says how long they are kept, and takes them', async () => {
    await tabTo(page, /^Give credentials…$/);
    await page.keyboard.press('Enter');
    await dialog().getByText(host === 'chromium' ? /There is no keychain here: they are held in memory, never stored/ : /keychain/).first().waitFor();
    expect(await dialog().getByRole('button', { name: 'Give', exact: true }).isDisabled()).toBe(true);
    expect(await violations(page)).toEqual([]);
    await opened.picture('kms-credentials-form');
    await page.keyboard.type('not one!');
    await page.keyboard.press('Tab');
    await page.keyboard.type(SECRET);
    await page.keyboard.press('Enter');
    expect(await failure(dialog())).toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('accessKeyId') as string });
    // The secret is asked for again: a form keeps none.
    expect(await dialog().getByLabel('Secret access key', { exact: true }).inputValue()).toBe('');
    await dialog().getByLabel('Access key ID').fill(` ${ID} `);
    await dialog().getByLabel('Secret access key', { exact: true }).fill(`${SECRET}\n`);
    await page.keyboard.press('Enter');
    await section().getByText('1111…3333').waitFor();
    await section().getByText(host === 'chromium' ? /held in memory until the console is locked or ends/ : /sealed by the keychain/).waitFor();
  });

  test('with them AWS answers, what it wrapped is readable without a restart, and no other asked', async () => {
    expect(await sentence(page, /in use answers/, 30_000)).toBe('The one KMS key in use answers; 1 instance depends on it.');
    aws.proxy.set();
    await page.keyboard.press('t');
    await page.getByRole('region', { name: /Each KMS wrapped a random key/ }).getByText('Make a key and wrap it').waitFor();
    expect(new Set(aws.proxy.passed.map(({ accessKeyId }) => accessKeyId))).toEqual(new Set([ID]));
    await page.getByRole('button', { name: 'Close: test' }).click();
    await go(page, 'Overview');
    await sentence(page, /readable/);
    await go(page, 'KMS');
    for (const wanted of ['light', 'dark'] as const) {
      await theme(wanted);
      await section().getByText('1111…3333').waitFor();
      expect(await violations(page)).toEqual([]);
      await opened.picture(`kms-credentials-given-${wanted}`);
    }
    await page.setViewportSize({ width: 1024, height: 700 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true);
    await opened.picture('kms-credentials-given-small');
    await page.setViewportSize({ width: 1360, height: 860 });
  });

  test('forgetting shows its consequences first', async () => {
    await section().getByRole('button', { name: 'Forget them…' }).click();
    await dialog().getByText(/1 generation and 1 instance are under keys of AWS/).waitFor();
    expect(await violations(page)).toEqual([]);
    await opened.picture('kms-credentials-forget');
    await dialog().getByRole('button', { name: 'Forget', exact: true }).click();
    await section().getByText(/None were given/).waitFor();
    const acts = await page.evaluate(async () => {
      const answer = await window.keyConsole?.audit.list({ limit: 20, search: 'credentials' });
      return answer?.ok === true ? answer.value.records.map(({ act, outcome }) => `${act} ${outcome}`) : [];
    });
    expect(acts).toEqual(['kms.forget-credentials done', 'kms.forget-credentials started', 'kms.give-credentials done', 'kms.give-credentials started']);
  });

  test('a lock takes them out of memory, and nobody gives or forgets any meanwhile', async () => {
    await section().getByRole('button', { name: 'Give credentials…' }).click();
    await dialog().getByLabel('Access key ID').fill(ID);
    await dialog().getByLabel('Secret access key', { exact: true }).fill(SECRET);
    await page.keyboard.press('Enter');
    await section().getByText('1111…3333').waitFor();
    const answers = await page.evaluate(async (secretAccessKey) => {
      await window.keyConsole?.session.lock();
      return [await window.keyConsole?.kms.giveCredentials({ accessKeyId: 'AKIA', secretAccessKey }), await window.keyConsole?.kms.forgetCredentials()];
    }, SECRET);
    expect(answers.map((answer) => (answer?.ok === false ? answer.code : answer))).toEqual(['LOCKED', 'LOCKED']);
    await page.getByRole('dialog', { name: 'mine is locked' }).getByRole('button', { name: 'Unlock' }).click();
    await section().getByText(host === 'chromium' ? /None were given/ : /sealed by the keychain/).waitFor({ timeout: 40_000 });
  });

  test('the secret is in no file of the console and not in the page', async () => {
    const secrets = [Buffer.from(SECRET)];
    expect((await foundUnder(node.home, secrets)).found).toEqual([]);
    const shown = await page.evaluate(() => document.documentElement.outerHTML + JSON.stringify({ ...localStorage, ...sessionStorage }));
    expect(foundIn(Buffer.from(shown), 'the page', secrets)).toEqual([]);
  });
});
