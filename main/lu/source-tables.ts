import type { DatabaseSync } from 'node:sqlite';
import { fold } from './definition.ts';
import { sourceInvalid } from './source.ts';

/** The name under which a source is attached to the connection that builds the images. */
export const SOURCE_SCHEMA = 'src';

/** How SQLite compares values of a column (https://sqlite.org/datatype3.html section 3.1, comparisons in 4.2). */
export type Comparison = 'number' | 'text' | 'as stored';

export interface SourceColumn {
  readonly name: string;
  /** The declared type, in a spelling that is safe inside a CREATE TABLE. */
  readonly type: string;
  readonly comparison: Comparison;
}

export interface SourceTable {
  readonly name: string;
  /** How SQL names it. */
  readonly ref: string;
  readonly columns: readonly SourceColumn[];
  /** How SQL names its row id. */
  readonly rowId: string;
  /** Columns that an equality finds, and an order walks, without reading the whole table. */
  readonly indexed: ReadonlySet<string>;
}

/** An SQL identifier. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The column list of a CREATE TABLE. */
export function columnDefinitions(columns: readonly SourceColumn[]): string {
  return columns.map((column) => `${quoted(column.name)} ${column.type}`.trimEnd()).join(',');
}

/** @throws AppError `LU_SOURCE_INVALID` */
export function columnOf(table: SourceTable, name: string, location: string): SourceColumn {
  const column = table.columns.find((candidate) => fold(candidate.name) === fold(name));
  if (column === undefined) {
    throw sourceInvalid(location, `table "${table.name}" has no column "${name}", which the LU definition names`, { table: table.name, column: name });
  }
  return column;
}

/**
 * Finds a table of the attached source. A table without row ids is copied into memory, because rows are told apart by
 * their row id; views and virtual tables are refused, because reading them runs what the source's maker wrote.
 * @param fills gets the statement that fills the copy.
 * @throws AppError `LU_SOURCE_INVALID`
 */
export function readSourceTable(db: DatabaseSync, name: string, location: string, fills: string[]): SourceTable {
  const found = db
    .prepare(`SELECT name, type, wr FROM pragma_table_list WHERE schema = '${SOURCE_SCHEMA}' AND name = ? COLLATE NOCASE`)
    .get(name) as { name: string; type: string; wr: number } | undefined;
  if (found === undefined) throw sourceInvalid(location, `it has no table "${name}", which the LU definition names`, { table: name });
  if (found.type !== 'table') throw sourceInvalid(location, `"${name}" is a ${found.type}, not a table`, { table: name });

  const described = db
    .prepare(`SELECT name, type, pk FROM pragma_table_xinfo(?, '${SOURCE_SCHEMA}') WHERE hidden <> 1 ORDER BY cid`)
    .all(found.name) as { name: string; type: string; pk: number }[];
  const columns = described.map((column) => ({ name: column.name, type: safeType(column.type), comparison: comparisonOf(column.type) }));
  const table = { name: found.name, ref: `${SOURCE_SCHEMA}.${quoted(found.name)}`, columns };
  const rowId = ['rowid', '_rowid_', 'oid'].find((alias) => !columns.some((column) => fold(column.name) === alias));
  if (found.wr === 1 || rowId === undefined) return copyIntoMemory(db, table, rowId, location, fills);

  const indexed = new Set(indexedColumns(db, found.name));
  const primary = described.filter((column) => column.pk > 0);
  // A primary key without an index of its own is the row id itself.
  if (primary.length === 1 && !hasPrimaryKeyIndex(db, found.name)) indexed.add((primary[0] as { name: string }).name);
  return { ...table, rowId, indexed };
}

function indexedColumns(db: DatabaseSync, table: string): string[] {
  return db
    .prepare(
      `SELECT column.name FROM pragma_index_list(?, '${SOURCE_SCHEMA}') AS list, pragma_index_xinfo(list.name, '${SOURCE_SCHEMA}') AS column
       WHERE list.partial = 0 AND column.seqno = 0 AND column.key = 1 AND column.cid >= 0 AND column.coll = 'BINARY'`,
    )
    .all(table)
    .map((row) => String(row['name']));
}

function hasPrimaryKeyIndex(db: DatabaseSync, table: string): boolean {
  return db.prepare(`SELECT 1 FROM pragma_index_list(?, '${SOURCE_SCHEMA}') WHERE origin = 'pk'`).get(table) !== undefined;
}

function copyIntoMemory(
  db: DatabaseSync,
  table: { name: string; ref: string; columns: readonly SourceColumn[] },
  rowId: string | undefined,
  location: string,
  fills: string[],
): SourceTable {
  if (rowId === undefined) throw sourceInvalid(location, `table "${table.name}" hides its row id behind columns named rowid, _rowid_ and oid`, { table: table.name });
  const ref = `temp.${quoted(`copy ${table.name}`)}`;
  db.exec(`CREATE TABLE ${ref}(${columnDefinitions(table.columns)})`);
  fills.push(`INSERT INTO ${ref} SELECT ${table.columns.map((column) => quoted(column.name)).join(',')} FROM ${table.ref}`);
  return { ...table, ref, rowId, indexed: new Set() };
}

const AFFINITIES = [
  [/INT/i, 'INTEGER'],
  [/CHAR|CLOB|TEXT/i, 'TEXT'],
  [/BLOB|^$/i, 'BLOB'],
  [/REAL|FLOA|DOUB/i, 'REAL'],
] as const;

function affinityOf(type: string): string {
  return AFFINITIES.find(([pattern]) => pattern.test(type))?.[1] ?? 'NUMERIC';
}

function comparisonOf(type: string): Comparison {
  const affinity = affinityOf(type);
  return affinity === 'TEXT' ? 'text' : affinity === 'BLOB' ? 'as stored' : 'number';
}

/** The type as declared where it is words and sizes; of anything else, which could smuggle in a constraint, its affinity. */
function safeType(type: string): string {
  const plain = /^[A-Za-z][A-Za-z0-9_]*( [A-Za-z][A-Za-z0-9_]*){0,3}( ?\( ?\d{1,9} ?(, ?\d{1,9} ?)?\))?$/.test(type);
  const constraint = /\b(as|always|check|collate|constraint|default|foreign|generated|key|not|null|on|primary|references|unique)\b/i.test(type);
  return type === '' || (plain && !constraint) ? type : affinityOf(type);
}
