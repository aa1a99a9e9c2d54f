/** What an operator meets whose profile does not fit the cluster: each mistake has its code, on every way in. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../main/errors.ts';
import { SecretBytes } from '../../../main/secret.ts';
import { connectCassandra } from '../../../main/systemdb/cassandra/connect.ts';
import { SCHEMA_VERSION } from '../../../main/systemdb/cassandra/migrations/index.ts';
import { failure, Machine } from '../../cli/fkc.ts';
import { startCassandra, SUPERUSER, type CassandraCluster } from '../../peers/cassandra/cassandra.ts';
import { Authority } from '../../peers/cassandra/certificates.ts';

/** Commands at once. */
const LANES = 3;

let folder: string;
let machine: Machine;
/** Demands TLS and a password; its certificate names `localhost` and no address. */
let node: CassandraCluster;

interface Mistake {
  readonly name: string;
  readonly code: ErrorCode;
  /** Options of `profile create` that differ from right ones; null leaves one out. */
  readonly options: Readonly<Record<string, string | null>>;
}

const MISTAKES: readonly Mistake[] = [
  { name: 'password', code: 'DATABASE_LOGIN_REFUSED', options: { 'password-file': 'wrong-password' } },
  { name: 'authority', code: 'DATABASE_TLS_UNTRUSTED', options: { 'tls-ca': 'stranger/ca.pem' } },
  { name: 'host-name', code: 'DATABASE_TLS_NAME_MISMATCH', options: { 'contact-points': 'address' } },
  { name: 'plain', code: 'DATABASE_TLS_REFUSED', options: { 'tls-ca': null } },
  { name: 'permission', code: 'DATABASE_PERMISSION_DENIED', options: { user: 'guest', 'password-file': 'guest-password', suffix: 'whole' } },
  { name: 'keyspace', code: 'DATABASE_KEYSPACE_MISSING', options: { suffix: 'lost' } },
  { name: 'newer', code: 'DATABASE_TOO_NEW', options: { suffix: 'newer' } },
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fkc-connection-'));
  machine = new Machine();
  const authority = new Authority(join(folder, 'authority'));
  const stranger = new Authority(join(folder, 'stranger'));
  const port = 20_000 + (process.pid % 10_000);
  const tls = { authority, certificate: authority.sign('node', ['localhost']), mutual: false };
  node = await startCassandra({ addresses: ['127.0.0.1'], port, storagePort: port + 10_000, auth: true, tls });
  for (const [name, text] of [['password', SUPERUSER.password], ['wrong-password', 'guessed-9c41'], ['guest-password', 'guest']] as const) writeFileSync(join(folder, name), `${text}\n`, { mode: 0o600 });
  const files: Record<string, string> = { 'stranger/ca.pem': stranger.ca, address: node.contactPoints.join() };
  const right = { 'contact-points': `localhost:${port}`, user: SUPERUSER.user, 'password-file': 'password', 'tls-ca': authority.ca };
  for (const { name, options } of MISTAKES) {
    const line = Object.entries({ ...right, ...options }).flatMap(([option, value]) =>
      value === null ? [] : [`--${option}`, files[value] ?? (option === 'password-file' ? join(folder, value) : value)],
    );
    await machine.json(['profile', 'create', name, ...line]);
  }
  await prepare({ contactPoints: [right['contact-points']], ca: authority.ca });
});

afterAll(async () => {
  await node?.stop();
  machine?.[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Databases of which only what is looked at first is there, and a user who may log in and nothing else. */
async function prepare({ contactPoints, ca }: { contactPoints: readonly string[]; ca: string }): Promise<void> {
  const settings = { contactPoints, localDataCenter: null, clusterId: null, replication: { class: 'SimpleStrategy', replication_factor: '1' }, user: SUPERUSER.user, tls: { ca } };
  const root = await connectCassandra(settings, SecretBytes.take(Buffer.from(SUPERUSER.password)));
  try {
    for (const [suffix, version] of [['lost', SCHEMA_VERSION], ['newer', SCHEMA_VERSION + 1], ['whole', SCHEMA_VERSION]] as const) {
      const keyspaces = suffix === 'whole' ? ['k2system', 'k2auth', 'k2audit'] : ['k2system'];
      for (const keyspace of keyspaces) await root.schema(`CREATE KEYSPACE IF NOT EXISTS ${keyspace}_${suffix} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`);
      await root.schema(`CREATE TABLE IF NOT EXISTS k2system_${suffix}.schema_versions (component text, version int, applied_at timestamp, applied_by text, PRIMARY KEY ((component), version)) WITH CLUSTERING ORDER BY (version DESC)`);
      await root.write(`INSERT INTO k2system_${suffix}.schema_versions (component, version) VALUES ('system database', ?)`, [version]);
    }
    await root.schema(`CREATE ROLE IF NOT EXISTS guest WITH LOGIN = true AND PASSWORD = 'guest'`);
  } finally {
    await root.close();
  }
}

/** The failure documents of several commands, a few at a time. */
async function documents(lines: readonly (readonly string[])[]): Promise<unknown[]> {
  const found: unknown[] = [];
  const left = lines.map((line, place) => ({ line, place }));
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { stdout } = await machine.run([...next.line, '--json']);
      found[next.place] = JSON.parse(stdout.toString('utf8'));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return found;
}

describe('a profile that does not fit its cluster', () => {
  it('has one code for each mistake, from a command that opens it', async () => {
    const found = await documents(MISTAKES.map(({ name }) => ['keys', 'list', '--profile', name]));
    expect(found).toEqual(MISTAKES.map(({ code }) => failure(code)));
  });

  it('has the same code at the step of the connection test that fails, and no password anywhere', async () => {
    const found = (await documents(MISTAKES.map(({ name }) => ['profile', 'test', name]))) as { steps?: { ok: boolean; failure?: { code: string } }[] }[];
    expect(found.map(({ steps }) => steps?.at(-1)).map((step) => [step?.ok, step?.failure?.code])).toEqual(MISTAKES.map(({ code }) => [false, code]));
    expect(machine.written).not.toMatch(/guessed-9c41/);
  });
});
