import { randomUUID } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { AppError } from '../errors.ts';
import type { AuditRecord, AuditRepository } from '../systemdb/repositories.ts';
import { START, type ChainEnd } from './chain.ts';
import { pagesOf } from './verify.ts';

/** Says what a head is, in its own file and on the last line of an export. */
const HEAD_FORMAT = 'fabric-key-console audit head 1';

/** The end of the chain at a moment: kept in another place, it proves later that nothing before it was touched. */
export interface ExportedHead extends ChainEnd {
  readonly format: typeof HEAD_FORMAT;
  /** Time of the record, in milliseconds since the epoch; null where the trail is empty. */
  readonly at: number | null;
  readonly exportedAt: number;
  readonly exportedBy: string;
}

/** The head that ends with `record`; null for an empty trail. */
export function headOf(record: AuditRecord | null, exportedBy: string, exportedAt: number): ExportedHead {
  const { seq, hash } = record ?? START;
  return { format: HEAD_FORMAT, seq, hash, at: record?.at ?? null, exportedAt, exportedBy };
}

/** Reads a head from the text of a head file, or of a whole export, which ends with one. @throws AppError `INPUT_INVALID` */
export function parseHead(text: string): ExportedHead {
  const head = parsed(text) ?? parsed(text.trimEnd().split('\n').at(-1) ?? '');
  const { format, seq, hash } = head ?? {};
  if (format !== HEAD_FORMAT || !Number.isSafeInteger(seq) || Number(seq) < 0 || typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) {
    throw new AppError(
      'INPUT_INVALID',
      'This is not the exported head of an audit trail. Nothing was checked.',
      'Give a file with an exported head, or an export of the trail.',
    );
  }
  return head as ExportedHead;
}

function parsed(text: string): Partial<ExportedHead> | null {
  try {
    return JSON.parse(text) as Partial<ExportedHead> | null;
  } catch {
    return null;
  }
}

/** One line of an export, without its line end: the record's fields in the order of `docs/audit-format.md`. */
export function exportLine(record: AuditRecord): string {
  const { seq, at, actor, act, object, context, outcome, completes, previous, hash } = record;
  return JSON.stringify({ seq, at, actor, act, object, context, outcome, completes, previous, hash });
}

/**
 * Writes all records up to `head` and then the head itself, as JSON Lines with mode 0600. The file appears whole or not
 * at all; one that was there is replaced.
 * @returns number of records written
 * @throws AppError `FILE_WRITE_FAILED`, `DISK_FULL`
 */
export async function exportTrail(repository: AuditRepository, file: string, head: ExportedHead): Promise<number> {
  const unfinished = `${file}.${randomUUID()}.part`;
  try {
    const handle = await open(unfinished, 'wx', 0o600);
    let records: number;
    try {
      records = await writeLines(handle, repository, head);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
    return records;
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw writeError(error, file);
  }
}

async function writeLines(handle: FileHandle, repository: AuditRepository, head: ExportedHead): Promise<number> {
  let records = 0;
  for await (const page of pagesOf(repository, 1)) {
    const wanted = page.filter((record) => record.seq <= head.seq);
    await handle.writeFile(wanted.map((record) => `${exportLine(record)}\n`).join(''));
    records += wanted.length;
    if (wanted.length < page.length) {
      break;
    }
  }
  await handle.writeFile(`${JSON.stringify(head)}\n`);
  return records;
}

function writeError(error: unknown, file: string): unknown {
  const code = error instanceof Error && !(error instanceof AppError) && 'code' in error ? error.code : null;
  if (code === null) {
    return error;
  }
  const full = code === 'ENOSPC' || code === 'EDQUOT';
  return new AppError(
    full ? 'DISK_FULL' : 'FILE_WRITE_FAILED',
    `The audit trail could not be written to ${file}${full ? ': the disk is full' : ''}. No file was made or replaced.`,
    full ? 'Free space on that disk, or choose another place.' : 'Check that the folder exists and that this user may write to it.',
    { details: { file }, cause: error },
  );
}
