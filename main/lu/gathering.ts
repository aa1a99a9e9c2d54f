import type { DatabaseSync } from 'node:sqlite';
import { type ColumnRef, columnRef, fold, type LuDefinition } from './definition.ts';
import { columnOf, quoted, readSourceTable, type SourceColumn, type SourceTable } from './source-tables.ts';

/** SQL that gathers the rows of one instance; parameter 1 is the root key. */
export interface Gathering {
  /** Statements to run once before, in the transaction in which the rows will be gathered. */
  readonly fills: readonly string[];
  /** Root first. */
  readonly tables: readonly GatheredTable[];
  /** The root table and its key column. */
  readonly root: { readonly ref: string; readonly k: string };
  /** Where the keys (without NULLs) are read in their order: the root table itself or the lookup made for it. */
  readonly keys: { readonly from: string; readonly k: string };
}

export interface GatheredTable {
  /** As the LU definition spells it. */
  readonly name: string;
  readonly columns: readonly SourceColumn[];
  /** SELECT of all columns of the rows of one instance, each row once, in the order of row ids. */
  readonly select: string;
}

/** Part of a FROM clause that finds the rows of a table by one column. */
interface Found {
  readonly from: string;
  readonly where: string;
}

/**
 * Works out how the rows of an instance are found in the attached source. Where the source has no index on a column
 * that is searched, a lookup (value, row id) is made in memory; the source is never written.
 * @throws AppError `LU_SOURCE_INVALID` (a table or column is missing)
 */
export function planGathering(db: DatabaseSync, definition: LuDefinition, location: string): Gathering {
  const fills: string[] = [];
  const tables = new Map<string, SourceTable>();
  const tableOf = (name: string): SourceTable => {
    const known = tables.get(fold(name)) ?? readSourceTable(db, name, location, fills);
    tables.set(fold(name), known);
    return known;
  };
  const lookups = new Map<string, string>();
  const find = (alias: string, at: ColumnRef, like: SourceColumn, equals: string): Found => {
    const table = tableOf(at.table);
    const column = columnOf(table, at.column, location);
    if (table.indexed.has(column.name) && column.comparison === like.comparison) {
      return { from: `${table.ref} AS ${alias}`, where: `${alias}.${quoted(column.name)} = ${equals} COLLATE BINARY` };
    }
    const id = JSON.stringify([fold(at.table), column.name, like.type]);
    const lookup = lookups.get(id) ?? createLookup(db, `lookup ${lookups.size}`, table, column, like, fills);
    lookups.set(id, lookup);
    return {
      from: `${lookup} AS x${alias} CROSS JOIN ${table.ref} AS ${alias}`,
      where: `x${alias}.k = ${equals} AND ${alias}.${table.rowId} = x${alias}.r`,
    };
  };

  const { table: rootTable, key: rootKey } = definition.root;
  const root = tableOf(rootTable);
  const key = columnOf(root, rootKey, location);
  const rootRow = find('h0', { table: rootTable, column: rootKey }, key, '?1');
  const rootSelect = `SELECT ${columnList('h0', root)} FROM ${rootRow.from} WHERE ${rootRow.where} LIMIT 2`;

  const others = definition.tables.map(({ table: name, join }): GatheredTable => {
    const table = tableOf(name);
    const steps: Found[] = [];
    let nearest = '?1';
    [...join].reverse().forEach((hop, index) => {
      const to = columnRef(hop.to);
      const near = columnOf(tableOf(to.table), to.column, location);
      if (index > 0) nearest = `h${index}.${quoted(near.name)}`;
      else if (fold(near.name) !== fold(key.name)) {
        steps.push(rootRow);
        nearest = `h0.${quoted(near.name)}`;
      }
      steps.push(find(`h${index + 1}`, columnRef(hop.from), near, nearest));
    });
    const last = `h${join.length}`;
    const from = steps.map((step) => step.from).join(' CROSS JOIN ');
    const where = steps.map((step) => step.where).join(' AND ');
    // One hop from one root row meets a row once; over more hops the same row may be met again and must count once.
    const select =
      join.length === 1
        ? `SELECT ${columnList(last, table)} FROM ${from} WHERE ${where} ORDER BY ${last}.${table.rowId}`
        : `SELECT ${columnList('t', table)} FROM ${table.ref} AS t WHERE t.${table.rowId} IN (SELECT ${last}.${table.rowId} FROM ${from} WHERE ${where}) ORDER BY t.${table.rowId}`;
    return { name, columns: table.columns, select };
  });

  const lookup = lookups.get(JSON.stringify([fold(rootTable), key.name, key.type]));
  return {
    fills,
    tables: [{ name: rootTable, columns: root.columns, select: rootSelect }, ...others],
    root: { ref: root.ref, k: quoted(key.name) },
    keys: lookup === undefined ? { from: root.ref, k: quoted(key.name) } : { from: lookup, k: 'k' },
  };
}

/** Values are kept as the column that will be searched for keeps them, so that both sides compare alike. */
function createLookup(db: DatabaseSync, name: string, table: SourceTable, column: SourceColumn, like: SourceColumn, fills: string[]): string {
  const lookup = `temp.${quoted(name)}`;
  db.exec(`CREATE TABLE ${lookup}(k ${like.type}, r INTEGER, PRIMARY KEY(k, r)) WITHOUT ROWID`);
  fills.push(`INSERT INTO ${lookup} SELECT ${quoted(column.name)}, ${table.rowId} FROM ${table.ref} WHERE ${quoted(column.name)} IS NOT NULL`);
  return lookup;
}

function columnList(alias: string, table: SourceTable): string {
  return table.columns.map((column) => `${alias}.${quoted(column.name)}`).join(',');
}
