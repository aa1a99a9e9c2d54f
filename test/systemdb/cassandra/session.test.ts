import { types, type Client, type QueryOptions } from 'cassandra-driver';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Balancing } from '../../../main/systemdb/cassandra/balancing.ts';
import { Keyspaces } from '../../../main/systemdb/cassandra/keyspaces.ts';
import { CassandraSession, type Reach } from '../../../main/systemdb/cassandra/session.ts';

// Vitest's clock stands in for the timers of the window, not for those of Node's promises.
vi.mock('node:timers/promises', () => ({ setTimeout: (ms: number) => new Promise((resolve) => globalThis.setTimeout(resolve, ms)) }));

const { one, quorum, localQuorum, serial, localSerial } = types.consistencies;
const HOSTS = ['10.0.0.1:9042', '10.0.0.2:9042', '10.0.0.3:9042'];

interface Sent {
  readonly what: unknown;
  readonly options: QueryOptions;
}

/** A session over a client that writes down what it is given, and what each node says of the schema. */
function recorded(versions: () => readonly string[] = () => ['v1', 'v1', 'v1'], down: readonly string[] = []) {
  const sent: Sent[] = [];
  const answer = (rows: readonly unknown[]) => ({ rows, pageState: null, wasApplied: () => true, info: { queriedHost: HOSTS[0], speculativeExecutions: 0, triedHosts: {} } });
  const client = {
    hosts: { values: () => HOSTS.map((address) => ({ address, datacenter: 'dc', isUp: () => !down.includes(address) })) },
    execute: async (cql: string, _params: unknown, options: QueryOptions) => {
      sent.push({ what: cql, options });
      const [local, ...peers] = versions();
      if (cql.includes('system.local')) return answer([{ schema_version: local }]);
      if (cql.includes('system.peers')) return answer(peers.map((schema_version, place) => ({ rpc_address: HOSTS[place + 1]?.replace(':9042', ''), schema_version })));
      return answer([]);
    },
    batch: async (queries: unknown, options: QueryOptions) => {
      sent.push({ what: queries, options });
      return answer([]);
    },
  } as unknown as Client;
  const session = new CassandraSession({
    settings: { contactPoints: HOSTS, localDataCenter: null, clusterId: null, replication: {}, user: null, tls: null },
    keyspaces: new Keyspaces(null),
    client,
    balancing: { dataCenter: 'dc', suspect: () => undefined } as unknown as Balancing,
    onClose: () => undefined,
  });
  const only = (): Sent => {
    expect(sent).toHaveLength(1);
    return sent[0] as Sent;
  };
  return { session, sent, only };
}

const STATEMENT = { cql: 'INSERT', params: [1] };

describe('what is sent with', () => {
  test.each([[undefined, localQuorum], ['local', localQuorum], ['global', quorum]] as const)('a read of reach %s', async (reach: Reach | undefined, consistency) => {
    const { session, only } = recorded();
    await session.read('SELECT', [], reach === undefined ? {} : { reach });
    expect(only().options).toMatchObject({ consistency, isIdempotent: true, prepare: true });
    expect(only().options).not.toHaveProperty('serialConsistency');
  });

  test.each([['local', localSerial], ['global', serial]] as const)('a read of what lightweight transactions left, of reach %s', async (reach, consistency) => {
    const { session, only } = recorded();
    await session.readSerial('SELECT', [], reach);
    expect(only().options).toMatchObject({ consistency, isIdempotent: true, prepare: true });
  });

  test.each([[undefined, localQuorum], ['local', localQuorum], ['global', quorum]] as const)('writes of reach %s', async (reach: Reach | undefined, consistency) => {
    const { session, sent } = recorded();
    const options = reach === undefined ? {} : { reach };
    await session.write(STATEMENT.cql, STATEMENT.params, options);
    await session.writeBatch([STATEMENT, STATEMENT], options);
    await session.writeBatch([STATEMENT, STATEMENT], { ...options, logged: false });
    expect(sent.map(({ options: each }) => each)).toMatchObject([
      { consistency, isIdempotent: true, prepare: true },
      { consistency, isIdempotent: true, prepare: true, logged: true },
      { consistency, isIdempotent: true, prepare: true, logged: false },
    ]);
  });

  test.each([['local', localQuorum, localSerial], ['global', quorum, serial]] as const)('a conditional write of reach %s: never as one that may be repeated', async (reach, consistency, serialConsistency) => {
    const { session, sent } = recorded();
    await session.conditional(STATEMENT, reach);
    await session.conditional([STATEMENT, STATEMENT], reach);
    expect(sent.map(({ options }) => options)).toMatchObject([
      { consistency, serialConsistency, isIdempotent: false, prepare: true },
      { consistency, serialConsistency, isIdempotent: false, prepare: true, logged: true },
    ]);
  });

  test('a change of the schema: to one node only, unprepared', async () => {
    const { session, sent } = recorded();
    await session.schema('CREATE TABLE IF NOT EXISTS t (a int PRIMARY KEY)');
    expect(sent[0]).toMatchObject({ what: expect.stringMatching(/^CREATE TABLE IF NOT EXISTS t \(a int PRIMARY KEY\) WITH ID = [0-9a-f-]{36}$/) as string, options: { consistency: quorum, isIdempotent: false, prepare: false } });
    // The node that carried it out says what it knows of the others.
    expect(sent.slice(1).map(({ what }) => what)).toEqual([expect.stringContaining('system.local'), expect.stringContaining('system.peers')]);
    for (const { options } of sent.slice(1)) expect(options).toMatchObject({ consistency: one, prepare: false, host: { address: HOSTS[0] } });
  });
});

describe('a change of the schema', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const asked = (sent: readonly Sent[], of: string): number => sent.filter(({ what }) => String(what).includes(of)).length;

  test('waits until the nodes agree', async () => {
    let agreed = false;
    const { session, sent } = recorded(() => (agreed ? ['v2', 'v2', 'v2'] : ['v2', 'v1', 'v2']));
    let done = false;
    const changing = session.schema('CREATE').then(() => (done = true));
    await vi.advanceTimersByTimeAsync(3_000);
    expect(done).toBe(false);
    expect(asked(sent, 'system.peers')).toBeGreaterThan(3);
    agreed = true;
    await vi.advanceTimersByTimeAsync(300);
    await changing;
    expect(asked(sent, 'CREATE')).toBe(1);
  });

  test('does not wait for a node that is down', async () => {
    const { session, sent } = recorded(() => ['v2', 'v2', 'v1'], [HOSTS[2] ?? '']);
    await session.schema('CREATE');
    expect(asked(sent, 'system.peers')).toBe(1);
  });

  test('that the nodes never agree on is DATABASE_TIMEOUT, after one more try', async () => {
    const { session, sent } = recorded(() => ['v2', 'v1', 'v2']);
    const changing = session.schema('CREATE').then(
      () => null,
      (error: unknown) => error,
    );
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await changing).toMatchObject({ code: 'DATABASE_TIMEOUT', message: expect.stringContaining('do not agree on its schema') as string });
    expect(asked(sent, 'CREATE')).toBe(2);
  });

  test('that is sent again makes the same table, and is not sent again where it is no longer its turn', async () => {
    const { session, sent } = recorded(() => ['v2', 'v1', 'v2']);
    const create = async (mayRepeat?: () => void): Promise<unknown[]> => {
      const from = sent.length;
      const changing = session.schema(`CREATE TABLE t (a int PRIMARY KEY) WITH comment = 'LU A) WITH B'`, mayRepeat).catch(() => undefined);
      await vi.advanceTimersByTimeAsync(60_000);
      await changing;
      return sent.slice(from).flatMap(({ what }) => (String(what).startsWith('CREATE') ? [what] : []));
    };
    const [one, again, ...more] = await create();
    expect(one).toMatch(/^CREATE TABLE t \(a int PRIMARY KEY\) WITH comment = 'LU A\) WITH B' AND ID = [0-9a-f-]{36}$/);
    expect([again, more]).toEqual([one, []]);
    const next = await create(() => {
      throw new Error('another has the lease');
    });
    expect(next).toHaveLength(1);
    expect(next).not.toEqual([one]);
  });

  test('keeps the identity that a table was given, and gives keyspaces none', async () => {
    const { session, sent } = recorded();
    const own = 'CREATE TABLE t (a int PRIMARY KEY) WITH ID = 00000000-0000-8000-8000-000000000000';
    await session.schema(own);
    await session.schema('CREATE KEYSPACE k WITH replication = {}');
    expect(sent.flatMap(({ what }) => (String(what).startsWith('CREATE') ? [what] : []))).toEqual([own, 'CREATE KEYSPACE k WITH replication = {}']);
  });
});
