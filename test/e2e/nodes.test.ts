import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Profiles } from '../../app/profiles.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { violations } from './axe.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { go, sentence } from './window.ts';

const MINUTE = 60_000;

describe.each(await hosts())('the page Nodes on %s', (host) => {
  let opened: OpenConsole;
  let page: Page;
  const row = (text: string) => page.getByRole('grid', { name: 'Processes of the platform' }).getByRole('row').filter({ hasText: text });

  beforeAll(async () => {
    opened = await openConsole(host);
    page = opened.page;
    await sentence(page, /instances are readable/, 60_000);
    const { sqlite } = await new Profiles(opened.home).get('demo');
    const db = await openSqlite(sqlite ?? '');
    const now = Date.now();
    for (const [id, host_, dataCenter, ago] of [['aaaa', 'worker-1', 'Frankfurt', 2], ['bbbb', 'worker-2', 'Dublin', 5]] as const) {
      await db.nodes.put({ id, host: host_, version: '0.1.0', dataCenter, liveSince: now - 600 * MINUTE, lastSeen: now - ago * MINUTE, keystoreDigest: null, notes: [] });
    }
    await db.close();
    await go(page, 'Nodes');
    await sentence(page, /^The system database is one file/);
  });
  afterAll(() => opened.remove());

  test('tells of each process whether it is up, and its data centre', async () => {
    await row('worker-1').waitFor();
    expect(await row('worker-1').innerText()).toMatch(/\bup\b[\s\S]*Frankfurt/);
    expect(await row('worker-2').innerText()).toMatch(/\bdown\b[\s\S]*Dublin/);
    expect(await page.getByRole('grid', { name: 'Processes of the platform' }).getByRole('row').filter({ hasText: 'just now' }).first().innerText()).toMatch(/\bup\b/);
  });

  test('breaks no rule of accessibility, is whole in a small window, and looks as it should in both schemes', async () => {
    expect(await violations(page)).toEqual([]);
    for (const [name, size, colorScheme] of [['light', { width: 1440, height: 900 }, 'light'], ['dark', { width: 1440, height: 900 }, 'dark'], ['narrow', { width: 1024, height: 700 }, 'light']] as const) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), name).toBe(0);
      expect(await row('worker-2').innerText()).toContain('down');
      await opened.picture(`nodes-${name}`);
    }
  });
});
