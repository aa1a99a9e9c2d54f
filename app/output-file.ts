import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { AppError } from '../main/errors.ts';

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

/** The refusal to replace a file. */
export function fileExists(file: string): AppError {
  return new AppError('FILE_EXISTS', `There is a file "${file}" already; it was not touched.`, 'Choose another place, or replace it with --force.', { details: { file } });
}
