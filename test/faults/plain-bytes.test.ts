import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Services } from '../../app/services.ts';
import { onFailPoint } from '../../main/fail-point.ts';
import { parseLuDefinition } from '../../main/lu/definition.ts';
import { makeHome, openCluster } from './cluster.ts';
import { foundIn, foundUnder } from './known-key.ts';

/** In every row, and nowhere else. */
const MARKER = Buffer.from('plain-bytes-of-a-customer-7d1fcb3e');
const ROWS = 200;
const before = process.env['TMPDIR'];

let home: string;
let remove: () => Promise<void>;
let outside: string;
let temporary: string;
/** What was found while an import or a save was in the middle of its writes. */
let amid: string[];
let looks: number;

beforeAll(async () => {
  outside = await mkdtemp(join(tmpdir(), 'fkc-outside-'));
  temporary = await mkdtemp(join(tmpdir(), 'fkc-temporary-'));
  process.env['TMPDIR'] = temporary;
  ({ home, remove } = await makeHome({ keystore: true }));
});

afterAll(async () => {
  onFailPoint(null);
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  await remove();
  for (const folder of [outside, temporary]) await rm(folder, { recursive: true, force: true });
});

beforeEach(() => {
  amid = [];
  looks = 0;
  onFailPoint((name) => {
    if (!/^(import|save):/.test(name)) return;
    looks += 1;
    amid.push(...lookNow().map((found) => `${found} at ${name}`));
  });
});

/** Every file under both folders, and those that this process keeps open without a name, as SQLite does with temporary ones. */
function lookNow(): string[] {
  const named = [home, temporary].flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)));
  const nameless = readdirSync('/proc/self/fd').map((fd) => `/proc/self/fd/${fd}`).filter((fd) => linkOf(fd).startsWith('/') && linkOf(fd).endsWith(' (deleted)'));
  return [...named, ...nameless].flatMap((file) => foundIn(contentOf(file), file, [MARKER]));
}

const linkOf = (fd: string): string => orElse('', () => readlinkSync(fd));
const contentOf = (file: string): Buffer => orElse(Buffer.alloc(0), () => readFileSync(file));

function orElse<T>(other: T, read: () => T): T {
  try {
    return read();
  } catch {
    return other;
  }
}

async function csvSource(): Promise<string> {
  const folder = join(outside, 'csv');
  await mkdir(folder);
  const rows = Array.from({ length: ROWS }, (_, i) => i + 1);
  await writeFile(join(folder, 'customer.csv'), `id,name\n${rows.map((id) => `${id},${MARKER} ${id}\n`).join('')}`);
  await writeFile(join(folder, 'payment.csv'), `id,customer_id,note\n${rows.map((id) => `${id},${id},${MARKER} paid\n`).join('')}`);
  return folder;
}

async function sqliteSource(): Promise<string> {
  const file = join(outside, 'crm.sqlite');
  const db = new DatabaseSync(file);
  db.exec('CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE payment (id INTEGER PRIMARY KEY, customer_id INTEGER, note TEXT); BEGIN');
  for (let id = 1; id <= ROWS; id += 1) {
    db.prepare('INSERT INTO customer VALUES (?, ?)').run(id, `${MARKER} ${id}`);
    db.prepare('INSERT INTO payment VALUES (?, ?, ?)').run(id, id, `${MARKER} paid`);
  }
  db.exec('COMMIT');
  db.close();
  return file;
}

/** Changes a row of an instance in memory and saves it. */
async function saveChanged(services: Services, lu: string): Promise<void> {
  const { image } = await services.cluster.instances.read(lu, '7');
  expect(image.includes(MARKER)).toBe(true);
  const db = new DatabaseSync(':memory:');
  db.deserialize(image);
  db.prepare("UPDATE customer SET name = name || ' changed'").run();
  await services.cluster.instances.save(lu, '7', db.serialize());
  db.close();
}

it.each([
  ['CSV', csvSource],
  ['SQLITE', sqliteSource],
] as const)('no plain byte of an import from %s touches the disk, nor of saving, reading and verifying', async (lu, makeSource) => {
  const source = await makeSource();
  // The search finds it where it is.
  expect((await foundUnder(outside, [MARKER])).found.filter((found) => found.includes(' as raw in '))).not.toEqual([]);
  const definition = parseLuDefinition(JSON.stringify({ lu, root: { table: 'customer', key: 'id' }, tables: [{ table: 'payment', join: [{ from: 'payment.customer_id', to: 'customer.id' }] }] }));
  const services = await openCluster(home);
  expect(await services.data.import(definition, source)).toMatchObject({ imported: ROWS });
  // Again, so that all of it is opened and compared.
  expect(await services.data.import(definition, source)).toMatchObject({ imported: 0, unchanged: ROWS });
  await saveChanged(services, lu);
  expect(await services.data.verify(lu)).toMatchObject({ readable: ROWS, unreadable: [] });
  expect((await services.data.show(lu, '7')).tables.length).toBe(2);
  expect((await readdir(home)).some((file) => file.endsWith('-wal'))).toBe(true);
  expect(lookNow()).toEqual([]);
  await services.close();
  expect(looks).toBeGreaterThan(8);
  expect(amid).toEqual([]);
  for (const folder of [home, temporary]) expect((await foundUnder(folder, [MARKER])).found).toEqual([]);
});
