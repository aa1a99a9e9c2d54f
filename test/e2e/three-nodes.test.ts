import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, types } from 'cassandra-driver';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCassandra, type CassandraCluster } from '../peers/cassandra/cassandra.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { activate, campaignNow, DEMO, failure, go, LUI_KEY, rekeyPace, sentence, typeCommand } from './window.ts';

const FKC = fileURLToPath(new URL('../../app/cli/index.ts', import.meta.url));
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 1024, height: 700 };
/** A new cluster's keyspaces are made, and the sample data saved, row by row, on a busy machine. */
const FILLING = 240_000;

describe.each(await hosts())('three nodes that replicate twice, in the window on %s', (host) => {
  let cluster: CassandraCluster;
  let addresses: string[];
  let opened: OpenConsole;
  let page: Page;

  /** Nothing of the page is cut off at its side; where pictures are wanted, it is kept as one. */
  const look = async (name: string): Promise<void> => {
    await page.mouse.move(0, 0);
    for (const [kind, size, colorScheme] of [['light', WIDE, 'light'], ['dark', WIDE, 'dark'], ['narrow', NARROW, 'light']] as const) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), `${name} ${kind}`).toBe(0);
      await opened.picture(`${name}-${kind}`);
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(WIDE);
  };

  /** Another generation, so that everything is under an older one. */
  const rotate = async (reason: string): Promise<void> => {
    await page.evaluate(() => {
      location.hash = '#/activate';
    });
    await sentence(page, /would take over/);
    await typeCommand(page, `activatekey name='${LUI_KEY}'`);
    await sentence(page, /would take over/);
    await activate(page, reason);
  };

  beforeAll(async () => {
    cluster = await startCassandra({ nodes: 3 });
    addresses = cluster.contactPoints.map((contactPoint) => contactPoint.replace(/:\d+$/, ''));
    opened = await openConsole(host, { size: WIDE });
    page = opened.page;
    await sentence(page, /instances are readable/, 90_000);
  });
  afterAll(async () => {
    await opened?.remove();
    await cluster?.stop();
  });

  test('the connect form says at which step a connection fails', async () => {
    await go(page, 'Settings');
    await page.getByRole('button', { name: 'New profile…' }).click();
    const dialog = page.getByRole('dialog', { name: 'New profile' });
    await dialog.getByLabel('Name', { exact: true }).fill('eu');
    await dialog.getByRole('radio', { name: /^SQLite/ }).press('ArrowDown');
    await dialog.getByLabel(/^Contact points/).fill(cluster.contactPoints.join(', '));
    await dialog.getByLabel('Data centre nearest to here').fill('dc-west');
    await dialog.getByRole('button', { name: 'Test connection' }).click();
    expect((await failure(dialog)).code).toBe('DATABASE_DATA_CENTER_UNKNOWN');
    await look('cluster-connect');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  test('the overview of a filled cluster finds nothing wrong with its ring', async () => {
    const args = ['profile', 'create', 'eu', '--contact-points', cluster.contactPoints.join(','), '--replication', JSON.stringify({ class: 'SimpleStrategy', replication_factor: 2 }), '--demo'];
    await promisify(execFile)(process.execPath, [FKC, ...args], { env: { ...process.env, FKC_HOME: opened.home } });
    await go(page, 'Overview');
    await go(page, 'Settings');
    await page.getByRole('button', { name: 'Switch to eu' }).click();
    await page.getByRole('banner').getByText('Cassandra', { exact: false }).waitFor({ timeout: FILLING });
    await page.getByRole('banner').getByText('datacenter1').waitFor();
    await go(page, 'Overview');
    await sentence(page, /imported and encrypted: [1-9]\d* of 599 instances so far/, FILLING);
    expect(await page.getByRole('contentinfo').innerText()).not.toContain('Last census');
    expect(await sentence(page, /instances are readable/, FILLING)).toContain(`All ${DEMO.total} instances are readable, ${DEMO.third} under the active generation`);
    expect(await page.getByText('holds every byte').count()).toBe(0);
    await look('cluster-overview');
  });

  test('three nodes are up', async () => {
    await go(page, 'Nodes');
    await sentence(page, /^All 3 nodes of the cluster are up/);
    await look('cluster-nodes');
  });

  test('the census tells every node what it holds', async () => {
    await go(page, 'Data');
    await page.getByRole('button', { name: /^Take census/ }).click();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('region', { name: 'Census under way' }).waitFor();
    await page.getByRole('region', { name: 'Census under way' }).waitFor({ state: 'detached', timeout: 60_000 });
    await page.getByText(/^All \d+ ranges counted just now/).waitFor();
    await look('cluster-census');
    await page.getByRole('link', { name: 'by node' }).click();
    const matrix = page.getByRole('group', { name: 'Matrix of instances by node' });
    const totals = await Promise.all(addresses.map(async (address) => Number((await matrix.getByRole('row').filter({ hasText: address }).innerText()).split(/\s+/).at(-1)?.replaceAll(',', ''))));
    // Each instance lies on two of the three.
    expect(totals.reduce((sum, each) => sum + each, 0)).toBe(2 * DEMO.total);
    await look('cluster-census-by-node');
  });

  test('no node holds all of a key, and an activation shows first where the bytes will lie', async () => {
    await go(page, 'Master keys');
    await sentence(page, /generations of/);
    await page.getByRole('grid', { name: 'Master keys' }).getByRole('row').nth(1).click();
    const panel = page.getByRole('complementary', { name: 'Key generation' });
    const ring = panel.getByRole('region', { name: 'Where its bytes lie' });
    await ring.getByRole('img', { name: /^65 stripes on 3 nodes/ }).waitFor();
    await ring.scrollIntoViewIfNeeded();
    await look('cluster-key-ring');
    await page.evaluate(() => {
      location.hash = '#/activate';
    });
    await sentence(page, /would take over/);
    await typeCommand(page, `activatekey name='${LUI_KEY}'`);
    await sentence(page, /would take over/);
    const before = page.getByRole('region', { name: 'Where the bytes will lie' });
    await before.getByRole('img', { name: /^65 stripes on 3 nodes/ }).waitFor();
    await before.scrollIntoViewIfNeeded();
    await look('cluster-activate');
  });

  test('a rekey runs over the ranges of the ring, is paused and resumed, follows the throttle, and comes to its proof, which stands in the timeline', async () => {
    await go(page, 'Rekey');
    await sentence(page, /older generations/);
    await page.getByRole('button', { name: 'Rekey…' }).click();
    const sheet = page.getByRole('dialog', { name: 'Rekey' });
    // 50 a second, so that enough is left for what follows.
    await sheet.getByLabel('Throttle').fill('5');
    await sheet.getByText('as throttled').waitFor();
    await sheet.getByRole('button', { name: /^Re-encrypt/ }).click();
    await sentence(page, /^(?:[5-9]\d|[1-9]\d\d) of \d+ instances are re-encrypted/, 60_000);
    await look('cluster-rekey');
    await page.getByRole('button', { name: 'Pause' }).click();
    const paused = await sentence(page, /^(Attention: )?Paused: [\d,]+ of/);
    await page.getByRole('img', { name: /^Token ranges: / }).waitFor();
    // What was in hand is done within seconds; from then on nothing is, until it is resumed.
    await expect.poll(async () => (await campaignNow(page)).workers).toEqual([]);
    const { id, done } = await campaignNow(page);
    await delay(3_000);
    expect(await campaignNow(page)).toMatchObject({ id, state: 'paused', done, workers: [] });
    expect(Number(/Paused: ([\d,]+) of/.exec(paused)?.[1])).toBeGreaterThan(0);
    expect(done).toBeLessThan(DEMO.first + DEMO.second);
    await page.getByRole('button', { name: 'Resume' }).click();
    await sentence(page, /^[\d,]+ of \d+ instances are re-encrypted/);
    await page.getByLabel('Throttle').fill('1');
    await expect.poll(async () => (await campaignNow(page)).limits.instancesPerSecond).toBe(2);
    await expect.poll(() => rekeyPace(page), { timeout: 30_000 }).toBeLessThan(10);
    const slow = await campaignNow(page);
    expect(slow).toMatchObject({ id, state: 'running', limits: { instancesPerSecond: 2 } });
    // Without a limit what is left takes far less time than it would at 2 a second.
    await page.getByLabel('Throttle').fill('15');
    const from = performance.now();
    await expect.poll(async () => (await campaignNow(page)).limits.instancesPerSecond).toBeNull();
    await expect.poll(async () => (await campaignNow(page)).done, { timeout: 120_000 }).toBe(slow.total);
    expect((slow.total - slow.done) / ((performance.now() - from) / 1000)).toBeGreaterThan(4);
    await sentence(page, new RegExp(`^Proven: of ${DEMO.total} instances`), 120_000);
    await look('cluster-rekey-proof');
    await go(page, 'Master keys');
    await sentence(page, /no instance needs an older generation/);
    await look('cluster-timeline');
  });

  test('an instance that can not be opened is left and told, and brought over once it is mended', async () => {
    const damaged = '42';
    await rotate('before a rekey that fails for one');
    const chunk = await storedChunk(cluster, damaged);
    await chunk.damage();
    await go(page, 'Rekey');
    await page.getByRole('button', { name: 'Rekey…' }).click();
    await page.getByRole('dialog', { name: 'Rekey' }).getByRole('button', { name: /^Re-encrypt/ }).click();
    const left = page.getByRole('region', { name: 'Left as they were' });
    const row = left.getByRole('grid', { name: 'Instances left as they were' }).getByRole('row').nth(1);
    await row.waitFor({ timeout: 60_000 });
    expect((await row.innerText()).split(/\s+/).slice(0, 3)).toEqual(['CUSTOMER', damaged, 'ENVELOPE_AUTHENTICATION_FAILED']);
    await sentence(page, /^(Attention: )?1 instance still needs an older generation/, 60_000);
    await look('cluster-rekey-failure');
    await chunk.mend();
    await left.getByRole('button', { name: 'Retry these' }).click();
    await sentence(page, new RegExp(`^Proven: of ${DEMO.total} instances`), 60_000);
  });

  test('a campaign is cancelled once its consequences were read; what it did stays', async () => {
    await rotate('before a rekey that is cancelled');
    await go(page, 'Rekey');
    await page.getByRole('button', { name: 'Rekey…' }).click();
    const sheet = page.getByRole('dialog', { name: 'Rekey' });
    await sheet.getByLabel('Throttle').fill('5');
    await sheet.getByText('as throttled').waitFor();
    await sheet.getByRole('button', { name: /^Re-encrypt/ }).click();
    await sentence(page, /^(?:[2-9]\d|[1-9]\d\d) of \d+ instances are re-encrypted/, 60_000);
    await page.getByRole('button', { name: 'Cancel…' }).click();
    const cancel = page.getByRole('dialog', { name: 'Cancel the campaign' });
    await cancel.getByText(/instances stay under the older generations, and readable/).waitFor();
    await look('cluster-rekey-cancel');
    await cancel.getByRole('button', { name: 'Cancel the campaign' }).click();
    await sentence(page, /^(Attention: )?Cancelled/, 60_000);
    await expect.poll(async () => (await campaignNow(page)).workers).toEqual([]);
    const { state, done, total } = await campaignNow(page);
    expect([state, done > 0, done < total]).toEqual(['cancelled', true, true]);
    await delay(2_000);
    expect(await campaignNow(page)).toMatchObject({ state, done });
    await go(page, 'Data');
    await page.getByRole('button', { name: /^Take census/ }).click();
    await page.getByRole('button', { name: 'Start' }).click();
    await expect.poll(async () => (await page.evaluate(() => window.keyConsole?.rekey.list()))).toMatchObject({ ok: true, value: { needs: { older: total - done, total: DEMO.total } } });
  });

  test('a schedule that was made in the window is acted on by a server of the cluster; the window shows who acts, and the proof', async () => {
    await go(page, 'Rekey');
    await sentence(page, /older generation/);
    const before = await campaignNow(page);
    const serving = spawn(process.execPath, [FKC, '--profile', 'eu', 'rekey', 'serve'], { env: { ...process.env, FKC_HOME: opened.home }, stdio: 'ignore' });
    const ended = once(serving, 'exit');
    try {
      await page.getByRole('button', { name: 'Add a schedule…' }).click();
      const form = page.getByRole('dialog', { name: 'Add a schedule' });
      await form.getByLabel('When', { exact: true }).selectOption({ label: 'by a cron expression' });
      await form.getByLabel('Cron expression').fill('* * * * *');
      await form.getByLabel('Time zone').fill('UTC');
      await form.getByLabel('Instances of one generation').fill('1');
      await form.getByRole('button', { name: 'Add' }).click();
      const schedules = page.getByRole('region', { name: 'Schedules' });
      await schedules.getByText(/acts on them\.$/).waitFor({ timeout: 60_000 });
      await expect.poll(() => campaignNow(page), { timeout: 120_000, interval: 500 }).toMatchObject({ id: expect.not.stringContaining(before.id) as string, state: 'done' });
      expect(await sentence(page, /No instance needs/, 60_000)).toContain(`No instance needs an older generation: all ${DEMO.total} are under the active one.`);
      await page.getByText('done, proven').first().waitFor();
      await look('cluster-schedule');
      await schedules.getByRole('button', { name: /^Remove the schedule/ }).click();
      await page.getByText('No rekey starts by itself.').waitFor();
    } finally {
      serving.kill('SIGTERM');
      await ended;
    }
    expect(serving.exitCode).toBe(0);
  });

  test('a deep census finds the one envelope that is damaged, and says that it is gone once it is mended', async () => {
    const deep = async (): Promise<void> => {
      await page.getByRole('button', { name: /^Take census/ }).click();
      await page.getByLabel('Deep: compare every envelope with its record').check();
      await page.getByLabel('Authenticate').selectOption('1');
      await page.getByRole('button', { name: 'Start' }).click();
    };
    const chunk = await storedChunk(cluster, '7');
    await chunk.damage();
    await go(page, 'Data');
    await deep();
    await page.getByText(/all authenticated, 1 does not hold/).waitFor({ timeout: 60_000 });
    const findings = page.getByRole('group', { name: 'Findings of the deep census' });
    await findings.getByRole('link', { name: 'CUSTOMER 7' }).waitFor();
    await findings.getByText('ENVELOPE_AUTHENTICATION_FAILED').waitFor();
    await look('cluster-deep-census');
    await chunk.mend();
    await deep();
    await page.getByText(`Deep census: ${DEMO.total} envelopes compared, all authenticated, every one holds`).waitFor({ timeout: 60_000 });
    await findings.waitFor({ state: 'detached' });
  });

  test('a campaign over field values goes through the instances of its Logical Unit, and says what it read', async () => {
    await go(page, 'Rekey');
    await page.getByRole('button', { name: 'Rekey…' }).click();
    const sheet = page.getByRole('dialog', { name: 'Rekey' });
    await sheet.getByLabel('What', { exact: true }).selectOption({ label: 'Values of field level encryption in named columns' });
    await sheet.getByLabel('Columns').fill('CUSTOMER:customer.email');
    await sheet.getByRole('button', { name: 'Go through 599 instances' }).click();
    // The sample's addresses are plain: none of them is a value of field level encryption.
    expect(await sentence(page, /read anew/, 120_000)).toMatch(/^599 instances read anew: /);
    await page.getByRole('region', { name: 'The columns, read anew' }).getByRole('columnheader', { name: 'Values re-encrypted' }).waitFor();
    await look('cluster-rekey-fields');
  });
});

/** The sealed bytes of a customer, as they lie in the cluster: to spoil, and to put back. */
async function storedChunk({ contactPoints }: CassandraCluster, id: string): Promise<{ damage(): Promise<void>; mend(): Promise<void> }> {
  const on = async (cql: string, params: readonly unknown[]): Promise<Record<string, unknown> | undefined> => {
    const client = new Client({ contactPoints: [...contactPoints], localDataCenter: 'datacenter1', protocolOptions: { maxVersion: 4 } });
    try {
      await client.connect();
      return (await client.execute(cql, [...params], { prepare: true, consistency: types.consistencies.all })).rows?.[0];
    } finally {
      await client.shutdown();
    }
  };
  const row = await on('SELECT version FROM k2view_customer.entity WHERE id = ?', [id]);
  const place = [id, row?.['version'], 0];
  const data = (await on('SELECT data FROM k2view_customer.entity_chunks WHERE id = ? AND version = ? AND idx = ?', place))?.['data'] as Buffer;
  const put = async (bytes: Buffer): Promise<void> => {
    await on('UPDATE k2view_customer.entity_chunks SET data = ? WHERE id = ? AND version = ? AND idx = ?', [bytes, ...place]);
  };
  const spoilt = Buffer.from(data);
  spoilt.writeUInt8(spoilt.readUInt8(spoilt.length - 1) ^ 1, spoilt.length - 1);
  return { damage: () => put(spoilt), mend: () => put(data) };
}
