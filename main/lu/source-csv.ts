import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { pipeline } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { AppError } from '../errors.ts';
import { asSourceError, AttachedSource, openBuilder } from './attached-source.ts';
import { columnRef, fold, type LuDefinition } from './definition.ts';
import { type LuSource, sourceInvalid } from './source.ts';
import { quoted, SOURCE_SCHEMA } from './source-tables.ts';
import { onlyUtf8 } from './utf8.ts';

/** More than any honest row has; a file without line ends must not fill the memory. */
const MAX_ROW_BYTES = 16 * 1024 * 1024;
/** A whole number in its only spelling, so that it reads back as it was written; fits 64 bits. */
const INTEGER = /^(?:0|-?[1-9]\d{0,17})$/;

/**
 * A folder of CSV files (RFC 4180, UTF-8, with or without byte order mark) as source: `<table>.csv` for each table that
 * the definition names, the first line names the columns. Files are streamed into memory, never onto another disk.
 *
 * CSV has no types: an empty field is NULL; a column whose every other field is a whole number is INTEGER; every other
 * column is TEXT and keeps its fields exactly as written, so `007` and `4.90` lose nothing.
 * @throws AppError `FILE_NOT_FOUND` (no such folder), `LU_SOURCE_INVALID` with file and line, `CANCELLED`
 */
export async function openCsvSource(folder: string, definition: LuDefinition, options: { signal?: AbortSignal } = {}): Promise<LuSource> {
  const location = resolve(folder);
  const isFolder = await stat(location).then((stats) => stats.isDirectory(), () => false);
  if (!isFolder) throw new AppError('FILE_NOT_FOUND', `There is no folder ${location}. Nothing was imported.`, 'Check the path of the source.', { details: { location } });
  const db = openBuilder();
  try {
    db.exec(`ATTACH ':memory:' AS ${SOURCE_SCHEMA}`);
    for (const table of usedTables(definition)) await loadTable(db, table, join(location, `${table}.csv`), options.signal);
  } catch (error) {
    db.close();
    throw asSourceError(error, location);
  }
  return new AttachedSource(db, definition, location);
}

/** Tables of the LU and those that only paths go through. */
function usedTables(definition: LuDefinition): string[] {
  const names = [definition.root.table, ...definition.tables.flatMap(({ table, join: path }) => [table, ...path.map((hop) => columnRef(hop.to).table)])];
  return [...new Map(names.map((name) => [fold(name), name])).values()];
}

async function loadTable(db: DatabaseSync, table: string, file: string, signal: AbortSignal | undefined): Promise<void> {
  const parser = parse({ bom: true, skip_empty_lines: true, max_record_size: MAX_ROW_BYTES });
  const problem = pipeInto(file, parser, signal);
  let loading: Loading | null = null;
  db.exec('BEGIN');
  try {
    for await (const fields of parser as AsyncIterable<string[]>) {
      if (loading === null) loading = startTable(db, table, file, fields);
      else loading.add(fields);
    }
    const failure = await problem;
    if (failure !== null) throw failure;
    if (loading === null) throw sourceInvalid(file, 'line 1: it is empty, not even naming its columns', { line: 1 });
    loading.finish();
    db.exec('COMMIT');
  } catch (error) {
    throw csvFailure((await problem) ?? error, file, signal);
  }
}

/** Feeds a file to the parser. @returns what went wrong, once it ended. */
function pipeInto(file: string, parser: NodeJS.WritableStream & NodeJS.ReadableStream, signal: AbortSignal | undefined): Promise<unknown> {
  const source = createReadStream(file, { highWaterMark: 256 * 1024, ...(signal === undefined ? {} : { signal }) });
  return new Promise((done) => {
    pipeline(source, onlyUtf8((line) => sourceInvalid(file, `line ${line}: it is not UTF-8 text`, { line })), parser, (error) => done(error ?? null));
  });
}

interface Loading {
  add(fields: readonly string[]): void;
  /** Gives the columns their types. */
  finish(): void;
}

function startTable(db: DatabaseSync, table: string, file: string, header: readonly string[]): Loading {
  const columns = header.map((name) => name.trim());
  const empty = columns.indexOf('');
  if (empty >= 0) throw sourceInvalid(file, `line 1: column ${empty + 1} has no name`, { line: 1 });
  const twice = columns.find((name, index) => columns.findIndex((other) => fold(other) === fold(name)) !== index);
  if (twice !== undefined) throw sourceInvalid(file, `line 1: column "${twice}" stands twice`, { line: 1, column: twice });

  const as = (name: string, types: (index: number) => string): string =>
    `CREATE TABLE ${SOURCE_SCHEMA}.${quoted(name)}(${columns.map((column, index) => `${quoted(column)} ${types(index)}`).join(',')})`;
  // No name of a definition holds a dot, so this one is free.
  const raw = `${table}.raw`;
  db.exec(as(raw, () => 'TEXT'));
  const insert = db.prepare(`INSERT INTO ${SOURCE_SCHEMA}.${quoted(raw)} VALUES (${columns.map(() => '?').join(',')})`);
  const integers = columns.map(() => true);
  const filled = columns.map(() => false);
  return {
    add(fields) {
      const values = fields.map((field, index) => {
        if (field === '') return null;
        filled[index] = true;
        if (integers[index] === true && !INTEGER.test(field)) integers[index] = false;
        return field;
      });
      insert.run(...values);
    },
    finish() {
      db.exec(as(table, (index) => (integers[index] === true && filled[index] === true ? 'INTEGER' : 'TEXT')));
      db.exec(`INSERT INTO ${SOURCE_SCHEMA}.${quoted(table)} SELECT * FROM ${SOURCE_SCHEMA}.${quoted(raw)}`);
      db.exec(`DROP TABLE ${SOURCE_SCHEMA}.${quoted(raw)}`);
    },
  };
}

function csvFailure(error: unknown, file: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return new AppError('CANCELLED', 'The import was cancelled while its source was read. Nothing was imported.', 'Start the import again.');
  if (error instanceof CsvError) {
    const line = Number((error as { lines?: unknown }).lines ?? 0);
    return sourceInvalid(file, `line ${line}: ${CSV_REASONS[error.code] ?? error.message}`, { line });
  }
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOENT') return sourceInvalid(file, 'the file is missing, but the LU definition names its table');
  if (code === 'EACCES' || code === 'EISDIR' || code === 'EIO') return sourceInvalid(file, 'the file can not be read', {}, error);
  return asSourceError(error, file);
}

const CSV_REASONS: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: 'it has another number of fields than the first line has columns',
  CSV_RECORD_INCONSISTENT_COLUMNS: 'it has another number of fields than the first line has columns',
  CSV_QUOTE_NOT_CLOSED: 'the file ends inside quotes, which were opened in this line or before',
  CSV_INVALID_CLOSING_QUOTE: 'a closing quote is followed by something else than a comma or the end of the line',
  INVALID_OPENING_QUOTE: 'a quote stands in the middle of a field that does not begin with one',
  CSV_MAX_RECORD_SIZE: `it is longer than ${MAX_ROW_BYTES} bytes`,
};
