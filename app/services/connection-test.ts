import type { SecretBytes } from '../../main/secret.ts';
import type { ConnectionStep } from '../contract/settings.ts';
import type { CassandraProfile } from '../profiles.ts';
import { databasePassword, settingsOf } from './system-db.ts';

/**
 * How far a connection comes, step by step; the first step that fails is the last. Keeps nothing, changes nothing.
 * Takes `given` over.
 * @throws AppError `DATABASE_PASSWORD_MISSING`
 */
export async function testConnection(
  cassandra: CassandraProfile,
  given: SecretBytes | null,
  onStep: (step: ConnectionStep) => void = () => undefined,
): Promise<ConnectionStep[]> {
  const password = await databasePassword(cassandra, given);
  const { testConnection: test } = await import('../../main/systemdb/cassandra/test-connection.ts');
  return test(settingsOf(cassandra), password, onStep);
}
