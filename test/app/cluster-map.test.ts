import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ClusterMap } from '../../app/services/cluster-map.ts';
import type { Cluster } from '../../app/services/cluster.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';

const DAY = 24 * 60 * 60_000;
const NOW = 100 * DAY;
let folder: string;
let db: SystemDb;
let map: ClusterMap;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fkc-map-'));
  db = await openSqlite(join(folder, 'system.sqlite'));
  map = new ClusterMap({ db, now: () => NOW } as unknown as Cluster);
  for (const [id, daysAgo] of [['today', 0], ['at-the-edge', 30], ['forgotten', 30.001], ['long-gone', 90]] as const) {
    await db.nodes.put({ id, host: 'a', version: '1', dataCenter: null, liveSince: 0, lastSeen: NOW - daysAgo * DAY, keystoreDigest: null, notes: [] });
  }
});

afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true, force: true });
});

it('leaves out the processes that were not seen for 30 days, and says how many', async () => {
  const { platform, hidden } = await map.nodes();
  expect(platform.map(({ id }) => id)).toEqual(['at-the-edge', 'today']);
  expect(hidden).toBe(2);
});

it('tells all of them where they are asked for', async () => {
  const { platform, hidden } = await map.nodes(true);
  expect(platform.map(({ id }) => id).sort()).toEqual(['at-the-edge', 'forgotten', 'long-gone', 'today']);
  expect(hidden).toBe(0);
});

it('tells those as down that did not tell three times that they are there, and the data centre of each', async () => {
  await db.nodes.put({ id: 'late', host: 'b', version: '1', dataCenter: 'dc1', liveSince: 0, lastSeen: NOW - 3 * 60_000, keystoreDigest: null, notes: [] });
  await db.nodes.put({ id: 'away', host: 'b', version: '1', dataCenter: 'dc2', liveSince: 0, lastSeen: NOW - 3 * 60_000 - 1, keystoreDigest: null, notes: [] });
  await db.nodes.put({ id: 'ahead', host: 'b', version: '1', dataCenter: 'dc2', liveSince: 0, lastSeen: NOW + 1_000, keystoreDigest: null, notes: [] });
  const { platform } = await map.nodes();
  expect(platform.map(({ id, up, dataCenter }) => [id, up, dataCenter])).toEqual([
    ['at-the-edge', false, null],
    ['today', true, null],
    ['ahead', true, 'dc2'],
    ['away', false, 'dc2'],
    ['late', true, 'dc1'],
  ]);
});
