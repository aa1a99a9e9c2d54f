import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { campaign, instance, someRanges } from '../conformance/samples.ts';
import { child, temporaryFolder } from './processes.ts';

describe('with another process on the same file', () => {
  test('a lock that is let go in time is waited for, and the event loop goes on meanwhile', async () => {
    const file = path.join(await temporaryFolder(), 'system.db');
    const db = await openSqlite(file);
    const other = child('hold', file, '1500');
    expect(await other.said).toBe('held');
    let ticks = 0;
    const ticking = setInterval(() => (ticks += 1), 20);
    await db.instances.save(instance('L', '1'));
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(5);
    expect((await db.instances.get('L', '1'))?.id).toBe('1');
    expect(await other.ended).toBe(0);
    await db.close();
  });

  test.concurrent('a lock that stays is reported after some seconds, while reading goes on', async () => {
    const file = path.join(await temporaryFolder(), 'system.db');
    const db = await openSqlite(file);
    await db.settings.set('a', '1');
    const other = child('hold', file, '8000');
    expect(await other.said).toBe('held');
    const refused = [db.settings.set('a', '2'), db.instances.save(instance('L', '1')), db.stripes.write('k', Uint8Array.of(1))];
    const outcomes = Promise.allSettled(refused);
    expect(await db.settings.get('a')).toBe('1');
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'DATABASE_LOCKED' } });
    }
    expect(await other.ended).toBe(0);
    expect(await db.settings.get('a')).toBe('1');
    await db.settings.set('a', '3');
    await db.close();
  });

  test.concurrent('a file that another process owns alone can not be opened', async () => {
    const file = path.join(await temporaryFolder(), 'system.db');
    new DatabaseSync(file).close();
    const other = child('own', file, '8000');
    expect(await other.said).toBe('held');
    await expect(openSqlite(file)).rejects.toMatchObject({ code: 'DATABASE_LOCKED' });
    expect(await other.ended).toBe(0);
    await (await openSqlite(file)).close();
  });

  test('a file that another process owns alone for a moment is opened when it is let go', async () => {
    const file = path.join(await temporaryFolder(), 'system.db');
    await (await openSqlite(file)).close();
    const other = child('own', file, '1000');
    expect(await other.said).toBe('held');
    await (await openSqlite(file)).close();
    expect(await other.ended).toBe(0);
  });

  test('processes that write at once lose nothing', async () => {
    const file = path.join(await temporaryFolder(), 'system.db');
    const writers = ['a', 'b', 'c'].map((name) => child('save', file, name));
    expect(await Promise.all(writers.map((writer) => writer.ended))).toEqual([0, 0, 0]);
    const db = await openSqlite(file);
    expect((await db.instances.census())[0]?.instances).toBe(3 * 20 * 25);
    const records = await db.audit.read(1, 1000);
    expect(records.map((record) => record.seq)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    await db.close();
  });

  test('processes that claim ranges at once hold each range alone', async () => {
    const file = path.join(await temporaryFolder(), 'system.db');
    const db = await openSqlite(file);
    await db.campaigns.create(campaign('c1', 1), someRanges(40));
    const workers = ['a', 'b', 'c'];
    const got = (await Promise.all(workers.map((worker) => child('claim', file, worker).said))) as number[][];
    expect(got.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, seq) => seq));
    const held = (await db.campaigns.ranges('c1')).map((one) => one.worker);
    expect(held).toEqual(held.map((_, seq) => workers.find((_worker, i) => got[i]?.includes(seq))));
    await db.close();
  });

  test('a process that rewrites never wins over one that saves', async () => {
    const file = path.join(await temporaryFolder(), 'system.db');
    const db = await openSqlite(file);
    await db.instances.saveMany(Array.from({ length: 20 }, (_, id) => instance('L', `${id}`, { sealed: Uint8Array.of(0) })));
    const saving = child('versions', file, '60');
    let ended = false;
    void saving.ended.then(() => (ended = true));
    const [range] = await db.instances.ranges('L');
    let [won, lost] = [0, 0];
    while (!ended && range !== undefined) {
      for (const read of (await db.instances.scanRange(range, { limit: 100, wanted: () => true })).rows) {
        // The other process saves between reading and writing.
        await delay(1);
        if (await db.instances.rewrite(read, { keyDescription: 'k2', sealed: read.sealed })) won += 1;
        else lost += 1;
      }
    }
    expect(await saving.ended).toBe(0);
    expect(won).toBeGreaterThan(0);
    expect(lost).toBeGreaterThan(0);
    const left = await db.instances.scan('L', { limit: 100 });
    expect(left.map((one) => [...one.sealed])).toEqual(Array.from({ length: 20 }, () => [60]));
    await db.close();
  });
});
