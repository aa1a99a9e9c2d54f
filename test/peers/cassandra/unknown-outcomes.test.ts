import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CassandraAudit } from '../../../main/systemdb/cassandra/audit.ts';
import { CassandraCampaigns } from '../../../main/systemdb/cassandra/campaigns.ts';
import { CassandraInternalKeys } from '../../../main/systemdb/cassandra/internal-keys.ts';
import { CassandraJobs } from '../../../main/systemdb/cassandra/jobs.ts';
import { CassandraKeys } from '../../../main/systemdb/cassandra/keys.ts';
import { CassandraLeases } from '../../../main/systemdb/cassandra/leases.ts';
import { CassandraNodes } from '../../../main/systemdb/cassandra/nodes.ts';
import type { CassandraSession } from '../../../main/systemdb/cassandra/session.ts';
import { CassandraSettings } from '../../../main/systemdb/cassandra/settings-repository.ts';
import { CassandraStripes } from '../../../main/systemdb/cassandra/stripes.ts';
import type { RangeProgress } from '../../../main/systemdb/repositories.ts';
import { auditRecord, campaign, generation, someRanges } from '../../conformance/samples.ts';
import { testDatabase, type TestDatabase } from './empty-database.ts';
import { fated, interposed, type Fate } from './unreliable.ts';

const PROGRESS: RangeProgress = { state: 'done', cursor: null, passed: 3, rewritten: 2, superseded: 1, failed: 0, bytes: 9, updatedAt: 7 };

let database: TestDatabase;
let session: CassandraSession;

beforeAll(async () => {
  database = await testDatabase('test_doubt');
});
beforeEach(async () => {
  await database.empty();
  session = await database.connect();
});
afterEach(async () => {
  await database.closeAll();
});
afterAll(async () => {
  await database.stop();
});

const FATES: readonly (readonly [string, readonly Fate[]])[] = [
  ['that was carried out', ['answer lost']],
  ['that was not carried out', ['request lost']],
  ['that was carried out on the second try', ['request lost', 'answer lost']],
  ['whose answer is lost three times', ['answer lost', 'answer lost', 'answer lost']],
];

describe.each(FATES)('a conditional write %s, and whose outcome nobody told', (_, fates) => {
  /** A session to which it happens at its `nth` conditional write, and after that no more. */
  const doubtful = async (nth = 0): Promise<CassandraSession> =>
    fated(await database.connect(), [...Array.from({ length: nth }, (): Fate => 'told'), ...fates]);

  test.each([0, 1])('insert of facts, at step %i', async (step) => {
    await new CassandraKeys(await doubtful(step)).insert(generation('a', 'a-1'));
    expect(await new CassandraKeys(session).list()).toEqual([generation('a', 'a-1')]);
    await expect(new CassandraKeys(await doubtful()).insert(generation('b', 'a-1'))).rejects.toMatchObject({ code: 'KEY_DESCRIPTION_EXISTS' });
  });

  test('activation', async () => {
    const keys = new CassandraKeys(session);
    await keys.insert(generation('a', 'a-1'));
    await keys.insert(generation('a', 'a-2'));
    const first = { name: 'a', revision: 1, description: 'a-1', activatedAt: 5 };
    expect(await new CassandraKeys(await doubtful()).activate(first)).toBe(true);
    // The very same, asked for by another process: only one of the two made it.
    expect(await new CassandraKeys(await doubtful()).activate(first)).toBe(false);
    expect(await new CassandraKeys(await doubtful()).activate({ ...first, description: 'a-2' })).toBe(false);
    expect(await new CassandraKeys(await doubtful()).activate({ ...first, revision: 2, description: 'a-2' })).toBe(true);
    expect((await keys.activations()).map(({ revision, description }) => [revision, description])).toEqual([[1, 'a-1'], [2, 'a-2']]);
    await expect(new CassandraKeys(await doubtful()).activate({ ...first, revision: 3, description: 'a-3' })).rejects.toMatchObject({
      code: 'KEY_DESCRIPTION_UNKNOWN',
    });
  });

  test('removal of an orphan', async () => {
    const keys = new CassandraKeys(session);
    await keys.insert(generation('a', 'a-1'));
    expect(await new CassandraKeys(await doubtful()).removeOrphan('a-1')).toBe(true);
    expect(await new CassandraKeys(await doubtful()).removeOrphan('a-1')).toBe(false);
    expect(await keys.list()).toEqual([]);
  });

  test('claim of stripes, and their removal', async () => {
    const stripes = new CassandraStripes(session);
    await new CassandraStripes(await doubtful()).write('a-1', Uint8Array.of(7, 8, 9));
    expect((await stripes.read('a-1')).map(({ value }) => value)).toEqual([7, 8, 9]);
    await expect(new CassandraStripes(await doubtful()).write('a-1', Uint8Array.of(7))).rejects.toMatchObject({ code: 'KEY_DESCRIPTION_EXISTS' });
    expect(await new CassandraStripes(await doubtful()).removeOrphan('a-1')).toBe(true);
    expect(await stripes.read('a-1')).toEqual([]);
    await stripes.write('a-2', Uint8Array.of(1));
    await new CassandraKeys(session).insert(generation('a', 'a-2'));
    expect(await new CassandraStripes(await doubtful()).removeOrphan('a-2')).toBe(false);
    expect(await stripes.read('a-2')).toHaveLength(1);
  });

  test('append to the audit trail', async () => {
    expect(await new CassandraAudit(await doubtful()).append(auditRecord(1))).toBe(true);
    // Equal in every field, and yet another process's.
    expect(await new CassandraAudit(await doubtful()).append(auditRecord(1))).toBe(false);
    expect(await new CassandraAudit(await doubtful()).append(auditRecord(2))).toBe(true);
    expect(await new CassandraAudit(session).read(1, 9)).toEqual([auditRecord(1), auditRecord(2)]);
  });

  test('settings', async () => {
    expect(await new CassandraSettings(await doubtful()).setOnce('a', '1')).toBe('1');
    expect(await new CassandraSettings(await doubtful()).setOnce('a', '2')).toBe('1');
    await new CassandraSettings(await doubtful()).set('a', '3');
    expect(await new CassandraSettings(session).get('a')).toBe('3');
  });

  test('insert of an internal protection key', async () => {
    expect(await new CassandraInternalKeys(await doubtful()).insert('p1', new Uint8Array(32).fill(1), 1)).toBe(true);
    expect(await new CassandraInternalKeys(await doubtful()).insert('p2', new Uint8Array(32).fill(2), 2)).toBe(true);
    expect(await new CassandraInternalKeys(await doubtful()).insert('p1', new Uint8Array(32).fill(3), 3)).toBe(false);
    expect((await new CassandraInternalKeys(session).current())?.id).toBe('p2');
    expect((await new CassandraInternalKeys(session).get('p1'))?.[0]).toBe(1);
  });

  test('leases', async () => {
    expect(await new CassandraLeases(await doubtful()).acquire('l', 'a', 60)).toBe(true);
    expect(await new CassandraLeases(await doubtful()).acquire('l', 'b', 60)).toBe(false);
    await new CassandraLeases(await doubtful()).release('l', 'b');
    expect(await new CassandraLeases(session).holder('l')).toBe('a');
    await new CassandraLeases(await doubtful()).release('l', 'a');
    expect(await new CassandraLeases(session).holder('l')).toBeNull();
  });

  test('campaigns and their ranges', async () => {
    const campaigns = new CassandraCampaigns(session);
    await new CassandraCampaigns(await doubtful()).create(campaign('c1', 5), someRanges(3));
    await expect(new CassandraCampaigns(await doubtful(3)).create(campaign('c1', 6), someRanges(3))).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
    expect(await campaigns.get('c1')).toEqual(campaign('c1', 5));
    expect(await new CassandraCampaigns(await doubtful()).setState('c1', ['planned'], 'running', 8)).toBe(true);
    expect(await new CassandraCampaigns(await doubtful()).setState('c1', ['planned'], 'running', 8)).toBe(false);
    expect(await new CassandraCampaigns(await doubtful()).claim('c1', 0, 'a', 60)).not.toBeNull();
    expect(await new CassandraCampaigns(await doubtful()).claim('c1', 0, 'b', 60)).toBeNull();
    const going = { ...PROGRESS, state: 'waiting', cursor: 'x' } as const;
    expect(await new CassandraCampaigns(await doubtful()).progress('c1', 0, 'a', 60, going)).toBe(true);
    expect(await new CassandraCampaigns(await doubtful()).progress('c1', 0, 'b', 60, going)).toBe(false);
    expect(await new CassandraCampaigns(await doubtful()).progress('c1', 0, 'a', 60, PROGRESS)).toBe(true);
    await new CassandraCampaigns(await doubtful()).claim('c1', 1, 'a', 60);
    await new CassandraCampaigns(await doubtful()).release('c1', 1, 'a');
    const ranges = await campaigns.ranges('c1');
    expect(ranges.map(({ state, worker }) => [state, worker])).toEqual([['done', null], ['waiting', null], ['waiting', null]]);
    await new CassandraCampaigns(await doubtful()).reopen('c1', [{ seq: 0, cursor: null }]);
    expect((await campaigns.ranges('c1'))[0]).toMatchObject({ state: 'waiting', passed: 0 });
  });
});

test('an activation that was lost while its outcome was not known is told as lost', async () => {
  const keys = new CassandraKeys(session);
  await keys.insert(generation('a', 'a-1'));
  await keys.insert(generation('a', 'a-2'));
  const slow = fated(await database.connect(), ['request lost']);
  interposed(slow, 1, () => keys.activate({ name: 'a', revision: 1, description: 'a-2', activatedAt: 1 }));
  expect(await new CassandraKeys(slow).activate({ name: 'a', revision: 1, description: 'a-1', activatedAt: 1 })).toBe(false);
  expect(await keys.active('a')).toMatchObject({ description: 'a-2', revision: 1 });
});

test('an activation that was carried out counts as such, also where the next one followed before its outcome was known', async () => {
  const keys = new CassandraKeys(session);
  await keys.insert(generation('a', 'a-1'));
  await keys.insert(generation('a', 'a-2'));
  const slow = fated(await database.connect(), ['answer lost']);
  interposed(slow, 1, () => keys.activate({ name: 'a', revision: 2, description: 'a-2', activatedAt: 2 }));
  expect(await new CassandraKeys(slow).activate({ name: 'a', revision: 1, description: 'a-1', activatedAt: 1 })).toBe(true);
  expect(await keys.active('a')).toMatchObject({ description: 'a-2', revision: 2 });
});

test('a plain write that is sent to a second node as well is one write', async () => {
  // As the driver does it where the first node lets it wait: the same statement with the same write time.
  session.write = async (cql, params) => {
    const timestamp = Date.now() * 1000;
    for (const _ of [1, 2]) await session.client.execute(cql, [...params], { prepare: true, timestamp });
  };
  const nodes = new CassandraNodes(session);
  const node = { id: 'n', host: 'h', version: '1', dataCenter: 'dc', liveSince: 1, lastSeen: 2, keystoreDigest: null, notes: ['stale copy', 'other'] };
  await nodes.put(node);
  expect(await nodes.list()).toEqual([node]);
});

test('a job that goes on on a machine whose clock is behind is written all the same', async () => {
  const jobs = new CassandraJobs(session);
  const job = { id: 'j', kind: 'census', params: '{}', state: 'paused', done: 1, total: 9, failed: 0, cursor: 'c', failure: null, startedAt: 1, updatedAt: 2 } as const;
  await jobs.put(job);
  // Left by a clock that is an hour ahead.
  await session.client.execute(`UPDATE ${session.keyspaces.system.quoted}.jobs SET state = 'paused', done = 2 WHERE id = 'j'`, [], { timestamp: (Date.now() + 3_600_000) * 1000 });
  await jobs.put({ ...job, state: 'running', done: 3, cursor: 'd' });
  await jobs.put({ ...job, state: 'done', done: 4, cursor: null });
  expect(await jobs.get('j')).toEqual({ ...job, state: 'done', done: 4, cursor: null });
});
