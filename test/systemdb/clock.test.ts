import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test, vi } from 'vitest';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { campaign, someRanges } from '../conformance/samples.ts';
import { temporaryFolder } from './processes.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('a clock that is set back makes nobody wait longer for a lock', async () => {
  const file = path.join(await temporaryFolder(), 'system.db');
  const db = await openSqlite(file);
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  const real = Date.now;
  const back = real() + 1;
  vi.spyOn(Date, 'now').mockImplementation(() => (real() > back ? real() - 3_600_000 : real()));
  const started = performance.now();
  await expect(db.settings.set('a', '1')).rejects.toMatchObject({ code: 'DATABASE_LOCKED' });
  expect(performance.now() - started).toBeLessThan(9_000);
  other.close();
  await db.close();
}, 15_000);

test('a clock that is set back lets a dead holder keep its lease for its whole time once more, and no longer', async () => {
  const db = await openSqlite(path.join(await temporaryFolder(), 'system.db'));
  let now = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => now);
  await db.campaigns.create(campaign('c1', 1), someRanges(1));
  const takes = [
    (who: string): Promise<boolean> => db.leases.acquire('scheduler', who, 60),
    async (who: string): Promise<boolean> => (await db.campaigns.claim('c1', 0, who, 60)) !== null,
  ];
  const all = (who: string): Promise<boolean[]> => Promise.all(takes.map((take) => take(who)));
  expect(await all('dead')).toEqual([true, true]);
  now -= 365 * 24 * 3_600_000;
  expect(await all('next')).toEqual([false, false]);
  now += 59_000;
  expect(await all('next')).toEqual([false, false]);
  expect(await db.leases.holder('scheduler')).toBe('dead');
  now += 1_000;
  expect(await db.leases.holder('scheduler')).toBeNull();
  expect((await db.campaigns.ranges('c1'))[0]?.worker).toBeNull();
  expect(await all('next')).toEqual([true, true]);
  now -= 3_600_000;
  expect(await all('next')).toEqual([true, true]);
  expect(await all('dead')).toEqual([false, false]);
  await db.close();
});
