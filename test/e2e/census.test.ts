import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { sealInstance } from '../../main/crypto/envelope.ts';
import { SecretBytes } from '../../main/secret.ts';
import type { InstanceToSave } from '../../main/systemdb/repositories.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { DEMO, go, LUI_KEY, sentence } from './window.ts';

/** How far a census is, how fast, and how long it still takes. */
const FIGURES = /^[\d,]+ of [\d,]+ · [\d,]+ a second · .+ left$/;

describe.each(await hosts())('the census on %s', (host) => {
  let opened: OpenConsole;
  let page: Page;

  beforeAll(async () => {
    opened = await openConsole(host);
    page = opened.page;
    await sentence(page, /instances are readable/, 90_000);
    await go(page, 'Data');
  });
  afterAll(() => opened.remove());

  async function take(share: string | null): Promise<void> {
    await page.getByRole('button', { name: /^Take census/ }).click();
    await page.getByLabel('Deep: compare every envelope with its record').setChecked(share !== null);
    if (share !== null) await page.getByLabel('Authenticate').selectOption(share);
    await page.getByRole('button', { name: 'Start' }).click();
  }

  test('the page says exact figures, when they were counted, and what they do not cover', async () => {
    expect(await sentence(page, /Logical Units/)).toMatch(new RegExp(`^${DEMO.total} instances of 2 Logical Units, .* Counted just now\\.$`));
    // Each generation with what wraps it, in the words of the list of master keys.
    const wrapping = await page.getByRole('group', { name: 'Matrix of instances', exact: true }).locator('thead').getByTitle(/^Wrapped by /).allInnerTexts();
    expect(wrapping).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/^(internal|KeyStore) \S{9}$/) as string));
    await page.getByText('Every instance counted').waitFor();
    await page.getByText('No deep census of this data is stored').waitFor();
    await page.getByText('What it does not cover').click();
    await page.getByText(/Backups, snapshots and copies/).waitFor();
    await page.getByText('What it does not cover').click();
  });

  test('a deep census authenticates the share that was asked for', async () => {
    await take('1');
    await page.getByText(`Deep census: ${DEMO.total} envelopes compared, all authenticated, every one holds`).waitFor();
    await page.getByRole('contentinfo').getByText(/Last census/).waitFor();
  });

  test('an envelope that does not belong to its record is found, and leads to the instance', async () => {
    const db = await openSqlite(join(opened.home, 'demo', 'system.sqlite'));
    try {
      const one = await db.instances.get('CUSTOMER', '7');
      const other = await db.instances.get('CUSTOMER', '8');
      if (one === null || other === null) throw new Error('The demo has no such customer.');
      await db.instances.save({ ...other, id: '7', revision: one.revision } as typeof other);
    } finally {
      await db.close();
    }
    await take('1');
    await page.getByText(/all authenticated, 1 does not hold/).waitFor();
    const findings = page.getByRole('group', { name: 'Findings of the deep census' });
    await findings.getByText('ENVELOPE_AUTHENTICATION_FAILED').waitFor();
    await findings.getByText('They stand until a deep census that authenticates as much (100%) no longer finds them.').waitFor();
    await go(page, 'Overview');
    await page.getByText('1 instance failed the deep census.').waitFor();
    await page.getByRole('button', { name: 'Show the census' }).click();
    await findings.getByRole('link', { name: 'CUSTOMER 7' }).click();
    await sentence(page, /CUSTOMER 7 can not be opened/);
  });

  test('a long census is paused, and goes on; it tells how far it is, how fast and how long it still takes', async () => {
    // So many that it is under way for seconds on any machine.
    const many = 1_500_000;
    const db = await openSqlite(join(opened.home, 'demo', 'system.sqlite'));
    try {
      const active = await db.keys.active(LUI_KEY);
      if (active === null) throw new Error('The demo has no active generation.');
      const { description: keyDescription } = active;
      // A deep census that authenticates none reads the headers alone: any key will do, and one envelope for all.
      const sealed = sealInstance(suiteFor(false), SecretBytes.copyOf(Buffer.alloc(32, 1)), { keyDescription, lu: 'MANY', instanceId: '0' }, Buffer.alloc(8));
      const one = (place: number): InstanceToSave => ({ lu: 'MANY', id: String(place), keyDescription, sealed, savedAt: 1 });
      for (let from = 0; from < many; from += 10_000) await db.instances.saveMany(Array.from({ length: 10_000 }, (_, place) => one(from + place)));
    } finally {
      await db.close();
    }
    await go(page, 'Data');
    const section = page.getByRole('region', { name: 'Census under way' });
    await take('0');
    await section.getByText(FIGURES).waitFor();
    // Without waiting until nothing moves: the figures beside it change all the time.
    await section.getByRole('button', { name: 'Pause' }).dispatchEvent('click');
    await section.getByText('paused').waitFor();
    await section.getByRole('button', { name: 'Resume' }).click();
    await section.getByText(FIGURES).waitFor();
    await section.waitFor({ state: 'detached', timeout: 60_000 });
    expect(await sentence(page, /Logical Units/)).toMatch(new RegExp(`${(DEMO.total + many).toLocaleString('en-US')} instances of 3 Logical Units`));
  });

  test('a census that another process left paused is there to go on with', async () => {
    const db = await openSqlite(join(opened.home, 'demo', 'system.sqlite'));
    const ranges = await db.instances.ranges('CUSTOMER');
    const at = Date.now();
    const params = JSON.stringify({ lus: ['CUSTOMER'], whole: false, share: null, nodes: [[]], ranges: ranges.map(({ lu, start, end }) => [lu, start, end, 0]) });
    try {
      await db.jobs.put({ id: 'left', kind: 'census', params, state: 'paused', done: 0, total: null, failed: 0, cursor: null, failure: null, startedAt: at, updatedAt: at });
    } finally {
      await db.close();
    }
    // Another process's jobs are looked for when the window opens.
    const home = opened.home;
    await opened.close();
    opened = await openConsole(host, { home });
    page = opened.page;
    await go(page, 'Data');
    const section = page.getByRole('region', { name: 'Census under way' });
    await section.getByText('Census of CUSTOMER').waitFor();
    await section.getByText('paused').waitFor();
    await section.getByRole('button', { name: 'Resume' }).click();
    await section.waitFor({ state: 'detached' });
  });
});
