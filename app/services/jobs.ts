import { randomUUID } from 'node:crypto';
import { AppError, isAppError, type Failure } from '../../main/errors.ts';
import { PAUSE } from '../../main/lu/import.ts';
import type { JobView } from '../contract/data.ts';
import type { ConsoleEvent } from '../contract/events.ts';

/** What a job's body is given: it calls `progress` often and stops at `signal`. */
export interface JobRun {
  readonly signal: AbortSignal;
  progress(counts: { done: number; total: number | null; failed: number }): void;
}

type Body = (run: JobRun) => Promise<unknown>;

/** A job that was started, and how it ends: as its body does, or with `CANCELLED` where it was stopped. */
export interface Started<T> {
  readonly id: string;
  readonly ended: Promise<T>;
}

interface Running {
  readonly abort: AbortController;
  readonly finished: Promise<void>;
  stopAs: 'paused' | 'cancelled';
}

const RATE_WINDOW_MS = 5_000;
const EVENT_EVERY_MS = 150;

/** Long work of this process: progress with rate and time left, pause, resume, cancel. */
export class Jobs {
  readonly #emit: (event: ConsoleEvent) => void;
  readonly #explain: (where: string, error: unknown) => Failure;
  readonly #running = new Map<string, Running>();
  /** Of the jobs that run or can go on. */
  readonly #bodies = new Map<string, Body>();
  readonly #views = new Map<string, JobView>();

  /** @param explain what a job's view says of the error that ended it */
  constructor(emit: (event: ConsoleEvent) => void, explain: (where: string, error: unknown) => Failure) {
    this.#emit = emit;
    this.#explain = explain;
  }

  get running(): number {
    return this.#running.size;
  }

  list(): JobView[] {
    return [...this.#views.values()].sort((a, b) => b.startedAt - a.startedAt);
  }

  /** Runs `body` as a job and waits for its end. @throws what the body throws; `CANCELLED` where it was stopped */
  run<T>(kind: JobView['kind'], title: string, body: (run: JobRun) => Promise<T>): Promise<T> {
    return this.start(kind, title, body).ended;
  }

  /** Runs `body` as a job. A failure is shown in the job's view too, so that `ended` need not be waited for. */
  start<T>(kind: JobView['kind'], title: string, body: (run: JobRun) => Promise<T>, id: string = randomUUID()): Started<T> {
    let result: { value: T } | null = null;
    let stopped: unknown = null;
    this.#bodies.set(id, async (run) => {
      try {
        result = { value: await body(run) };
      } catch (error) {
        stopped = error;
        throw error;
      }
    });
    const ended = this.#start(id, kind, title).then(() => {
      if (result !== null) return (result as { value: T }).value;
      throw isAppError(stopped) ? stopped : new AppError('CANCELLED', `"${title}" was stopped. What was done until then is kept.`, 'Resume it to go on from there.');
    });
    ended.catch(() => undefined);
    return { id, ended };
  }

  /** Lists a job that another process left paused, so that it can be resumed or cancelled here. */
  offer(view: JobView, body: Body): void {
    this.#bodies.set(view.id, body);
    this.#views.set(view.id, view);
    this.#emit({ type: 'job', job: view });
  }

  /** Stops a running job and waits for its end; a paused or failed one can be cancelled too. @throws AppError `JOB_UNKNOWN` */
  async stop(id: string, as: 'paused' | 'cancelled'): Promise<void> {
    const running = this.#running.get(id);
    if (running === undefined) return this.#giveUp(id, as);
    running.stopAs = as;
    running.abort.abort(as === 'paused' ? PAUSE : undefined);
    await running.finished.catch(() => undefined);
  }

  /** Goes on with a paused or failed job of this process. @throws AppError `JOB_UNKNOWN` */
  resume(id: string): void {
    const view = this.#views.get(id);
    if (view === undefined || this.#running.has(id) || !this.#bodies.has(id)) throw unknownJob(id);
    void this.#start(id, view.kind, view.title).catch(() => undefined);
  }

  /** Pauses all and waits for them. */
  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((id) => this.stop(id, 'paused')));
  }

  #giveUp(id: string, as: 'paused' | 'cancelled'): void {
    const view = this.#views.get(id);
    if (view === undefined || as === 'paused' || !this.#bodies.delete(id)) throw unknownJob(id);
    const cancelled: JobView = { ...view, state: 'cancelled', left: null, updatedAt: Date.now() };
    this.#views.set(id, cancelled);
    this.#emit({ type: 'job', job: cancelled });
  }

  async #start(id: string, kind: JobView['kind'], title: string): Promise<void> {
    const body = this.#bodies.get(id);
    if (body === undefined) throw unknownJob(id);
    const abort = new AbortController();
    const finished = this.#follow(id, kind, title, body, abort);
    this.#running.set(id, { abort, finished, stopAs: 'cancelled' });
    await finished;
  }

  async #follow(id: string, kind: JobView['kind'], title: string, body: Body, abort: AbortController): Promise<void> {
    const startedAt = this.#views.get(id)?.startedAt ?? Date.now();
    const samples: { at: number; done: number }[] = [];
    let emittedAt = 0;
    const show = (change: Partial<JobView>): void => {
      const view: JobView = {
        id, kind, title, state: 'running', done: 0, total: null, failed: 0, rate: null, left: null, failure: null,
        startedAt, updatedAt: Date.now(),
        ...this.#views.get(id),
        ...change,
      };
      this.#views.set(id, { ...view, updatedAt: Date.now() });
      if (view.state !== 'running' || Date.now() - emittedAt >= EVENT_EVERY_MS) {
        emittedAt = Date.now();
        this.#emit({ type: 'job', job: view });
      }
    };
    show({ state: 'running', failure: null });
    try {
      // The body starts a tick later, so that the job is registered as running first.
      await Promise.resolve();
      await body({
        signal: abort.signal,
        progress: ({ done, total, failed }) => show({ done, total, failed, ...speed(samples, done, total) }),
      });
      this.#bodies.delete(id);
      show({ state: 'done', left: 0 });
    } catch (error) {
      if (!abort.signal.aborted || !isAppError(error, 'CANCELLED')) {
        show({ state: 'failed', left: null, failure: this.#explain('job', error) });
        throw error;
      }
      const state = this.#running.get(id)?.stopAs ?? 'cancelled';
      if (state === 'cancelled') this.#bodies.delete(id);
      show({ state, left: null });
    } finally {
      this.#running.delete(id);
      this.#emit({ type: 'changed', what: 'data' });
    }
  }
}

function speed(samples: { at: number; done: number }[], done: number, total: number | null): Pick<JobView, 'rate' | 'left'> {
  const now = Date.now();
  samples.push({ at: now, done });
  while ((samples[0]?.at ?? now) < now - RATE_WINDOW_MS) samples.shift();
  const first = samples[0] ?? { at: now, done };
  const rate = now > first.at ? ((done - first.done) * 1000) / (now - first.at) : null;
  const left = rate !== null && rate > 0 && total !== null ? ((total - done) / rate) * 1000 : null;
  return { rate, left };
}

function unknownJob(id: string): AppError {
  return new AppError('JOB_UNKNOWN', `No job "${id}" can be changed now: it ended, or another process runs it.`, 'See the list of jobs.', {
    details: { id },
  });
}
