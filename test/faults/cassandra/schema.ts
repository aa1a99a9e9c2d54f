import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'cassandra-driver';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Services } from '../../../app/services.ts';
import { isAppError } from '../../../main/errors.ts';
import { Keyspaces } from '../../../main/systemdb/cassandra/keyspaces.ts';
import { counterOf, imageOf, saveUnder } from './content.ts';
import { CLUSTER_ID, type ThreeNodes } from './three-nodes.ts';

const LU = 'STANDS';
const IDS = ['1', '2', '3'];
/** Longer than a node is waited for that was told to make a table: it is told to another then. */
const STANDS_MS = 35_000;
/** A node that stood still first has to be found again by the others. */
const CATCHES_UP_MS = 60_000;

export function schemaSuite(at: () => ThreeNodes): void {
  describe('the tables of a new LU', () => {
    let services: Services;
    beforeAll(async () => {
      services = await at().open();
    });
    afterAll(() => services?.close());

    it('that are made while a node stands still are one table each, on every node', async () => {
      const { nodes } = at();
      const { db, ring } = services.cluster;
      const save = (id: string): Promise<string> => saveUnder({ db, keys: ring }, LU, id, imageOf(0, 0)).then(
        () => 'saved',
        (error: unknown) => (isAppError(error) ? error.code : String(error)),
      );
      await nodes.kill(1, 'SIGSTOP');
      let first: Promise<string>;
      try {
        first = save(IDS[0] ?? '');
        await Promise.race([first, delay(STANDS_MS)]);
      } finally {
        await nodes.kill(1, 'SIGCONT');
      }
      // The nodes can not agree on tables while one of them is silent and not yet given up.
      expect(await first).toMatch(/^(saved|DATABASE_TIMEOUT)$/);
      for (const id of IDS) await expect.poll(() => save(id), { timeout: CATCHES_UP_MS }).toBe('saved');
      const keyspace = new Keyspaces(CLUSTER_ID).view(LU).name;
      const [one = '', ...others] = nodes.contactPoints;
      for (const other of others) await expect.poll(() => tablesOn(other, keyspace), { timeout: CATCHES_UP_MS }).toHaveLength(4);
      // What it was told before it stood still it has done by now, if it does it at all.
      await delay(2_000);
      const tables = await tablesOn(one, keyspace);
      for (const other of others) expect(await tablesOn(other, keyspace)).toEqual(tables);
      for (const id of IDS) expect(counterOf((await services.cluster.instances.read(LU, id)).image)).toBe(0);
    });
  });
}

/** The tables that a node has, with their identities: what it says of itself alone. */
async function tablesOn(contactPoint: string, keyspace: string): Promise<string[]> {
  const client = new Client({ contactPoints: [contactPoint], localDataCenter: 'datacenter1', protocolOptions: { maxVersion: 4 } });
  try {
    await client.connect();
    const host = client.hosts.values().find(({ address }) => address === contactPoint);
    if (host === undefined) throw new Error(`The driver does not know ${contactPoint}.`);
    const { rows } = await client.execute('SELECT table_name, id FROM system_schema.tables WHERE keyspace_name = ?', [keyspace], { prepare: true, host });
    return rows.map((row) => `${String(row['table_name'])} ${String(row['id'])}`).sort();
  } finally {
    await client.shutdown();
  }
}
