import { hostname } from 'node:os';
import { randomBytes } from 'node:crypto';
import type { Failure } from '../../main/errors.ts';
import { getCampaign } from '../../main/rekey/campaign.ts';
import { runCampaign, type RunProgress } from '../../main/rekey/run.ts';
import type { CampaignState } from '../../main/systemdb/repositories.ts';
import type { ConsoleEvent } from '../contract/events.ts';
import type { Cluster } from './cluster.ts';

const EVENT_EVERY_MS = 400;

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
    if (known !== undefined) return known.ended;
    const abort = new AbortController();
    // A tick later, so that the worker is registered first.
    const ended = Promise.resolve().then(() => this.#run(id, abort.signal));
    ended.catch(() => undefined);
    this.#failures.delete(id);
    this.#working.set(id, { abort, ended, progress: null });
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

  async #run(id: string, signal: AbortSignal): Promise<CampaignState> {
    try {
      return await this.#cluster.guarded('rekey.work', id, { worker: this.name }, async (note) => {
        const { db, ring } = this.#cluster;
        const state = await runCampaign({ db, keys: ring, id, worker: this.name, signal, onProgress: (progress) => this.#show(id, progress) });
        const tally = this.progressOf(id);
        if (tally !== null) note({ rewritten: tally.rewritten, superseded: tally.superseded, failed: tally.failed });
        const { outcome } = await getCampaign(db, id);
        note({ state, ...(outcome?.kind === 'proof' ? { proven: outcome.proven, left: outcome.left.reduce((sum, row) => sum + row.instances, 0) } : {}) });
        return state;
      });
    } catch (error) {
      this.#failures.set(id, this.#explain('rekey', error));
      throw error;
    } finally {
      this.#working.delete(id);
      this.#emit({ type: 'changed', what: 'all' });
    }
  }

  #show(id: string, progress: RunProgress): void {
    const working = this.#working.get(id);
    if (working === undefined) return;
    working.progress = progress;
    if (Date.now() - this.#emittedAt >= EVENT_EVERY_MS) this.#changed();
  }

  #changed(): void {
    this.#emittedAt = Date.now();
    this.#emit({ type: 'changed', what: 'rekey' });
  }
}
