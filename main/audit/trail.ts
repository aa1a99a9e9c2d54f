import { setTimeout as delay } from 'node:timers/promises';
import { AppError, isAppError } from '../errors.ts';
import type { AuditRecord, AuditRepository } from '../systemdb/repositories.ts';
import { auditHash, START, type ChainEnd } from './chain.ts';
import { exportTrail, headOf, type ExportedHead } from './export.ts';
import { listTrail, type TrailFilter, type TrailPage } from './list.ts';
import { outcomeOf } from './refusals.ts';
import { verifyTrail, type TrailVerification } from './verify.ts';

export { actorOf } from './actor.ts';

/** Facts about an act. Never a secret: they are kept for good and exported. */
export type AuditFacts = Readonly<Record<string, string | number | boolean | null | readonly string[] | readonly number[]>>;

export interface AuditEntry {
  /** Verb and area, for example `keystore.enable`. */
  readonly act: string;
  /** What it was done to, for example a key description. */
  readonly object: string;
  readonly context: AuditFacts;
  readonly outcome: AuditRecord['outcome'];
  /** For a completion: the seq of its `started` record. */
  readonly completes?: number;
}

/** Tries to append while other processes append too; each try that is lost means that another one's record got in. */
const TRIES = 200;

/** Longest pause after a lost try, in milliseconds. */
const PAUSE = 20;

/** The append-only, hash-chained record of who did what, written for one actor of this process. */
export class AuditTrail {
  readonly #repository: AuditRepository;
  readonly #actor: string;
  readonly #now: () => number;
  /** The end of the last append: those of one process wait for each other rather than race. */
  #appended: Promise<unknown> = Promise.resolve();

  constructor(repository: AuditRepository, actor: string, now: () => number = Date.now) {
    this.#repository = repository;
    this.#actor = actor;
    this.#now = now;
  }

  /**
   * Appends one record.
   * @throws AppError `DATABASE_*`, `DISK_FULL`; `DATABASE_LOCKED` also where others appended all the time
   */
  async record(entry: AuditEntry): Promise<AuditRecord> {
    const appended = this.#appended.then(() => this.#append(entry));
    this.#appended = appended.catch(() => undefined);
    return appended;
  }

  /**
   * Carries out a dangerous act: writes a `started` record first, and completes it with `done`, `refused` (a rule said
   * no) or `failed`, with the facts that the body noted and the error's code. An act whose `started` record can not be
   * written is not carried out.
   * @throws what `body` throws, and what {@link record} throws
   */
  async guarded<T>(act: string, object: string, context: AuditFacts, body: (note: (facts: AuditFacts) => void) => Promise<T>): Promise<T> {
    const started = await this.record({ act, object, context, outcome: 'started' }).catch((error: unknown) => {
      throw notBegun(act, error);
    });
    let facts: AuditFacts = {};
    const note = (more: AuditFacts): void => {
      facts = { ...facts, ...more };
    };
    let result: T;
    try {
      result = await body(note);
    } catch (error) {
      const code = isAppError(error) ? error.code : 'INTERNAL';
      // Where this fails too, the act's own error is the one to tell; the record that it started stays open.
      await this.record({ act, object, context: { ...facts, code }, outcome: outcomeOf(code), completes: started.seq }).catch(() => undefined);
      throw error;
    }
    await this.record({ act, object, context: facts, outcome: 'done', completes: started.seq }).catch((error: unknown) => {
      throw doneButNotRecorded(act, started.seq, error);
    });
    return result;
  }

  /** One record. @throws AppError `NOT_FOUND` */
  async get(seq: number): Promise<AuditRecord> {
    const [record] = await this.#repository.read(seq, 1);
    if (record?.seq !== seq) {
      throw new AppError('NOT_FOUND', `The audit trail has no record ${seq}.`, 'Reload the list of records.', { details: { seq } });
    }
    return record;
  }

  /** A page of records, newest first. */
  async list(filter: TrailFilter): Promise<TrailPage> {
    return listTrail(this.#repository, filter);
  }

  /** Checks the whole chain; with `exported`, also against a head that was exported before. */
  async verify(exported: ChainEnd | null = null): Promise<TrailVerification> {
    return verifyTrail(this.#repository, exported);
  }

  /** The end of the chain as it is now, to be kept in another place. */
  async exportHead(): Promise<ExportedHead> {
    return headOf(await this.#repository.head(), this.#actor, this.#now());
  }

  /** Writes the trail as JSON Lines, with its head as the last line. @throws AppError `FILE_WRITE_FAILED`, `DISK_FULL` */
  async exportTo(file: string): Promise<{ records: number; head: ExportedHead }> {
    const head = await this.exportHead();
    return { records: await exportTrail(this.#repository, file, head), head };
  }

  async #append(entry: AuditEntry): Promise<AuditRecord> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const end = (await this.#repository.head()) ?? START;
      const content = {
        seq: end.seq + 1,
        at: this.#now(),
        actor: this.#actor.toWellFormed(),
        act: entry.act.toWellFormed(),
        object: entry.object.toWellFormed(),
        context: JSON.stringify(entry.context),
        outcome: entry.outcome,
        completes: entry.completes ?? null,
        previous: end.hash,
      };
      const record: AuditRecord = { ...content, hash: auditHash(content) };
      if (await this.#repository.append(record)) {
        return record;
      }
      await delay(Math.random() * PAUSE);
    }
    throw new AppError(
      'DATABASE_LOCKED',
      `Other processes wrote to the audit trail all the time, so that "${entry.act}" could not be recorded. The record was not written.`,
      'Wait until they have finished, then try again.',
      { details: { act: entry.act } },
    );
  }
}

function notBegun(act: string, cause: unknown): unknown {
  if (!isAppError(cause)) return cause;
  return new AppError(
    cause.code,
    `"${act}" was not begun: an act is carried out only once the audit trail has it, and that could not be written. ${cause.message}`,
    cause.remedy,
    { details: { ...cause.details, act }, cause },
  );
}

function doneButNotRecorded(act: string, seq: number, cause: unknown): unknown {
  if (!isAppError(cause)) {
    return cause;
  }
  return new AppError(
    cause.code,
    `"${act}" was carried out, but that could not be written to the audit trail: its record ${seq} stays at "started". ${cause.message}`,
    cause.remedy,
    { details: { act, seq }, cause },
  );
}
