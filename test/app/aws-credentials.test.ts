import { copyFile, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GivenAwsCredentials, shortened } from '../../app/services/aws-credentials.ts';
import type { GivenCredentials } from '../../app/services/sealed-credentials.ts';
import { passwordOf } from '../../app/password.ts';
import { isAppError } from '../../main/errors.ts';
import { onFailPoint } from '../../main/fail-point.ts';
import { foundIn, foundUnder } from '../faults/known-key.ts';
import { TestKeychain } from './test-keychain.ts';

const SECRET = 'known-secret-access-key-of-the-tests-0123';
const TOKEN = 'known-session-token/of+the=tests';
const ID = 'AKIAEXAMPLE12345WXYZ';
let folder: string;
let file: string;
let keychain: TestKeychain;

const given = (accessKeyId = ID, token: string | null = null): GivenCredentials => ({ accessKeyId, secretAccessKey: passwordOf(SECRET), sessionToken: token === null ? null : passwordOf(token) });
const codeOf = async (act: Promise<unknown>): Promise<string> => {
  const error: unknown = await act.then(() => null, (thrown: unknown) => thrown);
  expect(inspect(error, { depth: 6 })).not.toContain(SECRET);
  return isAppError(error) ? error.code : String(error);
};

async function open(chain: TestKeychain | null = keychain, profile = 'mine', at = file): Promise<GivenAwsCredentials> {
  const credentials = await GivenAwsCredentials.open(profile, at, chain);
  credentials.unlock();
  return credentials;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fkc-credentials-'));
  file = join(folder, 'profiles', 'mine.aws-sealed');
  keychain = new TestKeychain();
});

afterEach(async () => {
  onFailPoint(null);
  await rm(folder, { recursive: true, force: true });
});

describe('with a keychain', () => {
  it('lie sealed in one file of mode 0600, and are there for the next process', async () => {
    const credentials = await open();
    expect([credentials.aws, await credentials.facts()]).toEqual([null, null]);
    const gone = given(ID, TOKEN);
    expect(await credentials.give(gone)).toBe('keychain');
    expect([gone.secretAccessKey.disposed, gone.sessionToken?.disposed]).toEqual([true, true]);
    expect(await readdir(join(folder, 'profiles'))).toEqual(['mine.aws-sealed']);
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await foundUnder(folder, [Buffer.from(SECRET), Buffer.from(TOKEN), Buffer.from(ID)])).found).toEqual([]);
    const next = await open();
    expect(await next.aws?.()).toEqual({ accessKeyId: ID, secretAccessKey: SECRET, sessionToken: TOKEN });
    expect(await next.facts()).toEqual({ kept: 'keychain', accessKeyId: ID, temporary: true, failure: null });
  });

  it('are not opened while the console is locked, and stay', async () => {
    const credentials = await open();
    await credentials.give(given());
    const asked = credentials.aws;
    expect(credentials.lock()).toBe(true);
    expect(await codeOf(asked?.() ?? Promise.resolve())).toBe('LOCKED');
    expect(await credentials.facts()).toMatchObject({ kept: 'keychain', accessKeyId: null, failure: { code: 'LOCKED' } });
    expect(await codeOf(credentials.give(given()))).toBe('LOCKED');
    expect(keychain.opened).toBe(0);
    credentials.unlock();
    expect(await asked?.()).toMatchObject({ accessKeyId: ID });
  });

  it('take the place of those before, without a copy beside them; and are forgotten with the file', async () => {
    const credentials = await open();
    await credentials.give(given());
    const before = await readFile(file);
    await credentials.give(given('AKIAOTHER'));
    expect(await credentials.aws?.()).toEqual({ accessKeyId: 'AKIAOTHER', secretAccessKey: SECRET });
    expect((await readFile(file)).equals(before)).toBe(false);
    const asked = credentials.aws;
    await credentials.forget();
    expect(await readdir(join(folder, 'profiles'))).toEqual([]);
    expect([credentials.aws, await codeOf(asked?.() ?? Promise.resolve())]).toEqual([null, 'KMS_CREDENTIALS_MISSING']);
    await credentials.forget();
  });

  it('are given and forgotten one at a time, however many ask at once', async () => {
    const credentials = await open();
    await Promise.all([credentials.give(given('AKIAONE')), credentials.forget(), ...Array.from({ length: 8 }, (_, i) => credentials.give(given(`AKIA${i}`)))]);
    expect(await credentials.aws?.()).toMatchObject({ accessKeyId: 'AKIA7' });
    expect(await (await open()).aws?.()).toMatchObject({ accessKeyId: 'AKIA7' });
  });

  it('that does not seal: nothing is stored, in no form, and those before stay', async () => {
    const credentials = await open();
    await credentials.give(given());
    keychain.is = 'refusing';
    expect(await codeOf(credentials.give(given('AKIAOTHER')))).toBe('KEYCHAIN_FAILED');
    keychain.is = 'here';
    expect(await credentials.aws?.()).toMatchObject({ accessKeyId: ID });
  });

  it.each(['temp-written', 'synced', 'renamed'])('cut off at %s: the old ones or the new ones, and the next writing works', async (point) => {
    const credentials = await open();
    await credentials.give(given());
    onFailPoint((name) => {
      if (name === `sealed-credentials:${point}`) throw Object.assign(new Error('cut off'), { code: 'EIO' });
    });
    expect(await codeOf(credentials.give(given('AKIAOTHER')))).toBe('FILE_WRITE_FAILED');
    onFailPoint(null);
    expect(await credentials.aws?.()).toEqual(await (await open()).aws?.());
    expect(await (await open()).aws?.()).toMatchObject({ accessKeyId: point === 'renamed' ? 'AKIAOTHER' : ID });
    // As a process leaves it that was killed.
    await writeFile(`${file}.fkc-new`, 'half');
    await credentials.give(given('AKIATHIRD'));
    expect(await (await open()).aws?.()).toMatchObject({ accessKeyId: 'AKIATHIRD' });
    expect(await readdir(join(folder, 'profiles'))).toEqual(['mine.aws-sealed']);
  });
});

describe('a sealed file that can not be opened is one code, and is kept until it is replaced or forgotten', () => {
  const cases: readonly (readonly [string, () => Promise<GivenAwsCredentials>])[] = [
    ['truncated', async () => (await truncate(file, 60), open())],
    ['empty', async () => (await truncate(file, 0), open())],
    ['changed by a bit', async () => {
      const bytes = await readFile(file);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await writeFile(file, bytes);
      return open();
    }],
    ['of another kind', async () => (await writeFile(file, '{"accessKeyId":"x"}'), open())],
    ['a folder in its place', async () => (await rm(file), await copyFile('package.json', join(folder, 'x')), open(keychain, 'mine', folder))],
    ['sealed by another machine', async () => open(new TestKeychain())],
    ['of another profile', async () => open(keychain, 'other')],
    ['with the keychain gone', async () => ((keychain.is = 'gone'), open())],
    ['with the keychain locked', async () => ((keychain.is = 'refusing'), open())],
  ];

  it.each(cases)('%s', async (_, spoil) => {
    await (await open()).give(given());
    const credentials = await spoil();
    const before = await readFile(file).catch(() => null);
    expect(await codeOf(credentials.aws?.() ?? Promise.resolve())).toBe('KMS_CREDENTIALS_UNREADABLE');
    expect(await credentials.facts()).toMatchObject({ kept: 'keychain', accessKeyId: null, failure: { code: 'KMS_CREDENTIALS_UNREADABLE' } });
    credentials.lock();
    expect(await readFile(file).catch(() => null)).toEqual(before);
  });

  it('is replaced by what is given', async () => {
    await (await open()).give(given());
    await truncate(file, 50);
    const credentials = await open();
    await credentials.give(given('AKIAOTHER'));
    expect(await (await open()).aws?.()).toMatchObject({ accessKeyId: 'AKIAOTHER' });
  });

  it('is forgotten also where there is no keychain any more', async () => {
    await (await open()).give(given());
    keychain.is = 'gone';
    await (await open()).forget();
    expect(await readdir(join(folder, 'profiles'))).toEqual([]);
  });

  it('stays where others are given on a host without a keychain, which go first until the lock', async () => {
    await (await open()).give(given());
    const before = await readFile(file);
    keychain.is = 'gone';
    const credentials = await open();
    expect(await credentials.give(given('AKIAMEMORY'))).toBe('memory');
    expect(await credentials.aws?.()).toMatchObject({ accessKeyId: 'AKIAMEMORY' });
    credentials.lock();
    credentials.unlock();
    expect(await codeOf(credentials.aws?.() ?? Promise.resolve())).toBe('KMS_CREDENTIALS_UNREADABLE');
    expect(await readFile(file)).toEqual(before);
  });
});

describe('without a keychain', () => {
  beforeEach(() => {
    keychain.is = 'gone';
  });

  it('are in memory until the console is locked, and never on the disk', async () => {
    const credentials = await open();
    expect(credentials.seals).toBe(false);
    expect(await credentials.give(given(ID, TOKEN))).toBe('memory');
    expect(await credentials.aws?.()).toEqual({ accessKeyId: ID, secretAccessKey: SECRET, sessionToken: TOKEN });
    expect((await foundUnder(folder, [Buffer.from(SECRET)])).files).toBe(0);
    expect(foundIn(Buffer.from(inspect(credentials, { depth: 9, showHidden: true }) + JSON.stringify(credentials)), 'what it prints', [Buffer.from(SECRET)])).toEqual([]);
    const asked = credentials.aws;
    credentials.lock();
    credentials.unlock();
    expect([credentials.aws, await codeOf(asked?.() ?? Promise.resolve())]).toEqual([null, 'KMS_CREDENTIALS_MISSING']);
  });

  it('are zeroed when others are given, and when they are forgotten', async () => {
    const credentials = await open();
    await credentials.give(given());
    await credentials.give(given('AKIAOTHER'));
    expect(await credentials.aws?.()).toMatchObject({ accessKeyId: 'AKIAOTHER' });
    await credentials.forget();
    expect(credentials.aws).toBeNull();
  });
});

it('the command line, which has no keychain, opens no sealed file and knows nothing of it', async () => {
  await (await open()).give(given());
  const credentials = await open(null);
  expect([credentials.aws, await credentials.facts(), credentials.seals]).toEqual([null, null, false]);
});

it('an access key ID is shown by its ends', () => {
  expect([shortened(ID), shortened('111122223333'), shortened('short')]).toEqual(['AKIA…WXYZ', '1111…3333', 'sh…']);
});
