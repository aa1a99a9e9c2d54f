import { mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from '../../main/systemdb/sqlite/migrations/index.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';
import { generation, instance } from '../conformance/samples.ts';
import { child, childOnSmallDisk, temporaryFolder } from './processes.ts';

async function filled(): Promise<string> {
  const file = path.join(await temporaryFolder(), 'system.db');
  const db = await openSqlite(file);
  await db.instances.saveMany(Array.from({ length: 400 }, (_, i) => instance('L', `${i}`, { sealed: new Uint8Array(1000).fill(i) })));
  await db.close();
  return file;
}

function edit(file: string, sql: string): void {
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
}

describe('the file', () => {
  test('is made with its folders, for its owner alone', async () => {
    const file = path.join(await temporaryFolder(), 'a', 'b', 'system.db');
    const db = await openSqlite(file);
    await db.settings.set('a', '1');
    for (const [name, mode] of [[file, 0o600], [`${file}-wal`, 0o600], [`${file}-shm`, 0o600], [path.dirname(file), 0o700]] as const) {
      expect((await stat(name)).mode & 0o777, name).toBe(mode);
    }
    expect(db.info).toEqual({ kind: 'sqlite', location: file, schemaVersion: SCHEMA_VERSION });
    await db.close();
    await db.close();
    await expect(db.settings.get('a')).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
  });

  test('is not made where it may not be', async () => {
    const folder = await temporaryFolder();
    const file = path.join(folder, 'none', 'system.db');
    for (const options of [{ create: false }, { readOnly: true }]) {
      await expect(openSqlite(file, options)).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' });
    }
    await expect(stat(path.dirname(file))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is read, and not written, where opened so', async () => {
    const file = await filled();
    const before = await readFile(file);
    const db = await openSqlite(file, { readOnly: true });
    expect((await db.instances.census())[0]?.instances).toBe(400);
    await expect(db.settings.set('a', '1')).rejects.toMatchObject({ code: 'DATABASE_READ_ONLY' });
    await expect(db.instances.save(instance('L', 'new'))).rejects.toMatchObject({ code: 'DATABASE_READ_ONLY' });
    await db.close();
    expect((await readFile(file)).equals(before)).toBe(true);
  });

  test('keeps nothing of what was removed or replaced', async () => {
    const file = path.join(await temporaryFolder(), 'system.db');
    const db = await openSqlite(file);
    const marked = (mark: string, size: number): Buffer => Buffer.alloc(size, mark);
    await db.instances.saveMany([1, 2, 3].map((id) => instance('L', `${id}`, { sealed: marked(`secret-${id}-`, id * 3000) })));
    await db.instances.remove('L', '1');
    await db.instances.save(instance('L', '3', { sealed: marked('replaced', 100) }));
    await db.close();
    const left = (await readFile(file)).toString('latin1');
    expect(['secret-1-', 'secret-2-', 'secret-3-', 'replaced'].map((mark) => left.includes(mark))).toEqual([false, true, false, true]);
  });

  test('on a read-only disk is refused with the reason', async () => {
    const tried = childOnSmallDisk('read-only', await temporaryFolder(), '4m');
    expect(await tried.said).toEqual({ writable: 'DATABASE_READ_ONLY', readOnly: 'DATABASE_READ_ONLY', missing: 'DATABASE_READ_ONLY' });
  });

  test('on a full disk keeps what was stored', async () => {
    const result = (await childOnSmallDisk('fill', await temporaryFolder(), '1m').said) as { stored: number };
    expect(result.stored).toBeGreaterThan(100);
    expect(result).toEqual({ stored: result.stored, code: 'DISK_FULL', again: 'DISK_FULL', counted: result.stored });
  });

  test.each(['4k', '24k', '64k'])('can not be made on a disk of %s', async (size) => {
    expect(await childOnSmallDisk('open', await temporaryFolder(), size).said).toBe('DISK_FULL');
  });
});

describe('what is no system database', () => {
  test.each([
    ['a few bytes', 'garbage'],
    ['many bytes', 'garbage '.repeat(5000)],
    ['a header alone', 'SQLite format 3\0'],
    ['a header and garbage', `SQLite format 3\0${'x'.repeat(9000)}`],
  ])('%s', async (_, content) => {
    const file = path.join(await temporaryFolder(), 'system.db');
    await writeFile(file, content);
    for (const options of [{}, { create: false }, { readOnly: true }]) {
      await expect(openSqlite(file, options)).rejects.toMatchObject({ code: 'DATABASE_CORRUPT' });
    }
    expect(await readFile(file, 'latin1')).toBe(content);
  });

  test('a folder, and an empty file where none may be made', async () => {
    const folder = await temporaryFolder();
    await mkdir(path.join(folder, 'is-a-folder'));
    await expect(openSqlite(path.join(folder, 'is-a-folder'))).rejects.toMatchObject({ code: 'DATABASE_CORRUPT' });
    await writeFile(path.join(folder, 'empty'), '');
    await expect(openSqlite(path.join(folder, 'empty'), { create: false })).rejects.toMatchObject({ code: 'DATABASE_CORRUPT' });
  });

  test("another program's database is left as it is", async () => {
    const file = path.join(await temporaryFolder(), 'chinook.db');
    edit(file, 'CREATE TABLE artist (id INTEGER); PRAGMA user_version = 2');
    const before = await readFile(file);
    for (const options of [{}, { readOnly: true }]) {
      await expect(openSqlite(file, options)).rejects.toMatchObject({ code: 'DATABASE_FOREIGN' });
    }
    const after = new DatabaseSync(file, { readOnly: true });
    expect(after.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'artist' }]);
    after.close();
    expect((await readFile(file)).equals(before)).toBe(true);
  });

  test.each([0.1, 0.5, 0.9])('a file cut to %f of its size is found at once', async (part) => {
    const file = await filled();
    await truncate(file, Math.floor((await stat(file)).size * part));
    await expect(openSqlite(file)).rejects.toMatchObject({ code: 'DATABASE_CORRUPT' });
  });

  test('a page overwritten by garbage is one clear error where it is read, and no other', async () => {
    const file = await filled();
    const whole = await readFile(file);
    let found = 0;
    for (let page = 1; page * PAGE < whole.length; page += 1) {
      const garbage = Buffer.alloc(PAGE, 0xee);
      await writeFile(file, Buffer.concat([whole.subarray(0, page * PAGE), garbage, whole.subarray((page + 1) * PAGE)]));
      found += await readAndWrite(file).then(
        () => 0,
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'DATABASE_CORRUPT' });
          return 1;
        },
      );
    }
    // Pages of tables and indexes that nothing here reads stay unseen.
    expect(found * PAGE).toBeGreaterThan(whole.length / 2);
  });
});

const PAGE = 4096;

async function readAndWrite(file: string): Promise<void> {
  const db = await openSqlite(file);
  try {
    await db.instances.scan('L', { limit: 1000 });
    await db.instances.census();
    await db.keys.list();
    await db.stripes.descriptions();
    await db.internalKeys.current();
    await db.audit.head();
    await db.jobs.list(9);
    await db.nodes.list();
    await db.settings.get('x');
    await db.keys.insert(generation('a', 'a'));
    await db.instances.remove('L', '0');
  } finally {
    await db.close();
  }
}

describe('migrations', () => {
  test('are numbered without gaps and leave our mark', async () => {
    expect(MIGRATIONS.map((step) => step.version)).toEqual(MIGRATIONS.map((_, i) => i + 1));
    const db = new DatabaseSync(await filled(), { readOnly: true });
    expect(db.prepare('PRAGMA user_version').get()).toEqual({ user_version: SCHEMA_VERSION });
    expect(db.prepare('PRAGMA application_id').get()).toEqual({ application_id: APPLICATION_ID });
    expect(db.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    db.close();
  });

  test('go on from any older schema, and keep what it holds', async () => {
    for (let version = 1; version < SCHEMA_VERSION; version += 1) {
      const file = path.join(await temporaryFolder(), 'system.db');
      const steps = MIGRATIONS.slice(0, version).map((step) => step.sql);
      edit(file, `${steps.join('')} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version};
        INSERT INTO k2auth_stripe_key_storage VALUES ('a', 0, 7)`);
      await expect(openSqlite(file, { readOnly: true })).rejects.toMatchObject({ code: 'DATABASE_READ_ONLY' });
      const db = await openSqlite(file);
      expect(await db.stripes.read('a')).toEqual([{ idx: 0, value: 7 }]);
      expect(await db.jobs.list(1)).toEqual([]);
      expect(await db.campaigns.list(1)).toEqual([]);
      await db.close();
    }
  });

  test('a newer schema is refused and left as it is', async () => {
    const file = await filled();
    edit(file, `PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    for (const options of [{}, { readOnly: true }]) {
      await expect(openSqlite(file, options)).rejects.toMatchObject({ code: 'DATABASE_TOO_NEW' });
    }
  });

  test('many processes may open a new file at once', async () => {
    const file = path.join(await temporaryFolder(), 'system.db');
    const said = await Promise.all(Array.from({ length: 6 }, (_, i) => child('open', file, `process ${i}`).said));
    expect(new Set(said)).toEqual(new Set(['none']));
    const db = await openSqlite(file);
    expect(await db.settings.get('first')).toMatch(/^process \d$/);
    await db.close();
  });
});
