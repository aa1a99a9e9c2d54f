import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { passwordOf } from '../../../app/password.ts';
import { openServices, type Services } from '../../../app/services.ts';
import { placesOf } from '../../../app/services/region-places.ts';
import type { GivenCredentials } from '../../../app/services/sealed-credentials.ts';
import { TestKeychain } from '../../app/test-keychain.ts';
import { createKey, REGION } from '../aws/aws.ts';
import { type FaultProxy, startFaultProxy } from '../aws/fault-proxy.ts';
import { createUser, enforce, type MotoUser } from '../aws/moto-users.ts';
import { installMoto, type KmsServer, startMoto } from '../aws/python-server.ts';
import { line, LU, Node } from './node.ts';
import { imageOf } from '../../lu/fixtures.ts';

const CHAIN = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_EC2_METADATA_DISABLED', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'] as const;
const before = Object.fromEntries(CHAIN.map((name) => [name, process.env[name]]));
// Before any hook: the first time it takes minutes.
const python = await installMoto();
let server: KmsServer;
let proxy: FaultProxy;
let key: string;
/** Users of config.ini, of the window, and of the environment. */
let configured: MotoUser;
let given: MotoUser;
let ambient: MotoUser;
let node: Node;
let keychain: TestKeychain;
let services: Services;

beforeAll(async () => {
  server = await startMoto(python);
  proxy = await startFaultProxy(server.url);
  process.env['AWS_ENDPOINT_URL_KMS'] = proxy.url;
  key = await createKey(server.url, { KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' });
  [configured, given, ambient] = [await createUser(server.url, 'config'), await createUser(server.url, 'window'), await createUser(server.url, 'environment')];
  process.env['FKC_TEST_ACCESS_KEY_ID'] = configured.accessKeyId;
  process.env['FKC_TEST_SECRET_ACCESS_KEY'] = configured.secretAccessKey;
  // From here on moto refuses an access key that it does not know, and a signature that is not its own.
  await enforce(server.url);
});

afterAll(async () => {
  delete process.env['AWS_ENDPOINT_URL_KMS'];
  for (const [name, value] of Object.entries(before)) if (value === undefined) delete process.env[name]; else process.env[name] = value;
  await proxy?.stop();
  await server?.stop();
});

beforeEach(async () => {
  withChain(ambient);
  proxy.set();
  keychain = new TestKeychain();
  node = new Node();
  await node.make();
  withoutConfigured();
});

afterEach(async () => {
  await services?.close();
  await node.remove();
});

function withChain(user: MotoUser | null): void {
  for (const name of CHAIN) delete process.env[name];
  process.env['AWS_EC2_METADATA_DISABLED'] = 'true';
  process.env['AWS_CONFIG_FILE'] = '/nonexistent/config';
  process.env['AWS_SHARED_CREDENTIALS_FILE'] = '/nonexistent/credentials';
  if (user === null) return;
  process.env['AWS_ACCESS_KEY_ID'] = user.accessKeyId;
  process.env['AWS_SECRET_ACCESS_KEY'] = user.secretAccessKey;
}

const withConfigured = (): void => node.configure({ encryption_aws_kms: { ACCESS_KEY_ID: '${FKC_TEST_ACCESS_KEY_ID}', SECRET_ACCESS_KEY: '${FKC_TEST_SECRET_ACCESS_KEY}', REGION, CUSTOMER_KEY_ID: key } });
const withoutConfigured = (): void => node.configure({ encryption_aws_kms: { REGION, CUSTOMER_KEY_ID: key } });

async function start(): Promise<void> {
  services = await openServices({ home: node.home, profile: 'mine', keychain });
  await services.unlock(null);
}

const of = ({ accessKeyId, secretAccessKey }: MotoUser, token: string | null = null): GivenCredentials => ({ accessKeyId, secretAccessKey: passwordOf(secretAccessKey), sessionToken: token === null ? null : passwordOf(token) });

/** Whether a round trip works now, and who AWS saw ask meanwhile. */
async function tried(): Promise<{ ok: boolean | undefined; by: string[] }> {
  proxy.set();
  const [test] = await services.kmsKeys.test('AWS_KMS');
  return { ok: test?.ok, by: [...new Set(proxy.passed.map(({ accessKeyId }) => accessKeyId))] };
}

describe.each(['here', 'gone'] as const)('with the keychain %s', (is) => {
  const kept = is === 'here' ? 'keychain' : 'memory';
  beforeEach(() => {
    keychain.is = is;
  });

  it('config.ini goes first, then what was given, then the SDK’s chain', async () => {
    await start();
    expect(await services.kmsCredentials.view()).toMatchObject({ source: 'chain', kept: null, seals: is === 'here' });
    expect(await tried()).toEqual({ ok: true, by: [ambient.accessKeyId] });
    const ends = `${given.accessKeyId.slice(0, 4)}…${given.accessKeyId.slice(-4)}`;
    expect(await services.kmsCredentials.give(of(given))).toMatchObject({ source: kept, kept, accessKeyId: ends, temporary: false, failure: null });
    expect(await tried()).toEqual({ ok: true, by: [given.accessKeyId] });
    withConfigured();
    expect(await tried()).toEqual({ ok: true, by: [configured.accessKeyId] });
    expect(await services.kmsCredentials.view()).toMatchObject({ source: 'config', kept, accessKeyId: `${configured.accessKeyId.slice(0, 4)}…${configured.accessKeyId.slice(-4)}` });
    withoutConfigured();
    expect(await tried()).toEqual({ ok: true, by: [given.accessKeyId] });
    expect(await services.kmsCredentials.forget()).toMatchObject({ source: 'chain', kept: null });
    expect(await tried()).toEqual({ ok: true, by: [ambient.accessKeyId] });
    const { records } = await services.auditList({ limit: 20, search: 'credentials' });
    expect(records.map(({ act, outcome }) => `${act} ${outcome}`)).toEqual(['kms.forget-credentials done', 'kms.forget-credentials started', 'kms.give-credentials done', 'kms.give-credentials started']);
    expect(JSON.parse(records.at(-1)?.context ?? '')).toEqual({ accessKeyId: ends, temporary: false, kept });
  });

  it('a wrong secret is refused by the server, and the right one then works in the same process', async () => {
    withChain(null);
    await start();
    await services.kmsCredentials.give(of({ ...given, secretAccessKey: 'not-the-one-that-belongs-to-it' }));
    expect(await tried()).toEqual({ ok: false, by: [given.accessKeyId] });
    await services.kmsCredentials.give(of(given));
    expect(await tried()).toEqual({ ok: true, by: [given.accessKeyId] });
  });

  it('a session token goes with each request', async () => {
    await start();
    await services.kmsCredentials.give(of(given, 'session-token-of-the-tests'));
    expect(await services.kmsCredentials.view()).toMatchObject({ temporary: true });
    await tried();
    expect(new Set(proxy.passed.map(({ sessionToken }) => sessionToken))).toEqual(new Set(['session-token-of-the-tests']));
  });

  it('are used by nothing while the console is locked, whoever holds what was opened with them', async () => {
    await start();
    await services.kmsCredentials.give(of(given));
    // Of the process, and one that an audit of the regions would open for itself.
    const held = [await services.cluster.kms.registry.provider('AWS_KMS'), await placesOf(services.cluster.profile, [], process.env, services.cluster.credentials)('AWS_KMS', REGION)];
    const ask = (): Promise<unknown[]> => Promise.all(held.map(async ({ acts }) => acts.describe?.(key).then(({ keyId }) => keyId, (error: unknown) => (error as { code?: string }).code)));
    expect(await ask()).toEqual([key, key]);
    await services.lock('asked');
    proxy.set();
    expect(await ask()).toEqual(['LOCKED', 'LOCKED']);
    await services.kmsKeys.overview(true);
    expect(proxy.passed.filter(({ accessKeyId }) => accessKeyId === given.accessKeyId)).toEqual([]);
    await expect(services.kmsCredentials.give(of(given))).rejects.toMatchObject({ code: 'LOCKED' });
    await expect(services.kmsCredentials.forget()).rejects.toMatchObject({ code: 'LOCKED' });
    await services.unlock(null);
    expect(await tried()).toEqual({ ok: true, by: [is === 'here' ? given.accessKeyId : ambient.accessKeyId] });
  });

  it('a console that starts without them opens what AWS wrapped as soon as they are given', async () => {
    withChain(null);
    await start();
    await services.kmsCredentials.give(of(given));
    await services.define({ lu: LU, root: { table: 'customer', key: 'name' }, tables: [] });
    await services.activation.run(line('AWS_KMS'), null);
    await services.cluster.instances.save(LU, 'one', imageOf(`CREATE TABLE customer(name TEXT); INSERT INTO customer VALUES ('one')`));
    await services.close();
    await start();
    const read = async (): Promise<string> => services.cluster.instances.read(LU, 'one').then(({ info }) => info.id, (error: unknown) => String((error as { code?: string }).code));
    if (is === 'gone') {
      expect(await read()).toBe('KMS_CREDENTIALS_MISSING');
      await services.kmsCredentials.give(of(given));
      for (const end = Date.now() + 5_000; (await read()) !== 'one' && Date.now() < end; ) await delay(50);
    }
    expect(await read()).toBe('one');
  });
});

it('what can not be opened is told as such, and AWS is not asked as somebody else', async () => {
  await start();
  await services.kmsCredentials.give(of(given));
  await services.close();
  keychain = new TestKeychain();
  await start();
  expect(await services.kmsCredentials.view()).toMatchObject({ source: 'keychain', kept: 'keychain', accessKeyId: null, failure: { code: 'KMS_CREDENTIALS_UNREADABLE' } });
  proxy.set();
  const [test] = await services.kmsKeys.test('AWS_KMS');
  expect(test?.steps.at(-1)?.failure?.code).toBe('KMS_CREDENTIALS_UNREADABLE');
  const { providers } = await services.kmsKeys.overview(true);
  expect(providers[0]).toMatchObject({ provider: 'AWS_KMS', failure: { code: 'KMS_CREDENTIALS_UNREADABLE' } });
  expect(proxy.passed).toEqual([]);
  await services.kmsCredentials.give(of(given));
  expect(await tried()).toEqual({ ok: true, by: [given.accessKeyId] });
});

it('half of config.ini’s own pair is a failure, not a reason to ask as somebody else', async () => {
  node.configure({ encryption_aws_kms: { ACCESS_KEY_ID: 'only-the-id', REGION, CUSTOMER_KEY_ID: key } });
  await start();
  await services.kmsCredentials.give(of(given));
  expect(await services.kmsCredentials.view()).toMatchObject({ source: 'config', failure: { code: 'KMS_CREDENTIALS_MISSING' } });
  expect(await tried()).toEqual({ ok: false, by: [] });
});

it('each profile has its own', async () => {
  await start();
  await services.kmsCredentials.give(of(given));
  await services.createProfile({ name: 'other', sqlite: `${node.home}/other.sqlite`, nodes: [{ name: 'n', configIni: node.ini }] }, null);
  await services.select('other');
  expect(await services.kmsCredentials.view()).toMatchObject({ source: 'chain', kept: null });
  expect(await tried()).toEqual({ ok: true, by: [ambient.accessKeyId] });
  await services.select('mine');
  expect(await tried()).toEqual({ ok: true, by: [given.accessKeyId] });
});
