/** `fkc rekey` on a real node: what one machine starts, others work on; of two servers one acts on the schedules. */
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readFieldHeader } from '../../../main/crypto/field.ts';
import type { Condition } from '../../../main/rekey/conditions.ts';
import { addSchedule } from '../../../main/rekey/schedule-store.ts';
import { openCassandra } from '../../../main/systemdb/cassandra/open.ts';
import type { SystemDb } from '../../../main/systemdb/repositories.ts';
import { DEFINITION, failure, Machine, type Running } from '../../cli/fkc.ts';
import { health, healthAddress } from '../../cli/health.ts';
import { startCassandra, type CassandraCluster } from './cassandra.ts';

const CUSTOMERS = 200;
const LINE = "activatekey name='masterkey_key_name'";
const YEAR_MS = 366 * 24 * 3_600_000;
/** The lease of a server that was killed ends by itself, and the other looks every few seconds. */
const TAKEN_OVER_MS = 45_000;
/** What a server that is told to end may take: a few requests of those in hand. */
const STOPPED_MS = 8_000;
/** A database that says nothing for half a minute is told. */
const TOLD_MS = 50_000;

interface Campaign {
  readonly id: string;
  readonly state: string;
  readonly done: number;
}

interface Server {
  readonly running: Running;
  readonly address: string;
  readonly worker: string;
}

const machine = new Machine();
let cluster: CassandraCluster;
let db: SystemDb;
let servers: Server[];
const json = async (args: readonly string[], code = 0): Promise<Campaign & Record<string, unknown>> => (await machine.json(['--profile', 'eu', ...args], { code })) as unknown as Campaign & Record<string, unknown>;

async function serve(): Promise<Server> {
  const running = machine.start(['--profile', 'eu', 'rekey', 'serve', '--health-port', '0']);
  const address = await healthAddress(running);
  return { running, address, worker: String((await health(address)).body['worker']) };
}

/** Due since the first of January. */
async function dueSchedule(conditions: Condition[] = []): Promise<string> {
  return (await addSchedule(db, { when: { kind: 'cron', expression: '0 0 1 1 *', zone: 'UTC' }, conditions }, Date.now() - YEAR_MS)).id;
}

/** The campaign that a schedule led to, or why to none, once it did. */
async function ranBy(schedule: string): Promise<string> {
  for (;;) {
    const { schedules } = await json(['rekey', 'schedule', 'list']);
    const last = (schedules as { id: string; last: { campaign: string | null; result: string } | null }[]).find(({ id }) => id === schedule)?.last;
    if (last != null) return last.campaign ?? last.result;
    await delay(250);
  }
}

async function ends(id: string): Promise<Campaign> {
  for (;;) {
    const found = await json(['rekey', 'status', id]);
    if (found.state !== 'running') return found;
    await delay(250);
  }
}

async function campaigns(): Promise<number> {
  return (await db.campaigns.list(100)).length;
}

beforeAll(async () => {
  machine.write('customer.lu.json', JSON.stringify(DEFINITION));
  machine.source(CUSTOMERS);
  cluster = await startCassandra();
  await machine.json(['profile', 'create', 'eu', '--contact-points', cluster.contactPoints.join(','), '--suffix', 'serve']);
  await json(['lu', 'import', 'CUSTOMER', '--definition', 'customer.lu.json', '--source', 'crm.sqlite']);
  db = await openCassandra({ contactPoints: cluster.contactPoints, localDataCenter: null, clusterId: 'serve', replication: { class: 'SimpleStrategy', replication_factor: '1' }, user: null, tls: null }, null);
});
afterAll(async () => {
  for (const { running } of servers ?? []) running.child.kill('SIGKILL');
  await db?.close();
  await cluster?.stop();
  machine[Symbol.dispose]();
});

test('a campaign is started, paused, resumed, cancelled, and another worked on to its proof', async () => {
  await json(['run', LINE]);
  const { id } = await json(['rekey', 'start', '--rate', '1']);
  expect(await json(['rekey', 'status', id])).toMatchObject({ id, state: 'running', done: 0, total: CUSTOMERS, failed: 0 });
  expect(await json(['rekey', 'pause', id])).toMatchObject({ id, state: 'paused' });
  expect(await json(['rekey', 'resume', id])).toMatchObject({ id, state: 'running' });
  expect(await json(['rekey', 'cancel', id])).toMatchObject({ id, state: 'cancelled' });
  expect(await json(['rekey', 'resume', id], 1)).toEqual(failure('REKEY_STATE'));
  const done = await json(['rekey', 'start', '--wait']);
  expect(done).toMatchObject({ state: 'done', done: CUSTOMERS, total: CUSTOMERS, failed: 0, outcome: { kind: 'proof', proven: true, left: [] } });
  expect((await json(['rekey', 'status'])).id).toBe(done.id);
});

test('of two servers one acts on a schedule that is due, once; killed, the other acts on the next', async () => {
  await json(['run', LINE]);
  servers = await Promise.all([serve(), serve()]);
  const before = await campaigns();
  expect(await ends(await ranBy(await dueSchedule()))).toMatchObject({ state: 'done', done: CUSTOMERS });
  expect(await campaigns()).toBe(before + 1);
  const acts = await Promise.all(servers.map(async ({ address }) => (await health(address)).body['scheduler']));
  expect([...acts].sort()).toEqual([false, true]);
  const [leader, other] = (acts[0] === true ? servers : [...servers].reverse()) as [Server, Server];
  expect(await json(['rekey', 'schedule', 'list'])).toMatchObject({ scheduler: leader.worker });

  await json(['run', LINE]);
  leader.running.child.kill('SIGKILL');
  await leader.running.ended;
  const second = await dueSchedule();
  await expect.poll(async () => (await health(other.address)).body['scheduler'], { timeout: TAKEN_OVER_MS, interval: 500 }).toBe(true);
  expect(await ends(await ranBy(second))).toMatchObject({ state: 'done', done: CUSTOMERS });
  expect(await campaigns()).toBe(before + 2);
  expect(await json(['rekey', 'schedule', 'list'])).toMatchObject({ scheduler: other.worker });
  servers = [other];
});

test('a schedule on the instances of a node starts a campaign where these are more than it says, and none where they are as many', async () => {
  await json(['run', LINE]);
  const overdue = (more: number): Promise<string> => dueSchedule([{ kind: 'instances', per: 'node', more }]);
  expect(await ranBy(await overdue(CUSTOMERS))).toBe('no condition held');
  expect(await ends(await ranBy(await overdue(CUSTOMERS - 1)))).toMatchObject({ state: 'done', done: CUSTOMERS });
});

test('the health endpoint says 503 while the node is silent and 200 when it answers again, to this machine alone', async () => {
  const [server] = servers;
  if (server === undefined) throw new Error('No server is left.');
  const { address, worker } = server;
  expect(await health(address)).toMatchObject({ status: 200, body: { status: 'ok', worker } });
  const port = Number(new URL(address).port);
  const elsewhere = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).filter(({ internal, family }) => !internal && family === 'IPv4').map((one) => one.address));
  for (const host of ['127.0.0.2', ...elsewhere]) expect([host, await reach(host, port)]).toEqual([host, 'ECONNREFUSED']);
  expect(await reach('127.0.0.1', port)).toBe('connected');

  await cluster.kill(0, 'SIGSTOP');
  try {
    await expect.poll(() => health(address), { timeout: TOLD_MS, interval: 500 }).toMatchObject({ status: 503, body: { status: 'database-silent', worker } });
  } finally {
    await cluster.kill(0, 'SIGCONT');
  }
  await expect.poll(() => health(address), { timeout: TOLD_MS, interval: 500 }).toMatchObject({ status: 200, body: { status: 'ok', worker } });
});

test('SIGTERM in the middle of a campaign: the server gives everything back within seconds, and another process ends what it began', async () => {
  const [server] = servers;
  if (server === undefined) throw new Error('No server is left.');
  const { previous, description } = await machine.json(['--profile', 'eu', 'run', LINE]);
  const { id } = await json(['rekey', 'start', '--rate', '10']);
  await expect.poll(async () => (await json(['rekey', 'status', id])).done, { timeout: 30_000, interval: 250 }).toBeGreaterThan(0);
  expect(await json(['rekey', 'status', id])).toMatchObject({ state: 'running', workers: [{ worker: server.worker }] });

  const asked = performance.now();
  server.running.child.kill('SIGTERM');
  expect((await server.running.ended).code).toBe(0);
  expect(performance.now() - asked).toBeLessThan(STOPPED_MS);
  const left = await json(['rekey', 'status', id]);
  expect(left).toMatchObject({ state: 'running', workers: [], total: CUSTOMERS, failed: 0, ranges: { running: 0 } });
  expect(left.done).toBeLessThan(CUSTOMERS);
  expect(await json(['rekey', 'schedule', 'list'])).toMatchObject({ scheduler: null });
  // What it says it did is what stands, and every instance opens, under the one generation or the other.
  expect(await json(['census', '--deep', '--share', '100%'])).toMatchObject({
    rows: [
      { keyDescription: previous, instances: CUSTOMERS - left.done },
      { keyDescription: description, instances: left.done },
    ],
    deep: { findings: 0 },
  });

  await json(['rekey', 'limit', id, '--rate', '0']);
  expect(await json(['rekey', 'resume', id, '--wait'])).toMatchObject({ id, state: 'done', done: CUSTOMERS, failed: 0, outcome: { proven: true, left: [], rewritten: CUSTOMERS } });
});

test('an interrupt while the node is silent ends the work all the same, and says that the campaign runs on', async () => {
  await machine.json(['--profile', 'eu', 'run', LINE]);
  const worker = machine.start(['--profile', 'eu', 'rekey', 'start', '--rate', '5', '--wait', '--json']);
  await expect.poll(() => json(['rekey', 'status']), { timeout: 30_000, interval: 250 }).toMatchObject({ state: 'running', workers: [{}] });
  await cluster.kill(0, 'SIGSTOP');
  let ended;
  try {
    worker.child.kill('SIGINT');
    ended = await worker.ended;
  } finally {
    await cluster.kill(0, 'SIGCONT');
  }
  expect(ended.code).toBe(130);
  const told = JSON.parse(ended.stdout.toString()) as { message: string };
  expect(told).toEqual(failure('CANCELLED'));
  expect(told.message).toContain('it is running, for other processes');
  const { id, state } = await json(['rekey', 'status']);
  expect(state).toBe('running');
  await json(['rekey', 'limit', id, '--rate', '0']);
  expect(await json(['rekey', 'resume', id, '--wait'])).toMatchObject({ state: 'done', outcome: { proven: true } });
});

test('a campaign over a named column brings its values under the new generation, and tells what it renewed', async () => {
  const ids = ['1', '2', '3'];
  const tokens: string[] = [];
  for (const id of ids) tokens.push((await machine.json(['--profile', 'eu', 'field', 'encrypt', 'PERSON', id], { input: `ssn of ${id}` })).value);
  const source = new DatabaseSync(machine.file('people.sqlite'));
  source.exec('CREATE TABLE person (id INTEGER PRIMARY KEY, ssn TEXT)');
  const insert = source.prepare('INSERT INTO person VALUES (?, ?)');
  for (const [place, id] of ids.entries()) insert.run(Number(id), tokens[place] ?? null);
  source.close();
  machine.write('person.lu.json', JSON.stringify({ lu: 'PERSON', root: { table: 'person', key: 'id' }, tables: [] }));
  await json(['lu', 'import', 'PERSON', '--definition', 'person.lu.json', '--source', 'people.sqlite']);
  // The last count was before there were people.
  await json(['census']);
  const { previous, description } = await machine.json(['--profile', 'eu', 'run', LINE]);
  expect(tokens.map((token) => readFieldHeader(token).keyDescription)).toEqual(ids.map(() => previous));

  const { id } = await json(['rekey', 'start', '--field', 'PERSON:person.ssn', '--wait']);
  expect(await json(['rekey', 'status', id])).toMatchObject({
    state: 'done',
    done: ids.length,
    total: ids.length,
    failed: 0,
    outcome: {
      kind: 'proof',
      fields: {
        columns: [{ lu: 'PERSON', table: 'person', column: 'ssn', keyDescription: description, instances: ids.length, values: ids.length }],
        left: 0,
        unread: 0,
        renewed: [{ keyDescription: previous, values: ids.length }],
        failed: [],
      },
    },
  });
  await json(['lu', 'read', 'PERSON', '2', '--out', 'person-2.sqlite']);
  const person = new DatabaseSync(machine.file('person-2.sqlite'), { readOnly: true });
  const token = String(person.prepare('SELECT ssn FROM person').get()?.['ssn']);
  person.close();
  expect(readFieldHeader(token)).toMatchObject({ keyDescription: description, lu: 'PERSON', instanceId: '2' });
  expect(await machine.json(['--profile', 'eu', 'field', 'decrypt', 'PERSON', '2'], { input: token })).toEqual({ lu: 'PERSON', id: '2', value: 'ssn of 2' });
});

async function reach(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => {
      socket.destroy();
      resolve('connected');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? String(error)));
  });
}
