import { describe, expect, test } from 'vitest';
import { checkImage, readTables } from '../../main/lu/microdb.ts';
import { failureOf, imageOf } from './fixtures.ts';

const good = imageOf("CREATE TABLE customer(id INTEGER, name TEXT); INSERT INTO customer VALUES (1, 'Ann'); CREATE TABLE rental(id); INSERT INTO rental VALUES (2)");

/** `image` with the first `from` replaced by `to` of the same length: what no SQL statement would write. */
function patched(image: Uint8Array, from: string, to: string): Buffer {
  const copy = Buffer.from(image);
  const at = copy.indexOf(from, 0, 'latin1');
  if (at < 0 || from.length !== to.length) throw new Error(`can not patch ${from}`);
  copy.write(to, at, 'latin1');
  return copy;
}

function withByte(image: Uint8Array, at: number, value: number): Buffer {
  const copy = Buffer.from(image);
  copy[at] = value;
  return copy;
}

describe('checkImage', () => {
  test('takes a whole image with the tables asked for, whatever their case', () => {
    checkImage(good, ['customer', 'RENTAL']);
    checkImage(good, []);
  });

  test.each<[string, Uint8Array]>([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('customer_id,name\n1,Ann\n'.repeat(20))],
    ['a header alone', Buffer.from(good.subarray(0, 100))],
    ['zeros', Buffer.alloc(4096)],
    ['another magic', withByte(good, 0, 0x73)],
    ['WAL mode', withByte(withByte(good, 18, 2), 19, 2)],
    ['a page size of nonsense', withByte(good, 16, 0x03)],
    ['cut after the first page', Buffer.from(good.subarray(0, 4096))],
    ['a schema that is no b-tree', withByte(good, 100, 0x77)],
    ['a table whose pages are shared', sharedPages()],
    ['no customer', imageOf('CREATE TABLE rental(id)')],
    ['customer is a view', imageOf('CREATE TABLE rental(id); CREATE VIEW customer AS SELECT 1 AS id')],
    ['customer is a virtual table', imageOf('CREATE TABLE rental(id); CREATE VIRTUAL TABLE customer USING fts5(name)')],
    ['a virtual table beside', imageOf('CREATE TABLE rental(id); CREATE TABLE customer(id); CREATE VIRTUAL TABLE more USING rtree(id, a, b)')],
    ['a schema entry with other SQL', patched(good, 'CREATE TABLE rental(id)', 'create  view rental(id)')],
    ['a schema entry that lies about its name', patched(good, 'CREATE TABLE rental', 'CREATE TABLE rentol')],
  ])('refuses: %s', async (_, image) => {
    expect((await failureOf(() => checkImage(image, ['customer', 'rental']))).code).toBe('INSTANCE_NOT_A_MICRODB');
  });

  test('any damaged byte is a refusal or harmless, never a crash', async () => {
    for (let at = 0; at < good.length; at += at < 200 ? 1 : 61) {
      for (const value of [0x00, 0xff, (good[at] as number) ^ 0x10]) {
        const image = withByte(good, at, value);
        try {
          checkImage(image, ['customer']);
          readTables(image, 10);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INSTANCE_NOT_A_MICRODB' });
        }
      }
    }
  });
});

describe('readTables', () => {
  test('shows every table with its columns, values as text, and how many rows there are', () => {
    const image = imageOf(`CREATE TABLE a(i, r, t, b, n); CREATE TABLE "b ""q"(x);
      INSERT INTO a VALUES (9007199254740993, 1.5, 'Ünï', x'00ff', NULL), (1, 2, 3, 4, 5), (1, 2, 3, 4, 5)`);
    expect(readTables(image, 2)).toEqual([
      { name: 'a', columns: ['i', 'r', 't', 'b', 'n'], total: 3, rows: [['9007199254740993', '1.5', 'Ünï', "x'00ff'", null], ['1', '2', '3', '4', '5']] },
      { name: 'b "q', columns: ['x'], total: 0, rows: [] },
    ]);
  });

  test('cuts what is too long for a person', () => {
    const image = imageOf("CREATE TABLE a(t, b); INSERT INTO a VALUES (printf('%.*c', 100000, 'x'), zeroblob(100000))");
    const [text, blob] = readTables(image, 1, 10)[0]?.rows[0] ?? [];
    expect(text).toBe(`${'x'.repeat(10)}…`);
    expect(blob).toBe("x'00000000…");
  });

  test('never runs views, triggers or expressions of the image', () => {
    const image = imageOf(`CREATE TABLE a(x); INSERT INTO a VALUES (1);
      CREATE VIEW v AS SELECT * FROM nowhere; CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT raise(FAIL, 'ran'); END; CREATE INDEX e ON a(x + 1)`);
    expect(readTables(image, 5)).toEqual([{ name: 'a', columns: ['x'], rows: [['1']], total: 1 }]);
  });

  test('a generated column that asks for a gigabyte is a refusal', async () => {
    const image = imageOf('CREATE TABLE a(x, y AS (zeroblob(900000000))); INSERT INTO a VALUES (1)');
    expect((await failureOf(() => readTables(image, 5))).code).toBe('INSTANCE_NOT_A_MICRODB');
  });
});

/** An interior page whose children are all one page: SQLite would walk it many times over. */
function sharedPages(): Uint8Array {
  const image = Buffer.from(imageOf('PRAGMA page_size = 512; CREATE TABLE customer(x); CREATE TABLE rental(x); WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO customer SELECT i || printf(\'%.50c\', \'y\') FROM n'));
  const root = 512;
  const cells = image.readUInt16BE(root + 3);
  const rightmost = image.readUInt32BE(root + 8);
  for (let i = 0; i < cells; i++) image.writeUInt32BE(rightmost, root + image.readUInt16BE(root + 12 + 2 * i));
  return image;
}
