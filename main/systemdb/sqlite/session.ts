import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { databaseError, isBusy } from './errors.ts';

/** How long a request waits for another process's lock before it fails with `DATABASE_LOCKED`, in milliseconds. */
export const PATIENCE = 5_000;

/** How long SQLite itself may wait, in milliseconds: it blocks the whole process meanwhile, so it waits only briefly. */
export const BLOCKING_PATIENCE = 5;

/** Pause between two tries, in milliseconds, up to twice of it: the two sides of a race must not keep in step. */
const PAUSE = 10;

/** One row as SQLite gives it; the tables are STRICT, so a column holds the type that its schema says. */
export type Row = Record<string, unknown>;

/**
 * Tries `work` until no other process is in its way, at most {@link PATIENCE}. Waiting lets the event loop go on.
 * @throws what `work` threw last
 */
export async function patiently<T>(work: () => T): Promise<T> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) {
        throw error;
      }
      await delay(PAUSE * (1 + Math.random()));
    }
  }
}

/**
 * One connection with its prepared statements. A unit of work runs in one go, without a pause in which other work of
 * this process could step in; it is repeated from its start where another process holds the lock.
 */
export class Session {
  readonly file: string;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, file: string) {
    this.#db = db;
    this.file = file;
  }

  /** The statement for `sql`, prepared once. */
  statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** Runs `work` that reads, or writes with one single statement. @throws AppError as `repositories.ts` lists */
  async run<T>(work: () => T): Promise<T> {
    try {
      return await patiently(work);
    } catch (error) {
      throw databaseError(error, this.file);
    }
  }

  /** Runs `work` in one transaction: all of it is durable, or none. @throws AppError as `repositories.ts` lists */
  async transaction<T>(work: () => T): Promise<T> {
    return this.run(() => immediately(this.#db, work));
  }

  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) {
      this.#db.close();
    }
  }
}

/**
 * Runs `work` in a transaction that takes the write lock at its start: one that read first and wrote later could find
 * its view outdated and fail half way.
 */
export function immediately<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // A full disk or a damaged file ends the transaction by itself.
    if (db.isOpen && db.isTransaction) {
      db.exec('ROLLBACK');
    }
    throw error;
  }
}
