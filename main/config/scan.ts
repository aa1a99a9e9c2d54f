import { constants } from 'node:fs';
import { access, lstat, opendir, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { AppError } from '../errors.ts';
import type { Finding } from './finding.ts';
import { readLines, type NotText } from './read-lines.ts';
import { FileScan } from './scan-file.ts';
import { secretFinding } from './secret-finding.ts';

export type Skipped = NotText | 'link' | 'packages' | 'git-objects' | 'unreadable';

export interface ScanOptions {
  /** Larger files are skipped. Default: 64 MiB. */
  readonly maxFileBytes?: number;
  /** Called after each file, with how many were searched and how many secrets were found by then. */
  readonly onFile?: (files: number, found: number) => void;
  /** Stops the search, also within a large file. */
  readonly signal?: AbortSignal;
}

export interface ScanResult {
  /** By file and line; the first {@link MAX_FINDINGS}. */
  readonly findings: readonly Finding[];
  /** All that were found. */
  readonly total: number;
  readonly files: number;
  /** What was not looked at, the first {@link MAX_SKIPPED}. */
  readonly skipped: readonly { readonly path: string; readonly why: Skipped; readonly reason: string | null }[];
  readonly skippedTotal: number;
}

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_FINDINGS = 10_000;
const MAX_FINDINGS_OF_A_FILE = 1_000;
const MAX_SKIPPED = 1_000;
/** Lines between two looks at the signal. */
const CHECK_EVERY = 1_000;

const WHY: Readonly<Record<Skipped, string>> = {
  binary: 'no text',
  'too-large': 'too large',
  'not-a-file': 'no regular file',
  link: 'a link, not followed',
  packages: 'installed packages',
  'git-objects': "git's own store",
  unreadable: 'can not be read',
};

/** Why a place was not looked at, in words. */
export function skippedWords({ why, reason }: ScanResult['skipped'][number]): string {
  return reason === null ? WHY[why] : `${WHY[why]} (${reason})`;
}

/**
 * Looks for hard-coded secrets in a file or in everything under a folder. Links are not followed, so that nothing is
 * read twice or outside of it. What can not be read, is no text or too large is told, never fatal.
 * @throws AppError `FILE_NOT_FOUND`, `FILE_UNREADABLE` where the path itself can not be read; `CANCELLED`
 */
export async function scanPath(path: string, options: ScanOptions = {}): Promise<ScanResult> {
  const scan = new Scan(options);
  const root = await rootOf(path);
  if (root.folder) await scan.folder(root.path);
  else await scan.file(root.path);
  return scan.result();
}

class Scan {
  readonly #options: ScanOptions;
  readonly #findings: Finding[] = [];
  readonly #skipped: { path: string; why: Skipped; reason: string | null }[] = [];
  #total = 0;
  #files = 0;
  #skippedTotal = 0;

  constructor(options: ScanOptions) {
    this.#options = options;
  }

  result(): ScanResult {
    const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
    return {
      findings: this.#findings.sort((a, b) => order(a.where.file, b.where.file) || (a.where.line ?? 0) - (b.where.line ?? 0)),
      total: this.#total,
      files: this.#files,
      skipped: this.#skipped.sort((a, b) => order(a.path, b.path)),
      skippedTotal: this.#skippedTotal,
    };
  }

  async folder(root: string): Promise<void> {
    const waiting = [root];
    for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
      try {
        for await (const entry of await opendir(folder)) {
          const path = join(folder, entry.name);
          if (entry.isDirectory()) {
            const why = passedBy(path);
            if (why === null) waiting.push(path);
            else this.#skip(path, why);
          } else if (entry.isSymbolicLink()) this.#skip(path, 'link');
          else if (entry.isFile()) await this.file(path);
          else this.#skip(path, 'not-a-file');
        }
      } catch (error) {
        if (error instanceof AppError) throw error;
        this.#skip(folder, 'unreadable', error);
      }
    }
  }

  async file(path: string): Promise<void> {
    this.#goOn();
    const scan = new FileScan(path, MAX_FINDINGS_OF_A_FILE);
    try {
      const lines = readLines(path, this.#options.maxFileBytes ?? MAX_FILE_BYTES);
      let next = await lines.next();
      for (; next.done !== true; next = await lines.next()) {
        scan.take(next.value);
        if (next.value.line % CHECK_EVERY === 0) this.#goOn();
      }
      if (next.value === null) this.#files += 1;
      else this.#skip(path, next.value);
    } catch (error) {
      if (error instanceof AppError) throw error;
      this.#skip(path, 'unreadable', error);
    }
    const { found, total } = scan.end();
    this.#total += total;
    for (const { kind, line, length } of found) {
      if (this.#findings.length < MAX_FINDINGS) this.#findings.push(secretFinding(kind, length, { file: path, line, key: null, node: null }));
    }
    this.#options.onFile?.(this.#files, this.#total);
  }

  #goOn(): void {
    if (this.#options.signal?.aborted === true) throw new AppError('CANCELLED', 'The search was stopped. Nothing was changed by it.', 'Start it again.');
  }

  #skip(path: string, why: Skipped, error: unknown = null): void {
    this.#skippedTotal += 1;
    if (this.#skipped.length < MAX_SKIPPED) this.#skipped.push({ path, why, reason: (error as NodeJS.ErrnoException | null)?.code ?? null });
  }
}

/** Folders that are not the operator's own text. */
function passedBy(path: string): Skipped | null {
  if (path.endsWith(`${sep}node_modules`)) return 'packages';
  return path.endsWith(join('.git', 'objects')) ? 'git-objects' : null;
}

/** The path itself may be a link. */
async function rootOf(path: string): Promise<{ readonly path: string; readonly folder: boolean }> {
  try {
    const isLink = (await lstat(path)).isSymbolicLink();
    const real = isLink ? await realpath(path) : path;
    const folder = (await stat(real)).isDirectory();
    await access(real, constants.R_OK | (folder ? constants.X_OK : 0));
    return { path: real, folder };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new AppError('FILE_NOT_FOUND', `There is no file or folder "${path}". Nothing was read.`, 'Check the path.', { details: { file: path } });
    throw new AppError('FILE_UNREADABLE', `"${path}" can not be read (${code}). Nothing was searched.`, `Check that this user may read it and the folder ${dirname(path)}.`, { details: { file: path, reason: code }, cause: error });
  }
}
