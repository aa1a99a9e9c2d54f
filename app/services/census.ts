import { randomUUID } from 'node:crypto';
import { AppError, isAppError } from '../../main/errors.ts';
import { readPlan } from '../../main/census/plan.ts';
import type { CensusResult } from '../../main/census/result.ts';
import { liveCensus, standingCensus, storedResults, type StandingCensus } from '../../main/census/standing.ts';
import { takeCensus } from '../../main/census/take.ts';
import type { JobRecord } from '../../main/systemdb/repositories.ts';
import type { Census, CensusGeneration, CensusRequest, CensusState } from '../contract/census.ts';
import type { Cluster } from './cluster.ts';
import type { Jobs, Started } from './jobs.ts';

/** Plans of acts stand on figures that are no older than this. */
export const CENSUS_AGE_MS = 60 * 60_000;
/** Ranges that could not be read now are not asked for again by every plan of the next minutes. */
const GAPS_AGE_MS = 5 * 60_000;

/** A job record that says `running` and was not written for so long belongs to a process that is gone. */
const GONE_MS = 60_000;
/** Among how many of the newest jobs an unfinished census is looked for. */
const LOOKED_AT = 50;

/**
 * What needs which generation. Pages and plans ask {@link standing} and nothing else, so that all of them tell the same
 * figures, of the same age.
 */
export class Censuses {
  readonly #cluster: Cluster;
  readonly #jobs: Jobs;
  #stored: { readonly newest: string; readonly results: readonly CensusResult[] } | null = null;
  #taking: { readonly scope: string; readonly started: Started<CensusResult> } | null = null;
  #offered = false;
  #at: number | null = null;

  constructor(cluster: Cluster, jobs: Jobs) {
    this.#cluster = cluster;
    this.#jobs = jobs;
  }

  /** Of the last answer that anybody was given, ms since the epoch. */
  get at(): number | null {
    return this.#at;
  }

  /** Counted now where the database is one file; on a cluster what the stored censuses say. @throws AppError `DATABASE_*` */
  async standing(): Promise<StandingCensus> {
    const { db, now } = this.#cluster;
    const results = await this.#results();
    // A cluster without any LU needs no census to know that nothing is stored.
    const live = db.info.kind === 'sqlite' || (results.length === 0 && (await db.instances.lus()).length === 0);
    const standing = live ? await liveCensus(db, now(), results) : standingCensus(results);
    this.#at = standing.at;
    return standing;
  }

  /** What wraps each generation that instances of `rows` are under, ordered by key description; needs no key. @throws AppError `DATABASE_*` */
  async generations(rows: Census['rows']): Promise<CensusGeneration[]> {
    const wrapping = new Map((await this.#cluster.db.keys.list()).map((generation) => [generation.description, generation.wrapping]));
    const descriptions = [...new Set(rows.map((row) => row.keyDescription))].sort();
    return descriptions.map((keyDescription) => ({ keyDescription, wrapping: wrapping.get(keyDescription) ?? null }));
  }

  /**
   * For acts that rely on the figures: takes a census first where the standing one is incomplete, began longer than
   * `age` ms ago, or does not know an LU that there is by now.
   */
  async renewIfOlderThan(age: number): Promise<StandingCensus> {
    const standing = await this.standing();
    const due = await this.#due(standing, standing.complete && standing.since !== null && this.#cluster.now() - standing.since <= age);
    if (due === null) return standing;
    await this.take(due);
    return this.standing();
  }

  /**
   * For plans of acts that take nothing away: a census that is too old, incomplete, or without an LU that there is by now
   * is taken anew first. Where that fails or is stopped, or it can not be told which LUs there are, the standing one is
   * answered with its age, so that nobody is kept from putting things right.
   * @param told carries the taking out, to show it; its answer is why there is no new census
   * @throws AppError `DATABASE_*`
   */
  async renewed(told: (take: () => Promise<AppError | null>) => Promise<unknown> = (take) => take()): Promise<StandingCensus> {
    const standing = await this.standing();
    const due = await this.#due(standing, isFresh(standing, this.#cluster.now())).catch(whyNot);
    if (due === null || isAppError(due)) return standing;
    await told(() => this.take(due).then(() => null, whyNot));
    return this.standing();
  }

  /** What has to be counted before `standing` may be relied on: everything, what was imported since, or (null) nothing. */
  async #due(standing: StandingCensus, fresh: boolean): Promise<CensusRequest | null> {
    if (standing.live) return null;
    if (!fresh) return {};
    const counted = new Set(standing.parts.map(({ lu }) => lu));
    const lus = (await this.#cluster.db.instances.lus()).filter((lu) => !counted.has(lu));
    return lus.length === 0 ? null : { lus };
  }

  /** Starts a census as a job; one of the same kind that runs is joined. It is stored and audited when it ends. */
  start(request: CensusRequest): Started<CensusResult> {
    const scope = JSON.stringify(request);
    if (this.#taking?.scope === scope) return this.#taking.started;
    const { id, ended } = this.#run(randomUUID(), title(request.deep?.share ?? null, request.lus ?? null), request);
    const forget = (): void => {
      if (this.#taking === taking) this.#taking = null;
    };
    // Who waits for it goes on after it is forgotten: the next one counts anew.
    const taking = { scope, started: { id, ended: ended.finally(forget) } };
    taking.started.ended.catch(() => undefined);
    this.#taking = taking;
    return taking.started;
  }

  /** @throws AppError `CANCELLED`, `LOCKED` (a share to authenticate), `DATABASE_*` */
  take(request: CensusRequest): Promise<CensusResult> {
    return this.start(request).ended;
  }

  /** Goes on with a census of any process. @throws AppError `JOB_UNKNOWN` */
  async resume(id: string): Promise<CensusResult> {
    const job = await this.#unfinished(id);
    return this.#run(id, titleOf(job), {}).ended;
  }

  /** Says to every process that a census which was stopped will not go on. Nothing happens to one that ended, or that is none. */
  async abandon(id: string): Promise<void> {
    const { jobs } = this.#cluster.db;
    const job = await jobs.get(id);
    if (job?.kind === 'census' && job.state !== 'done' && job.state !== 'cancelled') await jobs.put({ ...job, state: 'cancelled', cursor: null, updatedAt: this.#cluster.now() });
  }

  /** Whether going on with a census needs the plain keys. @throws AppError `JOB_UNKNOWN` */
  async needsKeys(id: string): Promise<boolean> {
    return (readPlan(await this.#unfinished(id)).share ?? 0) > 0;
  }

  /** Lists a census that another process left unfinished among the jobs, once, so that it can be resumed or cancelled. */
  async offerUnfinished(): Promise<void> {
    if (this.#offered) return;
    this.#offered = true;
    const { db } = this.#cluster;
    const newest = (await this.#results())[0]?.endedAt ?? 0;
    const left = (await db.jobs.list(LOOKED_AT)).find((job) => job.kind === 'census' && isLeft(job) && job.startedAt > newest);
    if (left === undefined || this.#jobs.list().some((job) => job.id === left.id)) return;
    const { id, done, total, failed, startedAt, updatedAt } = left;
    this.#jobs.offer({ id, kind: 'census', title: titleOf(left), state: 'paused', done, total, failed, rate: null, left: null, failure: null, startedAt, updatedAt }, this.#body(id, {}));
  }

  #run(id: string, name: string, request: CensusRequest): Started<CensusResult> {
    return this.#jobs.start('census', name, this.#body(id, request), id);
  }

  #body(id: string, { deep, lus }: CensusRequest): Parameters<typeof Jobs.prototype.start<CensusResult>>[2] {
    return (run) =>
      this.#cluster.guarded('census.take', lus?.join(' ') ?? 'all', { job: id, ...(deep === undefined ? {} : { share: deep.share }) }, async (note) => {
        // Asked for here: a job that goes on after a lock needs the keys of then.
        const { db, now, unlocked } = this.#cluster;
        const result = await takeCensus({
          db,
          jobId: id,
          ...(lus === undefined ? {} : { lus }),
          ...(deep === undefined ? {} : { deep }),
          ...(unlocked ? { keys: this.#cluster.ring } : {}),
          now,
          signal: run.signal,
          onProgress: ({ done, total, failed }) => run.progress({ done, total, failed }),
        });
        // It need not be the newest: another may have ended in the same moment, or by a clock that is ahead.
        this.#stored = null;
        note({ instances: result.total, notCovered: result.notCovered.length, ...(result.deep === null ? {} : { authenticated: result.deep.opened, findings: result.deep.findings }) });
        return result;
      });
  }

  async #unfinished(id: string): Promise<JobRecord> {
    const job = await this.#cluster.db.jobs.get(id);
    if (job !== null && job.kind === 'census' && job.state !== 'done' && job.state !== 'cancelled') return job;
    throw new AppError('JOB_UNKNOWN', `There is no unfinished census "${id}" in this system database.`, 'Take a new one: fkc census', { details: { id } });
  }

  async #results(): Promise<readonly CensusResult[]> {
    const { db } = this.#cluster;
    const [newest] = await db.censuses.list(1);
    if (newest === undefined) return [];
    if (this.#stored?.newest !== newest.id) this.#stored = { newest: newest.id, results: await storedResults(db) };
    return this.#stored.results;
  }
}

/** As it crosses to the window and to documents. */
export function censusView(standing: StandingCensus): Census {
  const { at, since, live, complete, total, rows, byNode, parts, notCovered, says, deep } = standing;
  return {
    at,
    since,
    live,
    complete,
    total,
    rows: [...rows],
    byNode: [...byNode],
    coverage: {
      ranges: parts.reduce((sum, part) => sum + part.ranges, 0),
      counted: parts.reduce((sum, part) => sum + part.counted, 0),
      notCovered: [...notCovered],
      says: [...says],
    },
    deep: deep === null ? null : { ...deep, only: deep.only === null ? null : [...deep.only] },
  };
}

/** How far the figures of a census may be trusted. */
export function censusState({ at, live, complete }: StandingCensus): CensusState {
  return { at, live, complete };
}

function isFresh({ at, since, complete, notCovered }: StandingCensus, now: number): boolean {
  if (at === null || since === null) return false;
  return complete ? now - since <= CENSUS_AGE_MS : notCovered.length > 0 && now - at <= GAPS_AGE_MS;
}

function whyNot(error: unknown): AppError {
  if (!isAppError(error)) throw error;
  return error;
}

function isLeft({ state, updatedAt }: JobRecord): boolean {
  return state === 'paused' || state === 'failed' || (state === 'running' && Date.now() - updatedAt > GONE_MS);
}

function titleOf(job: JobRecord): string {
  const { share, whole, lus } = readPlan(job);
  return title(share, whole ? null : lus);
}

function title(share: number | null, lus: readonly string[] | null): string {
  const what = share === null ? 'Census' : 'Deep census';
  return lus === null ? `${what} of every Logical Unit` : `${what} of ${lus.join(', ')}`;
}
