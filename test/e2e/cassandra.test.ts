import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCassandra, SUPERUSER, type CassandraCluster } from '../peers/cassandra/cassandra.ts';
import { Authority, type Certificate } from '../peers/cassandra/certificates.ts';
import { violations } from './axe.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { activate, DEMO, failure, go, LUI_KEY, sentence, tabTo } from './window.ts';

const FKC = fileURLToPath(new URL('../../app/cli/index.ts', import.meta.url));
/** A new cluster's keyspaces are made, and the sample data saved, row by row, on a busy machine. */
const FILLING = 150_000;
/** The longest that a page may say nothing of a node that does not answer. */
const WORD_WITHIN = 12_000;

/** The pages that show a cluster, with what tells that they are there. */
const PAGES = [
  ['overview', '#/', /instances are readable/],
  ['data by node', '#/data?by=node', /Logical Units/],
  ['nodes', '#/nodes', /The only node of the cluster is up/],
  ['activate', '#/activate', /would take over/],
  ['settings', '#/settings', /protects its master keys/],
] as const;

describe.each(await hosts())('a cluster in the window on %s', (host) => {
  let cluster: CassandraCluster;
  let folder: string;
  let authority: Authority;
  let client: Certificate;
  const address = '127.0.0.1';
  let opened: OpenConsole;
  let page: Page;
  const problems: string[] = [];

  const visit = async (to: string, pattern: RegExp): Promise<void> => {
    await page.evaluate((hash) => {
      location.hash = hash;
    }, to);
    await sentence(page, pattern);
  };
  const steps = async (): Promise<string[]> => {
    const list = page.getByRole('list', { name: 'Steps of the connection' });
    await list.waitFor();
    return list.getByRole('listitem').allInnerTexts();
  };
  const givePassword = async (password: string): Promise<Locator> => {
    const dialog = page.getByRole('dialog', { name: /^Open / });
    await dialog.getByLabel('Password of its database user').fill(password);
    await dialog.getByRole('button', { name: 'Open', exact: true }).click();
    return dialog;
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fkc-e2e-tls-'));
    authority = new Authority(folder);
    const port = 20_000 + (process.pid % 10_000);
    const tls = { authority, certificate: authority.sign('node', [address]), mutual: true };
    client = authority.sign('client', [], { usage: 'clientAuth' });
    cluster = await startCassandra({ addresses: [address], port, storagePort: port + 10_000, auth: true, durable: true, tls });
    opened = await openConsole(host);
    page = opened.page;
    page.on('pageerror', (error) => problems.push(error.message));
    await sentence(page, /instances are readable/, 90_000);
  });
  afterAll(async () => {
    await opened?.remove();
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the keyboard alone tries a connection: the step that fails says why and what to do, and the right one works', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await sentence(page, /protects its master keys/);
    await tabTo(page, /^New profile…$/);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'New profile' });
    await dialog.waitFor();
    await tabTo(page, /^Name$/);
    await page.keyboard.type('eu');
    await tabTo(page, /^SQLite/);
    await page.keyboard.press('ArrowDown');
    await tabTo(page, /^Contact points/);
    await page.keyboard.type(cluster.contactPoints.join(', '));
    await tabTo(page, /^cluster_id/);
    await page.keyboard.type('window');
    await tabTo(page, /^User$/);
    await page.keyboard.type(SUPERUSER.user);
    await tabTo(page, /^Password, for the test only/);
    await page.keyboard.type('guessed');
    await tabTo(page, /^Test connection$/);
    await page.keyboard.press('Enter');
    expect((await failure(dialog)).code).toBe('DATABASE_TLS_REFUSED');
    expect((await steps()).at(-1)).toMatch(/^fails:\s+TLS/);

    await tabTo(page, /^TLS: authority$/, true);
    await page.keyboard.type(authority.ca);
    await tabTo(page, /^Test connection$/);
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await steps()).length).toBe(3);
    // The cluster demands a certificate of its own.
    expect((await steps()).at(-1)).toMatch(/^fails:\s+TLS/);
    expect((await failure(dialog)).code).toBe('DATABASE_TLS_REFUSED');

    await tabTo(page, /^TLS: client certificate$/, true);
    await page.keyboard.type(client.cert);
    await tabTo(page, /^TLS: its private key$/);
    await page.keyboard.type(client.key);
    await tabTo(page, /^Test connection$/);
    await page.keyboard.press('Enter');
    await expect.poll(async () => (await steps()).length).toBe(4);
    const refused = await steps();
    expect(refused.map((step) => step.replaceAll(/\s+/g, ' '))).toEqual([
      expect.stringMatching(/^works: Resolve/),
      expect.stringMatching(/^works: Connect/),
      expect.stringMatching(/^works: TLS (?!Not used)/),
      expect.stringMatching(/^fails: Log in/),
    ]);
    const why = await failure(dialog);
    expect(why.code).toBe('DATABASE_LOGIN_REFUSED');
    expect(why.remedy).toMatch(/password/i);

    await tabTo(page, /^Password, for the test only/, true);
    await page.keyboard.press('Control+a');
    await page.keyboard.type(SUPERUSER.password);
    await tabTo(page, /^Test connection$/);
    await page.keyboard.press('Enter');
    await dialog.locator('.failure').waitFor({ state: 'detached' });
    const fine = await steps();
    expect(fine).toHaveLength(7);
    expect(fine.every((step) => step.startsWith('works:'))).toBe(true);
    expect(fine.at(-1)).toMatch(/k2auth_window.*are not there yet/);
    expect(await dialog.evaluate((element) => element.getBoundingClientRect().bottom <= innerHeight)).toBe(true);
  });

  test.each(['light', 'dark'] as const)('axe finds nothing in the connect form in %s', async (theme) => {
    await page.emulateMedia({ colorScheme: theme });
    expect(await violations(page)).toEqual([]);
  });

  test('the profile is made; it asks for its password, and a wrong one leaves the shown profile as it is', async () => {
    await tabTo(page, /^Create$/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await tabTo(page, /^Switch to eu$/, true);
    await page.keyboard.press('Enter');
    const dialog = await givePassword('guessed');
    expect(await failure(dialog)).toMatchObject({ code: 'DATABASE_LOGIN_REFUSED', remedy: expect.stringMatching(/password/i) as string });
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(() => window.keyConsole?.session.status())).toMatchObject({ ok: true, value: { state: 'live', profile: { name: 'demo' } } });
    await givePassword(SUPERUSER.password);
    await dialog.waitFor({ state: 'detached', timeout: FILLING });
    await sentence(page, /^(Attention: )?Profile eu protects its master keys/, FILLING);
    await page.getByRole('banner').getByText('Cassandra', { exact: false }).waitFor();
    await expect
      .poll(() => page.evaluate(() => window.keyConsole?.session.status()), { timeout: FILLING })
      .toMatchObject({ ok: true, value: { state: 'live', database: { kind: 'cassandra' }, profile: { name: 'eu' } } });
  });

  test('a demo that the command line made fills with progress, and says what is wrong with its ring', async () => {
    const args = ['profile', 'create', 'eu-demo', '--contact-points', cluster.contactPoints.join(','), '--suffix', 'demo', '--user', SUPERUSER.user, '--tls-ca', authority.ca, '--tls-cert', client.cert, '--tls-key', client.key, '--demo'];
    await promisify(execFile)(process.execPath, [FKC, ...args], { env: { ...process.env, FKC_HOME: opened.home } });
    await go(page, 'Overview');
    await go(page, 'Settings');
    await page.getByRole('button', { name: 'Switch to eu-demo' }).click();
    await givePassword(SUPERUSER.password);
    await page.getByRole('dialog').waitFor({ state: 'detached', timeout: FILLING });
    await go(page, 'Overview');
    await sentence(page, /imported and encrypted: [1-9]\d* of 599 instances so far/, FILLING);
    await page.getByRole('progressbar').waitFor();
    const readable = await sentence(page, /instances are readable/, FILLING);
    expect(readable).toContain(`All ${DEMO.total} instances are readable, ${DEMO.third} under the active generation`);
    expect(readable).toContain('3 findings need you');
    const findings = page.getByRole('region', { name: 'What needs you' });
    await findings.getByText('The only node holds every byte').waitFor();
    await findings.getByText('Each byte lies on one node only').waitFor();
    await findings.getByRole('button', { name: 'Show the ring' }).first().click();
    await page.getByRole('complementary', { name: 'Key generation' }).waitFor();
  });

  test('the master key shows where each of its bytes lies, and what that means', async () => {
    const panel = page.getByRole('complementary', { name: 'Key generation' });
    const ring = panel.getByRole('region', { name: 'Where its bytes lie' });
    await ring.getByRole('img', { name: /^65 stripes on 1 node/ }).waitFor();
    expect(await ring.locator('.ring-dot').count()).toBe(65);
    const row = ring.getByRole('row').filter({ hasText: address });
    expect((await row.innerText()).replaceAll(/\s+/g, ' ').trim()).toBe(`${address} datacenter1 up all 65`);
    await ring.getByText(`${address} holds every byte`).waitFor();
    expect(await ring.locator('.ring-dot-held').count()).toBe(0);
    await row.hover();
    await expect.poll(() => ring.locator('.ring-dot-held').count()).toBe(65);
    await page.mouse.move(0, 0);
    await expect.poll(() => ring.locator('.ring-dot-held').count()).toBe(0);
    // Kept with the keyboard, and let go again.
    await row.getByRole('button', { name: address }).press('Enter');
    await expect.poll(() => ring.locator('.ring-dot-held').count()).toBe(65);
    await row.getByRole('button', { name: address }).press('Enter');
    await row.getByRole('button', { name: address }).blur();
    await expect.poll(() => ring.locator('.ring-dot-held').count()).toBe(0);
  });

  describe.each(['light', 'dark'] as const)('axe finds nothing in the %s theme', (theme) => {
    beforeAll(() => page.emulateMedia({ colorScheme: theme }));

    test('on the master key with its ring', async () => {
      await visit('#/keys', /generations? of/);
      await page.getByRole('grid', { name: 'Master keys' }).getByRole('row').nth(1).click();
      await page.locator('.ring').waitFor();
      expect(await violations(page)).toEqual([]);
    });

    test.each(PAGES)('on %s', async (_, to, pattern) => {
      await visit(to, pattern);
      if (to === '#/activate') await page.locator('.ring').waitFor();
      expect(await violations(page)).toEqual([]);
    });
  });

  test('an activation shows first where the bytes will lie, and then stores them there', async () => {
    await visit('#/activate', /would take over/);
    const before = page.getByRole('region', { name: 'Where the bytes will lie' });
    await before.getByRole('img', { name: /^65 stripes on 1 node/ }).waitFor();
    await page.getByText('The only node holds every byte of the wrapped key').first().waitFor();
    const made = await activate(page, 'on a cluster, from the window');
    const listed = await page.getByRole('list', { name: 'Steps of the activation' }).getByRole('listitem').allInnerTexts();
    expect(listed.map((step) => step.split(/\n/).at(-1)?.trim())).toEqual(['done', 'done', '65 of 65 stripes', 'done', 'done', 'done', 'done']);
    await page.getByRole('region', { name: 'The new generation' }).getByRole('link').click();
    const panel = page.getByRole('complementary', { name: 'Key generation' });
    await panel.getByText('on a cluster, from the window').waitFor();
    await panel.getByText('all 65 found').waitFor();
    expect(made).toContain(LUI_KEY);
  });

  test('a census counts every range of the ring, by Logical Unit and by node', async () => {
    await visit('#/data', /Logical Units/);
    await page.getByRole('button', { name: /^Take census/ }).click();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('region', { name: 'Census under way' }).waitFor({ state: 'detached' });
    expect(await sentence(page, /none under the active one/)).toMatch(new RegExp(`^${DEMO.total} instances of 2 Logical Units, .* Counted just now, every range\\.$`));
    await page.getByText('All 64 ranges counted just now').waitFor();
    const total = page.getByRole('group', { name: 'Matrix of instances' }).getByRole('row').filter({ hasText: /^All/ });
    expect((await total.innerText()).split(/\s+/)).toEqual(['All', String(DEMO.first), String(DEMO.second), String(DEMO.third), '0', String(DEMO.total)]);
    await page.getByRole('link', { name: 'by node' }).click();
    const row = page.getByRole('group', { name: 'Matrix of instances by node' }).getByRole('row').filter({ hasText: address });
    expect((await row.innerText()).split(/\s+/).at(-1)).toBe(String(DEMO.total));
  });

  test('the nodes of the cluster and the processes on it are told', async () => {
    await go(page, 'Nodes');
    expect(await sentence(page, /node/)).toBe('The only node of the cluster is up; 1 process went live on it.');
    const nodes = page.getByRole('grid', { name: 'Cassandra nodes' });
    expect((await nodes.getByRole('row').nth(1).innerText()).split(/\s+/)).toEqual([address, 'up', 'datacenter1', 'rack1', '5.0.9']);
    await page.getByRole('grid', { name: 'Processes of the platform' }).getByRole('row').nth(1).getByText('just now').first().waitFor();
  });

  describe.each([
    ['is stopped and says nothing', () => cluster.kill(0, 'SIGSTOP'), () => cluster.kill(0, 'SIGCONT')],
    ['is killed', () => cluster.kill(0), () => cluster.restart(0)],
  ] as const)('where the node %s', (_, takeAway, giveBack) => {
    test('every page says so within seconds, keeps what was read, and recovers by itself', async () => {
      await visit('#/nodes', /The only node of the cluster is up/);
      await takeAway();
      const began = performance.now();
      const notice = page.locator('.stale');
      try {
        await notice.waitFor({ timeout: WORD_WITHIN });
        expect(performance.now() - began).toBeLessThan(WORD_WITHIN);
        expect((await failure(page)).code).toMatch(/^DATABASE_(TIMEOUT|UNREACHABLE|UNAVAILABLE)$/);
        expect(await violations(page)).toEqual([]);
        for (const name of ['Overview', 'Master keys', 'Data', 'Nodes', 'Settings'] as const) {
          await go(page, name);
          await expect.poll(async () => (await page.locator('#page').innerText()).trim().length, { timeout: WORD_WITHIN }).toBeGreaterThan(0);
          await notice.waitFor();
        }
        // A page that was never read has nothing to show, and says why.
        await go(page, 'Audit');
        await page.locator('.failure').first().waitFor({ timeout: WORD_WITHIN });
      } finally {
        await giveBack();
      }
      await notice.waitFor({ state: 'detached', timeout: 60_000 });
      await visit('#/nodes', /The only node of the cluster is up/);
      await visit('#/', /instances are readable/);
      // Each part of the page asks again by itself.
      await expect.poll(() => page.locator('#page .failure').count(), { timeout: WORD_WITHIN }).toBe(0);
    });
  });

  test('every instance is readable afterwards, and the window met nothing that it did not foresee', async () => {
    await go(page, 'Data');
    await page.getByRole('button', { name: 'Verify all' }).click();
    await page.getByRole('status').filter({ hasText: `All ${DEMO.total} instances were opened just now, and every one is intact.` }).waitFor({ timeout: 60_000 });
    expect(problems).toEqual([]);
  });
});
