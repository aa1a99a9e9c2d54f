import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LuDefinition } from '../../main/lu/definition.ts';
import { openLuSource } from '../../main/lu/open-source.ts';
import { formatKey, instanceIdOf, type LuSource, parseKey } from '../../main/lu/source.ts';
import { allRows, CHINOOK, failureOf, rowsOf, sampleDefinition, sqliteFile, temporaryFolder } from './fixtures.ts';

const alone = (table = 't', key = 'id'): LuDefinition => ({ lu: 'T', root: { table, key }, tables: [] });

function csvFolder(files: Record<string, string | Buffer>): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, `${name}.csv`), text);
  return folder;
}

/** Every image of a source by instance ID. */
function images(source: LuSource): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (let keys = source.keysAfter(null, 3); keys.length > 0; keys = source.keysAfter(keys.at(-1) as string, 3)) {
    for (const key of keys) found.set(instanceIdOf(key), source.image(key));
  }
  source.close();
  expect(found.size).toBe(source.total);
  return found;
}

describe('a folder of CSV files', () => {
  test('byte order mark, CRLF, quotes, line ends in fields, empty lines, no line end at the end', async () => {
    const folder = csvFolder({ t: '\uFEFFid,name,"no\nte"\r\n1,"Ann ""A"", Müller","two\r\nlines"\r\n\r\n2,,x' });
    const found = images(await openLuSource(folder, alone()));
    expect(rowsOf(found.get('1') as Uint8Array, 't')).toEqual([[1n, 'Ann "A", Müller', 'two\r\nlines']]);
    expect(rowsOf(found.get('2') as Uint8Array, 't')).toEqual([[2n, null, 'x']]);
  });

  test('whole numbers are integers where the whole column is; everything else is text as written; empty is NULL', async () => {
    const folder = csvFolder({ t: 'id,zip,money,big,none\n1,007,4.90,999999999999999999,\n2,1,5,-1,\n3,,,,\n' });
    const found = images(await openLuSource(folder, alone()));
    expect([...found.values()].map((image) => rowsOf(image, 't')[0])).toEqual([
      [1n, '007', '4.90', 999999999999999999n, null],
      [2n, '1', '5', -1n, null],
      [3n, null, null, null, null],
    ]);
  });

  const line = (n: number, reason: RegExp) => ({ line: n, reason });
  test.each<[string, string | Buffer, { line: number; reason: RegExp }]>([
    ['nothing at all', '', line(1, /empty/)],
    ['a byte order mark alone', '\uFEFF', line(1, /empty/)],
    ['too few fields', 'id,a\n1,2\n3\n', line(3, /another number of fields/)],
    ['too many fields', 'id,a\n1,2,3\n', line(2, /another number of fields/)],
    ['column twice', 'id,Name,name\n', line(1, /"name" stands twice/)],
    ['column without a name', 'id,,x\n', line(1, /column 2 has no name/)],
    ['quote never closed', 'id,a\n1,"x\n2,y\n', line(3, /ends inside quotes/)],
    ['text after a quote', 'id,a\n1,"x"y\n', line(2, /closing quote/)],
    ['quote in the middle', 'id,a\n1,x"y"\n', line(2, /middle of a field/)],
    ['Latin-1', Buffer.from('id,a\n1,x\n2,M\xfcller\n', 'latin1'), line(3, /not UTF-8/)],
    ['UTF-16', Buffer.from('\uFEFFid,a\n1,2\n', 'utf16le'), line(1, /not UTF-8/)],
    ['cut in a character', Buffer.concat([Buffer.from('id,a\n1,x'), Buffer.from([0xe2, 0x82])]), line(2, /not UTF-8/)],
  ])('refuses with file and line: %s', async (_, content, expected) => {
    const folder = csvFolder({ t: content });
    const failure = await failureOf(() => openLuSource(folder, alone()));
    expect(failure.code).toBe('LU_SOURCE_INVALID');
    expect(failure.message).toContain(`${join(folder, 't.csv')} can not be imported: line ${expected.line}: `);
    expect(failure.message).toMatch(expected.reason);
    expect(failure.details).toMatchObject({ line: expected.line });
  });

  test('the line of a bad byte is right across the chunks in which a file is read', async () => {
    // Characters of 3 bytes lie across the borders of 256 KiB.
    const rows = Array.from({ length: 60_000 }, (_, i) => `${i},€€€€€`);
    const bytes = Buffer.from(`id,a\n${rows.join('\n')}\n`);
    expect((await openLuSource(csvFolder({ t: bytes }), alone())).total).toBe(60_000);
    const broken = Buffer.from(bytes);
    broken[bytes.indexOf('\n50000,') + 7] = 0x41;
    expect((await failureOf(() => openLuSource(csvFolder({ t: broken }), alone()))).details).toMatchObject({ line: 50_002 });
  });

  test('a missing file, a missing folder, a folder in a file’s place', async () => {
    const folder = csvFolder({ u: 'id\n1\n' });
    const failure = await failureOf(() => openLuSource(folder, alone()));
    expect(failure.code).toBe('LU_SOURCE_INVALID');
    expect(failure.message).toContain('missing');
    expect((await failureOf(() => openLuSource(join(folder, 'nowhere'), alone()))).code).toBe('FILE_NOT_FOUND');
    mkdirSync(join(folder, 't.csv'));
    expect((await failureOf(() => openLuSource(folder, alone()))).code).toBe('LU_SOURCE_INVALID');
  });

  test('a column that the definition names is missing', async () => {
    const failure = await failureOf(() => openLuSource(csvFolder({ t: 'no,name\n1,x\n' }), alone()));
    expect(failure.code).toBe('LU_SOURCE_INVALID');
    expect(failure.message).toContain('has no column "id"');
  });

  test('columns of other types in both files still join as the nearer one’s type', async () => {
    const definition = { ...alone(), tables: [{ table: 'u', join: [{ from: 'u.t', to: 't.id' }] }] };
    const found = images(await openLuSource(csvFolder({ t: 'id\n1\n2\n', u: 't,x\n1,a\n02,b\nnone,c\n,d\n' }), definition));
    expect(rowsOf(found.get('1') as Uint8Array, 'u')).toEqual([['1', 'a']]);
    expect(rowsOf(found.get('2') as Uint8Array, 'u')).toEqual([['02', 'b']]);
  });
});

describe('a SQLite file', () => {
  test.each<[string, string, RegExp]>([
    ['no such table', 'CREATE TABLE u(id)', /no table "t"/],
    ['a view', 'CREATE VIEW t AS SELECT 1 AS id', /is a view/],
    ['a virtual table', 'CREATE VIRTUAL TABLE t USING fts5(id)', /is a virtual/],
    ['no such column', 'CREATE TABLE t(x)', /no column "id"/],
    ['a key of NULL', 'CREATE TABLE t(id, x); INSERT INTO t VALUES (1, 1), (NULL, 1)', /neither integer nor text/],
    ['a key of bytes', "CREATE TABLE t(id); INSERT INTO t VALUES (x'00')", /neither integer nor text/],
    ['a broken number as key', 'CREATE TABLE t(id); INSERT INTO t VALUES (1.5)', /neither integer nor text/],
    ['integers and texts as keys', "CREATE TABLE t(id); INSERT INTO t VALUES (1), ('1')", /mixes integers and texts/],
    ['an empty key', "CREATE TABLE t(id); INSERT INTO t VALUES ('')", /empty or longer/],
    ['a long key', "CREATE TABLE t(id); INSERT INTO t VALUES (printf('%.*c', 513, 'x'))", /empty or longer/],
    ['a key twice', 'CREATE TABLE t(id); INSERT INTO t VALUES (1), (2), (2)', /holds 2 more than once/],
    ['row ids out of reach', 'CREATE TABLE t(id, rowid, oid, _rowid_)', /hides its row id/],
  ])('refuses: %s', async (_, sql, reason) => {
    const failure = await failureOf(async () => openLuSource(sqliteFile(temporaryFolder(), sql), alone()));
    expect(failure.code).toBe('LU_SOURCE_INVALID');
    expect(failure.message).toMatch(reason);
  });

  test('no database, a damaged one, a missing one, an unreadable one', async () => {
    const folder = temporaryFolder();
    const file = join(folder, 'x');
    writeFileSync(file, 'this is not a database, only some text that is long enough to be read as a header by someone'.repeat(4));
    expect((await failureOf(() => openLuSource(file, alone()))).code).toBe('LU_SOURCE_INVALID');
    writeFileSync(file, '');
    expect((await failureOf(() => openLuSource(file, alone()))).code).toBe('LU_SOURCE_INVALID');
    expect((await failureOf(() => openLuSource(join(folder, 'none'), alone()))).code).toBe('FILE_NOT_FOUND');
    if (process.getuid?.() !== 0) {
      chmodSync(file, 0);
      expect((await failureOf(() => openLuSource(file, alone()))).code).toBe('FILE_UNREADABLE');
    }
  });

  test('keys that only differ in case, and a key column with a collation, are kept apart', async () => {
    const file = sqliteFile(temporaryFolder(), "CREATE TABLE t(id TEXT COLLATE NOCASE, x); CREATE INDEX i ON t(id); INSERT INTO t VALUES ('a', 1), ('A', 2), ('b', 3)");
    const found = images(await openLuSource(file, alone()));
    expect([...found].map(([id, image]) => [id, rowsOf(image, 't')])).toEqual([['A', [['A', 2n]]], ['a', [['a', 1n]]], ['b', [['b', 3n]]]]);
  });

  test('a table without row ids, names in another case, hostile names and types', async () => {
    const file = sqliteFile(
      temporaryFolder(),
      `CREATE TABLE t("ID" TEXT PRIMARY KEY, "a"" b" "INTEGER) ; DROP TABLE x; --", v INTEGER AS (1 + 1)) WITHOUT ROWID; INSERT INTO t VALUES ('k', 5);
       CREATE TABLE U(a, b, PRIMARY KEY(b, a)) WITHOUT ROWID; INSERT INTO U VALUES ('k', 1), ('k', 2), ('z', 1)`,
    );
    const definition = { ...alone('T', 'id'), tables: [{ table: 'u', join: [{ from: 'u.A', to: 't.id' }] }] };
    const found = images(await openLuSource(file, definition));
    expect(rowsOf(found.get('k') as Uint8Array, 'T')).toEqual([['k', 5n, 2n]]);
    expect(rowsOf(found.get('k') as Uint8Array, 'u')).toEqual([['k', 1n], ['k', 2n]]);
  });

  test('the source is not changed, and nothing is left beside it', async () => {
    const folder = temporaryFolder();
    const file = sqliteFile(folder, 'CREATE TABLE t(id, x); INSERT INTO t VALUES (1, 2); CREATE TABLE u(t)');
    const before = statSync(file, { bigint: true }).mtimeNs;
    images(await openLuSource(file, { ...alone(), tables: [{ table: 'u', join: [{ from: 'u.t', to: 't.x' }] }] }));
    expect(statSync(file, { bigint: true }).mtimeNs).toBe(before);
    expect(readdirSync(folder)).toEqual(['source.sqlite']);
  });

  test('what another program writes meanwhile is not seen', async () => {
    const file = sqliteFile(temporaryFolder(), 'PRAGMA journal_mode = WAL; CREATE TABLE t(id, x); INSERT INTO t VALUES (1, 1), (2, 1)');
    const source = await openLuSource(file, alone());
    const other = new DatabaseSync(file);
    other.exec('UPDATE t SET x = 2; DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (3, 1)');
    other.close();
    expect([...images(source)].map(([id, image]) => [id, rowsOf(image, 't')])).toEqual([['1', [[1n, 1n]]], ['2', [[2n, 1n]]]]);
  });

  test('an image depends on its rows alone: no byte of the instances built before is in it', async () => {
    const definition = sampleDefinition('chinook');
    const source = await openLuSource(CHINOOK, definition);
    const forwards = source.keysAfter(null, 100).map((key) => source.image(key));
    const backwards = source.keysAfter(null, 100).reverse().map((key) => source.image(key)).reverse();
    expect(forwards.every((image, i) => Buffer.compare(image, backwards[i] as Uint8Array) === 0)).toBe(true);
    const fresh = await openLuSource(CHINOOK, definition);
    expect(Buffer.compare(fresh.image(59n), forwards[58] as Uint8Array)).toBe(0);
    source.close();
    fresh.close();
  });
});

test('random tables: each row that belongs to a root row is in exactly its image, whatever indexes the source has', async () => {
  const folder = temporaryFolder();
  // Whole numbers as bigint: node:sqlite binds a number as REAL.
  const id = fc.bigInt({ min: 0n, max: 12n });
  const value = fc.oneof(fc.constant(null), fc.string({ maxLength: 8 }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.uint8Array({ maxLength: 8 }));
  const model = fc.record({
    roots: fc.uniqueArray(id, { maxLength: 10 }),
    invoices: fc.uniqueArray(fc.tuple(id, fc.option(id)), { selector: ([key]) => key, maxLength: 12 }),
    lines: fc.array(fc.tuple(fc.option(id), fc.option(id), value), { maxLength: 20 }),
    tracks: fc.array(fc.tuple(id, value), { maxLength: 12 }),
    indexes: fc.subarray(['CREATE INDEX i1 ON invoice(root)', 'CREATE UNIQUE INDEX i2 ON invoice(id)', 'CREATE INDEX i3 ON line(invoice, track)', 'CREATE INDEX i4 ON track(id DESC)', 'CREATE INDEX i5 ON line(track) WHERE track > 3', 'CREATE INDEX i6 ON root(id COLLATE NOCASE)']),
    keyType: fc.constantFrom('INTEGER PRIMARY KEY', 'INTEGER', 'TEXT', ''),
  });
  const definition: LuDefinition = {
    lu: 'R',
    root: { table: 'root', key: 'id' },
    tables: [
      { table: 'invoice', join: [{ from: 'invoice.root', to: 'root.id' }] },
      { table: 'line', join: [{ from: 'line.invoice', to: 'invoice.id' }, { from: 'invoice.root', to: 'root.id' }] },
      { table: 'track', join: [{ from: 'track.id', to: 'line.track' }, { from: 'line.invoice', to: 'invoice.id' }, { from: 'invoice.root', to: 'root.id' }] },
    ],
  };
  let run = 0;
  await fc.assert(
    fc.asyncProperty(model, async ({ roots, invoices, lines, tracks, indexes, keyType }) => {
      const file = join(folder, `${run++}.sqlite`);
      const db = new DatabaseSync(file);
      db.exec(`PRAGMA synchronous = OFF; BEGIN; CREATE TABLE root(id ${keyType}, x); CREATE TABLE invoice(id INTEGER, root ${keyType.split(' ')[0]}); CREATE TABLE line(invoice INT, track INTEGER, v); CREATE TABLE track(id INTEGER, v); ${indexes.join(';')}`);
      for (const root of roots) db.prepare('INSERT INTO root VALUES (?, ?)').run(root, `root ${root}`);
      for (const row of invoices) db.prepare('INSERT INTO invoice VALUES (?, ?)').run(...row);
      for (const row of lines) db.prepare('INSERT INTO line VALUES (?, ?, ?)').run(...row);
      for (const row of tracks) db.prepare('INSERT INTO track VALUES (?, ?)').run(...row);
      db.exec('COMMIT');
      const found = images(await openLuSource(file, definition));
      expect([...found.keys()].map(Number).sort((a, b) => a - b)).toEqual(roots.map(Number).sort((a, b) => a - b));
      const ofRoot = 'SELECT id FROM invoice WHERE root = (SELECT id FROM root WHERE CAST(id AS TEXT) = ?)';
      for (const [key, image] of found) {
        expect(rowsOf(image, 'root')).toEqual(allRows(db, 'SELECT * FROM root WHERE CAST(id AS TEXT) = ?', key));
        expect(rowsOf(image, 'invoice')).toEqual(allRows(db, `SELECT * FROM invoice WHERE id IN (${ofRoot}) ORDER BY rowid`, key));
        expect(rowsOf(image, 'line')).toEqual(allRows(db, `SELECT * FROM line WHERE invoice IN (${ofRoot}) ORDER BY rowid`, key));
        expect(rowsOf(image, 'track')).toEqual(allRows(db, `SELECT * FROM track WHERE id IN (SELECT track FROM line WHERE invoice IN (${ofRoot})) ORDER BY rowid`, key));
      }
      db.close();
    }),
    { numRuns: process.env['FKC_SOAK'] === '1' ? 2_000 : 60 },
  );
}, 600_000);

test('keys as cursors', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (key) => parseKey(formatKey(key)) === key));
  expect(parseKey('x')).toBeNull();
  expect(parseKey('integer:1x')).toBeNull();
});
