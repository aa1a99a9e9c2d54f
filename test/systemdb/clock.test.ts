import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test, vi } from 'vitest';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
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
