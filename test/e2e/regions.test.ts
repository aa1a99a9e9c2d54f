import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EMPTY, HOME, makeWorld, OFF, setCredentials, type World } from '../peers/aws/region-fixture.ts';
import { installLocalStack } from '../peers/aws/python-server.ts';
import { useAws } from '../peers/aws/use-aws.ts';
import { violations } from './axe.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { failure, go, sentence } from './window.ts';

// Before any hook: the first time it takes minutes.
const python = await installLocalStack();

describe.each(await hosts())('the page Regions on %s', (host) => {
  const aws = useAws(python);
  let opened: OpenConsole;
  let page: Page;
  let world: World;
  const matrix = () => page.getByRole('group', { name: 'Nodes and regions' });
  const cell = (node: string, region: number) => matrix().getByRole('row').filter({ has: page.getByRole('rowheader', { name: new RegExp(`^${node}`) }) }).getByRole('cell').nth(region);

  beforeAll(async () => {
    setCredentials();
    const home = await mkdtemp(join(tmpdir(), 'fkc-e2e-regions-'));
    world = await makeWorld(home, aws.url, [HOME, OFF, EMPTY]);
    await world.services.close();
    opened = await openConsole(host, { home, profile: 'world' });
    page = opened.page;
    await sentence(page, /instances are readable/, 60_000);
  });
  afterAll(async () => {
    await opened?.remove();
  });

  test('shows the nodes before anything is asked, and audits by keyboard', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('i');
    expect(await sentence(page, /3 nodes in 3 regions/)).toBe('3 nodes in 3 regions, whose KMS keys were not audited yet.');
    await page.keyboard.press('u');
    expect(await sentence(page, /can not use/, 60_000)).toMatch(/^2 of 3 nodes in 3 regions can not use their KMS key where they are\. \d+ findings, \d+ critical\. Audited just now\.$/);
  });

  test('says of each node where its key is, in which state, and where copies differ', async () => {
    // Regions in the order of their names: ap-southeast-1, eu-central-1, eu-west-1, us-east-1, us-west-2.
    expect(await matrix().getByRole('columnheader').count()).toBe(6);
    await cell('n1', 2).getByText('enabled').waitFor();
    await cell('n1', 2).getByText('configured').waitFor();
    await cell('n2', 4).getByText('disabled').waitFor();
    await cell('n2', 4).getByText(/other state, policy/).waitFor();
    await cell('n3', 0).getByText('not there').waitFor();
    await page.getByRole('region', { name: 'What needs you' }).getByText(/does not exist in ap-southeast-1/).waitFor();
  });

  test('tells what is lost with a region, in an address of its own', async () => {
    await page.getByLabel('Lost region').selectOption(HOME);
    await page.getByText(/3 nodes could no longer go live; 12 instances could be read by no node that starts then/).waitFor();
    expect(page.url()).toContain('lost=eu-west-1');
    const generations = page.getByRole('table').filter({ hasText: 'Unwrapped by' });
    await generations.getByRole('row').filter({ hasText: 'no node' }).getByRole('cell', { name: '7', exact: true }).waitFor();
    await page.getByLabel('Lost region').selectOption('');
    await page.getByLabel('Disabled key').selectOption(world.single);
    await page.getByText(/would go live without older generations|could be read by no node/).first().waitFor();
    await page.goto(`${page.url().split('#')[0] ?? ''}#/regions?lost=mars-1`);
    expect((await failure(page)).code).toBe('REGION_UNKNOWN');
    await go(page, 'Regions');
  });

  test.each(['light', 'dark', 'high-contrast'] as const)('axe finds nothing in the %s theme', async (theme) => {
    await page.evaluate((wanted) => window.keyConsole?.preferences.set({ theme: wanted, idleMinutes: 15 }), theme);
    await page.reload();
    await page.locator(`html[data-theme='${theme}']`).waitFor();
    await sentence(page, /can not use/);
    await page.getByLabel('Lost region').selectOption(HOME);
    await page.getByText(/could no longer go live/).waitFor();
    await opened.picture(`regions-${theme}`);
    expect(await violations(page)).toEqual([]);
  });

  test('shows a region that can not be asked, and recovers', async () => {
    aws.proxy.set({ region: OFF, fault: { kind: 'cut', after: null } });
    await page.getByRole('button', { name: 'Audit again' }).click();
    await sentence(page, /could not be asked/, 60_000);
    await page.getByRole('region', { name: 'What needs you' }).getByText(/KMS_UNREACHABLE/).first().waitFor();
    await page.getByLabel('Lost region').selectOption(HOME);
    await page.getByText('1 copy of a KMS key could not be asked, and counts as usable.').waitFor();
    expect(await violations(page)).toEqual([]);
    aws.proxy.set();
    await expect
      .poll(
        async () => {
          await page.getByRole('button', { name: 'Audit again' }).click();
          return sentence(page, /Audited just now/, 30_000);
        },
        // Until the circuit lets a call through again.
        { timeout: 60_000, interval: 5_000 },
      )
      .not.toContain('could not be asked');
  });
});
