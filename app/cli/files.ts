import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { AppError } from '../../main/errors.ts';

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

/**
 * Writes a file whole or not at all, mode 0600: what it holds may be secret.
 * @param force replace a file that is there
 * @throws AppError `FILE_EXISTS`, `DISK_FULL`, `FILE_WRITE_FAILED`
 */
export async function writeOutput(file: string, bytes: Uint8Array | string, force: boolean): Promise<void> {
  const target = force ? `${file}.${randomUUID()}.part` : file;
  let made = false;
  try {
    const handle = await open(target, 'wx', 0o600);
    made = true;
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (force) await rename(target, file);
  } catch (error) {
    if (made) await rm(target, { force: true }).catch(() => undefined);
    throw writeFailure(file, error);
  }
}

function writeFailure(file: string, error: unknown): AppError {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EEXIST') return fileExists(file);
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new AppError(
    full ? 'DISK_FULL' : 'FILE_WRITE_FAILED',
    `"${file}" could not be written${full ? ': the disk is full' : ''}. No file was left there.`,
    full ? 'Free space on that disk, or choose another place.' : 'Check that the folder exists and that this user may write to it.',
    { details: { file }, cause: error },
  );
}

function fileExists(file: string): AppError {
  return new AppError('FILE_EXISTS', `There is a file "${file}" already; it was not touched.`, 'Choose another place, or replace it with --force.', { details: { file } });
}
