/** An LU instance in plain: a SQLite image with the entity's rows of every table, opened in memory and nowhere else. */
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../errors.ts';
import { fold } from './definition.ts';
import { quoted } from './source-tables.ts';

/** https://sqlite.org/fileformat.html section 1.3. */
const MAGIC = Buffer.from('SQLite format 3\0', 'latin1');
const HEADER_BYTES = 100;
const READ_VERSION_AT = 19;
const ROLLBACK_JOURNAL = 1;

/** One table of an instance, its values as text that a person can read; NULL is null. */
export interface ShownTable {
  readonly name: string;
  readonly columns: string[];
  readonly rows: (string | null)[][];
  /** Rows that the table has, of which `rows` may show fewer. */
  readonly total: number;
}

/** What SQLite itself writes into a schema; views and triggers are then never used. */
const HARMLESS_SCHEMA = /^CREATE (?:TABLE|INDEX|UNIQUE INDEX|VIEW|TRIGGER) /;

/**
 * Opens an image in memory, treated as hostile wherever it comes from: it is read-only, extensions, virtual tables and
 * unsafe functions are off, no expression of its schema is run, and its pages are checked before anything walks over them.
 * The caller closes it.
 * @throws AppError `INSTANCE_NOT_A_MICRODB`
 */
export function openImage(image: Uint8Array): DatabaseSync {
  if (image.length < HEADER_BYTES || MAGIC.compare(image, 0, MAGIC.length) !== 0) throw notAMicroDb('it is not a SQLite image');
  if ((image[READ_VERSION_AT] as number) !== ROLLBACK_JOURNAL) throw notAMicroDb('it is in WAL mode, so part of it may lie in another file');
  const db = new DatabaseSync(':memory:', {
    allowExtension: false,
    defensive: true,
    enableForeignKeyConstraints: false,
    // No honest value is larger than the image that holds it.
    limits: { length: Math.max(image.length, 1_000_000), attach: 0 },
  });
  try {
    db.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY');
    db.deserialize(image);
    db.exec('PRAGMA query_only = ON');
    const foreign = db.prepare('SELECT sql FROM main.sqlite_schema WHERE sql IS NOT NULL').all();
    if (!foreign.every((row) => HARMLESS_SCHEMA.test(String(row['sql'])))) throw notAMicroDb('it holds something else than tables, indexes, views and triggers');
    // Neither checks nor computed columns are run: what the image's maker wrote there may take for ever.
    if (plainTables(db).some((table) => hasComputedColumn(db, table))) throw notAMicroDb('it has a computed column; STORED ones can be kept');
    db.exec('PRAGMA ignore_check_constraints = ON');
    if (db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] !== 'ok') throw notAMicroDb('SQLite finds it damaged');
    return db;
  } catch (error) {
    db.close();
    throw asMicroDbError(error);
  }
}

/**
 * Checks an image from outside before it becomes an instance: whole, and with each of `tables` as a real table.
 * @throws AppError `INSTANCE_NOT_A_MICRODB`
 */
export function checkImage(image: Uint8Array, tables: readonly string[]): void {
  const db = openImage(image);
  try {
    const present = new Set(plainTables(db).map(fold));
    const missing = tables.filter((table) => !present.has(fold(table)));
    if (missing.length > 0) throw notAMicroDb(`it lacks ${missing.length === 1 ? 'table' : 'tables'} ${missing.join(', ')} of the Logical Unit`);
  } catch (error) {
    throw asMicroDbError(error);
  } finally {
    db.close();
  }
}

/**
 * The first rows of every table, values cut to `maxCharacters`. Views, triggers and virtual tables are ignored.
 * @param limit rows of each table.
 * @throws AppError `INSTANCE_NOT_A_MICRODB`
 */
export function readTables(image: Uint8Array, limit: number, maxCharacters = 2_000): ShownTable[] {
  const db = openImage(image);
  try {
    return plainTables(db).map((name) => {
      const statement = db.prepare(`SELECT * FROM main.${quoted(name)} LIMIT ?`);
      statement.setReadBigInts(true);
      statement.setReturnArrays(true);
      const rows = statement.all(limit) as unknown as unknown[][];
      const total = db.prepare(`SELECT count(*) AS n FROM main.${quoted(name)}`).get()?.['n'];
      return {
        name,
        columns: statement.columns().map((column) => column.name),
        rows: rows.map((row) => row.map((value) => shownValue(value, maxCharacters))),
        total: Number(total),
      };
    });
  } catch (error) {
    throw asMicroDbError(error);
  } finally {
    db.close();
  }
}

/** Names of the real tables, in the order of their making. Neither views nor virtual tables have a root page. */
function plainTables(db: DatabaseSync): string[] {
  return db
    .prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0 AND sql LIKE 'CREATE TABLE %' ORDER BY rowid")
    .all()
    .map((row) => String(row['name']))
    .filter((name) => !/^sqlite_/i.test(name));
}

/** Whether a column is computed when it is read; a STORED one is not. */
function hasComputedColumn(db: DatabaseSync, table: string): boolean {
  return db.prepare("SELECT 1 FROM pragma_table_xinfo(?, 'main') WHERE hidden = 2").get(table) !== undefined;
}

function shownValue(value: unknown, maxCharacters: number): string | null {
  if (value === null) return null;
  const text = value instanceof Uint8Array ? `x'${Buffer.from(value.subarray(0, maxCharacters)).toString('hex')}'` : String(value);
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}

function asMicroDbError(error: unknown): unknown {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? notAMicroDb(`SQLite can not read it (${code & 0xff})`) : error;
}

function notAMicroDb(why: string): AppError {
  return new AppError(
    'INSTANCE_NOT_A_MICRODB',
    `This is not the plain form of an instance: ${why}. Nothing was saved or changed.`,
    'Give a SQLite image with the tables of the Logical Unit, as "fkc lu read" writes it (journal mode DELETE).',
  );
}
