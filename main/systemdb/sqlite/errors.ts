import { AppError, type ErrorCode } from '../../errors.ts';

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html); an extended code holds one in its low byte. */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const PROTOCOL = 15;
const NOTADB = 26;

/** Extended codes that mean something else than their primary code. */
const IOERR_SHORT_READ = 522;
const IOERR_SHMSIZE = 4874;
const IOERR_CORRUPTFS = 8458;
const READONLY_CANTINIT = 1288;

interface Meaning {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string;
}

const MEANINGS = {
  locked: {
    code: 'DATABASE_LOCKED',
    message: 'Another process kept the system database locked for too long. Nothing was written.',
    remedy: 'Wait until the other process has finished its work, or end it, and try again.',
  },
  readOnly: {
    code: 'DATABASE_READ_ONLY',
    message: 'The system database, or the folder it lies in, can not be written. Nothing was changed.',
    remedy: 'Give this user write permission to the file and its folder, or move both to a disk that can be written.',
  },
  corrupt: {
    code: 'DATABASE_CORRUPT',
    message: 'The file is not a system database, or parts of it are damaged or missing. Nothing was changed.',
    remedy: 'Keep the file as it is and restore the system database from a backup.',
  },
  full: {
    code: 'DISK_FULL',
    message: 'The disk of the system database is full. What was not yet stored was not stored; what was, is whole.',
    remedy: 'Free space on that disk and try again.',
  },
  failed: {
    code: 'DATABASE_FAILED',
    message: 'The system database could not carry out the request. Nothing of it was stored.',
    remedy: 'Check the disk and the permissions of the file, then try again.',
  },
  closed: {
    code: 'DATABASE_FAILED',
    message: 'The system database was already closed. Nothing of the request was stored.',
    remedy: 'Open the profile again.',
  },
} as const satisfies Record<string, Meaning>;

function meaningOf(errcode: number): Meaning {
  switch (errcode) {
    case IOERR_SHORT_READ:
    case IOERR_CORRUPTFS:
      return MEANINGS.corrupt;
    case IOERR_SHMSIZE:
      return MEANINGS.full;
    case READONLY_CANTINIT:
      return MEANINGS.readOnly;
  }
  switch (errcode & 0xff) {
    case BUSY:
    case LOCKED:
    case PROTOCOL:
      return MEANINGS.locked;
    case READONLY:
      return MEANINGS.readOnly;
    case CORRUPT:
    case NOTADB:
      return MEANINGS.corrupt;
    case FULL:
      return MEANINGS.full;
    case IOERR:
    case CANTOPEN:
    default:
      return MEANINGS.failed;
  }
}

function resultCode(error: unknown): number | null {
  if (error instanceof Error && 'errcode' in error && typeof error.errcode === 'number') {
    return error.errcode;
  }
  return null;
}

function nodeCode(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/** True where another connection holds the lock, so that trying again later may help. */
export function isBusy(error: unknown): boolean {
  const errcode = resultCode(error);
  return errcode !== null && meaningOf(errcode) === MEANINGS.locked;
}

/** True where a UNIQUE or PRIMARY KEY constraint refused the row. */
export function isDuplicate(error: unknown): boolean {
  const errcode = resultCode(error);
  return errcode === 1555 || errcode === 2067;
}

/**
 * The {@link AppError} for what `node:sqlite` threw, by SQLite's result code; its text stays behind in `cause`, since it
 * may quote values. What does not come from SQLite is returned as it is.
 */
export function databaseError(error: unknown, file: string): unknown {
  const errcode = resultCode(error);
  if (errcode !== null) {
    const { code, message, remedy } = meaningOf(errcode);
    return new AppError(code, message, remedy, { details: { file, sqlite: errcode }, cause: error });
  }
  if (nodeCode(error) === 'ERR_INVALID_STATE') {
    const { code, message, remedy } = MEANINGS.closed;
    return new AppError(code, message, remedy, { details: { file }, cause: error });
  }
  // A stored number beyond what JavaScript holds exactly: no program of ours wrote it.
  if (nodeCode(error) === 'ERR_OUT_OF_RANGE') {
    return corrupt(file, error);
  }
  return error;
}

/** `DATABASE_CORRUPT` for what SQLite itself can not see. */
export function corrupt(file: string, cause?: unknown): AppError {
  const { code, message, remedy } = MEANINGS.corrupt;
  return new AppError(code, message, remedy, { details: { file }, ...(cause === undefined ? {} : { cause }) });
}

/** `DATABASE_READ_ONLY` for what shows before SQLite tries. */
export function readOnly(file: string, cause?: unknown): AppError {
  const { code, message, remedy } = MEANINGS.readOnly;
  return new AppError(code, message, remedy, { details: { file }, ...(cause === undefined ? {} : { cause }) });
}

/** `KEY_DESCRIPTION_EXISTS`: what is kept under a key description is written once. */
export function descriptionExists(description: string): AppError {
  return new AppError(
    'KEY_DESCRIPTION_EXISTS',
    `There is already a key under the description ${description}. It is unchanged.`,
    'Start the activation again: it will take a new key description.',
    { details: { description } },
  );
}
