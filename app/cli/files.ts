import { readFile, stat } from 'node:fs/promises';
import { AppError } from '../../main/errors.ts';
import { fileExists } from '../output-file.ts';

/** Larger files are no MicroDB, LU definition or head of ours. */
const MAX_BYTES = 1024 * 1024 * 1024;

/** A file that the user named. @throws AppError `FILE_NOT_FOUND`, `FILE_UNREADABLE` */
export async function readInput(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > MAX_BYTES) throw new Error('too large');
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new AppError('FILE_NOT_FOUND', `There is no file "${file}". Nothing was done.`, 'Check the path.', { details: { file } });
    }
    throw new AppError('FILE_UNREADABLE', `"${file}" can not be read. Nothing was done.`, 'Check that it is a file of at most 1 GiB that this user may read.', {
      details: { file },
      cause: error,
    });
  }
}

/** @throws AppError `FILE_EXISTS` where {@link writeOutput} would refuse */
export async function assertMayWrite(file: string, force: boolean): Promise<void> {
  const there = await stat(file).then(() => true, () => false);
  if (there && !force) throw fileExists(file);
}
