import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import type { Failure } from '../../main/errors.ts';
import { getCampaign } from '../../main/rekey/campaign.ts';
import { runCampaign, type RunProgress } from '../../main/rekey/run.ts';
import type { CampaignState } from '../../main/systemdb/repositories.ts';
import type { ConsoleEvent } from '../contract/events.ts';
import type { Cluster } from './cluster.ts';

const EVENT_EVERY_MS = 400;

const NOTHING = { rewritten: 0, superseded: 0, failed: 0 };

interface Working {
  readonly abort: AbortController;
  readonly ended: Promise<CampaignState>;
  progress: RunProgress | null;
}

/** The part that this process takes in campaigns: one worker for each, which ends with the campaign, a pause or a lock. */
export class RekeyWorkers {
  /** Tells this process from all others on all machines. */
  readonly name = `${hostname()}/${process.pid}/${randomBytes(4).toString('hex')}`;
  readonly #cluster: Cluster;
  readonly #emit: (event: ConsoleEvent) => void;
  readonly #explain: (where: string, error: unknown) => Failure;
  readonly #working = new Map<string, Working>();
  readonly #failures = new Map<string, Failure>();
  #emittedAt = 0;

  /** @param explain what is shown of the error that ended a worker */
  constructor(cluster: Cluster, emit: (event: ConsoleEvent) => void, explain: (where: string, error: unknown) => Failure) {
    this.#cluster = cluster;
    this.#emit = emit;
    this.#explain = explain;
  }

  /** Campaigns that this process works on. */
  get running(): number {
    return this.#working.size;
  }

  worksOn(id: string): boolean {
    return this.#working.has(id);
  }

  progressOf(id: string): RunProgress | null {
    return this.#working.get(id)?.progress ?? null;
  }

  /** Why the worker of a campaign ended here, where that was no end that was asked for. */
  failureOf(id: string): Failure | null {
    return this.#failures.get(id) ?? null;
  }

  /**
   * Works on a running campaign, or joins the worker that does so here. A failure is kept for {@link failureOf} too, so
   * that the promise need not be waited for.
   * @returns the campaign's state when this process stops
   * @throws AppError as `runCampaign`
   */
  work(id: string): Promise<CampaignState> {
    const known = this.#working.get(id);
    if (known?.abort.signal.aborted === false) return known.ended;
    // A tick later, so that the worker is registered first; and after one that was told to stop and has instances in hand.
    const ended = Promise.resolve(known?.ended.catch(() => undefined)).then(() => this.#run(id, working));
    ended.catch(() => undefined);
    const working: Working = { abort: new AbortController(), ended, progress: null };
    this.#failures.delete(id);
    this.#working.set(id, working);
    this.#changed();
    return ended;
  }

  /** Finishes the instances in hand and gives the ranges back; the campaign stays as it is. */
  async stop(id: string): Promise<void> {
    const working = this.#working.get(id);
    working?.abort.abort();
    await working?.ended.catch(() => undefined);
  }

  /** Stops every worker of this process. */
  async close(): Promise<void> {
    await Promise.all([...this.#working.keys()].map((id) => this.stop(id)));
  }

  async #run(id: string, working: Working): Promise<CampaignState> {
    const { signal } = working.abort;
    try {
      return await this.#cluster.guarded('rekey.work', id, { worker: this.name }, async (note) => {
        const { db, ring } = this.#cluster;
        const tally = { rewritten: 0, superseded: 0, failed: 0 };
        let state: CampaignState;
        do {
          working.progress = null;
          state = await runCampaign({ db, keys: ring, id, worker: this.name, signal, onProgress: (progress) => this.#show(working, progress) });
          const { rewritten, superseded, failed } = working.progress ?? NOTHING;
          tally.rewritten += rewritten;
          tally.superseded += superseded;
          tally.failed += failed;
          // It was paused, and set running again before the instances in hand were written.
        } while (state === 'running' && !signal.aborted);
        note(tally);
        const { outcome } = await getCampaign(db, id);
        note({ state, ...(outcome?.kind === 'proof' ? { proven: outcome.proven, left: outcome.left.reduce((sum, row) => sum + row.instances, 0) } : {}) });
        return state;
      });
    } catch (error) {
      const failure = this.#explain('rekey', error);
      // Of one that another has followed here already nobody asks any more.
      if (this.#working.get(id) === working) this.#failures.set(id, failure);
      throw error;
    } finally {
      if (this.#working.get(id) === working) this.#working.delete(id);
      this.#emit({ type: 'changed', what: 'all' });
    }
  }

  #show(working: Working, progress: RunProgress): void {
    working.progress = progress;
    if (Date.now() - this.#emittedAt >= EVENT_EVERY_MS) this.#changed();
  }

  #changed(): void {
    this.#emittedAt = Date.now();
    this.#emit({ type: 'changed', what: 'rekey' });
  }
}
