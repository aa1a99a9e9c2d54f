import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { passwordOf } from '../../app/password.ts';
import { openServices, type Services } from '../../app/services.ts';
import { parseLuDefinition } from '../../main/lu/definition.ts';
import { SecretBytes } from '../../main/secret.ts';

const PASSWORD = 'correct horse 8';

let home: string;
/** Every secret that was made since the test began. */
let made: SecretBytes[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'fkc-zeroes-'));
  made = [];
  const copyOf = SecretBytes.copyOf.bind(SecretBytes);
  vi.spyOn(SecretBytes, 'copyOf').mockImplementation((source) => {
    const secret = copyOf(source);
    made.push(secret);
    return secret;
  });
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await rm(home, { recursive: true, force: true });
});

/** A console that is live under a KeyStore whose password was typed, and has done everything that touches a key. */
async function worked(services: Services): Promise<void> {
  await services.unlock(passwordOf(PASSWORD));
  const source = new DatabaseSync(join(home, 'crm.sqlite'));
  source.exec("CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO customer VALUES (1, 'Ada'), (2, 'Grace')");
  source.close();
  await services.data.import(parseLuDefinition('{"lu":"CUSTOMER","root":{"table":"customer","key":"id"},"tables":[]}'), join(home, 'crm.sqlite'));
  await services.activation.run("activatekey name='masterkey_key_name'", null);
  await expect(services.activation.run("activatekey name='masterkey_key_name' storeType='AWS_KMS' generatorType='AWS_KMS'", null)).rejects.toMatchObject({ code: 'PROVIDER_NOT_CONFIGURED' });
  await services.keystore.rotate('mine');
  const { image } = await services.cluster.instances.read('CUSTOMER', '1');
  await services.cluster.instances.save('CUSTOMER', '1', image);
  const token = await services.data.encryptField('CUSTOMER', '1', Buffer.from('secret'));
  await services.data.decryptField('CUSTOMER', '1', await services.data.rekeyField('CUSTOMER', '1', token));
  await services.data.hash('names', ['Ada']);
  await services.data.verify();
  expect((await services.keys.verify()).unreadable).toEqual([]);
}

async function openWithKeyStore(): Promise<Services> {
  const maker = await openServices({ home });
  await maker.createProfile({ name: 'mine', sqlite: join(home, 'mine.sqlite'), keystore: { file: join(home, 'fabric.keystore') } }, passwordOf(PASSWORD));
  await maker.close();
  return openServices({ home, profile: 'mine' });
}

const alive = (): number => made.filter((secret) => !secret.disposed).length;

describe('every secret that the process ever made is zeroed', () => {
  it('by a lock that was asked for, and again after the next unlock', async () => {
    const services = await openWithKeyStore();
    await worked(services);
    // The key ring and the KeyStore's password.
    expect(alive()).toBeGreaterThan(4);
    expect(made.length).toBeGreaterThan(30);
    await services.lock('asked');
    expect(alive()).toBe(0);
    await services.unlock(passwordOf(PASSWORD));
    expect(alive()).toBeGreaterThan(4);
    await services.lock('asked');
    expect(alive()).toBe(0);
    await services.close();
  });

  it('by the idle clock', async () => {
    const services = await openWithKeyStore();
    await services.setPreferences({ theme: 'system', idleMinutes: 1 });
    await worked(services);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await services.start();
    expect(alive()).toBeGreaterThan(4);
    vi.advanceTimersByTime(61_000);
    vi.useRealTimers();
    await vi.waitFor(() => expect(services.cluster.unlocked).toBe(false));
    await vi.waitFor(() => expect(alive()).toBe(0));
    await services.close();
  });

  it('where unlocking fails', async () => {
    const services = await openWithKeyStore();
    await worked(services);
    await services.lock('asked');
    await expect(services.unlock(passwordOf('another horse 9'))).rejects.toMatchObject({ code: 'KEYSTORE_PASSWORD_WRONG' });
    expect(alive()).toBe(0);
    await writeFile(join(home, 'fabric.keystore'), 'nothing');
    await expect(services.unlock(passwordOf(PASSWORD))).rejects.toMatchObject({ code: expect.stringMatching(/^KEYSTORE_/) as string });
    expect(alive()).toBe(0);
    await services.close();
  });
});
