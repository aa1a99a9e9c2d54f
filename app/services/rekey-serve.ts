import type { ErrorCode, Failure } from '../../main/errors.ts';
import type { RunProgress } from '../../main/rekey/run.ts';
import { serveRekey, type ServeHealth } from '../../main/rekey/serve.ts';
import type { Cluster } from './cluster.ts';

/** A database that did not answer for so long makes the process unwell. */
const UNWELL_MS = 30_000;

export interface ServeState {
  readonly status: 'ok' | 'database-silent' | 'stopping';
  readonly worker: string;
  readonly profile: string;
  readonly startedAt: number;
  /** When the database last answered; null before the first time. */
  readonly lastBeat: number | null;
  /** Whether this process acts on the schedules; of all that could, one does. */
  readonly scheduler: boolean;
  readonly campaigns: readonly {
    readonly id: string;
    readonly phase: RunProgress['phase'];
    readonly rewritten: number;
    readonly failed: number;
    /** Why and since when it waits for the database. */
    readonly waiting: { readonly since: number; readonly code: ErrorCode } | null;
  }[];
  /** The last failure of each campaign, and of the scheduler (null), which is tried again. */
  readonly failures: readonly { readonly campaign: string | null; readonly at: number; readonly code: ErrorCode; readonly message: string }[];
}

export interface ServeOptions {
  readonly cluster: Cluster;
  /** @see RekeyWorkers.name */
  readonly worker: string;
  readonly signal: AbortSignal;
  readonly explain: (where: string, error: unknown) => Failure;
  /** Told in words what begins, ends and fails. */
  readonly say: (line: string) => void;
}

/** The long-running worker and scheduler of a profile, without a window. */
export class RekeyServer {
  readonly #options: ServeOptions;
  readonly #startedAt = Date.now();
  readonly #progress = new Map<string, RunProgress>();
  readonly #failures = new Map<string | null, ServeState['failures'][number]>();
  #health: ServeHealth = { campaigns: [], lastBeat: 0, schedulerLeader: false };

  constructor(options: ServeOptions) {
    this.#options = options;
  }

  /** Ends after the signal, when every range and lease is given back. @throws AppError `LOCKED` */
  async run(): Promise<void> {
    const { cluster, worker, signal, explain, say } = this.#options;
    await serveRekey({
      db: cluster.db,
      keys: cluster.ring,
      worker,
      signal,
      onHealth: (health) => {
        if (health.schedulerLeader !== this.#health.schedulerLeader) say(health.schedulerLeader ? 'acts on the schedules' : 'no longer acts on the schedules');
        this.#health = health;
      },
      onProgress: (progress) => void this.#progress.set(progress.id, progress),
      onError: (error, campaign) => {
        const { code, message } = explain('rekey serve', error);
        const before = this.#failures.get(campaign);
        this.#failures.set(campaign, { campaign, at: Date.now(), code, message });
        // The same trouble is met at every beat.
        if (before?.code !== code) say(`${campaign === null ? 'scheduler' : `campaign ${campaign}`}: ${code}: ${message}`);
      },
      aroundRun: (id, run) =>
        cluster.guarded('rekey.work', id, { worker }, async (note) => {
          say(`campaign ${id}: begins`);
          try {
            const state = await run();
            const { rewritten = 0, superseded = 0, failed = 0 } = this.#progress.get(id) ?? {};
            note({ state, rewritten, superseded, failed });
            this.#failures.delete(id);
            say(`campaign ${id}: ${state}, ${rewritten} re-encrypted here, ${failed} failed`);
            return state;
          } finally {
            this.#progress.delete(id);
          }
        }),
      aroundStart: ({ id, schedule, params: { requestedAs, lus, from, target, planned: { instances, bytes } } }, start) => {
        const facts = { schedule: schedule.id, request: requestedAs, lus, from, target, instances, bytes };
        say(`schedule ${schedule.id}: starts campaign ${id}, ${instances} instances`);
        return cluster.guarded('rekey.start', id, facts, start);
      },
    });
  }

  get state(): ServeState {
    const { cluster, worker, signal } = this.#options;
    const { lastBeat, schedulerLeader } = this.#health;
    const answered = Date.now() - Math.max(lastBeat, this.#startedAt) <= UNWELL_MS;
    return {
      status: signal.aborted ? 'stopping' : answered ? 'ok' : 'database-silent',
      worker,
      profile: cluster.profile.name,
      startedAt: this.#startedAt,
      lastBeat: lastBeat === 0 ? null : lastBeat,
      scheduler: schedulerLeader,
      campaigns: [...this.#progress.values()].map(({ id, phase, rewritten, failed, waiting }) => ({ id, phase, rewritten, failed, waiting: waiting === null ? null : { since: waiting.since, code: waiting.code } })),
      failures: [...this.#failures.values()],
    };
  }
}
