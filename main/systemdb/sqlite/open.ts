import { access, constants, mkdir, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../errors.ts';
import type { SystemDb } from '../repositories.ts';
import { SqliteAudit } from './audit.ts';
import { SqliteCampaigns } from './campaigns.ts';
import { SqliteCensuses } from './censuses.ts';
import { corrupt, databaseError, readOnly } from './errors.ts';
import { SqliteInstances } from './instances.ts';
import { SqliteInternalKeys } from './internal-keys.ts';
import { SqliteJobs } from './jobs.ts';
import { SqliteKeys } from './keys.ts';
import { SqliteLeases } from './leases.ts';
import { migrate, SCHEMA_VERSION, schemaVersion } from './migrations/index.ts';
import { SqliteNodes } from './nodes.ts';
import { BLOCKING_PATIENCE, patiently, Session } from './session.ts';
import { SqliteSettings } from './settings.ts';
import { SqliteStripes } from './stripes.ts';

/** The WAL is cut back to this size after a checkpoint, in bytes. */
const WAL_LIMIT = 16 * 1024 * 1024;

/** Page cache of one connection, in KiB. */
const CACHE = 8 * 1024;

/**
 * Opens the system database in `file` and brings its schema up to date. Several processes may hold it open at once.
 * A new file has mode 0600; missing parent folders are made with mode 0700.
 *
 * @param options.readOnly writes nothing; the file must exist and have the schema of this program. Default false.
 * @param options.create makes a missing file. Default true, without effect where `readOnly`.
 * @throws AppError `DATABASE_NOT_FOUND`, `DATABASE_LOCKED`, `DATABASE_READ_ONLY`, `DATABASE_CORRUPT` (not a database,
 *   truncated, damaged), `DATABASE_FOREIGN`, `DATABASE_TOO_NEW`, `DISK_FULL`, `DATABASE_FAILED`
 */
export async function openSqlite(file: string, options: { readOnly?: boolean; create?: boolean } = {}): Promise<SystemDb> {
  const writable = options.readOnly !== true;
  await prepareFile(file, { writable, create: writable && options.create !== false });
  let db: DatabaseSync | null = null;
  try {
    db = new DatabaseSync(file, { readOnly: !writable, timeout: BLOCKING_PATIENCE, enableForeignKeyConstraints: true });
    await configure(db, file, writable);
    await migrate(db, file, writable);
  } catch (error) {
    db?.close();
    throw databaseError(error, file);
  }
  return systemDb(new Session(db, file));
}

function systemDb(session: Session): SystemDb {
  return {
    info: { kind: 'sqlite', location: session.file, schemaVersion: SCHEMA_VERSION },
    keys: new SqliteKeys(session),
    stripes: new SqliteStripes(session),
    instances: new SqliteInstances(session),
    audit: new SqliteAudit(session),
    jobs: new SqliteJobs(session),
    nodes: new SqliteNodes(session),
    settings: new SqliteSettings(session),
    internalKeys: new SqliteInternalKeys(session),
    leases: new SqliteLeases(session),
    censuses: new SqliteCensuses(session),
    campaigns: new SqliteCampaigns(session),
    topology: null,
    close: () => session.run(() => session.close()),
  };
}

async function configure(db: DatabaseSync, file: string, writable: boolean): Promise<void> {
  // Damage may not execute: functions in a foreign schema are not trusted, and SQL can not write raw pages.
  db.enableDefensive(true);
  // Some of these read the schema, and the last process to close the file has it alone for a moment.
  await patiently(() =>
    db.exec(`
      PRAGMA trusted_schema = OFF;
      PRAGMA cell_size_check = ON;
      PRAGMA temp_store = MEMORY;
      PRAGMA cache_size = -${CACHE};
    `),
  );
  // Before the first setting that would write to the file: it may be another program's.
  await patiently(() => schemaVersion(db, file));
  if (!writable) {
    return;
  }
  // Turning WAL on needs the file alone for a moment, and SQLite does not wait for it by itself.
  await patiently(() => db.exec('PRAGMA journal_mode = WAL'));
  await patiently(() =>
    db.exec(`
      PRAGMA synchronous = FULL;
      PRAGMA secure_delete = ON;
      PRAGMA journal_size_limit = ${WAL_LIMIT};
    `),
  );
}

/** Makes the file where it may, and finds out in plain words what SQLite would only call "unable to open". */
async function prepareFile(file: string, want: { writable: boolean; create: boolean }): Promise<void> {
  const folder = path.dirname(path.resolve(file));
  try {
    if (want.create) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await createEmpty(file);
    }
    const found = await stat(file);
    if (!found.isFile() || (found.size === 0 && !want.create)) {
      throw corrupt(file);
    }
    await access(file, want.writable ? constants.R_OK | constants.W_OK : constants.R_OK);
    await checkFolder(folder, file, want.writable);
  } catch (error) {
    throw fileError(error, file, want.writable);
  }
}

/** SQLite keeps its log and its lock table beside the file; only to read, a lock table that is there is enough. */
async function checkFolder(folder: string, file: string, writable: boolean): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const locks = writable ? null : await stat(`${file}-shm`).catch(() => null);
    if (locks === null) {
      throw readOnly(file, error);
    }
  }
}

async function createEmpty(file: string): Promise<void> {
  try {
    const handle = await open(file, 'wx', 0o600);
    await handle.close();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
      throw error;
    }
  }
}

function fileError(error: unknown, file: string, writable: boolean): unknown {
  const code = error instanceof Error && !(error instanceof AppError) && 'code' in error ? error.code : null;
  switch (code) {
    case null:
      return error;
    case 'ENOENT':
      return new AppError('DATABASE_NOT_FOUND', `There is no system database at ${file}.`, 'Check the file name in the profile.', {
        details: { file },
        cause: error,
      });
    case 'EROFS':
      return readOnly(file, error);
    case 'EACCES':
    case 'EPERM':
      return writable ? readOnly(file, error) : unopenable(file, error);
    case 'ENOSPC':
    case 'EDQUOT':
      return new AppError('DISK_FULL', 'The disk has no room for a new system database. Nothing was made.', 'Free space on that disk and try again.', {
        details: { file },
        cause: error,
      });
    default:
      return unopenable(file, error);
  }
}

function unopenable(file: string, cause: unknown): AppError {
  return new AppError(
    'DATABASE_FAILED',
    `The system database at ${file} can not be opened. Nothing was changed.`,
    'Check that the path is right and that this user may read the file and enter its folder.',
    { details: { file }, cause },
  );
}
