import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import { AppError } from '../main/errors.ts';

/**
 * Reads and checks a JSON file of ours.
 * @returns null where there is none. @throws AppError `FILE_UNREADABLE`, `PROFILE_INVALID`
 */
export async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new AppError('FILE_UNREADABLE', `"${file}" can not be read.`, 'Check its permissions and the disk.', { cause: error });
  }
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AppError(
    'PROFILE_INVALID',
    `"${file}" is not valid${issue === undefined ? '' : `: ${issue.path.join('.') || 'the whole file'}: ${issue.message}`}. Nothing was changed.`,
    'Mend the file, or move it away to start anew.',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes a JSON file whole or not at all (temporary file, sync, rename), mode 0600. @throws AppError `FILE_WRITE_FAILED` */
export async function writeJson(file: string, value: unknown): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(value, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new AppError('FILE_WRITE_FAILED', `"${file}" could not be written; what it held before is unchanged.`, 'Check free space and permissions.', {
      cause: error,
    });
  }
}
