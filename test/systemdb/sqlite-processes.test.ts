import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { instance } from '../conformance/samples.ts';
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
});
