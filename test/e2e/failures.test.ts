import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
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
    opened.page.setDefaultTimeout(20_000);
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

  test('a database that another process holds is DATABASE_LOCKED after a while, not a hang', async () => {
    const file = join(home, 'held.sqlite');
    const maker = await new Profiles(home).create({ name: 'held', sqlite: file });
    const services = await openServices({ home, profile: maker.name });
    await services.close();
    const holder = child('own', file, '7000');
    await holder.said;
    const { page } = await opens('held');
    await sentence(page, /does not answer|could not/);
    expect(await failure(page.locator('#page'))).toMatchObject({ code: 'DATABASE_LOCKED' });
    await holder.ended;
  });

  test('a profile that is not there is told by its name', async () => {
    const { page } = await opens('nobody');
    await sentence(page, /does not answer|could not/);
    expect(await failure(page.locator('#page'))).toMatchObject({ code: 'PROFILE_UNKNOWN', message: expect.stringContaining('nobody') as string });
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
    page.setDefaultTimeout(20_000);
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
