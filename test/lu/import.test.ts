import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parse } from 'csv-parse/sync';
import { afterEach, describe, expect, test } from 'vitest';
import { onFailPoint } from '../../main/fail-point.ts';
import { importLu, PAUSE } from '../../main/lu/import.ts';
import { Instances } from '../../main/lu/instances.ts';
import { readTables } from '../../main/lu/microdb.ts';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import type { InstanceInfo, SystemDb } from '../../main/systemdb/repositories.ts';
import { allRows, CHINOOK, failureOf, imageOf, rowsOf, SAKILA, sampleDefinition, sqliteFile, systemDb, temporaryFolder, TestKeys } from './fixtures.ts';

const sakila = sampleDefinition('sakila');
const chinook = sampleDefinition('chinook');

afterEach(() => onFailPoint(null));

async function stored(db: SystemDb, lu: string): Promise<{ id: string; revision: number; keyDescription: string }[]> {
  const found = await db.instances.list(lu, { limit: 10_000 });
  return found.map(({ id, revision, keyDescription }) => ({ id, revision, keyDescription }));
}

async function everything(db: SystemDb, keys: TestKeys, lu: string): Promise<{ info: InstanceInfo; image: Buffer }[]> {
  const found = [];
  for await (const page of new Instances(db, keys).readPages(lu)) found.push(...page);
  return found;
}

describe('the samples', () => {
  test('Sakila: each customer holds exactly its rows of the CSV files', async () => {
    const db = await systemDb();
    const keys = new TestKeys();
    const result = await importLu({ db, keys, definition: sakila, source: SAKILA });
    expect(result).toMatchObject({ total: 599, imported: 599, unchanged: 0 });

    const csv = (table: string): Record<string, string>[] => parse(readFileSync(join(SAKILA, `${table}.csv`)), { columns: true, bom: true });
    const tables = Object.fromEntries(['customer', 'address', 'city', 'country', 'rental', 'payment'].map((table) => [table, csv(table)]));
    const matching = (table: string, column: string, value: string | undefined): string[] =>
      (tables[table] ?? []).filter((row) => row[column] === value).map((row) => JSON.stringify(Object.values(row).map((field) => (field === '' ? null : field))));
    const first = (table: string, column: string, value: string | undefined): Record<string, string> =>
      (tables[table] ?? []).find((row) => row[column] === value) as Record<string, string>;

    const counts: Record<string, number> = {};
    for (const { info, image } of await everything(db, keys, 'CUSTOMER')) {
      const customer = first('customer', 'customer_id', info.id);
      const address = first('address', 'address_id', customer['address_id']);
      const city = first('city', 'city_id', address['city_id']);
      const expected: Record<string, string[]> = {
        customer: matching('customer', 'customer_id', info.id),
        address: matching('address', 'address_id', customer['address_id']),
        city: matching('city', 'city_id', address['city_id']),
        country: matching('country', 'country_id', city['country_id']),
        rental: matching('rental', 'customer_id', info.id),
        payment: matching('payment', 'customer_id', info.id),
      };
      const shown = readTables(image, 1_000);
      expect(Object.fromEntries(shown.map(({ name, rows }) => [name, rows.map((row) => JSON.stringify(row))]))).toEqual(expected);
      for (const { name, total } of shown) counts[name] = (counts[name] ?? 0) + total;
    }
    expect(counts).toMatchObject({ customer: 599, rental: tables['rental']?.length, payment: tables['payment']?.length });
  });

  test('Chinook: each customer holds exactly its rows of the SQLite file, every type and every letter kept', async () => {
    const db = await systemDb();
    const keys = new TestKeys();
    expect(await importLu({ db, keys, definition: chinook, source: CHINOOK })).toMatchObject({ total: 59, imported: 59 });

    const source = new DatabaseSync(CHINOOK, { readOnly: true });
    let lines = 0;
    for (const { info, image } of await everything(db, keys, 'MUSIC_CUSTOMER')) {
      const id = Number(info.id);
      const invoices = 'SELECT InvoiceId FROM Invoice WHERE CustomerId = ?';
      expect(rowsOf(image, 'Customer')).toEqual(allRows(source, 'SELECT * FROM Customer WHERE CustomerId = ?', id));
      expect(rowsOf(image, 'Invoice')).toEqual(allRows(source, 'SELECT * FROM Invoice WHERE CustomerId = ? ORDER BY InvoiceId', id));
      const own = rowsOf(image, 'InvoiceLine');
      expect(own).toEqual(allRows(source, `SELECT * FROM InvoiceLine WHERE InvoiceId IN (${invoices}) ORDER BY InvoiceLineId`, id));
      expect(rowsOf(image, 'Track')).toEqual(
        allRows(source, `SELECT * FROM Track WHERE TrackId IN (SELECT TrackId FROM InvoiceLine WHERE InvoiceId IN (${invoices})) ORDER BY TrackId`, id),
      );
      lines += own.length;
    }
    expect(lines).toBe(allRows(source, 'SELECT * FROM InvoiceLine').length);
    source.close();

    const { image } = await new Instances(db, keys).read('MUSIC_CUSTOMER', '1');
    expect(readTables(image, 1)[0]?.rows[0]?.slice(1, 5)).toEqual(['Luís', 'Gonçalves', 'Embraer - Empresa Brasileira de Aeronáutica S.A.', 'Av. Brigadeiro Faria Lima, 2170']);
  });
});

describe('going on and doing it again', () => {
  test.each(['import:batch-sealed', 'import:batch-stored', 'import:job-stored'])('goes on after a failure at %s', async (point) => {
    const db = await systemDb();
    const keys = new TestKeys();
    let calls = 0;
    onFailPoint((name) => {
      if (name === point && ++calls === 2) throw new Error('power cut');
    });
    await expect(importLu({ db, keys, definition: sakila, source: SAKILA, jobId: 'job' })).rejects.toThrow('power cut');
    expect(await db.jobs.get('job')).toMatchObject({ state: 'failed', total: 599 });
    onFailPoint(null);

    const progress: number[] = [];
    const result = await importLu({ db, keys, definition: sakila, source: SAKILA, jobId: 'job', onProgress: ({ done }) => progress.push(done) });
    expect(progress[0]).toBeGreaterThanOrEqual(128);
    expect(progress.at(-1)).toBe(599);
    expect(result.imported + result.unchanged).toBeLessThan(599);
    expect(await db.jobs.get('job')).toMatchObject({ state: 'done', done: 599, total: 599, cursor: null, failure: null });
    expect((await stored(db, 'CUSTOMER')).map(({ revision }) => revision)).toEqual(Array(599).fill(1));
    expect(await new Instances(db, keys).verify()).toEqual({ checked: 599, readable: 599, unreadable: [] });
  });

  test('a second import leaves unchanged instances, and saves changed, damaged and removed ones', async () => {
    const db = await systemDb();
    const keys = new TestKeys();
    const instances = new Instances(db, keys);
    await importLu({ db, keys, definition: chinook, source: CHINOOK });
    keys.rotate('key-2');
    const before = await stored(db, 'MUSIC_CUSTOMER');
    expect(await importLu({ db, keys, definition: chinook, source: CHINOOK })).toMatchObject({ imported: 0, unchanged: 59 });
    expect(await stored(db, 'MUSIC_CUSTOMER')).toEqual(before);

    await instances.save('MUSIC_CUSTOMER', '7', imageOf('CREATE TABLE Customer(x)'));
    const eight = await db.instances.get('MUSIC_CUSTOMER', '8');
    await db.instances.save({ ...(eight as NonNullable<typeof eight>), sealed: Buffer.from('broken') });
    await instances.remove('MUSIC_CUSTOMER', '9');
    expect(await importLu({ db, keys, definition: chinook, source: CHINOOK })).toMatchObject({ imported: 3, unchanged: 56 });
    expect((await db.instances.census()).map(({ lu, keyDescription, instances: n }) => [lu, keyDescription, n])).toEqual([
      ['MUSIC_CUSTOMER', 'key-1', 56],
      ['MUSIC_CUSTOMER', 'key-2', 3],
    ]);
  });

  test.each([
    ['cancelled', undefined],
    ['paused', PAUSE],
  ])('stops as %s and goes on', async (state, reason) => {
    const db = await systemDb();
    const keys = new TestKeys();
    const abort = new AbortController();
    const request = { db, keys, definition: sakila, source: SAKILA, jobId: 'job' };
    const failure = await failureOf(() => importLu({ ...request, signal: abort.signal, onProgress: ({ done }) => done > 0 && abort.abort(reason) }));
    expect(failure.code).toBe('CANCELLED');
    expect(await db.jobs.get('job')).toMatchObject({ state, done: 128 });
    expect(await importLu(request)).toMatchObject({ imported: 599 - 128, unchanged: 0 });
  });

  test('cancelled while the CSV files are read', async () => {
    const request = { db: await systemDb(), keys: new TestKeys(), definition: sakila, source: SAKILA };
    expect((await failureOf(() => importLu({ ...request, signal: AbortSignal.abort() }))).code).toBe('CANCELLED');
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 10);
    expect((await failureOf(() => importLu({ ...request, signal: abort.signal }))).code).toBe('CANCELLED');
  });

  test('a job of another import is refused', async () => {
    const db = await systemDb();
    const keys = new TestKeys();
    await importLu({ db, keys, definition: chinook, source: CHINOOK, jobId: 'job' });
    expect((await failureOf(() => importLu({ db, keys, definition: sakila, source: SAKILA, jobId: 'job' }))).code).toBe('INPUT_INVALID');
  });

  test('the window stays alive: timers run while an import works', async () => {
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 5);
    await importLu({ db: await systemDb(), keys: new TestKeys(), definition: sakila, source: SAKILA });
    clearInterval(timer);
    // Far above what one turn takes, so that a busy machine does not fail it; without turns it is the whole import.
    expect(longest).toBeLessThan(300);
  });
});

describe('keys', () => {
  test('an activation meanwhile counts from the batch on that is gathered after it; all stays readable', async () => {
    const db = await systemDb();
    const keys = new TestKeys();
    await importLu({ db, keys, definition: sakila, source: SAKILA, onProgress: ({ done }) => {
      if (done === 256) keys.rotate('key-2');
      if (done === 384) keys.suite = suiteFor(true);
    } });
    expect((await db.instances.census()).map((row) => [row.keyDescription, row.instances])).toEqual([['key-1', 384], ['key-2', 215]]);
    expect(await new Instances(db, keys).verify()).toMatchObject({ checked: 599, readable: 599 });
  });

  test('a lock stops the import with its own code; it goes on when unlocked', async () => {
    const db = await systemDb();
    const keys = new TestKeys();
    const request = { db, keys, definition: sakila, source: SAKILA, jobId: 'job' };
    const failure = await failureOf(() => importLu({ ...request, onProgress: ({ done }) => { keys.locked = done > 0; } }));
    expect(failure.code).toBe('LOCKED');
    expect(await db.jobs.get('job')).toMatchObject({ state: 'failed', done: 128 });
    keys.locked = false;
    await importLu(request);
    expect(await new Instances(db, keys).verify('CUSTOMER')).toMatchObject({ readable: 599 });
  });
});

test('text keys, 64-bit keys and reals keep their exact values', async () => {
  const folder = temporaryFolder();
  const definition = { lu: 'T', root: { table: 't', key: 'k' }, tables: [] };
  const texts = sqliteFile(folder, "CREATE TABLE t(k TEXT, x); INSERT INTO t VALUES ('ü/ 1', 1e308), ('O''Neil', -0.0), ('007', x'00ff'), ('日本', 9007199254740993)", 'a');
  const integers = sqliteFile(folder, 'CREATE TABLE t(k INTEGER PRIMARY KEY, x); INSERT INTO t VALUES (9223372036854775807, 1), (-9223372036854775808, 2), (0, 3)', 'b');
  for (const [source, ids] of [[texts, ['007', "O'Neil", 'ü/ 1', '日本']], [integers, ['-9223372036854775808', '0', '9223372036854775807']]] as const) {
    const db = await systemDb();
    const keys = new TestKeys();
    await importLu({ db, keys, definition, source });
    expect((await stored(db, 'T')).map(({ id }) => id)).toEqual([...ids]);
    const reference = new DatabaseSync(source);
    for (const { info, image } of await everything(db, keys, 'T')) {
      expect(rowsOf(image, 't')).toEqual(allRows(reference, 'SELECT * FROM t WHERE CAST(k AS TEXT) = ?', info.id));
    }
    reference.close();
  }
});
