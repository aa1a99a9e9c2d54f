import { stat } from 'node:fs/promises';
import type { LuDefinition } from './definition.ts';
import type { LuSource } from './source.ts';
import { openCsvSource } from './source-csv.ts';
import { openSqliteSource } from './source-sqlite.ts';

/**
 * Opens what stands at `path`: a folder as CSV files, anything else as a SQLite file.
 * @throws AppError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `LU_SOURCE_INVALID`, `CANCELLED`
 */
export async function openLuSource(path: string, definition: LuDefinition, options: { signal?: AbortSignal } = {}): Promise<LuSource> {
  const isFolder = await stat(path).then((stats) => stats.isDirectory(), () => false);
  return isFolder ? openCsvSource(path, definition, options) : openSqliteSource(path, definition);
}
