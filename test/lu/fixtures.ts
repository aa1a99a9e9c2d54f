import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { suiteFor } from '../../main/crypto/algorithms.ts';
import { AppError } from '../../main/errors.ts';
import { type LuDefinition, parseLuDefinition } from '../../main/lu/definition.ts';
import type { InstanceKeys } from '../../main/lu/keys.ts';
import { openImage } from '../../main/lu/microdb.ts';
import { SecretBytes } from '../../main/secret.ts';
import type { SystemDb } from '../../main/systemdb/repositories.ts';
import { openSqlite } from '../../main/systemdb/sqlite/open.ts';

export const SAMPLE = fileURLToPath(new URL('../../assets/sample', import.meta.url));
export const SAKILA = join(SAMPLE, 'sakila');
export const CHINOOK = join(SAMPLE, 'chinook', 'Chinook_Sqlite.sqlite');

export function sampleDefinition(name: 'sakila' | 'chinook'): LuDefinition {
  return parseLuDefinition(readFileSync(join(SAMPLE, `${name}.lu.json`), 'utf8'));
}

/** Generations with known keys, that a test adds, forgets and locks. */
export class TestKeys implements InstanceKeys {
  suite = suiteFor(false);
  locked = false;
  readonly #keys = new Map<string, SecretBytes>();
  #active = '';

  constructor() {
    this.rotate('key-1');
  }

  rotate(description: string): void {
    this.#keys.set(description, SecretBytes.take(Buffer.alloc(32, description)));
    this.#active = description;
  }

  forget(description: string): void {
    this.#keys.delete(description);
  }

  async active(): Promise<{ description: string; key: SecretBytes }> {
    return { description: this.#active, key: await this.get(this.#active) };
  }

  forSaving(): Promise<{ description: string; key: SecretBytes }> {
    return this.active();
  }

  async get(description: string): Promise<SecretBytes> {
    if (this.locked) throw new AppError('LOCKED', 'Locked.', 'Unlock.');
    const key = this.#keys.get(description);
    if (key === undefined) throw new AppError('KEY_DESCRIPTION_UNKNOWN', 'Unknown.', 'Restore it.');
    return key;
  }
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fkc-lu-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A system database that is gone after the test. */
export async function systemDb(): Promise<SystemDb> {
  const folder = mkdtempSync(join(tmpdir(), 'fkc-lu-'));
  const db = await openSqlite(join(folder, 'system.sqlite'));
  onTestFinished(async () => {
    await db.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return db;
}

/** A SQLite file made by `sql`. */
export function sqliteFile(folder: string, sql: string, name = 'source.sqlite'): string {
  const file = join(folder, name);
  const db = new DatabaseSync(file);
  db.exec(sql);
  db.close();
  return file;
}

/** A SQLite image made by `sql`. */
export function imageOf(sql: string): Uint8Array {
  const db = new DatabaseSync(':memory:');
  try {
    db.exec(sql);
    return db.serialize();
  } finally {
    db.close();
  }
}

/** All rows of a table of an image, exactly. */
export function rowsOf(image: Uint8Array, table: string): unknown[][] {
  const db = openImage(image);
  try {
    return allRows(db, `SELECT * FROM "${table}"`);
  } finally {
    db.close();
  }
}

export function allRows(db: DatabaseSync, sql: string, ...parameters: (string | number | bigint)[]): unknown[][] {
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return statement.all(...parameters) as unknown as unknown[][];
}

/** The failure of a promise or function, for assertions on its code. */
export async function failureOf(act: () => unknown): Promise<AppError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}
