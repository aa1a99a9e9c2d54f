import type { SecretBytes } from '../../secret.ts';
import type { SystemDb } from '../repositories.ts';
import { CassandraAudit } from './audit.ts';
import { CassandraCampaigns } from './campaigns.ts';
import { CassandraCensuses } from './censuses.ts';
import { connectCassandra } from './connect.ts';
import { CassandraInstances } from './instances.ts';
import { CassandraInternalKeys } from './internal-keys.ts';
import { CassandraJobs } from './jobs.ts';
import { CassandraKeys } from './keys.ts';
import { CassandraLeases } from './leases.ts';
import { migrate, SCHEMA_VERSION } from './migrations/index.ts';
import { CassandraNodes } from './nodes.ts';
import type { CassandraSession } from './session.ts';
import { CassandraSettings } from './settings-repository.ts';
import type { CassandraSettings as ConnectionSettings } from './settings.ts';
import { CassandraStripes } from './stripes.ts';
import { CassandraTopology } from './topology.ts';

/**
 * Opens the system database on a cluster and brings its schema up to date. Several processes may hold it open at once.
 * `password` is taken over; it is null where the settings name no user.
 * @throws AppError as `connectCassandra` and `migrate`
 */
export async function openCassandra(settings: ConnectionSettings, password: SecretBytes | null): Promise<SystemDb> {
  const session = await connectCassandra(settings, password);
  try {
    await migrate(session);
  } catch (error) {
    await session.close();
    throw error;
  }
  return systemDb(session);
}

function systemDb(session: CassandraSession): SystemDb {
  return {
    info: { kind: 'cassandra', location: session.settings.contactPoints.join(', '), schemaVersion: SCHEMA_VERSION },
    keys: new CassandraKeys(session),
    stripes: new CassandraStripes(session),
    instances: new CassandraInstances(session),
    audit: new CassandraAudit(session),
    jobs: new CassandraJobs(session),
    nodes: new CassandraNodes(session),
    settings: new CassandraSettings(session),
    internalKeys: new CassandraInternalKeys(session),
    leases: new CassandraLeases(session),
    censuses: new CassandraCensuses(session),
    campaigns: new CassandraCampaigns(session),
    topology: new CassandraTopology(session),
    close: () => session.close(),
  };
}
