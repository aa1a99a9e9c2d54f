import type { DatabaseSync } from 'node:sqlite';
import { AppError } from '../../../errors.ts';
import { readOnly } from '../errors.ts';
import { immediately, patiently } from '../session.ts';
import { keys } from './0001-keys.ts';
import { instances } from './0002-instances.ts';
import { audit } from './0003-audit.ts';
import { operation } from './0004-operation.ts';
import { campaigns } from './0005-campaigns.ts';
import { nodePlaces } from './0006-node-places.ts';

/** One step of the schema. Frozen once it was released: a later change is a new step. */
export interface Migration {
  /** Number of the step, and `PRAGMA user_version` after it. */
  readonly version: number;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [keys, instances, audit, operation, campaigns, nodePlaces];

/** The schema that this program knows. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** `PRAGMA application_id` of a system database: "FKCS" in ASCII. */
export const APPLICATION_ID = 0x46_4b_43_53;

function pragma(db: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
}

/**
 * Schema version of a system database, 0 for an empty file.
 * @throws AppError `DATABASE_TOO_NEW` (a newer program made it), `DATABASE_FOREIGN` (another program did).
 */
export function schemaVersion(db: DatabaseSync, file: string): number {
  const version = pragma(db, 'user_version');
  const empty = version === 0 && db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (!empty && pragma(db, 'application_id') !== APPLICATION_ID) {
    throw new AppError(
      'DATABASE_FOREIGN',
      'The file is a database of another program, not a system database. Nothing in it was changed.',
      'Give the file name of a system database, or a name that does not exist yet to start a new one.',
      { details: { file } },
    );
  }
  if (version > SCHEMA_VERSION) {
    throw new AppError(
      'DATABASE_TOO_NEW',
      `The system database has schema ${version}; this program knows up to ${SCHEMA_VERSION}. Nothing in it was changed.`,
      'Open it with the newer version of the console that wrote it.',
      { details: { file, schema: version, known: SCHEMA_VERSION } },
    );
  }
  return version;
}

/**
 * Brings the schema up to {@link SCHEMA_VERSION}, each step in a transaction of its own that first looks whether another
 * process took the step meanwhile.
 * @throws AppError as {@link schemaVersion}, and `DATABASE_READ_ONLY` if steps are missing and `writable` is false.
 */
export async function migrate(db: DatabaseSync, file: string, writable: boolean): Promise<void> {
  const found = await patiently(() => schemaVersion(db, file));
  const missing = MIGRATIONS.filter((step) => step.version > found);
  if (missing.length > 0 && !writable) {
    throw readOnly(file);
  }
  for (const step of missing) {
    await patiently(() =>
      immediately(db, () => {
        if (schemaVersion(db, file) < step.version) {
          db.exec(step.sql);
          db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${step.version}`);
        }
      }),
    );
  }
}
