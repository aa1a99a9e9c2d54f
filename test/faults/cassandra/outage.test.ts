import { setTimeout as delay } from 'node:timers/promises';
import { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAppError } from '../../../main/errors.ts';
import { connectCassandra } from '../../../main/systemdb/cassandra/connect.ts';
import type { CassandraSettings } from '../../../main/systemdb/cassandra/settings.ts';
import { startCassandra, type CassandraCluster } from '../../peers/cassandra/cassandra.ts';
import { SOAK } from '../cluster.ts';

let cluster: CassandraCluster;

beforeAll(async () => {
  cluster = await startCassandra();
});
afterAll(() => cluster?.stop());

/** At full depth long enough for the driver to give its connections up, to fail to make new ones, and to know its nodes anew. */
const STOPPED_MS = SOAK ? 60_000 : 15_000;
/** Longer than the longest pause between two tries to connect. */
const SETTLED_MS = 8_000;

test('after an outage of all nodes no connection is left when the session is closed', async () => {
  const [contactPoint = ''] = cluster.contactPoints;
  const settings: CassandraSettings = { contactPoints: [contactPoint], localDataCenter: null, clusterId: 'outage', replication: { class: 'SimpleStrategy', replication_factor: '1' }, user: null, tls: null };
  const session = await connectCassandra(settings, null);
  const ask = async (): Promise<string> => {
    try {
      await session.read('SELECT key FROM system.local');
      return 'answers';
    } catch (error) {
      return isAppError(error) ? error.code : String(error);
    }
  };
  try {
    expect(await ask()).toBe('answers');
    await cluster.kill(0, 'SIGSTOP');
    try {
      const told = new Set<string>();
      for (const end = Date.now() + STOPPED_MS; Date.now() < end; await delay(250)) for (const one of await Promise.all(Array.from({ length: 20 }, ask))) told.add(one);
      expect([...told].every((code) => /^DATABASE_(TIMEOUT|UNREACHABLE|UNAVAILABLE)$/.test(code))).toBe(true);
    } finally {
      await cluster.kill(0, 'SIGCONT');
    }
    await expect.poll(ask, { timeout: 60_000 }).toBe('answers');
    await delay(SETTLED_MS);
    expect(await ask()).toBe('answers');
  } finally {
    await session.close();
  }
  await expect.poll(() => connectionsTo(contactPoint), { timeout: 8_000 }).toBe(0);
  await delay(SETTLED_MS);
  expect(connectionsTo(contactPoint)).toBe(0);
});

function connectionsTo(contactPoint: string): number {
  const { _getActiveHandles: handles } = process as unknown as { readonly _getActiveHandles: () => unknown[] };
  return handles.call(process).filter((handle) => handle instanceof Socket && `${handle.remoteAddress ?? ''}:${handle.remotePort ?? ''}` === contactPoint).length;
}
