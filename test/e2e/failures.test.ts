import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Profiles } from '../../app/profiles.ts';
import { openServices } from '../../app/services.ts';
import { CUSTOMERS, makeHome, PROFILE } from '../faults/cluster.ts';
import { child } from '../systemdb/processes.ts';
import { hosts, openConsole, type OpenConsole } from './host/open.ts';
import { failure, go, sentence } from './window.ts';

/** A folder in which nothing can be made: root passes by every mode, but not by the kernel's own file system. */
function readOnlyFolder(home: string): string {
  if (process.getuid?.() === 0) return '/sys/kernel';
  const folder = join(home, 'read-only');
  mkdirSync(folder);
  chmodSync(folder, 0o500);
  return folder;
}

describe.each(await hosts())('what goes wrong at the start on %s', (host) => {
  let home: string;
  let remove: () => Promise<void>;

  async function opens(profile: string): Promise<OpenConsole> {
    const opened = await openConsole(host, { home, profile });
    onTestFinished(() => opened.close());
    return opened;
  }

  beforeAll(async () => {
    ({ home, remove } = await makeHome({ keystore: true }));
  });
  afterAll(() => remove());

  test.each([
    ['a file that is no database', 'DATABASE_CORRUPT', (folder: string) => {
      const file = join(folder, 'corrupt.sqlite');
      writeFileSync(file, 'no database '.repeat(1000));
      return file;
    }],
    ['a folder that can not be written', 'DATABASE_READ_ONLY', (folder: string) => join(readOnlyFolder(folder), 'system.sqlite')],
  ])('%s: every page says %s, and what to do', async (_, code, place) => {
    const folder = mkdtempSync(join(home, 'case-'));
    await new Profiles(home).create({ name: code.toLowerCase(), sqlite: place(folder) });
    const { page } = await opens(code.toLowerCase());
    await sentence(page, /does not answer|could not/);
    const shown = await failure(page.locator('#page'));
    expect(shown.code).toBe(code);
    expect(shown.message).not.toBe('');
    expect(shown.remedy).not.toBe('');
    await page.getByRole('button', { name: 'Try again' }).waitFor();
  });

  /** A copy of the cluster under a profile of its own. @returns its database */
  async function copyCluster(name: string): Promise<string> {
    const profiles = new Profiles(home);
    const file = join(mkdtempSync(join(home, 'case-')), 'system.sqlite');
    copyFileSync(join(home, 'system.sqlite'), file);
    await profiles.save({ ...(await profiles.get(PROFILE)), name, sqlite: file });
    return file;
  }

  /** The page of `profile`, which shows `code`. */
  async function failsToOpen(profile: string, code: string): Promise<Page> {
    const { page } = await opens(profile);
    await sentence(page, /does not answer|could not/);
    const shown = await failure(page.locator('#page'));
    expect(shown.code).toBe(code);
    expect(shown.remedy).not.toBe('');
    return page;
  }

  async function goesLiveOnTryAgain(page: Page): Promise<void> {
    await page.getByRole('button', { name: 'Try again' }).click();
    expect(await sentence(page, /readable/)).toContain(`All ${CUSTOMERS} instances are readable`);
    expect(await page.evaluate(() => window.keyConsole?.session.status())).toMatchObject({ ok: true, value: { state: 'live', failure: null } });
    expect(await page.locator('#page .failure').count()).toBe(0);
    // Events arrive, and acts work: the page is told of the lock, and locks.
    await page.evaluate(() => window.keyConsole?.session.lock());
    await page.getByRole('button', { name: /^Unlock/ }).waitFor();
  }

  test('a database that another process holds is DATABASE_LOCKED after a while, not a hang; let go, it opens on Try again', async () => {
    const holder = child('own', await copyCluster('held'), '9000');
    await holder.said;
    const page = await failsToOpen('held', 'DATABASE_LOCKED');
    await holder.ended;
    await goesLiveOnTryAgain(page);
  });

  test('a database that is restored opens on Try again, and not before', async () => {
    const file = await copyCluster('restored');
    renameSync(file, `${file}.backup`);
    writeFileSync(file, 'no database '.repeat(1000));
    const page = await failsToOpen('restored', 'DATABASE_CORRUPT');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.waitForTimeout(1_500);
    expect(await failure(page.locator('#page'))).toMatchObject({ code: 'DATABASE_CORRUPT' });
    renameSync(`${file}.backup`, file);
    await goesLiveOnTryAgain(page);
  });

  test('a folder that is gone, as of a drive that is not there, opens on Try again once it is back', async () => {
    const folder = dirname(await copyCluster('drive'));
    renameSync(folder, `${folder}-away`);
    writeFileSync(folder, '');
    const { page } = await opens('drive');
    expect((await failure(page.locator('#page'))).code).toMatch(/^DATABASE_/);
    rmSync(folder);
    renameSync(`${folder}-away`, folder);
    await goesLiveOnTryAgain(page);
  });

  test('a profile that is not there is told by its name, and opens by itself once it is', async () => {
    const { page } = await opens('nobody');
    await sentence(page, /does not answer|could not/);
    expect(await failure(page.locator('#page'))).toMatchObject({ code: 'PROFILE_UNKNOWN', message: expect.stringContaining('nobody') as string });
    await copyCluster('nobody');
    expect(await sentence(page, /readable/, 30_000)).toContain(`All ${CUSTOMERS} instances are readable`);
  });

  test('a profile whose database user has a password that no file gives asks for it, and says where that leads', async () => {
    await new Profiles(home).create({ name: 'asks', cassandra: { contactPoints: ['127.0.0.1:9'], user: 'admin' } });
    const { page } = await opens('asks');
    await sentence(page, /^(Attention: )?Profile asks could not be opened yet: its database user needs a password\.$/);
    expect((await failure(page.locator('#page'))).code).toBe('DATABASE_PASSWORD_MISSING');
    await page.getByRole('button', { name: 'Give the password…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Open asks' });
    await dialog.getByLabel('Password of its database user').fill('a password');
    await dialog.getByRole('button', { name: 'Open', exact: true }).click();
    expect((await failure(dialog)).code).toBe('DATABASE_UNREACHABLE');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    // The way to another profile stays.
    await page.getByRole('button', { name: `Switch to ${PROFILE}` }).click();
    await sentence(page, new RegExp(`Profile ${PROFILE} protects its master keys`));
  });

  test('a KeyStore that is gone: no key goes live, and the page says what can be done', async () => {
    const profiles = new Profiles(home);
    const profile = await profiles.get(PROFILE);
    await profiles.save({ ...profile, name: 'gone', keystore: { file: join(home, 'gone.keystore'), passwordFile: join(home, 'password') } });
    const { page } = await opens('gone');
    await sentence(page, /^(Critical: )?Profile gone could not go live/);
    expect(await failure(page.locator('#page'))).toMatchObject({ code: 'KEYSTORE_NOT_FOUND', remedy: expect.stringContaining('copy the file from another node') as string });
    await go(page, 'Settings');
    await page.getByRole('combobox', { name: 'Profile' }).selectOption(PROFILE);
    await go(page, 'Overview');
    expect(await sentence(page, /readable/)).toContain(`All ${CUSTOMERS} instances are readable`);
  });

  test('a generation that can not be unwrapped is an alarm with exact figures, on every page that it concerns', async () => {
    const broken = mkdtempSync(join(tmpdir(), 'fkc-e2e-'));
    const first = await openServices({ home: broken });
    await first.start();
    const lost = (await first.keys.list()).keys.find((key) => key.instances === 343)?.description ?? '';
    await first.close();
    const db = new DatabaseSync(join(broken, 'demo', 'system.sqlite'));
    db.prepare('DELETE FROM k2auth_stripe_key_storage WHERE key_description = ? AND idx = 7').run(lost);
    db.close();
    const opened = await openConsole(host, { home: broken });
    onTestFinished(async () => {
      await opened.close();
      rmSync(broken, { recursive: true, force: true });
    });
    const { page } = opened;
    expect(await sentence(page, /can not be read/)).toBe('343 instances of 658 can not be read now, because a master key that they need is not usable.');
    await go(page, 'Master keys');
    expect(await sentence(page, /can not be used/)).toBe('Of 4 generations of 2 key names, one can not be used, and 343 instances need it.');
    await page.getByRole('button', { name: 'Verify all' }).click();
    expect(await failure(page.getByRole('status').filter({ hasText: '1 of 4 generations can not be used.' }))).toMatchObject({ code: 'KEY_STRIPES_MISSING' });
    await go(page, 'Data');
    await page.getByRole('button', { name: 'Verify all' }).click();
    await sentence(page, /343 instances of 658 could not be opened just now\.$/);
    await page.getByRole('status').getByRole('link', { name: /^CUSTOMER / }).first().click();
    await sentence(page, /can not be opened/);
  });
});
