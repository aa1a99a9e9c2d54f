import { afterAll, beforeAll, expect, it } from 'vitest';
import type { types } from 'cassandra-driver';
import { setTimeout as delay } from 'node:timers/promises';
import { takeCensus } from '../../../main/census/take.ts';
import { systemClock } from '../../../main/rekey/clock.ts';
import { addSchedule, scheduleRuns } from '../../../main/rekey/schedule-store.ts';
import { beatScheduler } from '../../../main/rekey/scheduler.ts';
import { connectCassandra } from '../../../main/systemdb/cassandra/connect.ts';
import { openCassandra } from '../../../main/systemdb/cassandra/open.ts';
import type { CassandraSession } from '../../../main/systemdb/cassandra/session.ts';
import type { CassandraSettings } from '../../../main/systemdb/cassandra/settings.ts';
import type { InstanceToSave, SystemDb } from '../../../main/systemdb/repositories.ts';
import { TestKeys } from '../../lu/fixtures.ts';
import { startCassandra, type CassandraCluster } from './cassandra.ts';

/** Copies of each instance of an LU, and its instances under each generation. */
const COUNTED = [
  { lu: 'CUSTOMER', copies: 1, generations: { 'key-1': 210, 'key-2': 90 } },
  { lu: 'ORDER', copies: 2, generations: { 'key-1': 60, 'key-2': 120 } },
] as const;
const YEAR_MS = 366 * 24 * 3_600_000;

let cluster: CassandraCluster;
let session: CassandraSession;
let db: SystemDb;

beforeAll(async () => {
  cluster = await startCassandra({ nodes: 3, heap: '640m', durable: true });
  // At once, by way of each node: that is when schemas part.
  const opened = await Promise.all(cluster.contactPoints.map((contactPoint) => openCassandra(settings('three', '3', [contactPoint]), null)));
  db = opened[0] as SystemDb;
  await Promise.all(opened.slice(1).map((other) => other.close()));
  session = await connectCassandra(settings('three', '3', cluster.contactPoints), null);
});

afterAll(async () => {
  await session?.close();
  await db?.close();
  await cluster?.stop();
});

it('lists the nodes of the cluster, and says which are up', async () => {
  const nodes = (await db.topology?.nodes()) ?? [];
  expect(nodes.map(({ address }) => address)).toEqual(addresses());
  expect(nodes.map(({ up, dataCenter, rack, version }) => ({ up, dataCenter, rack, version }))).toEqual(
    addresses().map(() => ({ up: true, dataCenter: 'datacenter1', rack: 'rack1', version: '5.0.9' })),
  );
});

it('says for each stripe the nodes that Cassandra itself says', async () => {
  expect(await db.topology?.replication()).toEqual({ class: 'SimpleStrategy', replication_factor: '3' });
  expect((await db.topology?.stripePlaces('a key', 4))?.map((places) => [...places].sort())).toEqual(Array.from({ length: 4 }, () => addresses()));

  const single = await openCassandra(settings('single', '1', cluster.contactPoints), null);
  try {
    const stripes = 64;
    await single.stripes.write('a key', new Uint8Array(stripes));
    const places = (await single.topology?.stripePlaces('a key', stripes)) ?? [];
    expect(new Set(places.flat())).toEqual(new Set(addresses()));
    // With one copy the token of a row tells the one node that can hold it.
    const rows = await session.readAll(`SELECT key_description, idx, token(key_description, idx) AS place FROM "k2auth_single".stripe_key_storage`);
    expect(rows).toHaveLength(stripes);
    for (const { idx, place } of rows) expect(places[Number(idx)]).toEqual([holderOf(place as bigint)]);
  } finally {
    await single.close();
  }
});

it('asks the node that holds a row, by its token', async () => {
  const single = await connectCassandra(settings('single', '1', cluster.contactPoints), null);
  try {
    let asked = '';
    const execute = single.client.execute.bind(single.client) as (...args: unknown[]) => Promise<types.ResultSet>;
    single.client.execute = (async (...args: unknown[]) => {
      const result = await execute(...args);
      asked = result.info.queriedHost.replace(/:\d+$/, '');
      return result;
    }) as typeof single.client.execute;
    const asksHolders = async (): Promise<boolean> => {
      for (let idx = 0; idx < 64; idx += 1) {
        const row = await single.readOne('SELECT token(key_description, idx) AS place FROM "k2auth_single".stripe_key_storage WHERE key_description = ? AND idx = ?', ['a key', idx]);
        if (asked !== holderOf(row?.['place'] as bigint)) return false;
      }
      return true;
    };
    // A node that let us wait, as on a busy machine, is asked last for ten seconds. By chance 64 in a row never come true.
    await until(asksHolders);
  } finally {
    await single.close();
  }
});

it('counts by LU, generation and node as the tokens of the rows tell, and a schedule with a figure per node goes by that', async () => {
  const single = await openCassandra(settings('single', '1', cluster.contactPoints), null);
  try {
    // As an operator would who wants two copies: a keyspace that stands is left as it is.
    await session.schema(`CREATE KEYSPACE IF NOT EXISTS "k2view_order_single" WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 2}`);
    await single.instances.saveMany(COUNTED.flatMap(({ lu, generations }) => Object.entries(generations).flatMap(([keyDescription, count]) => some(lu, keyDescription, count))));
    const held = new Map<string, number>();
    for (const { lu, copies } of COUNTED) {
      const rows = await session.readAll(`SELECT token(id) AS place, key_description FROM "k2view_${lu.toLowerCase()}_single".entity`);
      for (const { place, key_description: keyDescription } of rows) {
        for (const node of holdersOf(place as bigint, copies)) {
          const key = JSON.stringify({ lu, keyDescription, node });
          held.set(key, (held.get(key) ?? 0) + 1);
        }
      }
    }
    const byNode = [...held].map(([key, instances]) => ({ ...(JSON.parse(key) as { lu: string; keyDescription: string; node: string }), instances }));
    // Each node has some of everything: a count that leaves one out would show.
    expect(byNode).toHaveLength(COUNTED.length * 2 * addresses().length);

    const census = await takeCensus({ db: single });
    expect(census).toMatchObject({ total: 480, notCovered: [] });
    expect(new Set(census.byNode)).toEqual(new Set(byNode));
    expect(census.byNode).toHaveLength(byNode.length);

    const keys = new TestKeys();
    keys.rotate('key-2');
    const olderOn = (node: string): number => byNode.filter((row) => row.node === node && row.keyDescription === 'key-1').reduce((sum, { instances }) => sum + instances, 0);
    const most = Math.max(...addresses().map(olderOn));
    const overdue = (more: number) => addSchedule(single, { when: { kind: 'cron', expression: '0 0 1 1 *', zone: 'UTC' }, conditions: [{ kind: 'instances', per: 'node', more }] }, Date.now() - YEAR_MS);
    const [asMany, oneLess] = [await overdue(most), await overdue(most - 1)];
    await beatScheduler({ db: single, keys, worker: 'a', clock: systemClock, signal: new AbortController().signal });
    const runs = await scheduleRuns(single);
    expect(runs[asMany.id]).toMatchObject({ campaign: null, result: 'no condition held' });
    expect(runs[oneLess.id]).toMatchObject({ result: 'started' });
  } finally {
    await single.close();
  }
});

it('goes on within seconds where a node is stopped, and tells that it is', async () => {
  await db.settings.set('before', 'stop');
  await cluster.kill(1, 'SIGSTOP');
  try {
    const began = performance.now();
    // Whichever node is asked first, each of these is asked of a live one soon.
    for (let round = 0; round < 12; round += 1) {
      await session.write(`INSERT INTO ${session.keyspaces.system.quoted}.settings (key, value) VALUES (?, ?)`, [`round ${round}`, 'stored']);
      expect((await session.readOne(`SELECT value FROM ${session.keyspaces.system.quoted}.settings WHERE key = ?`, [`round ${round}`]))?.['value']).toBe('stored');
    }
    expect(performance.now() - began).toBeLessThan(12_000);
    expect(await db.settings.setOnce('during', 'stop')).toBe('stop');
    expect((await db.topology?.nodes())?.map(({ up }) => up)).toEqual([true, false, true]);
  } finally {
    await cluster.kill(1, 'SIGCONT');
  }
  await until(async () => (await db.topology?.nodes())?.every(({ up }) => up) ?? false);
});

it('says what is missing where a majority is gone, and goes on by itself once it is back', async () => {
  await db.instances.save({ lu: 'CUSTOMER', id: '1', keyDescription: 'key', sealed: new Uint8Array(8), savedAt: 1 });
  await Promise.all([cluster.kill(1), cluster.kill(2)]);
  await expect(session.write(`INSERT INTO ${session.keyspaces.system.quoted}.settings (key, value) VALUES ('few', 'nodes')`, [])).rejects.toMatchObject({
    code: expect.stringMatching(/^DATABASE_(UNAVAILABLE|TIMEOUT)$/),
  });
  // No wrong answer either: none of these says that there is nothing, or that it was done.
  const refused = /^DATABASE_(UNAVAILABLE|TIMEOUT)$/;
  // What a node knows of a conditional write that the others did not confirm.
  const refusedOrUnknown = /^DATABASE_(UNAVAILABLE|TIMEOUT|OUTCOME_UNKNOWN)$/;
  const write = { cql: `INSERT INTO ${session.keyspaces.system.quoted}.settings (key, value) VALUES ('few', 'nodes') IF NOT EXISTS`, params: [] };
  for (const [act, code] of [
    [() => db.instances.get('CUSTOMER', '1'), refused],
    [() => db.keys.active('a name'), refused],
    [() => db.settings.setOnce('few', 'other'), refusedOrUnknown],
    [() => session.conditional(write, 'global'), refusedOrUnknown],
  ] as const) {
    await expect(act()).rejects.toMatchObject({ code: expect.stringMatching(code) });
  }
  await cluster.kill(0);
  await until(async () => {
    const code = await session.readOne(`SELECT value FROM ${session.keyspaces.system.quoted}.settings WHERE key = 'before'`, []).then(
      () => null,
      (error: { code?: string }) => error.code,
    );
    return code === 'DATABASE_UNREACHABLE';
  });
  await Promise.all([cluster.restart(0), cluster.restart(1), cluster.restart(2)]);
  await until(async () => {
    const row = await session.readOne(`SELECT value FROM ${session.keyspaces.system.quoted}.settings WHERE key = 'before'`, []).catch(() => null);
    return row?.['value'] === 'stop';
  });
  await until(async () => (await db.instances.get('CUSTOMER', '1').catch(() => null)) !== null);
  expect(await db.keys.active('a name')).toBeNull();
});

function settings(clusterId: string, factor: string, contactPoints: readonly string[]): CassandraSettings {
  return { contactPoints, localDataCenter: null, clusterId, replication: { class: 'SimpleStrategy', replication_factor: factor }, user: null, tls: null };
}

function addresses(): string[] {
  return cluster.contactPoints.map((contactPoint) => contactPoint.replace(/:\d+$/, ''));
}

/** Instances whose bytes nobody opens. */
function some(lu: string, keyDescription: string, count: number): InstanceToSave[] {
  return Array.from({ length: count }, (_, place) => ({ lu, id: `${keyDescription} ${place}`, keyDescription, sealed: new Uint8Array(8), savedAt: 1 }));
}

/** By the ring that the cluster was started with: node n begins it at -2^63 + n/3 * 2^64 + 1, and has what lies up to its token. */
function holderOf(place: bigint): string | undefined {
  return holdersOf(place, 1)[0];
}

/** With the nodes that follow it on the ring, as SimpleStrategy has it. */
function holdersOf(place: bigint, copies: number): string[] {
  const tokens = [0n, 1n, 2n].map((node) => -(2n ** 63n) + (node * 2n ** 64n) / 3n + 1n);
  const node = Math.max(0, tokens.findIndex((token) => place <= token));
  return Array.from({ length: copies }, (_, next) => addresses()[(node + next) % tokens.length] ?? '');
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 90_000; !(await isSo()); await delay(250)) {
    if (Date.now() > end) throw new Error('It did not come to be so in time.');
  }
}
