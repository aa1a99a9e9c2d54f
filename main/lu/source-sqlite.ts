import { access, constants, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AppError } from '../errors.ts';
import { asSourceError, AttachedSource, openBuilder } from './attached-source.ts';
import type { LuDefinition } from './definition.ts';
import type { LuSource } from './source.ts';
import { SOURCE_SCHEMA } from './source-tables.ts';

/**
 * A SQLite file as source, opened read-only and streamed: memory does not grow with its size as long as it has indexes
 * on the columns that the definition joins by; where one is missing, its values and row ids are held in memory.
 * Views, triggers and virtual tables of the file are never run.
 * @throws AppError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `LU_SOURCE_INVALID`
 */
export async function openSqliteSource(file: string, definition: LuDefinition): Promise<LuSource> {
  const location = resolve(file);
  try {
    if (!(await stat(location)).isFile()) throw new AppError('FILE_UNREADABLE', `${location} is not a file.`, 'Give a SQLite file or a folder of CSV files.');
    await access(location, constants.R_OK);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw (error as NodeJS.ErrnoException).code === 'ENOENT'
      ? new AppError('FILE_NOT_FOUND', `There is no file ${location}. Nothing was imported.`, 'Check the path of the source.', { details: { location } })
      : new AppError('FILE_UNREADABLE', `The file ${location} can not be read. Nothing was imported.`, 'Check the permissions of the source.', { details: { location }, cause: error });
  }
  const db = openBuilder();
  try {
    db.prepare(`ATTACH ? AS ${SOURCE_SCHEMA}`).run(`${pathToFileURL(location).href}?mode=ro`);
  } catch (error) {
    db.close();
    throw asSourceError(error, location);
  }
  return new AttachedSource(db, definition, location);
}
