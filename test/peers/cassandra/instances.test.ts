import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { takeCensus } from '../../../main/census/take.ts';
import { nextSaveTime, now } from '../../../main/systemdb/cassandra/clock.ts';
import { CassandraInstances } from '../../../main/systemdb/cassandra/instances.ts';
import { InstanceWrites } from '../../../main/systemdb/cassandra/instance-writes.ts';
import { Keyspaces } from '../../../main/systemdb/cassandra/keyspaces.ts';
import { LogicalUnits, type LogicalUnit } from '../../../main/systemdb/cassandra/logical-units.ts';
import { createKeyspace } from '../../../main/systemdb/cassandra/migrations/index.ts';
import { prepareLeases } from '../../../main/systemdb/cassandra/schema-lease.ts';
import type { CassandraSession } from '../../../main/systemdb/cassandra/session.ts';
import type { StoredInstance } from '../../../main/systemdb/repositories.ts';
import { counted, scanned } from '../../conformance/range-walk.ts';
import { instance } from '../../conformance/samples.ts';
import { testDatabase, type TestDatabase } from './empty-database.ts';

const CLUSTER_ID = 'inst_rules';
const MIB = 1024 * 1024;
/** In microseconds. */
const HOUR = 3_600_000_000;
const MINUTE = 60_000_000;

/** Three ids with one Murmur3 token, made for it. */
const TIED = ['tied-instance-id0123456789abcdef', "27vyfn29utjnyn2sv9c'\u0018y\u001b\u001d(^O/\u00112\u0010t", 'ltmgavoaggkahmgm!\u000c_\u0016U7\u001e\u000e\u0017f*Em+q#'];

let database: TestDatabase;
let session: CassandraSession;
let instances: CassandraInstances;

beforeAll(async () => {
  database = await testDatabase(CLUSTER_ID);
});
afterAll(() => database.stop());
beforeEach(async () => {
  await database.empty();
  session = await database.connect();
  instances = new CassandraInstances(session);
});
afterEach(() => database.closeAll());

/** Removals outlive an emptied table that has no rows: each test takes ids of its own. */
const fresh = (): string => `id-${randomBytes(6).toString('hex')}`;

async function unitOf(lu: string): Promise<LogicalUnit> {
  const unit = await new LogicalUnits(session).find(lu);
  if (unit === null) throw new Error(`${lu} is not registered`);
  return unit;
}

/** Writes with times of our choosing, as they arrive late or from a machine with another clock. */
async function writesOf(lu: string): Promise<InstanceWrites> {
  return new InstanceWrites(session, await unitOf(lu));
}

async function read(lu: string, id: string): Promise<StoredInstance> {
  const found = await instances.get(lu, id);
  if (found === null) throw new Error(`${lu} ${id} is gone`);
  return found;
}

/** Bytes of which every part tells the version, so that no mixture looks whole. */
function content(size: number, version: number): Uint8Array {
  const sealed = Buffer.alloc(size, version % 251);
  for (let at = 0; at + 4 <= size; at += 64 * 1024) sealed.writeUInt32BE(version, at);
  return sealed;
}

/** An instance with the digest of its bytes: comparing megabytes one by one takes seconds. */
async function facts(lu: string, id: string): Promise<unknown> {
  const found = await read(lu, id);
  return { ...found, sealed: digest(found.sealed) };
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function chunkRows(lu: string, id: string): Promise<number> {
  const { keyspace } = await unitOf(lu);
  return (await session.readAll(`SELECT idx FROM ${keyspace.quoted}.entity_chunks WHERE id = ?`, [id])).length;
}

describe.each([
  ['in the row', 100],
  ['in chunks', 2 * MIB + 17],
])('a rewrite of an instance %s', (_, size) => {
  const rewritten = { keyDescription: 'k2', sealed: content(size, 2) };

  test('loses to a save made before it that arrives after it', async () => {
    const id = fresh();
    await instances.save(instance('L', id, { sealed: content(size, 1) }));
    const old = await read('L', id);
    const late = nextSaveTime();
    expect(await instances.rewrite(old, rewritten)).toBe(true);
    expect((await read('L', id)).keyDescription).toBe('k2');
    await (await writesOf('L')).save(instance('L', id, { sealed: content(size, 3) }), late);
    const saved = await read('L', id);
    expect([saved.keyDescription, digest(saved.sealed)]).toEqual(['k1', digest(content(size, 3))]);
    expect(await chunkRows('L', id)).toBe(size > MIB ? 3 : 0);
  });

  test('loses to a save that arrived before it', async () => {
    const id = fresh();
    await instances.save(instance('L', id, { sealed: content(size, 1) }));
    const old = await read('L', id);
    await instances.save(instance('L', id, { sealed: content(size, 3) }));
    expect(await instances.rewrite(old, rewritten)).toBe(size <= MIB);
    const saved = await read('L', id);
    expect([saved.keyDescription, digest(saved.sealed)]).toEqual(['k1', digest(content(size, 3))]);
    expect(await chunkRows('L', id)).toBe(size > MIB ? 3 : 0);
  });

  test.each([true, false])('loses to a save that changes the size (arrives first: %s)', async (first) => {
    const id = fresh();
    const other = size > MIB ? 9 : 3 * MIB;
    await instances.save(instance('L', id, { sealed: content(size, 1) }));
    const old = await read('L', id);
    const time = nextSaveTime();
    const save = async () => (await writesOf('L')).save(instance('L', id, { sealed: content(other, 3) }), time);
    if (first) await save();
    await instances.rewrite(old, rewritten);
    if (!first) await save();
    expect(digest((await read('L', id)).sealed)).toBe(digest(content(other, 3)));
    expect(await chunkRows('L', id)).toBe(other > MIB ? 3 : 0);
  });

  test.each([true, false])('never brings back what was removed (removal arrives first: %s)', async (first) => {
    const id = fresh();
    await instances.save(instance('L', id, { sealed: content(size, 1) }));
    const old = await read('L', id);
    if (first) expect(await instances.remove('L', id)).toBe(true);
    await instances.rewrite(old, rewritten);
    if (!first) expect(await instances.remove('L', id)).toBe(true);
    expect(await instances.get('L', id)).toBeNull();
    expect(await instances.list('L', { limit: 5 })).toEqual([]);
    expect(await chunkRows('L', id)).toBe(0);
  });

  test('is refused where the time read lies ahead of the clock, and writes nothing', async () => {
    const id = fresh();
    await instances.save(instance('L', id, { sealed: content(size, 1) }));
    await (await writesOf('L')).putAt(instance('L', id, { sealed: content(size, 4) }), Math.ceil((now() + HOUR) / 8) * 8);
    const [old, before] = [await read('L', id), await facts('L', id)];
    await expect(instances.rewrite(old, rewritten)).rejects.toMatchObject({ code: 'INSTANCE_FROM_FUTURE' });
    expect(await facts('L', id)).toEqual(before);
    expect(await chunkRows('L', id)).toBe(size > MIB ? 3 : 0);
  });
});

describe('a save', () => {
  test.each([10, 2 * MIB])('over one from a clock a little ahead wins all the same (%i bytes)', async (size) => {
    const id = fresh();
    await instances.save(instance('L', id));
    const ahead = Math.ceil((now() + 2_000_000) / 8) * 8;
    await (await writesOf('L')).save(instance('L', id, { sealed: content(size, 1) }), ahead);
    const before = await read('L', id);
    // Another process, which knows nothing of that time but what is stored.
    const other = new CassandraInstances(await database.connect());
    for (let version = 2; version < 5; version += 1) {
      await other.save(instance('L', id, { sealed: content(size, version) }));
      const saved = await read('L', id);
      expect(digest(saved.sealed)).toBe(digest(content(size, version)));
      expect(saved.revision).toBeGreaterThan(before.revision);
    }
    expect(await chunkRows('L', id)).toBe(size > MIB ? 2 : 0);
  });

  // Each is hidden by the same time, from which the first save time after it is the same for all.
  test.each([10, 6_000])('among others at once, over one from a clock a little ahead, leaves one of them whole (%i bytes)', async (size) => {
    const savers = await Promise.all([1, 2, 3].map(async () => new CassandraInstances(await database.connect())));
    for (let round = 0; round < 15; round += 1) {
      const id = fresh();
      await instances.save(instance('L', id));
      await (await writesOf('L')).save(instance('L', id, { sealed: content(size, 0) }), Math.ceil((now() + 2_000_000) / 8) * 8);
      const sealed = savers.map((_, saver) => content(size + saver, round * savers.length + saver));
      await Promise.all(savers.map((saver, place) => saver.save(instance('L', id, { sealed: sealed[place] ?? content(size, 0), savedAt: 100 - place }))));
      const stored = await read('L', id);
      expect(sealed.map(digest)).toContain(digest(stored.sealed));
    }
  });

  test.each([10, 2 * MIB])('over one from a clock far ahead says so, and changes nothing (%i bytes)', async (size) => {
    const id = fresh();
    await instances.save(instance('L', id));
    await (await writesOf('L')).putAt(instance('L', id, { sealed: content(size, 1) }), Math.ceil((now() + HOUR) / 8) * 8);
    const [stored, before] = [await read('L', id), await facts('L', id)];
    await expect(instances.save(instance('L', id, { sealed: content(size, 2) }))).rejects.toMatchObject({
      code: 'INSTANCE_FROM_FUTURE',
      details: { lu: 'L', id },
    });
    await expect(instances.replace(instance('L', id), stored.revision)).rejects.toMatchObject({ code: 'INSTANCE_FROM_FUTURE' });
    expect(await facts('L', id)).toEqual(before);
    expect(await chunkRows('L', id)).toBe(size > MIB ? 2 : 0);
  });

  test('after a removal from a clock far ahead says so; a little ahead it is stored', async () => {
    const [far, near] = [fresh(), fresh()];
    await instances.saveMany([instance('L', far), instance('L', near)]);
    const { keyspace } = await unitOf('L');
    const remove = (id: string, time: number) => session.write(`DELETE FROM ${keyspace.quoted}.entity USING TIMESTAMP ? WHERE id = ?`, [BigInt(time), id]);
    await remove(far, now() + HOUR);
    await remove(near, now() + 1_000_000);
    await expect(instances.save(instance('L', far))).rejects.toMatchObject({ code: 'INSTANCE_FROM_FUTURE' });
    expect(await instances.get('L', far)).toBeNull();
    await instances.save(instance('L', near));
    expect((await instances.list('L', { limit: 5 })).map(({ id }) => id)).toEqual([near]);
  });

  test('with the write time of another still leaves the later one whole', async () => {
    const id = fresh();
    await instances.save(instance('L', id));
    const writes = await writesOf('L');
    for (let round = 0; round < 20; round += 1) {
      const time = nextSaveTime();
      await writes.save(instance('L', id, { keyDescription: 'z', sealed: Uint8Array.of(0, round) }), time);
      await writes.save(instance('L', id, { keyDescription: 'a', sealed: Uint8Array.of(9, round) }), time);
      const stored = await read('L', id);
      expect([stored.keyDescription, ...stored.sealed]).toEqual(['a', 9, round]);
    }
  });

  test('by a clock far behind the one that began the LU is refused, and mixes nothing', async () => {
    const lu = 'BEGUN_AHEAD';
    const saved = fresh();
    const epoch = Math.ceil((now() + HOUR) / 8) * 8;
    const table = `${session.keyspaces.system.quoted}.logical_units`;
    await instances.save(instance(lu, saved));
    await session.write(`UPDATE ${table} SET epoch = ? WHERE keyspace_name = ?`, [BigInt(epoch), session.keyspaces.view(lu).name]);
    const behind = new CassandraInstances(await database.connect());
    const id = fresh();
    for (let round = 0; round < 12; round += 1) {
      // Of two writes with one time each column would keep its larger value.
      const one = instance(lu, id, { keyDescription: round % 2 === 0 ? 'z' : 'a', sealed: Uint8Array.of(round % 2 === 0 ? 0 : 9, round) });
      await expect(behind.save(one)).rejects.toMatchObject({ code: 'INSTANCE_FROM_FUTURE' });
    }
    expect(await behind.get(lu, id)).toBeNull();
  });

  test('by a clock a little behind the one that began the LU waits for it, and the later one stands', async () => {
    const lu = 'BEGUN_SOON';
    const id = fresh();
    const table = `${session.keyspaces.system.quoted}.logical_units`;
    await instances.save(instance(lu, fresh()));
    const epoch = Math.ceil((now() + 1_500_000) / 8) * 8;
    await session.write(`UPDATE ${table} SET epoch = ? WHERE keyspace_name = ?`, [BigInt(epoch), session.keyspaces.view(lu).name]);
    const behind = new CassandraInstances(await database.connect());
    await behind.save(instance(lu, id, { keyDescription: 'z', sealed: Uint8Array.of(0) }));
    const first = await behind.get(lu, id);
    if (first === null) throw new Error('the first save is gone');
    expect(first.revision).toBeGreaterThanOrEqual(1);
    // What a rekey makes of the first save must not be taken for the second one.
    await behind.rewrite(first, { keyDescription: 'z2', sealed: Uint8Array.of(1) });
    await behind.save(instance(lu, id, { keyDescription: 'a', sealed: Uint8Array.of(9) }));
    expect(await read(lu, id)).toMatchObject({ keyDescription: 'a', sealed: Buffer.of(9) });
  });

  test('whose ID Cassandra has no place for is refused with its batch', async () => {
    for (const id of ['', 'x'.repeat(65_536)]) {
      await expect(instances.saveMany([instance('L', 'good'), instance('L', id)])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      expect(await instances.get('L', 'good')).toBeNull();
      expect(await instances.get('L', id)).toBeNull();
      expect(await instances.remove('L', id)).toBe(false);
    }
  });

  test('never goes into the keyspace of another system database, whose name it shares', async () => {
    const lu = `X${randomBytes(4).toString('hex').toUpperCase()}`;
    const [first, ...rest] = CLUSTER_ID.split('_');
    const other = await database.connect();
    Object.assign(other, { keyspaces: new Keyspaces(rest.join('_')) });
    const [theirs, system] = [`${lu}_${first?.toUpperCase()}`, other.keyspaces.system];
    expect(other.keyspaces.view(theirs).name).toBe(session.keyspaces.view(lu).name);
    await createKeyspace(other, system);
    await prepareLeases(other);
    await other.schema(`CREATE TABLE IF NOT EXISTS ${system.quoted}.logical_units (keyspace_name text PRIMARY KEY, lu text, epoch bigint)`);
    await instances.save(instance(lu, 'one', { sealed: Uint8Array.of(1) }));
    await expect(new CassandraInstances(other).save(instance(theirs, 'one', { sealed: Uint8Array.of(2) }))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      details: { lu: theirs },
    });
    expect([...(await read(lu, 'one')).sealed]).toEqual([1]);
    // Where only the registration was lost, the LU's own tables are taken up again.
    await session.write(`DELETE FROM ${session.keyspaces.system.quoted}.logical_units WHERE keyspace_name = ?`, [session.keyspaces.view(lu).name]);
    await new CassandraInstances(await database.connect()).save(instance(lu, 'two'));
    for (const { quoted } of [session.keyspaces.view(lu), system]) await session.schema(`DROP KEYSPACE ${quoted}`);
    await session.write(`DELETE FROM ${session.keyspaces.system.quoted}.logical_units WHERE keyspace_name = ?`, [session.keyspaces.view(lu).name]);
  });

  test('of an LU that is new to two processes gives both one epoch', async () => {
    const lu = `NEW_${randomBytes(4).toString('hex').toUpperCase()}`;
    const others = [instances, new CassandraInstances(await database.connect())];
    await Promise.all(others.flatMap((one, place) => [0, 1].map((save) => one.save(instance(lu, `${place}-${save}`)))));
    const found = await instances.list(lu, { limit: 9 });
    expect(found.map(({ id }) => id)).toEqual(['0-0', '0-1', '1-0', '1-1']);
    expect(Math.min(...found.map(({ revision }) => revision))).toBe(1);
    expect(Math.max(...found.map(({ revision }) => revision))).toBeLessThan(MINUTE);
    await session.schema(`DROP KEYSPACE ${(await unitOf(lu)).keyspace.quoted}`);
    await session.write(`DELETE FROM ${session.keyspaces.system.quoted}.logical_units WHERE keyspace_name = ?`, [session.keyspaces.view(lu).name]);
  });
});

describe('an LU whose registration was lost with a part of k2system', () => {
  const lu = 'UNREGISTERED';
  const register = `logical_units WHERE keyspace_name = 'k2view_unregistered_${CLUSTER_ID}'`;
  const id = fresh();
  beforeEach(async () => {
    await instances.save(instance(lu, id));
    await session.write(`DELETE FROM ${session.keyspaces.system.quoted}.${register}`, []);
  });
  /** Another console, which opens the database only now. */
  const another = async (): Promise<CassandraInstances> => new CassandraInstances(await database.connect());

  test('is found again by a census, a count and a list of LUs', async () => {
    expect(await (await another()).lus()).toEqual([lu]);
    await session.write(`DELETE FROM ${session.keyspaces.system.quoted}.${register}`, []);
    expect(await (await another()).census()).toMatchObject([{ lu, instances: 1 }]);
    await session.write(`DELETE FROM ${session.keyspaces.system.quoted}.${register}`, []);
    const db = await database.open();
    expect(await takeCensus({ db })).toMatchObject({ total: 1, notCovered: [], parts: [{ lu }] });
  });

  test('is found again by reads and saves, and revisions go on', async () => {
    const reader = await another();
    const before = (await reader.get(lu, id))?.revision ?? 0;
    expect(before).toBeGreaterThan(0);
    await (await another()).save(instance(lu, id, { keyDescription: 'k2' }));
    const after = await reader.get(lu, id);
    expect(after?.keyDescription).toBe('k2');
    expect(after?.revision).toBeGreaterThan(before);
    expect(await reader.replace(instance(lu, id, { keyDescription: 'k3' }), before)).toBe(false);
    expect(await reader.replace(instance(lu, id, { keyDescription: 'k3' }), after?.revision ?? 0)).toBe(true);
  });

  test('is not looked for in the keyspaces of another system database on the cluster', async () => {
    const other = await database.connect();
    Object.assign(other, { keyspaces: new Keyspaces('theirs') });
    const { system } = other.keyspaces;
    await createKeyspace(other, system);
    await prepareLeases(other);
    await other.schema(`CREATE TABLE IF NOT EXISTS ${system.quoted}.logical_units (keyspace_name text PRIMARY KEY, lu text, epoch bigint)`);
    await new CassandraInstances(other).save(instance('THEIRS', '1'));
    await other.write(`TRUNCATE ${system.quoted}.logical_units`, []);
    expect(await (await another()).lus()).toEqual([lu]);
    for (const { quoted } of [other.keyspaces.view('THEIRS'), system]) await session.schema(`DROP KEYSPACE ${quoted}`);
  });
});

test('32 MiB saved, rewritten and read at once: every read is one version, and the last save stands', async () => {
  const id = fresh();
  const size = 32 * MIB;
  const known = new Map<string, number>();
  const version = (number: number): Uint8Array => {
    const sealed = content(size, number);
    known.set(digest(sealed), number);
    return sealed;
  };
  await instances.save(instance('L', id, { keyDescription: 'v1', sealed: version(1) }));
  const [saver, rewriter, reader] = await Promise.all([0, 1, 2].map(async () => new CassandraInstances(await database.connect())));
  let running = true;
  let saved = 1;
  let reads = 0;
  let rewrites = 0;
  const save = async (): Promise<void> => {
    for (const number of [2, 3, 4, 5, 6, 7, 8]) {
      await saver?.save(instance('L', id, { keyDescription: `v${number}`, sealed: version(number) }));
      saved = number;
      // Now and then a pause that a rewrite has the time for.
      const before = rewrites;
      for (let left = 100; number % 3 === 0 && rewrites === before && left > 0; left -= 1) await delay(100);
    }
    running = false;
  };
  const rewrite = async (): Promise<void> => {
    while (running) {
      const stored = await rewriter?.get('L', id);
      // The same content, sealed anew: a form of the same number, told apart by its last byte.
      const number = known.get(digest(stored?.sealed ?? new Uint8Array())) ?? 0;
      const next = content(size, number);
      next[size - 1] = 255;
      known.set(digest(next), number);
      if (stored && (await rewriter?.rewrite(stored, { keyDescription: stored.keyDescription, sealed: next }))) rewrites += 1;
    }
  };
  const check = async (): Promise<void> => {
    let last = 0;
    while (running) {
      const stored = await reader?.get('L', id);
      const number = known.get(digest(stored?.sealed ?? new Uint8Array()));
      expect(number).toBeDefined();
      expect(stored?.keyDescription).toBe(`v${number}`);
      expect(number).toBeGreaterThanOrEqual(last);
      last = number ?? 0;
      reads += 1;
    }
  };
  await Promise.all([save(), rewrite(), check()]);
  const end = await read('L', id);
  expect([known.get(digest(end.sealed)), end.keyDescription]).toEqual([saved, `v${saved}`]);
  expect(await chunkRows('L', id)).toBe(32);
  expect(reads).toBeGreaterThan(0);
  expect(rewrites).toBeGreaterThan(0);
});

test('missing chunks are told by what is left of the bytes', async () => {
  const id = fresh();
  await instances.save(instance('L', id, { sealed: content(3 * MIB, 1) }));
  const { keyspace } = await unitOf('L');
  const [row] = await session.readAll(`SELECT version FROM ${keyspace.quoted}.entity WHERE id = ?`, [id]);
  await session.write(`DELETE FROM ${keyspace.quoted}.entity_chunks WHERE id = ? AND version = ? AND idx = 1`, [id, row?.['version']]);
  expect(await read('L', id)).toMatchObject({ bytes: 3 * MIB, sealed: { length: 2 * MIB } });
});

test('a scan reads neighbours together, and each as it is read by itself', async () => {
  const sizes = [MIB / 1024, 5 * 1024, 40 * 1024, 300 * 1024];
  const many = Array.from({ length: 200 }, (_, place) => ({ id: `n-${place}`, size: place % 50 === 0 ? 2 * MIB : (sizes[place % sizes.length] ?? 0) }));
  const stored = [...many, ...TIED.map((id) => ({ id, size: 9 * 1024 }))];
  for (const [place, { id, size }] of stored.entries()) await instances.save(instance('L', id, { sealed: content(size, place) }));
  const { keyspace } = await unitOf('L');
  // Half-done writes and removals leave such: a chunk of another version beside the right one, and one that is gone.
  const beside = `INSERT INTO ${keyspace.quoted}.entity_chunks (id, version, idx, data) VALUES (?, 00000000-0000-4000-8000-000000000000, ?, ?)`;
  await session.write(beside, ['n-1', 0, content(5 * 1024, 999)]);
  for (let idx = 0; idx < 20; idx += 1) await session.write(beside, ['n-5', idx, content(MIB, 999)]);
  const gone = await session.readOne(`SELECT version FROM ${keyspace.quoted}.entity WHERE id = ?`, ['n-2']);
  await session.write(`DELETE FROM ${keyspace.quoted}.entity_chunks WHERE id = ? AND version = ?`, ['n-2', gone?.['version']]);
  const reads = vi.spyOn(session, 'read');
  const { rows } = await scanned(instances, await instances.ranges('L'), { limit: 64 });
  const asked = reads.mock.calls.map(([cql]) => cql).filter((cql) => cql.includes('entity_chunks'));
  const alone = asked.filter((cql) => cql.includes('WHERE id = ?'));
  reads.mockRestore();
  expect(asked.length - alone.length).toBeGreaterThan(0);
  expect(asked.length).toBeLessThan(stored.length / 2);
  expect(rows.map(({ id }) => id).sort()).toEqual(stored.map(({ id }) => id).sort());
  for (const row of rows) expect({ ...row, sealed: digest(row.sealed) }).toEqual(await facts('L', row.id));
  expect(rows.find(({ id }) => id === 'n-2')?.sealed).toHaveLength(0);
});

test('IDs that share a token are parted by no page', async () => {
  const { metadata } = session.client;
  expect(new Set(TIED.map((id) => metadata.newToken(Buffer.from(id)).toString())).size).toBe(1);
  const others = Array.from({ length: 50 }, (_, place) => `other-${place}`);
  await instances.saveMany([...TIED, ...others].map((id) => instance('L', id)));
  const ranges = await instances.ranges('L');
  for (const limit of [1, 2, 3, 7]) {
    const { rows, passed } = await scanned(instances, ranges, { limit });
    expect(rows.map(({ id }) => id).sort()).toEqual([...TIED, ...others].sort());
    expect(passed).toBe(53);
    expect((await counted(instances, ranges, limit)).passed).toBe(53);
  }
});

test('a range that is cut by no token of this cluster is refused', async () => {
  await instances.save(instance('L', '1'));
  const range = { lu: 'L', start: 'a', end: 'b', nodes: [] };
  await expect(instances.countRange(range, { limit: 5 })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});

test('ranges name the nodes that hold them', async () => {
  await instances.save(instance('L', '1'));
  const ranges = await instances.ranges('L');
  const address = session.client.hosts.values()[0]?.address.replace(/:\d+$/, '');
  expect(ranges.length).toBeGreaterThanOrEqual(32);
  expect(ranges.every(({ nodes }) => nodes.length === 1 && nodes[0] === address)).toBe(true);
  expect((await instances.ranges('none')).map(({ start }) => start)).toEqual(ranges.map(({ start }) => start));
});
