/** The values of named columns in an instance's image. */
import { AppError } from '../errors.ts';
import { openImage } from '../lu/microdb.ts';
import { quoted } from '../lu/source-tables.ts';
import type { FieldRef } from './field-ref.ts';

/**
 * Every value that the columns hold, NULL apart, each once.
 * @throws AppError `INSTANCE_NOT_A_MICRODB`, `FIELD_MALFORMED` (no such table or column; a value that is no text)
 */
export function readFieldValues(image: Uint8Array, columns: readonly FieldRef[]): string[] {
  const db = openImage(image);
  try {
    return columns.flatMap((ref) => {
      const { table, column } = checkColumn(db, ref);
      const other = db.prepare(`SELECT 1 FROM ${table} WHERE typeof(${column}) NOT IN ('text', 'null') LIMIT 1`).get();
      if (other !== undefined) throw malformed(ref, 'it holds a value that is no text');
      return db
        .prepare(`SELECT DISTINCT CAST(${column} AS TEXT) COLLATE BINARY AS value FROM ${table} WHERE ${column} IS NOT NULL`)
        .all()
        .map((row) => String(row['value']));
    });
  } finally {
    db.close();
  }
}

/**
 * The image with each value of the columns that `renewed` names replaced, everything else as it is.
 * @throws AppError as {@link readFieldValues}
 */
export function writeFieldValues(image: Uint8Array, columns: readonly FieldRef[], renewed: ReadonlyMap<string, string>): Uint8Array {
  const db = openImage(image);
  try {
    // What a value under the old generation leaves behind in its page is overwritten.
    db.exec('PRAGMA query_only = OFF; PRAGMA secure_delete = ON');
    db.function('renewed', { deterministic: true, directOnly: true }, (value) => renewed.get(String(value)) ?? String(value));
    for (const ref of columns) {
      const { table, column } = checkColumn(db, ref);
      db.exec(`UPDATE ${table} SET ${column} = renewed(${column}) WHERE ${column} IS NOT NULL`);
    }
    return db.serialize();
  } finally {
    db.close();
  }
}

/** A change of values must not run what the image's maker wrote: triggers, computed columns, indexes over expressions. */
function checkColumn(db: ReturnType<typeof openImage>, ref: FieldRef): { table: string; column: string } {
  const fold = 'COLLATE NOCASE';
  const found = db.prepare(`SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name = ? ${fold}`).get(ref.table)?.['name'];
  if (found === undefined) throw malformed(ref, 'the instance has no such table');
  const table = String(found);
  const columns = db.prepare("SELECT name, hidden FROM pragma_table_xinfo(?, 'main')").all(table);
  const named = columns.find((row) => String(row['name']).toLowerCase() === ref.column.toLowerCase());
  if (named === undefined) throw malformed(ref, 'the table has no such column');
  const triggers = db.prepare(`SELECT 1 FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ? ${fold}`).get(table);
  const computed = columns.some((row) => Number(row['hidden']) !== 0);
  const indexes = db
    .prepare("SELECT 1 FROM pragma_index_list(?1, 'main') AS l WHERE l.partial OR EXISTS (SELECT 1 FROM pragma_index_xinfo(l.name, 'main') WHERE cid = -2)")
    .get(table);
  if (triggers !== undefined || computed || indexes !== undefined) {
    throw malformed(ref, 'its table has a trigger, a computed column or an index over an expression, which a change would run');
  }
  return { table: `main.${quoted(table)}`, column: quoted(String(named['name'])) };
}

function malformed({ lu, table, column }: FieldRef, why: string): AppError {
  return new AppError(
    'FIELD_MALFORMED',
    `The values of ${table}.${column} in this instance of ${lu} can not be re-encrypted: ${why}. The instance was left as it is.`,
    'Name columns that hold encrypted values only, or mend this instance.',
    { details: { lu, table, column } },
  );
}
