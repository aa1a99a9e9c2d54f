import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Profiles } from '../../app/profiles.ts';
import { addNode } from '../../app/services/profile-nodes.ts';
import { LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import { makeHome, openCluster, PROFILE } from '../faults/cluster.ts';
import { foundIn, foundUnder } from '../faults/known-key.ts';
import { createKey, REGION } from '../peers/aws/aws.ts';
import { installLocalStack } from '../peers/aws/python-server.ts';
import { useAws } from '../peers/aws/use-aws.ts';
import { line, setAwsVariables } from '../peers/kms/node.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { recordTraffic, type Traffic } from './recorded-traffic.ts';
import { activate, go, sentence } from './window.ts';

// Before any hook: the first time it takes minutes.
const python = await installLocalStack();

describe.each(await hosts())('known key bytes in the window on %s', (host) => {
  const aws = useAws(python);
  const before = process.env['TMPDIR'];
  let temporary: string;
  let home: string;
  let remove: () => Promise<void>;
  let opened: OpenConsole;
  let page: Page;
  let traffic: Traffic;
  /** Everything that the page was told, as it could see it. */
  let told = '';
  const keys: Buffer[] = [];
  /** Those of them that the KMS made, as it answered them. */
  const byKms: Buffer[] = [];
  const planted = Buffer.from(Array.from({ length: 32 }, (_, i) => (i * 53 + 7) % 256));

  beforeAll(async () => {
    // Of its own, so that everything the run leaves in the temporary folder is searched.
    temporary = mkdtempSync(join(tmpdir(), 'fkc-temporary-'));
    process.env['TMPDIR'] = temporary;
    ({ home, remove } = await makeHome({ keystore: true }));
    setAwsVariables();
    const ini = join(home, 'config.ini');
    writeFileSync(ini, `[encryption_aws_kms]\nACCESS_KEY_ID=\${FKC_TEST_ACCESS_KEY_ID}\nSECRET_ACCESS_KEY=\${FKC_TEST_SECRET_ACCESS_KEY}\nREGION=${REGION}\nCUSTOMER_KEY_ID=${await createKey(aws.url)}\n`, { mode: 0o600 });
    await addNode(new Profiles(home), PROFILE, 'node-1', ini);
    aws.proxy.set({ operation: 'GenerateDataKey', fault: { kind: 'changed', change: (answer) => (byKms.push(Buffer.from(String(answer['Plaintext']), 'base64')), answer) } });
    traffic = recordTraffic([aws.url, aws.proxy.url].map((url) => Number(new URL(url).port)));
    opened = await openConsole(host, { home, profile: PROFILE });
    page = opened.page;
  });
  afterAll(async () => {
    traffic.stop();
    await opened.close();
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    for (const key of [...keys, ...byKms]) key.fill(0);
    await remove();
    await rm(temporary, { recursive: true, force: true });
  });

  test('everything that meets a key is done', async () => {
    await sentence(page, /instances are readable/);
    await page.evaluate(() => {
      window.heard = [];
      window.keyConsole?.events.subscribe((event) => window.heard?.push(event));
    });
    await page.getByRole('button', { name: 'Activate new key' }).click();
    await sentence(page, /would take over/);
    await activate(page, 'known key');
    await go(page, 'Master keys');
    await page.getByRole('button', { name: 'Verify all' }).click();
    await page.getByRole('status').filter({ hasText: 'are intact' }).waitFor();
    await go(page, 'Data');
    await page.getByRole('button', { name: 'Verify all' }).click();
    await page.getByRole('status').filter({ hasText: 'every one is intact' }).waitFor();
    told = await page.evaluate(async ({ profile, byKms: text }) => {
      const { keyConsole } = window;
      if (keyConsole === undefined) throw new Error('no bridge');
      const answers: unknown[] = [
        await keyConsole.keystore.rotate({ confirm: profile }),
        await keyConsole.command.run({ text }),
        await keyConsole.data.show({ lu: 'CUSTOMER', id: '1' }),
        await keyConsole.data.instance({ lu: 'CUSTOMER', id: '1' }),
        await keyConsole.session.lock(),
        await keyConsole.command.run({ text: "activatekey name='masterkey_key_name'" }),
        await keyConsole.session.unlock({}),
        await keyConsole.session.unlock({ keystorePassword: 'wrong' }),
        await keyConsole.audit.list({ limit: 500 }),
        await keyConsole.overview.get(),
      ];
      const list = await keyConsole.keys.list();
      answers.push(list);
      if (list.ok) for (const { description } of list.value.keys) answers.push(await keyConsole.keys.get({ description }));
      return JSON.stringify([answers, window.heard]);
    }, { profile: PROFILE, byKms: line('AWS_KMS') });
    expect(told).toContain('"LOCKED"');
  });

  test('the true bytes of every key are taken from a second process on the same database', async () => {
    const other = await openCluster(home);
    const { ring, db } = other.cluster;
    for (const { description } of await db.keys.list()) (await ring.get(description)).use((bytes) => keys.push(Buffer.from(bytes)));
    const protection = await ring.protection.current();
    protection.key.use((bytes) => keys.push(Buffer.from(bytes)));
    protection.key.dispose();
    expect((await ring.active(LUI_KEY_NAME)).description).toBeTruthy();
    await other.close();
    // Two at first, one activated, two more with the new protection key, one that the KMS made, and the protection key itself.
    expect(keys).toHaveLength(7);
    expect(byKms).toHaveLength(1);
    expect(keys).toContainEqual(byKms[0]);
  });

  test('no key is in what the page was told', () => {
    expect(foundIn(Buffer.from(told), 'answers and events', keys)).toEqual([]);
    expect(foundIn(Buffer.from(`${told}${planted.toString('base64')}`), 'answers and events', [planted])).not.toEqual([]);
  });

  test.runIf(host === 'chromium')('no key is in the raw traffic with the browser engine', async () => {
    const search = (wanted: readonly Buffer[]): string[] => [
      ...traffic.written().flatMap((bytes) => foundIn(bytes, 'what was written', wanted)),
      ...traffic.read().flatMap((bytes) => foundIn(bytes, 'what was read', wanted)),
    ];
    expect(search(keys)).toEqual([]);
    // It is this window's traffic that was searched: every answer is in it, and so is what the page says.
    expect(traffic.written().some((bytes) => bytes.includes('masterkey_key_name-'))).toBe(true);
    expect(traffic.read().some((bytes) => bytes.includes('keystore.rotate'))).toBe(true);
    await page.evaluate((text) => window.keyConsole?.audit.list({ limit: 1, search: text }), planted.toString('hex'));
    expect(search([planted])).toEqual(expect.arrayContaining(['key 0 as hex in what was written', 'key 0 as hex in what was read']));
  });

  test('no key is in the page’s heap, and a planted one is found there', async () => {
    expect(foundIn(await heapSnapshot(page), 'the heap', keys)).toEqual([]);
    await page.evaluate((texts) => {
      (window as unknown as { planted: string[] }).planted = texts.map((text) => text.split('').join(''));
    }, [planted.toString('hex'), planted.toString('base64'), [...planted].join(',')]);
    const found = foundIn(await heapSnapshot(page), 'the heap', [planted]);
    for (const form of ['hex', 'base64', 'JSON numbers']) expect(found).toContain(`key 0 as ${form} in the heap`);
  });

  test('no key is in a file of the console or of the browser engine', async () => {
    for (const folder of [home, temporary]) {
      const { found, files } = await foundUnder(folder, keys);
      expect(found).toEqual([]);
      expect(files).toBeGreaterThan(3);
    }
  });
});

/** The heap of the page's process: every string and every name in it. */
async function heapSnapshot(page: Page): Promise<Buffer> {
  const session = await page.context().newCDPSession(page);
  const chunks: string[] = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await session.send('HeapProfiler.enable');
  await session.send('HeapProfiler.takeHeapSnapshot', { captureNumericValue: true });
  await session.detach();
  const snapshot = JSON.parse(chunks.join('')) as { strings: string[] };
  return Buffer.from(snapshot.strings.join('\n'));
}
