import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFINITION, failure, Machine } from '../../cli/fkc.ts';
import { startCassandra, SUPERUSER, type CassandraCluster } from './cassandra.ts';

const SECRET = 'not-the-password-83d1';
const CUSTOMERS = 40;

let cluster: CassandraCluster;
let address: string;
const machine = new Machine();
const json = async (args: readonly string[], options: Parameters<Machine['json']>[1] = {}): Promise<Record<string, unknown>> => (await machine.json(args, options)) as unknown as Record<string, unknown>;
const create = (name: string, ...more: string[]): Promise<Record<string, unknown>> =>
  json(['profile', 'create', name, '--contact-points', cluster.contactPoints.join(','), '--user', SUPERUSER.user, ...more]);
const on = (...args: string[]): string[] => ['--profile', 'eu', ...args];

beforeAll(async () => {
  machine.write('password', `${SUPERUSER.password}\n`);
  machine.write('wrong', `${SECRET}\n`);
  machine.write('customer.lu.json', JSON.stringify(DEFINITION));
  machine.source(CUSTOMERS);
  cluster = await startCassandra({ auth: true });
  address = (cluster.contactPoints[0] ?? '').replace(/:\d+$/, '');
});
afterAll(async () => {
  await cluster?.stop();
  machine[Symbol.dispose]();
});

test('a profile of a cluster is made without connecting to it', async () => {
  const replication = { class: 'NetworkTopologyStrategy', datacenter1: 1 };
  expect(await create('eu', '--local-dc', 'datacenter1', '--suffix', 'cli', '--replication', JSON.stringify(replication), '--password-file', 'password')).toMatchObject({
    ok: true,
    name: 'eu',
    sqlite: null,
    cassandra: {
      contactPoints: cluster.contactPoints,
      localDataCenter: 'datacenter1',
      clusterId: 'cli',
      replication: { class: 'NetworkTopologyStrategy', datacenter1: '1' },
      user: SUPERUSER.user,
      passwordFile: expect.stringMatching(/^\/.*password$/) as string,
      tls: null,
    },
  });
  expect((await json(['profile', 'list']))['profiles']).toMatchObject([{ name: 'eu' }]);
});

test('what can not be a profile of a cluster is refused as a mistake of the line', async () => {
  const points = ['--contact-points', '127.0.0.1'];
  for (const args of [
    [],
    [...points, '--sqlite', 'a.sqlite'],
    [...points, '--password-file', 'password'],
    [...points, '--tls-cert', 'a.pem', '--tls-ca', 'b.pem'],
    [...points, '--tls-cert', 'a.pem', '--tls-key', 'b.pem'],
    [...points, '--replication', '{'],
    ['--sqlite', 'a.sqlite', '--local-dc', 'dc1'],
  ]) {
    expect(await json(['profile', 'create', 'other', ...args], { code: 2 })).toEqual(failure('INPUT_INVALID'));
  }
});

test('profile test tells every step, and changes nothing', async () => {
  const found = await json(['profile', 'test', 'eu']);
  expect(found).toMatchObject({ ok: true, steps: ['resolve', 'connect', 'tls', 'log-in', 'data-centre', 'permissions', 'tables'].map((step) => ({ step, ok: true, failure: null })) });
  const { code, stdout } = await machine.run(['profile', 'test', 'eu']);
  expect(code).toBe(0);
  expect(stdout.toString('utf8').split('\n').map((line) => line.slice(0, 5))).toContain('✓ log');
});

test('a wrong password, none, and a cluster that is not there have one code each, and keep no secret', async () => {
  await create('wrong', '--password-file', 'wrong');
  await create('none');
  await json(['profile', 'create', 'away', '--contact-points', `${address}:9`]);
  const refused = await json(['profile', 'test', 'wrong'], { code: 1 });
  expect((refused['steps'] as unknown[]).at(-1)).toMatchObject({ step: 'log-in', ok: false, failure: { code: 'DATABASE_LOGIN_REFUSED' } });
  expect(await json(['--profile', 'wrong', 'keys', 'list'], { code: 1 })).toEqual(failure('DATABASE_LOGIN_REFUSED'));
  expect(await json(['--profile', 'none', 'keys', 'list'], { code: 1 })).toEqual(failure('DATABASE_PASSWORD_MISSING'));
  expect(await json(['profile', 'test', 'none'], { env: { FKC_DATABASE_PASSWORD: SUPERUSER.password } })).toMatchObject({ ok: true });
  const away = await json(['profile', 'test', 'away'], { code: 1 });
  expect((away['steps'] as unknown[]).at(-1)).toMatchObject({ step: 'connect', ok: false, failure: { code: 'DATABASE_UNREACHABLE' } });
  expect(await json(['--profile', 'away', 'census'], { code: 1 })).toEqual(failure('DATABASE_UNREACHABLE'));
  expect(machine.written).not.toContain(SECRET);
});

test('keys stripes says which node holds which bytes', async () => {
  await machine.json(on('lu', 'import', 'CUSTOMER', '--definition', 'customer.lu.json', '--source', 'crm.sqlite'));
  const { keys } = await machine.json(on('keys', 'list'));
  const active = keys.find(({ name, state }) => name === 'masterkey_key_name' && state === 'active')?.description ?? '';
  expect(await json(on('keys', 'stripes', active))).toMatchObject({ stripes: 65, nodes: [{ address, dataCenter: 'datacenter1', up: true, bytes: 65 }], holdsAll: [address], losesWith: 1 });
  const { stdout } = await machine.run(on('keys', 'stripes', active));
  expect(stdout.toString('utf8')).toMatch(/^65 stripes, NetworkTopologyStrategy, datacenter1 1\.\n[\s\S]* 65 +0-64\n[\s\S]*! The only node holds every byte/);
  expect(await json(on('keys', 'stripes', 'nobody'), { code: 1 })).toEqual(failure('KEY_DESCRIPTION_UNKNOWN'));
});

test('nodes shows those of the cluster and the processes of the platform', async () => {
  const found = await json(on('nodes'));
  expect(found).toMatchObject({ database: [{ address, dataCenter: 'datacenter1', rack: 'rack1', version: expect.stringMatching(/^5\.0\./) as string, up: true }], replication: 'NetworkTopologyStrategy, datacenter1 1', hidden: 0 });
  const platform = found['platform'] as { up: boolean; dataCenter: string }[];
  expect(platform.length).toBeGreaterThan(0);
  expect([...new Set(platform.map(({ up, dataCenter }) => `${up} ${dataCenter}`))]).toEqual(['true datacenter1']);
  const { code, stdout } = await machine.run(on('nodes'));
  expect([code, stdout.toString('utf8')]).toEqual([0, expect.stringMatching(/^NODE +STATE +DATA CENTRE[\s\S]*up +datacenter1[\s\S]*HOST +PROCESS +STATE +DATA CENTRE[\s\S]* up +datacenter1 /)]);
});

test('census counts by Logical Unit, generation and node, and says what it covers', async () => {
  const found = await json(on('census'));
  const [row] = found['rows'] as { keyDescription: string }[];
  expect(found).toMatchObject({
    total: CUSTOMERS,
    rows: [{ lu: 'CUSTOMER', instances: CUSTOMERS }],
    nodes: [{ node: address, lu: 'CUSTOMER', keyDescription: row?.keyDescription, instances: CUSTOMERS }],
    deep: null,
    coverage: { whole: true, complete: true, lus: ['CUSTOMER'], notCovered: [] },
  });
  const { ranges, counted } = found['coverage'] as { ranges: number; counted: number };
  expect(ranges).toBeGreaterThan(1);
  expect(counted).toBe(ranges);
  expect(await json(on('census', '--deep', '--share', '1'))).toMatchObject({ total: CUSTOMERS, deep: { checked: CUSTOMERS, opened: CUSTOMERS, findings: 0 } });
});
