import { afterAll, beforeAll } from 'vitest';
import { systemDbConformance } from '../../conformance/systemdb.ts';
import { testDatabase, type TestDatabase } from './empty-database.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase('test_repos');
});

afterAll(async () => {
  await database.stop();
});

systemDbConformance('Cassandra', async () => {
  await database.empty();
  return { db: await database.open(), reopen: () => database.open(), dispose: () => database.closeAll() };
});
