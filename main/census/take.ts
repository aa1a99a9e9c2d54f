import { randomUUID } from 'node:crypto';
import { AppError, toFailure } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import { PAUSE } from '../lu/import.ts';
import type { InstanceKeys } from '../lu/keys.ts';
import type { JobRecord, SystemDb } from '../systemdb/repositories.ts';
import { Counted } from './counted.ts';
import { limitsOf } from './coverage.ts';
import { keepResult } from './kept.ts';
import { planCensus, readPlan, writePlan, type CensusPlan } from './plan.ts';
import { isOfRange, patiently, readRange, type Patience } from './range.ts';
import type { CensusResult, Gap } from './result.ts';

export interface CensusRequest {
  readonly db: Pick<SystemDb, 'info' | 'instances' | 'jobs' | 'censuses'>;
  /** Goes on where the job of this ID stopped, in any process, whatever else is asked for here; a new ID starts a new job. */
  readonly jobId?: string;
  /** Only these LUs; all without it. */
  readonly lus?: readonly string[];
  /** Also compares every envelope's header with its record, and authenticates a share (0 to 1) of the instances. */
  readonly deep?: { readonly share: number } | null;
  /** Needed where a deep census has a share to authenticate. */
  readonly keys?: InstanceKeys;
  /** Ranges that are read at a time. Default: 1 where the database is one file, else 8. */
  readonly concurrency?: number;
  readonly onProgress?: (progress: CensusProgress) => void;
  /** Aborted with {@link PAUSE} the job is `paused`, with anything else `cancelled`. */
  readonly signal?: AbortSignal;
  readonly now?: () => number;
  /** How long a range that can not be read is tried again. */
  readonly patience?: Patience;
}

export interface CensusProgress {
  /** Instances counted so far, those of ranges under way included. */
  readonly done: number;
  /** An estimate until the end; null while nothing can be told. */
  readonly total: number | null;
  /** Deep findings so far. */
  readonly failed: number;
  readonly ranges: { readonly counted: number; readonly total: number };
}

const CLUSTER_CONCURRENCY = 8;
const PATIENCE: Patience = { attempts: 4, waitMs: 250 };
/** What a crash costs at most, and how often progress is written. */
const KEEP_EVERY_MS = 1_000;

/**
 * Counts the instances by LU, generation and node, exactly: every range in one pass, and added only when it is whole. No
 * sealed byte is read but by a deep census. A range that can not be read is tried again with growing pauses, once more
 * when the others are done, and then listed as not covered. What is counted lies in the job record, so that a census
 * that was stopped (or whose process ended) goes on with the ranges that are left. The result is stored.
 * @throws AppError `CANCELLED` (paused too), `INPUT_INVALID` (the job is no census), `LOCKED` (a share without keys),
 *   `DATABASE_*` where not one range could be read, or the result not be stored: the job is `failed` then and can go on.
 */
export async function takeCensus(request: CensusRequest): Promise<CensusResult> {
  return new Census(request, await begin(request)).run();
}

interface Begun {
  readonly job: JobRecord;
  readonly plan: CensusPlan;
  readonly counted: Counted;
}

async function begin({ db, jobId = randomUUID(), lus, deep = null, now = Date.now, patience = PATIENCE, signal }: CensusRequest): Promise<Begun> {
  const firm = async <T>(act: () => Promise<T>): Promise<T> => {
    const made = await patiently(async () => ({ value: await act() }), patience, signal);
    if (made === null) throw new AppError('CANCELLED', 'The census was stopped before it began.', 'Take it again.');
    return made.value;
  };
  const known = await firm(() => db.jobs.get(jobId));
  const at = now();
  const goesOn = known !== null && known.state !== 'done';
  const plan = goesOn ? readPlan(known) : await firm(() => planCensus(db, lus, deep?.share ?? null));
  const counted = new Counted(plan, goesOn ? known : null);
  const job: JobRecord = {
    id: jobId,
    kind: 'census',
    params: goesOn ? known.params : writePlan(plan),
    state: 'running',
    done: counted.instances,
    total: null,
    failed: counted.findings,
    cursor: counted.write(),
    failure: null,
    startedAt: goesOn ? known.startedAt : at,
    updatedAt: at,
  };
  await firm(() => db.jobs.put(job));
  return { job, plan, counted };
}

class Census {
  readonly #request: CensusRequest;
  readonly #plan: CensusPlan;
  readonly #counted: Counted;
  readonly #patience: Patience;
  readonly #now: () => number;
  /** Ends the workers where one of them met what concerns all. */
  readonly #broken = new AbortController();
  readonly #stop: AbortSignal;
  #job: JobRecord;
  /** Instances of ranges under way. */
  #underWay = 0;
  #keptAt = performance.now();
  #keeping: Promise<void> = Promise.resolve();
  #idle = true;

  constructor(request: CensusRequest, { job, plan, counted }: Begun) {
    this.#request = request;
    this.#plan = plan;
    this.#counted = counted;
    this.#job = job;
    this.#patience = request.patience ?? PATIENCE;
    this.#now = request.now ?? Date.now;
    this.#stop = request.signal === undefined ? this.#broken.signal : AbortSignal.any([request.signal, this.#broken.signal]);
  }

  async run(): Promise<CensusResult> {
    try {
      this.#report();
      const failed = await this.#countAll(this.#counted.waiting());
      // Who was away may be back by now.
      const missed = await this.#countAll([...failed.keys()]);
      if (this.#request.signal?.aborted === true) throw await this.#stopped();
      const [worst] = missed.values();
      if (worst !== undefined && this.#counted.ranges === 0) throw worst;
      const result = this.#result(missed);
      await this.#store(result);
      return result;
    } catch (error) {
      if (this.#request.signal?.aborted !== true) await this.#keep({ state: 'failed', failure: JSON.stringify(toFailure(error, this.#job.id)) }).catch(() => undefined);
      throw error;
    }
  }

  /** Reads ranges, several at a time. @returns those that could not be read, with why */
  async #countAll(places: readonly number[]): Promise<Map<number, AppError>> {
    const failed = new Map<number, AppError>();
    const left = [...places].reverse();
    const work = async (): Promise<void> => {
      for (let place = left.pop(); place !== undefined && !this.#stop.aborted; place = left.pop()) {
        const error = await this.#countOne(place);
        if (error !== null) failed.set(place, error);
      }
    };
    const concurrency = this.#request.concurrency ?? (this.#request.db.info.kind === 'sqlite' ? 1 : CLUSTER_CONCURRENCY);
    const workers = Array.from({ length: Math.min(concurrency, left.length) }, () =>
      work().catch((error: unknown) => {
        this.#broken.abort();
        throw error;
      }),
    );
    const [first] = (await Promise.allSettled(workers)).filter((worker) => worker.status === 'rejected');
    if (first !== undefined) throw first.reason;
    return failed;
  }

  async #countOne(place: number): Promise<AppError | null> {
    const range = this.#plan.ranges[place];
    if (range === undefined) return null;
    const { db, keys } = this.#request;
    const { share } = this.#plan;
    if (share !== null && share > 0 && keys === undefined) throw noKeys();
    try {
      const read = await readRange(
        range,
        {
          db,
          depth: share === null ? null : { share, keys: share > 0 ? (keys ?? null) : null },
          signal: this.#stop,
          onCounted: (instances) => {
            this.#underWay += instances;
            this.#report();
          },
        },
        this.#patience,
      );
      if (read === null) {
        this.#report();
        return null;
      }
      this.#underWay -= read.instances;
      this.#counted.add(place, read);
      failPoint('census:range-counted');
      this.#keepNowAndThen();
      this.#report();
      return null;
    } catch (error) {
      if (isOfRange(error)) return error;
      throw error;
    }
  }

  #report(): void {
    const done = this.#counted.instances + this.#underWay;
    const total = this.#counted.estimate();
    this.#request.onProgress?.({
      done,
      total: total === null ? null : Math.max(done, total),
      failed: this.#counted.findings,
      ranges: { counted: this.#counted.ranges, total: this.#plan.ranges.length },
    });
  }

  #result(missed: ReadonlyMap<number, AppError>): CensusResult {
    const { lus, whole } = this.#plan;
    const { startedAt } = this.#job;
    const endedAt = Math.max(this.#now(), startedAt);
    const notCovered: Gap[] = [...missed].flatMap(([place, { code }]) => {
      const range = this.#plan.ranges[place];
      return range === undefined ? [] : [{ lu: range.lu, start: range.start, end: range.end, code }];
    });
    const says = limitsOf({ span: { startedAt, endedAt }, ranges: this.#plan.ranges.length, notCovered, only: whole ? null : lus });
    return { version: 1, id: this.#job.id, startedAt, endedAt, whole, ...this.#counted.facts(), notCovered, says };
  }

  async #store(result: CensusResult): Promise<void> {
    await patiently(() => keepResult(this.#request.db.censuses, result), this.#patience, undefined);
    // Stored is stored: a job record that says less does no harm.
    await this.#keep({ state: 'done', cursor: null, total: result.total }).catch(() => undefined);
  }

  async #stopped(): Promise<AppError> {
    const state = this.#request.signal?.reason === PAUSE ? 'paused' : 'cancelled';
    await patiently(() => this.#keep({ state }), this.#patience, undefined);
    const { ranges, instances } = this.#counted;
    const so = `The census was ${state} after ${instances} instances in ${ranges} of ${this.#plan.ranges.length} ranges`;
    return state === 'paused'
      ? new AppError('CANCELLED', `${so}; what is counted is kept.`, `Go on with: fkc census --resume ${this.#job.id}`, { details: { jobId: this.#job.id, ranges, instances } })
      : new AppError('CANCELLED', `${so}. Nothing was stored; the census before stands.`, 'Take it again when there is time.', { details: { jobId: this.#job.id } });
  }

  /** Writes what is counted, unless it was just written or is being written. A failure costs only what a crash would. */
  #keepNowAndThen(): void {
    if (!this.#idle || performance.now() - this.#keptAt < KEEP_EVERY_MS) return;
    void this.#keep({}).catch(() => undefined);
  }

  /** One after the other, so that an older state never replaces a newer one. */
  #keep(change: Partial<JobRecord>): Promise<void> {
    const next = this.#keeping.then(async () => {
      this.#idle = false;
      const { instances, findings } = this.#counted;
      this.#job = { ...this.#job, done: instances, total: this.#counted.estimate(), failed: findings, cursor: this.#counted.write(), ...change, updatedAt: this.#now() };
      try {
        await this.#request.db.jobs.put(this.#job);
      } finally {
        this.#keptAt = performance.now();
        this.#idle = true;
      }
    });
    this.#keeping = next.catch(() => undefined);
    return next;
  }
}

function noKeys(): AppError {
  return new AppError('LOCKED', 'A share of the instances was to be authenticated, and no plain key is in memory. Nothing was counted.', 'Unlock the console, or take the census without a share.');
}
