import { beforeEach, afterEach, describe } from 'vitest';
import { connectCassandra } from '../../../main/systemdb/cassandra/connect.ts';
import { openCassandra } from '../../../main/systemdb/cassandra/open.ts';
import { instanceConformance } from '../../conformance/systemdb-instances.ts';
import { rangeConformance } from '../../conformance/systemdb-ranges.ts';
import { rewriteConformance } from '../../conformance/systemdb-rewrite.ts';
import type { SystemDb } from '../../../main/systemdb/repositories.ts';

const settings = { contactPoints: ['127.0.0.20'], localDataCenter: null, clusterId: 'dev_inst', replication: { class: 'SimpleStrategy', replication_factor: '1' }, user: null, tls: null };

async function clear(): Promise<void> {
  const s = await connectCassandra(settings, null);
  const units = await s.readAll('SELECT keyspace_name FROM k2system_dev_inst.logical_units');
  await Promise.all(units.flatMap((u) => ['entity', 'entity_chunks', 'entity_ids', 'entity_claims'].map((t) => s.client.execute(`TRUNCATE "${u['keyspace_name']}".${t}`))));
  await s.client.execute('TRUNCATE k2system_dev_inst.logical_units');
  await s.close();
}

describe('cassandra', () => {
  let db: SystemDb;
  let opened: SystemDb[] = [];
  beforeEach(async () => {
    db = await openCassandra(settings, null);
    await clear();
    opened = [db];
  });
  afterEach(async () => {
    await Promise.all(opened.map((one) => one.close()));
  });
  const subject = {
    get db() { return db; },
    reopen: async () => { const one = await openCassandra(settings, null); opened.push(one); return one; },
  };
  instanceConformance(subject);
  rangeConformance(subject);
  rewriteConformance(subject);
});
