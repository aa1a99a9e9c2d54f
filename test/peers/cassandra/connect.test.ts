import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ErrorCode } from '../../../main/errors.ts';
import { SecretBytes } from '../../../main/secret.ts';
import { connectCassandra } from '../../../main/systemdb/cassandra/connect.ts';
import { CassandraInstances } from '../../../main/systemdb/cassandra/instances.ts';
import { nodePlaces } from '../../../main/systemdb/cassandra/migrations/0005-node-places.ts';
import { createKeyspace, migrate, SCHEMA_VERSION, schemaVersion } from '../../../main/systemdb/cassandra/migrations/index.ts';
import { CassandraNodes } from '../../../main/systemdb/cassandra/nodes.ts';
import { openCassandra } from '../../../main/systemdb/cassandra/open.ts';
import type { CassandraSession } from '../../../main/systemdb/cassandra/session.ts';
import type { CassandraSettings } from '../../../main/systemdb/cassandra/settings.ts';
import { testConnection } from '../../../main/systemdb/cassandra/test-connection.ts';
import { Machine } from '../../cli/fkc.ts';
import { instance } from '../../conformance/samples.ts';
import { startCassandra, SUPERUSER, type CassandraCluster } from './cassandra.ts';
import { Authority, type Certificate } from './certificates.ts';

const NEW_CLUSTER = { class: 'SimpleStrategy', replication_factor: '1' };
/** Of a schema that is up to date, in the order of the table. */
const VERSIONS = Array.from({ length: SCHEMA_VERSION }, (_, place) => SCHEMA_VERSION - place);

let folder: string;
let authority: Authority;
let stranger: Authority;
let client: Certificate;
/** Demands TLS, a client certificate and a password; its certificate names `localhost` and no address. */
let guarded: CassandraCluster;
let name: string;
/** Demands nothing. */
let plain: CassandraCluster;
let root: CassandraSession;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fkc-cassandra-tls-'));
  authority = new Authority(join(folder, 'authority'));
  stranger = new Authority(join(folder, 'stranger'));
  client = authority.sign('console', ['console.test']);
  // The one name that leads to a loopback address everywhere.
  const port = 20_000 + (process.pid % 10_000);
  const tls = { authority, certificate: authority.sign('node', ['localhost']), mutual: true };
  [guarded, plain] = await Promise.all([startCassandra({ addresses: ['127.0.0.1'], port, storagePort: port + 10_000, auth: true, tls }), startCassandra()]);
  name = `localhost:${port}`;
  root = await connectCassandra(settings(), password());
  await root.schema(`CREATE ROLE reader WITH LOGIN = true AND PASSWORD = 'reads'`);
  await root.schema(`CREATE ROLE writer WITH LOGIN = true AND PASSWORD = 'writes'`);
});

afterAll(async () => {
  await root?.close();
  await Promise.all([guarded?.stop(), plain?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

describe('connecting', () => {
  it('logs in over mutual TLS, finds the data centre, and zeroes the password at the end', async () => {
    const secret = password();
    const session = await connectCassandra(settings({ localDataCenter: null }), secret);
    expect(session.localDataCenter).toBe('datacenter1');
    expect(secret.disposed).toBe(false);
    await session.close();
    expect(secret.disposed).toBe(true);
  });

  it.each<[string, ErrorCode, () => Partial<CassandraSettings>, string | null]>([
    ['a wrong password', 'DATABASE_LOGIN_REFUSED', () => ({}), 'guessed'],
    ['an unknown user', 'DATABASE_LOGIN_REFUSED', () => ({ user: 'nobody' }), 'guessed'],
    ['no user', 'DATABASE_LOGIN_REFUSED', () => ({ user: null }), null],
    ['a user without a password', 'DATABASE_PASSWORD_MISSING', () => ({}), null],
    ['a CA that did not sign', 'DATABASE_TLS_UNTRUSTED', () => ({ tls: { ca: stranger.ca, ...client } }), SUPERUSER.password],
    ['a name that is not in the certificate', 'DATABASE_TLS_NAME_MISMATCH', () => ({ contactPoints: guarded.contactPoints }), SUPERUSER.password],
    ['no client certificate', 'DATABASE_TLS_REFUSED', () => ({ tls: { ca: authority.ca } }), SUPERUSER.password],
    ['a client certificate of a stranger', 'DATABASE_TLS_REFUSED', () => ({ tls: { ca: authority.ca, ...stranger.sign('console', ['console.test']) } }), SUPERUSER.password],
    ['no TLS', 'DATABASE_TLS_REFUSED', () => ({ tls: null }), SUPERUSER.password],
    ['TLS where there is none', 'DATABASE_TLS_REFUSED', () => ({ contactPoints: plain.contactPoints }), SUPERUSER.password],
    ['a missing CA file', 'FILE_NOT_FOUND', () => ({ tls: { ca: join(folder, 'none.pem') } }), SUPERUSER.password],
    ['a CA file that is none', 'FILE_UNREADABLE', () => ({ tls: { ca: client.key } }), SUPERUSER.password],
    ['a wrong data centre', 'DATABASE_DATA_CENTER_UNKNOWN', () => ({ localDataCenter: 'dc9' }), SUPERUSER.password],
    ['a closed port', 'DATABASE_UNREACHABLE', () => ({ contactPoints: ['localhost:9'] }), SUPERUSER.password],
    ['a name that nobody knows', 'DATABASE_UNREACHABLE', () => ({ contactPoints: ['nowhere.invalid'] }), SUPERUSER.password],
    ['no contact point at all', 'INPUT_INVALID', () => ({ contactPoints: ['a b'] }), SUPERUSER.password],
  ])('with %s fails with %s, and leaves no password behind', async (_, code, change, given) => {
    const secret = given === null ? null : password(given);
    await expect(connectCassandra(settings(change()), secret)).rejects.toMatchObject({ code });
    expect(secret?.disposed ?? true).toBe(true);
    const failed = (await testConnection(settings(change()), given === null ? null : password(given))).at(-1);
    expect(failed).toMatchObject({ ok: false, failure: { code } });
  });

  it('goes on where one of several contact points is gone', async () => {
    const session = await connectCassandra(plainSettings({ contactPoints: ['nowhere.invalid', '127.0.0.1:9', ...plain.contactPoints] }), null);
    expect(session.localDataCenter).toBe('datacenter1');
    await session.close();
  });
});

describe('the schema', () => {
  it('is made once by three consoles that start at once, and is only read from then on', async () => {
    const sessions = await Promise.all([1, 2, 3].map(() => connectCassandra(plainSettings({ clusterId: 'At_Once' }), null)));
    try {
      await Promise.all(sessions.map(migrate));
      const [session] = sessions as [CassandraSession];
      expect(await recordedVersions(session)).toEqual(VERSIONS);
      expect(session.keyspaces.system.name).toBe('k2system_At_Once');
    } finally {
      await Promise.all(sessions.map((session) => session.close()));
    }
  });

  it('of an older program is brought up by two consoles that start at once, each step once', async () => {
    const clusterId = 'older';
    await onPlain(clusterId, async (session) => {
      await migrate(session);
      const { quoted } = session.keyspaces.system;
      await session.schema(`DROP TABLE ${quoted}.node_places`);
      await session.write(`DELETE FROM ${quoted}.schema_versions WHERE component = 'system database' AND version >= ?`, [nodePlaces.version]);
    });
    const sessions = await Promise.all([1, 2].map(() => connectCassandra(plainSettings({ clusterId }), null)));
    try {
      for (const session of sessions) expect(await schemaVersion(session)).toBe(nodePlaces.version - 1);
      const writes = sessions.map((session) => vi.spyOn(session, 'write'));
      await Promise.all(sessions.map(migrate));
      const recorded = writes.flatMap(({ mock }) => mock.calls.filter(([cql]) => cql.includes('schema_versions')).map(([, params]) => params[1]));
      expect(recorded).toEqual(VERSIONS.filter((version) => version >= nodePlaces.version).reverse());
      const [one, other] = sessions as [CassandraSession, CassandraSession];
      expect(await recordedVersions(one)).toEqual(VERSIONS);
      const node = { id: 'n', host: 'h', version: '1', dataCenter: 'datacenter1', liveSince: 1, lastSeen: 2, keystoreDigest: null, notes: [] };
      await new CassandraNodes(one).put(node);
      expect(await new CassandraNodes(other).list()).toEqual([node]);
    } finally {
      await Promise.all(sessions.map((session) => session.close()));
    }
  });

  it('of a newer program is refused', async () => {
    await onPlain('newer', async (session) => {
      await migrate(session);
      await session.write(`INSERT INTO ${session.keyspaces.system.quoted}.schema_versions (component, version) VALUES ('system database', ?)`, [SCHEMA_VERSION + 1]);
      await expect(migrate(session)).rejects.toMatchObject({ code: 'DATABASE_TOO_NEW' });
      const steps = await testConnection(session.settings, null);
      expect(steps.at(-1)).toMatchObject({ step: 'tables', failure: { code: 'DATABASE_TOO_NEW' } });
    });
  });

  it('that lost a keyspace is not made anew', async () => {
    await onPlain('lost', async (session) => {
      await migrate(session);
      await session.schema(`DROP KEYSPACE ${session.keyspaces.auth.quoted}`);
      await expect(migrate(session)).rejects.toMatchObject({ code: 'DATABASE_KEYSPACE_MISSING' });
      expect((await testConnection(session.settings, null)).at(-1)).toMatchObject({ step: 'tables', failure: { code: 'DATABASE_KEYSPACE_MISSING' } });
    });
  });

  it('that lost k2system, and with it all knowledge of LUs, is not made anew', async () => {
    await onPlain('headless', async (session) => {
      await migrate(session);
      const { system } = session.keyspaces;
      await session.schema(`DROP KEYSPACE ${system.quoted}`);
      const lost = { code: 'DATABASE_KEYSPACE_MISSING', message: expect.stringContaining('The keyspace k2system_headless is gone') as unknown };
      await expect(migrate(session)).rejects.toMatchObject(lost);
      await expect(openCassandra(session.settings, null)).rejects.toMatchObject(lost);
      expect((await testConnection(session.settings, null)).at(-1)).toMatchObject({ step: 'tables', ok: false, failure: lost });
      await session.client.metadata.refreshKeyspaces();
      expect(Object.keys(session.client.metadata.keyspaces)).not.toContain(system.name);
    });
  });

  it('whose first making was cut off is made to its end; one that holds keys was not cut off, it lost its record', async () => {
    await onPlain('cut_off', async (session) => {
      const { auth, system } = session.keyspaces;
      const forget = (): Promise<void> => session.write(`DELETE FROM ${system.quoted}.schema_versions WHERE component = 'system database'`, []);
      await migrate(session);
      await forget();
      await migrate(session);
      expect(await schemaVersion(session)).toBe(SCHEMA_VERSION);
      await session.write(`INSERT INTO ${auth.quoted}.keys_descriptions (name, key_description) VALUES ('masterkey_key_name', 'k1')`, []);
      await forget();
      await expect(migrate(session)).rejects.toMatchObject({ code: 'DATABASE_KEYSPACE_MISSING', details: { missing: [system.name], standing: [auth.name] } });
    });
  });

  it('is made in keyspaces that the operator made for his replication', async () => {
    await onPlain('beforehand', async (session) => {
      for (const keyspace of session.keyspaces.fixed) await createKeyspace(session, keyspace);
      await migrate(session);
      expect(await schemaVersion(session)).toBe(SCHEMA_VERSION);
    });
  });

  it('that lost tables does not pass the connection test, which names them', async () => {
    await onPlain('tableless', async (session) => {
      await migrate(session);
      const { auth, audit, system } = session.keyspaces;
      expect((await testConnection(session.settings, null)).at(-1)).toMatchObject({ step: 'tables', ok: true });
      const gone = [`${audit.name}.k2_auditing`, `${auth.name}.key_description_owners`, `${auth.name}.stripe_key_storage`, `${system.name}.logical_units`];
      for (const table of gone) await session.schema(`DROP TABLE "${table.replace('.', '".')}`);
      const step = (await testConnection(session.settings, null)).at(-1);
      expect(step).toMatchObject({ step: 'tables', ok: false, failure: { code: 'DATABASE_KEYSPACE_MISSING' } });
      expect(step?.detail).toContain(gone.join(', '));
    });
  });

  it('is not made over data centres that the cluster does not have', async () => {
    await onPlain('dc', (session) => expect(migrate(session)).rejects.toMatchObject({ code: 'DATABASE_DATA_CENTER_UNKNOWN' }), { class: 'NetworkTopologyStrategy', dc9: '1' });
  });
});

describe('permissions', () => {
  it('to make keyspaces are needed only where there are none', async () => {
    await asRole('writer', 'writes', async (session, test) => {
      await expect(migrate(session)).rejects.toMatchObject({ code: 'DATABASE_KEYSPACE_MISSING' });
      expect(await test()).toMatchObject({ step: 'permissions', failure: { code: 'DATABASE_KEYSPACE_MISSING' } });
    });
    await migrate(root);
    for (const { quoted } of root.keyspaces.fixed) {
      await root.schema(`GRANT SELECT ON KEYSPACE ${quoted} TO reader`);
      await root.schema(`GRANT SELECT ON KEYSPACE ${quoted} TO writer`);
      await root.schema(`GRANT MODIFY ON KEYSPACE ${quoted} TO writer`);
    }
    await asRole('writer', 'writes', async (session, test) => {
      await migrate(session);
      expect(await test()).toMatchObject({ step: 'tables', ok: true });
    });
  });

  it('to an LU are missed by its name', async () => {
    await new CassandraInstances(root).save(instance('ORDERS', '1'));
    const { name: keyspace, quoted } = root.keyspaces.view('ORDERS');
    const last = (): Promise<unknown> => asRole('writer', 'writes', (_, test) => test());
    const denied = { step: 'permissions', ok: false, failure: { code: 'DATABASE_PERMISSION_DENIED', message: expect.stringContaining(keyspace) as unknown } };
    expect(await last()).toMatchObject(denied);
    await root.schema(`GRANT SELECT ON KEYSPACE ${quoted} TO writer`);
    expect(await last()).toMatchObject(denied);
    await root.schema(`GRANT MODIFY ON KEYSPACE ${quoted} TO writer`);
    // Nodes may go by the former answer for as long as they keep it.
    await expect.poll(last, { timeout: 30_000 }).toMatchObject({ step: 'tables', ok: true });
    expect(await new CassandraInstances(root).list('ORDERS', { limit: 9 })).toHaveLength(1);
  });

  it('to write are missed with one code', async () => {
    await asRole('reader', 'reads', async (session, test) => {
      await migrate(session);
      const write = session.write(`INSERT INTO ${session.keyspaces.system.quoted}.settings (key, value) VALUES ('a', 'b')`, []);
      await expect(write).rejects.toMatchObject({ code: 'DATABASE_PERMISSION_DENIED' });
      expect(await test()).toMatchObject({ step: 'permissions', failure: { code: 'DATABASE_PERMISSION_DENIED' } });
    });
  });
});

describe('the connection test', () => {
  it('tells each step as it comes, and changes nothing', async () => {
    const told: string[] = [];
    const steps = await testConnection(settings({ clusterId: 'untouched' }), password(), ({ step }) => told.push(step));
    expect(steps.map(({ step, ok }) => [step, ok])).toEqual(['resolve', 'connect', 'tls', 'log-in', 'data-centre', 'permissions', 'tables'].map((step) => [step, true]));
    expect(told).toEqual(steps.map(({ step }) => step));
    await root.client.metadata.refreshKeyspaces();
    expect(Object.keys(root.client.metadata.keyspaces).filter((each) => each.includes('untouched'))).toEqual([]);
  });

  it('stops at the step that fails', async () => {
    const steps = await testConnection(settings({ localDataCenter: 'dc9' }), password());
    expect(steps.map(({ step, ok }) => [step, ok])).toEqual([['resolve', true], ['connect', true], ['tls', true], ['log-in', true], ['data-centre', false]]);
  });
});

describe('the command line over mutual TLS', () => {
  const machine = new Machine();
  const create = (profile: string, tls: readonly string[]): Promise<unknown> =>
    machine.json(['profile', 'create', profile, '--contact-points', name, '--suffix', 'line', '--user', SUPERUSER.user, '--password-file', machine.file('password'), ...tls]);
  beforeAll(() => void machine.write('password', `${SUPERUSER.password}\n`));
  afterAll(() => machine[Symbol.dispose]());

  it('keeps the three files in the profile, and every step of its test works', async () => {
    const files = { ca: authority.ca, ...client };
    expect(await create('mutual', ['--tls-ca', files.ca, '--tls-cert', files.cert, '--tls-key', files.key])).toMatchObject({ ok: true, cassandra: { tls: files } });
    const { steps } = await machine.json(['profile', 'test', 'mutual']);
    expect(steps).toMatchObject(['resolve', 'connect', 'tls', 'log-in', 'data-centre', 'permissions', 'tables'].map((step) => ({ step, ok: true, failure: null })));
  });

  it.each<[string, ErrorCode, () => string[]]>([
    ['no client certificate', 'DATABASE_TLS_REFUSED', () => ['--tls-ca', authority.ca]],
    ['a CA that did not sign', 'DATABASE_TLS_UNTRUSTED', () => ['--tls-ca', stranger.ca, '--tls-cert', client.cert, '--tls-key', client.key]],
  ])('with %s its test ends at TLS with %s', async (_, code, tls) => {
    await create(code, tls());
    const { steps } = await machine.json(['profile', 'test', code], { code: 1 });
    expect(steps.at(-1)).toMatchObject({ step: 'tls', ok: false, failure: { code } });
  });
});

function settings(change: Partial<CassandraSettings> = {}): CassandraSettings {
  return { contactPoints: [name], localDataCenter: 'datacenter1', clusterId: null, replication: NEW_CLUSTER, user: SUPERUSER.user, tls: { ca: authority.ca, ...client }, ...change };
}

function plainSettings(change: Partial<CassandraSettings> = {}): CassandraSettings {
  return { ...settings(), contactPoints: plain.contactPoints, user: null, tls: null, ...change };
}

function password(text: string = SUPERUSER.password): SecretBytes {
  return SecretBytes.take(Buffer.from(text, 'utf8'));
}

async function recordedVersions(session: CassandraSession): Promise<unknown[]> {
  return (await session.readAll(`SELECT version FROM ${session.keyspaces.system.quoted}.schema_versions`)).map(({ version }) => version);
}

async function onPlain(clusterId: string, body: (session: CassandraSession) => Promise<void>, replication: Readonly<Record<string, string>> = NEW_CLUSTER): Promise<void> {
  const session = await connectCassandra(plainSettings({ clusterId, replication }), null);
  try {
    await body(session);
  } finally {
    await session.close();
  }
}

/** `test` answers the last step of a connection test as the same role. */
async function asRole<T>(user: string, secret: string, body: (session: CassandraSession, test: () => Promise<unknown>) => Promise<T>): Promise<T> {
  const session = await connectCassandra(settings({ user }), password(secret));
  try {
    return await body(session, async () => (await testConnection(settings({ user }), password(secret))).at(-1));
  } finally {
    await session.close();
  }
}
