import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { isAppError } from '../errors.ts';
import type { LuDefinition } from './definition.ts';
import { type Gathering, planGathering } from './gathering.ts';
import { instanceIdOf, type LuSource, type RootKey, sourceInvalid } from './source.ts';
import { columnDefinitions, quoted } from './source-tables.ts';

/** The smallest page that SQLite knows: an instance has few rows in each of its tables. */
const PAGE_BYTES = 512;
/** The longest instance ID that channels and commands take. */
const MAX_ID_CHARACTERS = 512;

/**
 * A connection whose main database will be the image under construction, in memory. Sorters, temporary tables and
 * statement journals stay in memory too.
 */
export function openBuilder(): DatabaseSync {
  const db = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false });
  db.exec(
    `PRAGMA page_size = ${PAGE_BYTES}; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;
     PRAGMA trusted_schema = OFF; PRAGMA automatic_index = OFF; PRAGMA cell_size_check = ON; PRAGMA busy_timeout = 1000`,
  );
  return db;
}

/** A source that is attached to a builder's connection as `src`, so that SQLite copies the rows itself, exactly. */
export class AttachedSource implements LuSource {
  readonly location: string;
  readonly total: number;
  readonly #db: DatabaseSync;
  readonly #firstKeys: StatementSync;
  readonly #nextKeys: StatementSync;
  readonly #root: StatementSync;
  readonly #others: readonly StatementSync[];
  readonly #begin: StatementSync;
  readonly #undo: StatementSync;
  readonly #end: StatementSync;

  /**
   * Owns `db` from here on, also if it throws.
   * @throws AppError `LU_SOURCE_INVALID`
   */
  constructor(db: DatabaseSync, definition: LuDefinition, location: string) {
    this.location = location;
    this.#db = db;
    try {
      const gathering = planGathering(db, definition, location);
      for (const table of gathering.tables) db.exec(`CREATE TABLE main.${quoted(table.name)}(${columnDefinitions(table.columns)})`);
      // One transaction around everything that is read: other programs may write to the source, we go on seeing it as it
      // was. Tables are made before, or each rollback to a savepoint would have every statement compiled anew.
      db.exec('BEGIN');
      for (const fill of gathering.fills) db.exec(fill);
      this.total = checkedTotal(db, gathering, definition, location);
      const { from, k } = gathering.keys;
      this.#firstKeys = keyStatement(db, `SELECT ${k} FROM ${from} ORDER BY ${k} COLLATE BINARY LIMIT ?`);
      this.#nextKeys = keyStatement(db, `SELECT ${k} FROM ${from} WHERE ${k} > ? COLLATE BINARY ORDER BY ${k} COLLATE BINARY LIMIT ?`);
      const [root, ...others] = gathering.tables.map((table) => db.prepare(`INSERT INTO main.${quoted(table.name)} ${table.select}`));
      this.#root = root as StatementSync;
      this.#others = others;
      this.#begin = db.prepare('SAVEPOINT instance');
      this.#undo = db.prepare('ROLLBACK TO instance');
      this.#end = db.prepare('RELEASE instance');
    } catch (error) {
      db.close();
      throw asSourceError(error, location);
    }
  }

  keysAfter(after: RootKey | null, limit: number): RootKey[] {
    try {
      const rows = after === null ? this.#firstKeys.all(limit) : this.#nextKeys.all(after, limit);
      return (rows as unknown as [RootKey][]).map(([key]) => key);
    } catch (error) {
      throw asSourceError(error, this.location);
    }
  }

  image(key: RootKey): Uint8Array {
    // The rows go into the empty schema and are taken back after: the builder's pages are zeroed then (secure_delete),
    // so that no byte of one instance gets into the image of the next.
    this.#begin.run();
    try {
      if (this.#root.run(key).changes !== 1) throw sourceInvalid(this.location, `the row with key ${instanceIdOf(key)} can not be found by its key`, { id: instanceIdOf(key) });
      for (const statement of this.#others) statement.run(key);
      return this.#db.serialize();
    } catch (error) {
      throw asSourceError(error, this.location, instanceIdOf(key));
    } finally {
      this.#undo.run();
      this.#end.run();
    }
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }
}

function keyStatement(db: DatabaseSync, sql: string): StatementSync {
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return statement;
}

/** Counts the instances, and refuses keys that would not name each instance once. */
function checkedTotal(db: DatabaseSync, gathering: Gathering, definition: LuDefinition, location: string): number {
  const { from, k } = gathering.keys;
  const { table, key } = definition.root;
  const { ref, k: column } = gathering.root;
  const counted = db
    .prepare(
      `SELECT count(*) AS total, total(typeof(${column}) = 'integer') AS integers, total(typeof(${column}) = 'text') AS texts,
       total(typeof(${column}) = 'text' AND length(${column}) NOT BETWEEN 1 AND ${MAX_ID_CHARACTERS}) AS impossible FROM ${ref}`,
    )
    .get() as { total: number; integers: number; texts: number; impossible: number };
  const where = `column "${key}" of root table "${table}"`;
  const details = { table, column: key };
  if (counted.integers + counted.texts < counted.total) throw sourceInvalid(location, `${where} holds keys that are neither integer nor text`, details);
  if (counted.integers > 0 && counted.texts > 0) throw sourceInvalid(location, `${where} mixes integers and texts, which could give two rows the same instance ID`, details);
  if (counted.impossible > 0) throw sourceInvalid(location, `${where} holds a key that is empty or longer than ${MAX_ID_CHARACTERS} characters`, details);
  const twice = db.prepare(`SELECT ${k} COLLATE BINARY AS id FROM ${from} GROUP BY 1 HAVING count(*) > 1 LIMIT 1`);
  twice.setReadBigInts(true);
  const duplicate = twice.get();
  if (duplicate !== undefined) throw sourceInvalid(location, `${where} holds ${String(duplicate['id'])} more than once, so it names no single instance`, { ...details, id: String(duplicate['id']) });
  return counted.total;
}

const SQLITE_REASONS: Readonly<Record<number, string>> = {
  5: 'another program is writing to it',
  6: 'another program is writing to it',
  7: 'it does not fit into memory',
  10: 'it can not be read from the disk',
  11: 'it is damaged',
  14: 'it can not be opened',
  18: 'a row or an instance is larger than SQLite allows',
  26: 'it is not a SQLite database',
};

/** What SQLite said about a source, in our words. */
export function asSourceError(error: unknown, location: string, id?: string): unknown {
  if (isAppError(error)) return error;
  const code = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof code !== 'number') return error;
  const why = SQLITE_REASONS[code & 0xff] ?? `SQLite refused it: ${(error as Error).message}`;
  return sourceInvalid(location, id === undefined ? why : `instance ${id}: ${why}`, { sqlite: code, ...(id === undefined ? {} : { id }) }, error);
}
