import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Profiles } from '../../../app/profiles.ts';
import { testConnection } from '../../../app/services/connection-test.ts';
import { openServices, type Services } from '../../../app/services.ts';
import { isAppError } from '../../../main/errors.ts';
import { LUI_KEY_NAME } from '../../../main/masterkey/types.ts';
import { Machine } from '../../cli/fkc.ts';
import { imageOf } from '../../lu/fixtures.ts';
import { startCassandra, type CassandraCluster } from './cassandra.ts';

const LU = 'CUSTOMER';
const INSTANCES = 24;
const STRIPES = 65;
/** Both consoles activate at once, so often. */
const ROUNDS = 4;
const REPLICATION = { class: 'NetworkTopologyStrategy', dc1: '1', dc2: '1' };

let cluster: CassandraCluster;
let home: string;
let addresses: string[];
/** A console beside each data centre: the first finds it, the second is told. */
let first: Services;
let second: Services;

const image = (text: string): Uint8Array => imageOf(`CREATE TABLE customer(name TEXT); INSERT INTO customer VALUES ('${text}')`);
const textOf = async (services: Services, id: string): Promise<string | undefined> => /from dc1 \d+|from dc2|alone/.exec((await services.cluster.instances.read(LU, id)).image.toString('latin1'))?.[0];
const activate = async (services: Services, reason: string): Promise<string> => (await services.activation.run(`activatekey name='${LUI_KEY_NAME}'`, reason)).description;

async function open(profile: string): Promise<Services> {
  const services = await openServices({ home, profile });
  await services.unlock(null);
  return services;
}

beforeAll(async () => {
  cluster = await startCassandra({ nodes: 2, dataCenters: ['dc1', 'dc2'], durable: true });
  addresses = cluster.contactPoints.map((contactPoint) => contactPoint.replace(/:\d+$/, ''));
  home = mkdtempSync(join(tmpdir(), 'fkc-data-centres-'));
  const profiles = new Profiles(home);
  const shared = { clusterId: 'dcs', replication: REPLICATION };
  await profiles.create({ name: 'first', cassandra: { ...shared, contactPoints: cluster.contactPoints.slice(0, 1) } });
  await profiles.create({ name: 'second', cassandra: { ...shared, contactPoints: [...cluster.contactPoints], localDataCenter: 'dc2' } });
  first = await open('first');
  second = await open('second');
});

afterAll(async () => {
  await first?.close();
  await second?.close();
  await cluster?.stop();
  if (home !== undefined) rmSync(home, { recursive: true, force: true });
});

test('the data centre that was found, and the one that was given, are told', async () => {
  expect((await first.status()).database.localDataCenter).toBe('dc1');
  expect((await second.status()).database.localDataCenter).toBe('dc2');
  const { cassandra } = await new Profiles(home).get('first');
  if (cassandra === null) throw new Error('The profile names no cluster.');
  const steps = await testConnection(cassandra, null);
  expect(steps.every(({ ok }) => ok)).toBe(true);
  expect(steps.find(({ step }) => step === 'data-centre')?.detail).toBe('dc1: 1 of 1 node up, Cassandra 5.0.9.');
});

test('the command line says the same', async () => {
  using machine = new Machine();
  const at = { env: { FKC_HOME: home } };
  const shown = async (name: string): Promise<string> => (await machine.run(['profile', 'show', name], at)).stdout.toString('utf8');
  expect(await shown('first')).toMatch(/Data centre\s+that of the contact point/);
  expect(await shown('second')).toMatch(/Data centre\s+dc2, as given/);
  expect((await machine.run(['profile', 'test', 'second'], at)).stdout.toString('utf8')).toContain('data-centre: dc2: 1 of 1 node up');
});

test('what is activated and saved beside one data centre is read beside the other', async () => {
  const description = await activate(first, 'in dc1');
  for (let id = 0; id < INSTANCES; id += 1) await first.cluster.instances.save(LU, String(id), image(`from dc1 ${id}`));
  await second.cluster.ring.refresh();
  await expect.poll(() => textOf(second, '7').catch((error: unknown) => error)).toBe('from dc1 7');
  await second.cluster.instances.save(LU, '7', image('from dc2'));
  await expect.poll(() => textOf(first, '7')).toBe('from dc2');
  expect((await second.keys.list()).keys.find(({ state, name }) => state === 'active' && name === LUI_KEY_NAME)?.description).toBe(description);
});

test('a census counts every instance once, and on the node of each data centre', async () => {
  for (const services of [first, second]) {
    await services.censuses.start({}).ended;
    const census = await services.data.census();
    expect(census).toMatchObject({ total: INSTANCES, complete: true });
    const onNode = (node: string): number => census.byNode.filter((row) => row.node === node).reduce((sum, row) => sum + row.instances, 0);
    expect(addresses.map(onNode)).toEqual([INSTANCES, INSTANCES]);
  }
});

test('the ring of a key tells each data centre’s nodes, and that either holds every byte', async () => {
  const description = await activate(second, 'in dc2');
  const ring = await first.map.ring(description);
  expect(ring).toMatchObject({ stripes: STRIPES, losesWith: 2 });
  expect(ring?.nodes).toEqual(addresses.map((address, place) => ({ address, dataCenter: `dc${place + 1}`, up: true, bytes: STRIPES })));
  expect([...(ring?.holdsAll ?? [])].sort()).toEqual([...addresses].sort());
  using machine = new Machine();
  const { stdout } = await machine.run(['--profile', 'first', 'keys', 'stripes', description], { env: { FKC_HOME: home } });
  const lines = stdout.toString('utf8').split('\n');
  for (const [place, address] of addresses.entries()) expect(lines.find((line) => line.includes(address))).toContain(`dc${place + 1}`);
});

test('of two activations at once, one in each data centre, one wins, and both consoles agree on it', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const tries = await Promise.allSettled([activate(first, `round ${round}`), activate(second, `round ${round}`)]);
    const won = tries.filter((each) => each.status === 'fulfilled').map(({ value }) => value);
    expect(won.length).toBeGreaterThan(0);
    const active = await Promise.all([first, second].map(async ({ cluster: { db } }) => (await db.keys.active(LUI_KEY_NAME))?.description));
    // Two that came one after the other both won; the later one is active then.
    expect(won).toContain(active[0]);
    expect(active[1]).toBe(active[0]);
  }
  await Promise.all([first, second].map(({ cluster: { ring } }) => ring.refresh()));
  for (let id = 0; id < INSTANCES; id += 1) expect(await textOf(second, String(id))).toBe(id === 7 ? 'from dc2' : `from dc1 ${id}`);
});

test('with one data centre gone the other one reads and saves on, under the generation that it knows; what both must agree on is refused with a reason', async () => {
  const before = (await first.cluster.db.keys.active(LUI_KEY_NAME))?.description;
  await cluster.kill(1);
  try {
    // Which node is away is told all the same, by the cluster's own list and the processes that went live.
    await expect.poll(async () => (await first.cluster.db.topology?.nodes())?.map(({ dataCenter, up }) => ({ dataCenter, up })), { timeout: 60_000 }).toEqual([
      { dataCenter: 'dc1', up: true },
      { dataCenter: 'dc2', up: false },
    ]);
    const { database, platform } = await first.map.nodes();
    expect(database?.map(({ up }) => up)).toEqual([true, false]);
    expect([...new Set(platform.map(({ dataCenter }) => dataCenter))].sort()).toEqual(['dc1', 'dc2']);
    // A process of this data centre can still tell that it is there: else all of them would seem down in three minutes.
    const own = (await first.cluster.db.nodes.list()).find(({ dataCenter }) => dataCenter === 'dc1');
    if (own === undefined) throw new Error('The list lacks dc1.');
    const later = { ...own, lastSeen: own.lastSeen + 60_000 };
    await first.cluster.db.nodes.put(later);
    expect(await first.cluster.db.nodes.list()).toContainEqual(later);
    for (let id = 0; id < INSTANCES; id += 1) expect(await textOf(first, String(id))).toMatch(/^from dc/);
    const { db } = first.cluster;
    const stored = await db.instances.get(LU, '7');
    if (stored === null) throw new Error('The instance is gone.');
    await db.instances.save({ ...stored, lu: LU, id: '7' });
    expect(await textOf(first, '7')).toBe('from dc2');
    await first.cluster.instances.save(LU, '7', image('alone'));
    expect(await textOf(first, '7')).toBe('alone');
    expect((await first.cluster.instances.read(LU, '7')).info.keyDescription).toBe(before);
    // An act of a person is in the audit trail before it is done: that is what all data centres decide, and it is said.
    const saved: unknown = await first.data.save(LU, '7', image('by hand')).catch((error: unknown) => error);
    if (!isAppError(saved)) throw new Error(`It was saved: ${String(saved)}`);
    expect(saved.code).toMatch(/^DATABASE_(UNAVAILABLE|TIMEOUT)$/);
    expect(saved.message).toMatch(/^"lu\.save" was not begun: .*audit trail.*over all data centres together \(dc1, dc2\)/);
    expect(saved.remedy).toContain('Bring the data centre that is away back');
    expect(saved.details).toMatchObject({ act: 'lu.save', dataCenters: ['dc1', 'dc2'] });
    expect(await textOf(first, '7')).toBe('alone');
    using machine = new Machine();
    machine.write('image', image('by hand'));
    const told = await machine.run(['--profile', 'first', 'lu', 'save', LU, '7', '--in', machine.file('image'), '--json'], { env: { FKC_HOME: home } });
    expect([told.code, JSON.parse(told.stdout.toString('utf8'))]).toEqual([
      1,
      expect.objectContaining({ code: expect.stringMatching(/^DATABASE_(UNAVAILABLE|TIMEOUT)$/) as string, message: expect.stringContaining('over all data centres together (dc1, dc2)') as string }),
    ]);
    for (const act of [() => activate(first, 'alone'), () => db.keys.active(LUI_KEY_NAME), () => first.cluster.fields.luEncrypt(Buffer.from('value'), LU, '7')]) {
      const refused: unknown = await act().catch((error: unknown) => error);
      expect(isAppError(refused) ? refused.code : String(refused)).toMatch(/^DATABASE_(UNAVAILABLE|TIMEOUT)$/);
    }
  } finally {
    await cluster.restart(1);
  }
  await expect.poll(async () => (await first.cluster.db.keys.active(LUI_KEY_NAME).catch(() => null))?.description, { timeout: 60_000 }).toBe(before);
  await expect.poll(() => activate(first, 'both again').catch(() => null), { timeout: 60_000 }).not.toBeNull();
  // What was saved meanwhile is not lost to the next generation: both consoles read it, and a census counts it under its own.
  expect(await textOf(first, '7')).toBe('alone');
  await expect.poll(() => textOf(second, '7').catch((error: unknown) => error), { timeout: 60_000 }).toBe('alone');
  await first.censuses.start({}).ended;
  expect((await first.data.census()).rows.some(({ keyDescription }) => keyDescription === before)).toBe(true);
});
