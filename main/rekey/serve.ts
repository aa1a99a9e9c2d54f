import type { InstanceKeys } from '../lu/keys.ts';
import type { CampaignState, SystemDb } from '../systemdb/repositories.ts';
import { type Clock, systemClock } from './clock.ts';
import { CAMPAIGNS_LOOKED_AT } from './create.ts';
import { isPassing } from './patience.ts';
import { runCampaign, type RunProgress } from './run.ts';
import { beatScheduler, SCHEDULER_LEASE, type SchedulerBeat } from './scheduler.ts';

export interface ServeRequest {
  readonly db: SystemDb;
  readonly keys: InstanceKeys;
  /** Names this process among all processes on all machines. */
  readonly worker: string;
  /** Says stop: the instances in hand are finished, ranges and leases given back. */
  readonly signal: AbortSignal;
  readonly onHealth?: (health: ServeHealth) => void;
  readonly onProgress?: (progress: RunProgress) => void;
  /** Put around {@link runCampaign}, for a record of it before and after. */
  readonly aroundRun?: (id: string, run: () => Promise<CampaignState>) => Promise<CampaignState>;
  /** @see SchedulerBeat.aroundStart */
  readonly aroundStart?: SchedulerBeat['aroundStart'];
  /** What a campaign or the scheduler failed of; it is tried again later. `campaign` is null for the scheduler. */
  readonly onError?: (error: unknown, campaign: string | null) => void;
  readonly clock?: Clock;
}

export interface ServeHealth {
  /** Campaigns that this process works on. */
  readonly campaigns: readonly string[];
  /** When the database last answered, milliseconds since the epoch; 0 before the first time. */
  readonly lastBeat: number;
  /** Whether this process is the one that acts on the schedules. */
  readonly schedulerLeader: boolean;
}

const BEAT_MS = 2_000;
/** After a failure a campaign is left to others for this long. */
const AFTER_FAILURE_MS = 30_000;

/**
 * The worker and scheduler without a window: takes part in every running campaign and starts those that are due, until
 * the signal says stop; then returns when everything is given back. It outlives what goes wrong with one campaign.
 */
export async function serveRekey(request: ServeRequest): Promise<void> {
  await new Server(request).run();
}

class Server {
  readonly #request: ServeRequest;
  readonly #clock: Clock;
  readonly #running = new Map<string, Promise<void>>();
  readonly #notBefore = new Map<string, number>();
  #lastBeat = 0;
  #leader = false;

  constructor(request: ServeRequest) {
    this.#request = request;
    this.#clock = request.clock ?? systemClock;
  }

  async run(): Promise<void> {
    const { db, worker, signal } = this.#request;
    const scheduler = this.#schedule();
    while (!signal.aborted) {
      await this.#beat();
      await this.#clock.sleep(BEAT_MS, signal);
    }
    await Promise.all([scheduler, ...this.#running.values()]);
    await db.leases.release(SCHEDULER_LEASE, worker).catch(() => undefined);
    this.#leader = false;
    this.#report();
  }

  async #beat(): Promise<void> {
    try {
      for (const { id, state } of await this.#request.db.campaigns.list(CAMPAIGNS_LOOKED_AT)) {
        if (state === 'running' && !this.#running.has(id) && this.#clock.elapsed() >= (this.#notBefore.get(id) ?? 0)) this.#start(id);
      }
      this.#lastBeat = this.#clock.now();
    } catch (error) {
      if (!isPassing(error)) this.#request.onError?.(error, null);
    }
    this.#report();
  }

  #start(id: string): void {
    const { db, keys, worker, signal, onProgress, aroundRun = (_id, run) => run() } = this.#request;
    const run = aroundRun(id, () => runCampaign({ db, keys, id, worker, signal, clock: this.#clock, ...(onProgress === undefined ? {} : { onProgress }) }));
    const ended = run.then(
      () => undefined,
      (error: unknown) => {
        this.#notBefore.set(id, this.#clock.elapsed() + AFTER_FAILURE_MS);
        this.#request.onError?.(error, id);
      },
    );
    this.#running.set(id, ended.finally(() => this.#running.delete(id)));
  }

  /** Beside the campaigns: a census that a schedule wants may last. */
  async #schedule(): Promise<void> {
    const { db, keys, worker, signal, aroundStart } = this.#request;
    const undecided = new Map<string, number>();
    while (!signal.aborted) {
      try {
        this.#leader = await beatScheduler({ db, keys, worker, clock: this.#clock, signal, undecided, ...(aroundStart === undefined ? {} : { aroundStart }) });
      } catch (error) {
        this.#leader = false;
        if (!isPassing(error)) this.#request.onError?.(error, null);
      }
      await this.#clock.sleep(BEAT_MS, signal);
    }
  }

  #report(): void {
    this.#request.onHealth?.({ campaigns: [...this.#running.keys()], lastBeat: this.#lastBeat, schedulerLeader: this.#leader });
  }
}
