import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Profiles } from '../../app/profiles.ts';
import { startCassandra, type CassandraCluster } from '../peers/cassandra/cassandra.ts';
import { violations } from './axe.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { failure, go, sentence } from './window.ts';

const AWAY = /^DATABASE_(TIMEOUT|UNREACHABLE|UNAVAILABLE)$/;
const SILENT = /The cluster of profile eu does not answer/;
/** Keyspaces and tables are made at the first opening, on a busy machine. */
const OPENING = 120_000;
const FILLING = 90_000;

describe.each(await hosts())('a cluster that is away, in the window on %s', (host) => {
  let home: string;
  let cluster: CassandraCluster;
  let opened: OpenConsole | undefined;
  let page: Page;

  const open = async (): Promise<OpenConsole> => {
    const { page: first } = (opened = await openConsole(host, { home, profile: 'eu' }));
    page = first;
    return opened;
  };

  /** The page says what is away and since when, and the frame stands around it. */
  const standsWithout = async (): Promise<void> => {
    await sentence(page, SILENT, 60_000);
    expect(await failure(page.locator('#page'))).toMatchObject({ code: expect.stringMatching(AWAY) as string, remedy: expect.stringMatching(/./) as string });
    await page.locator('#page').getByText('No answer since').waitFor();
    await page.getByRole('banner').getByText('No answer').waitFor();
    expect(await page.getByRole('combobox', { name: 'Profile' }).inputValue()).toBe('eu');
  };

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'fkc-e2e-'));
    cluster = await startCassandra({ durable: true });
    await new Profiles(home).create({ name: 'eu', cassandra: { contactPoints: [...cluster.contactPoints] } });
  });
  afterAll(async () => {
    await opened?.close();
    await cluster?.stop();
    rmSync(home, { recursive: true, force: true });
  });

  test('a window that is loaded again while the node says nothing tells so, and goes on by itself when it is back', async () => {
    const { picture } = await open();
    await sentence(page, /holds no data yet/, OPENING);
    await cluster.kill(0, 'SIGSTOP');
    try {
      await page.locator('.stale').waitFor({ timeout: 30_000 });
      await page.reload();
      await standsWithout();
      await page.locator('#page').getByText('stay in its memory until it is locked').waitFor();
      expect(await page.getByRole('button', { name: 'Lock', exact: true }).isEnabled()).toBe(true);
      for (const colorScheme of ['dark', 'light'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await violations(page)).toEqual([]);
        await picture(`outage-${colorScheme}`);
      }
      await go(page, 'Settings');
      await sentence(page, SILENT);
      await page.getByRole('button', { name: 'Switch to eu' }).waitFor();
      await page.getByLabel('Lock after').waitFor();
      expect(await violations(page)).toEqual([]);
      await picture('outage-settings');
    } finally {
      await cluster.kill(0, 'SIGCONT');
    }
    await sentence(page, /^(Attention: )?Profile eu protects its master keys/, 60_000);
    await go(page, 'Overview');
    await page.locator('#page .failure').waitFor({ state: 'detached' });
    expect(await page.evaluate(() => window.keyConsole?.session.status())).toMatchObject({ ok: true, value: { state: 'live', profile: { name: 'eu' } } });
  });

  test('a start while the node is gone stands too; another profile is chosen there, and this one later when it is back', async () => {
    await opened?.close();
    await cluster.kill(0);
    await open();
    await standsWithout();
    await page.locator('#page').getByText('no plain key is in this console').waitFor();
    expect(await page.getByRole('button', { name: 'Lock', exact: true }).isEnabled()).toBe(false);
    await page.getByRole('button', { name: 'Choose another profile…' }).click();
    await sentence(page, SILENT);
    // A new home has no profile but this one: the demo is made by its first start, here by the form.
    await page.getByRole('button', { name: 'New profile…' }).click();
    const dialog = page.getByRole('dialog', { name: 'New profile' });
    await dialog.getByLabel('Name', { exact: true }).fill('here');
    await dialog.getByLabel(/SQLite file/).fill(join(home, 'here.sqlite'));
    await dialog.getByRole('button', { name: 'Create', exact: true }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('combobox', { name: 'Profile' }).selectOption('here');
    await sentence(page, /^(Attention: )?Profile here protects its master keys/, 60_000);
    expect(await page.evaluate(() => window.keyConsole?.session.status())).toMatchObject({ ok: true, value: { state: 'live', profile: { name: 'here' } } });
    await cluster.restart(0);
    await page.getByRole('button', { name: 'Switch to eu' }).click();
    await sentence(page, /^(Attention: )?Profile eu protects its master keys/, FILLING);
  });

  test('Try again opens it as soon as it is back', async () => {
    await opened?.close();
    await cluster.kill(0);
    await open();
    await standsWithout();
    await page.getByRole('button', { name: 'Try again' }).click();
    await standsWithout();
    await cluster.restart(0);
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.locator('#page .failure').waitFor({ state: 'detached', timeout: 60_000 });
    await expect.poll(() => page.evaluate(() => window.keyConsole?.session.status()), { timeout: 60_000 }).toMatchObject({ ok: true, value: { state: 'live', profile: { name: 'eu' } } });
  });
});
