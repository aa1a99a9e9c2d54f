import { readFile, realpath, stat } from 'node:fs/promises';
import { removeTraces, replaceWhole, type FileOwner } from '../atomic-file.ts';
import { AppError } from '../errors.ts';
import { withFileLock } from '../file-lock.ts';

/** No config.ini is larger. */
const MAX_BYTES = 4 * 1024 * 1024;
/** How long another writer is waited for. */
const LOCK_WAIT_MS = 2_000;

/** A file as it stands on the disk. */
export interface FileOnDisk {
  /** Links resolved: the file itself is what is replaced. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly owner: FileOwner;
  /** Permission bits. */
  readonly mode: number;
}

/** @throws AppError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `CONFIG_TOO_LARGE` */
export async function readConfigFile(file: string): Promise<FileOnDisk> {
  try {
    const path = await realpath(file);
    const { size, uid, gid, mode, isFile } = await stat(path).then((stats) => ({ size: stats.size, uid: stats.uid, gid: stats.gid, mode: stats.mode & 0o777, isFile: stats.isFile() }));
    if (!isFile) throw Object.assign(new Error('not a file'), { code: 'no regular file' });
    if (size > MAX_BYTES) {
      throw new AppError('CONFIG_TOO_LARGE', `"${file}" has more than 4 MiB: that is no config.ini. Nothing was read.`, 'Check the path.', { details: { file, bytes: size } });
    }
    return { path, bytes: await readFile(path), owner: { uid, gid }, mode };
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason = codeOf(error);
    if (reason === 'ENOENT' || reason === 'ENOTDIR') throw new AppError('FILE_NOT_FOUND', `There is no file "${file}". Nothing was changed.`, 'Check the path, and that the place is mounted here.', { details: { file } });
    throw new AppError('FILE_UNREADABLE', `"${file}" can not be read (${reason}). Nothing was changed.`, 'Check that it is a file that this user may read.', { details: { file, reason }, cause: error });
  }
}

/**
 * Puts `bytes` in the place of a file that was read before: at every moment the file is whole, the old one or the new one.
 * The new one has the old one's owner and mode; the old one stays as `<file>.bak`, mode 0600. Of two writers at once one
 * waits for the other; what one left that was killed is removed by the next.
 * @returns the path of the backup
 * @throws AppError `CONFIG_CHANGED_MEANWHILE`, `CONFIG_BUSY`, `DISK_FULL`, `FILE_WRITE_FAILED`; the file then stands as it was
 */
export async function replaceConfigFile(old: FileOnDisk, bytes: Uint8Array): Promise<string> {
  const { path: file, mode } = old;
  const isUnchanged = async (): Promise<boolean> => (await readConfigFile(file)).bytes.equals(old.bytes);
  let replaced: boolean;
  try {
    replaced = await withFileLock(file, LOCK_WAIT_MS, { busy: () => busy(file), failed: (error) => writeFailure(file, error) }, async () => {
      await removeTraces(file);
      return replaceWhole(file, { old, bytes, mode, isUnchanged, failPoints: 'config' });
    });
  } catch (error) {
    throw error instanceof AppError ? error : writeFailure(file, error);
  }
  if (replaced) return `${file}.bak`;
  throw new AppError('CONFIG_CHANGED_MEANWHILE', `"${file}" was changed by somebody else just now. It was left as that program wrote it.`, 'Look at it, then do it again.', { details: { file } });
}

function busy(file: string): AppError {
  return new AppError('CONFIG_BUSY', `"${file}" is being written by another process, which did not end within ${LOCK_WAIT_MS / 1000} s. The file stands as it was.`, 'Wait until it has ended, then look at the file and do it again.', { details: { file } });
}

function writeFailure(file: string, error: unknown): AppError {
  const reason = codeOf(error);
  const options = { details: { file, reason }, cause: error };
  if (reason === 'ENOSPC' || reason === 'EDQUOT') return new AppError('DISK_FULL', `There is no space left to write "${file}". The file stands as it was.`, 'Free space on that disk, then repeat.', options);
  return new AppError('FILE_WRITE_FAILED', `"${file}" could not be written (${reason}). The file stands as it was.`, 'Check that this user may write in that folder and give files to the owner of this one.', options);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown reason';
}
