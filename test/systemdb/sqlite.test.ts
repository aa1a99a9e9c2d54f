import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { systemDbConformance } from '../conformance/systemdb.ts';

systemDbConformance('SQLite', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'fkc-systemdb-'));
  const connections: SystemDb[] = [];
  const reopen = async (): Promise<SystemDb> => {
    const db = await openSqlite(path.join(folder, 'system.db'));
    connections.push(db);
    return db;
  };
  return {
    db: await reopen(),
    reopen,
    dispose: async () => {
      await Promise.all(connections.map((db) => db.close()));
      await rm(folder, { recursive: true });
    },
  };
});
