import { setMaxListeners } from 'node:events';
import type { InstanceKeys } from '../lu/keys.ts';
import { takeTurns } from '../lu/turns.ts';
import type { CampaignState, SystemDb } from '../systemdb/repositories.ts';
import { ActiveNow } from './active.ts';
import { Ahead } from './ahead.ts';
import { type Campaign, getCampaign } from './campaign.ts';
import { Claims } from './claims.ts';
import { type Clock, systemClock } from './clock.ts';
import { FieldTreatment } from './fields.ts';
import { finishCampaign } from './finish.ts';
import { Patience, isPassing, type Waiting } from './patience.ts';
import { PutOff } from './put-off.ts';
import { type Tally, workRange, type Workshop } from './range-work.ts';
import { linked } from './signals.ts';
import { Throttle } from './throttle.ts';
import { checkGenerations, GenerationTreatment, type Treatment } from './treatment.ts';
import { Width } from './width.ts';

export interface CampaignRun {
  readonly db: Pick<SystemDb, 'info' | 'instances' | 'jobs' | 'censuses' | 'campaigns' | 'leases'>;
  readonly keys: InstanceKeys;
  readonly id: string;
  /** Names this worker among all processes on all machines, and only this one: two of a name would work the same range. */
  readonly worker: string;
  /** Says stop: the instances in hand are finished and the ranges given back; the campaign stays `running`. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RunProgress) => void;
  readonly clock?: Clock;
  /** What is done to each instance; default: what the campaign says. Set where everything else is measured by itself. */
  readonly treatment?: Treatment;
}

/** What this worker did since it began, about once a second and whenever it begins or ends to wait. */
export interface RunProgress extends Readonly<Tally> {
  readonly id: string;
  readonly worker: string;
  /** What it does: works, counts what is left, or waits for the database. */
  readonly phase: 'working' | 'counting';
  /** Since when and why it waits for the database; null while that answers. */
  readonly waiting: Waiting | null;
  /** Instances under way at once, as the cluster bears it. */
  readonly width: number;
}

/** Ranges that a worker has under way: while the last instances of one are written, the next is read already. */
const LANES = 2;
const CONTROL_MS = 1_000;
/** Sealing goes on for so long before what is sealed is sent: answers come many at once, and a node that waits for their successors is idle. */
const TURN_MS = 0.5;

/**
 * Takes part in a running campaign until it ends, is paused or cancelled, or the signal says stop. Any number of
 * workers may; each range is one worker's at a time. Whoever does the last range counts what is left and ends it.
 * @returns the campaign's state then; at once where it is not `running`.
 * @throws AppError `REKEY_UNKNOWN`, `REKEY_GENERATION_UNREADABLE` (this process can not take part), `LOCKED`, why the
 *   active generation can not be used, `DATABASE_*` that do not pass by themselves. The campaign stays `running` for others.
 */
export async function runCampaign(run: CampaignRun): Promise<CampaignState> {
  const campaign = await getCampaign(run.db, run.id);
  if (campaign.record.state !== 'running') return campaign.record.state;
  await checkGenerations(run.keys, campaign.params);
  return new Worker(run, campaign).run();
}

/** What a campaign does to an instance. */
export function treatmentOf(keys: InstanceKeys, { params }: Campaign): Treatment {
  return params.fields === undefined ? new GenerationTreatment(keys, params) : new FieldTreatment(keys, params.fields, params.leftOut);
}

class Worker {
  readonly #run: CampaignRun;
  readonly #campaign: Campaign;
  readonly #clock: Clock;
  readonly #halt = new AbortController();
  readonly #stop: AbortSignal;
  readonly #shop: Workshop;
  readonly #claims: Claims;
  #phase: RunProgress['phase'] = 'working';

  constructor(run: CampaignRun, campaign: Campaign) {
    const { db, keys, id, worker, signal, clock = systemClock } = run;
    this.#run = run;
    this.#campaign = campaign;
    this.#clock = clock;
    setMaxListeners(0, this.#halt.signal);
    this.#stop = signal === undefined ? this.#halt.signal : linked(signal, this.#halt.signal);
    const patience = new Patience(clock, () => this.#report());
    this.#shop = {
      db,
      campaign: id,
      worker,
      clock,
      patience,
      putOff: new PutOff(clock),
      treatment: run.treatment ?? treatmentOf(keys, campaign),
      active: new ActiveNow(keys, clock, patience),
      throttle: new Throttle(campaign.limits, 1, clock),
      width: new Width(campaign.limits.concurrency),
      ahead: new Ahead(),
      turn: takeTurns(TURN_MS),
      tally: { passed: 0, rewritten: 0, superseded: 0, failed: 0, bytes: 0 },
      stop: this.#stop,
    };
    this.#claims = new Claims(this.#shop, this.#stop);
  }

  async run(): Promise<CampaignState> {
    const over = new AbortController();
    const control = this.#control(linked(over.signal, this.#stop));
    try {
      await this.#work();
      if (!this.#stop.aborted) {
        this.#phase = 'counting';
        this.#report();
        await finishCampaign({ ...this.#run, campaign: this.#campaign, treatment: this.#shop.treatment, patience: this.#shop.patience, clock: this.#clock, stop: this.#stop });
      }
    } catch (error) {
      // A trouble that passes is only thrown where it was to stop anyway.
      if (!(this.#stop.aborted && isPassing(error))) throw error;
    } finally {
      over.abort();
      await control;
      this.#report();
    }
    return this.#state();
  }

  async #work(): Promise<void> {
    const lanes = Array.from({ length: LANES }, () =>
      this.#lane().catch((error: unknown) => {
        this.#halt.abort();
        throw error;
      }),
    );
    const failed = (await Promise.allSettled(lanes)).filter((lane) => lane.status === 'rejected');
    const worst = failed.find((lane) => !isPassing(lane.reason)) ?? failed[0];
    if (worst !== undefined) throw worst.reason;
  }

  async #lane(): Promise<void> {
    while (!this.#stop.aborted) {
      const held = await this.#claims.next();
      if (held === 'ended') return;
      if (held === 'busy') {
        await this.#claims.wait();
        continue;
      }
      try {
        await workRange(this.#shop, held);
      } finally {
        this.#claims.giveUp(held.seq);
      }
    }
  }

  /** Sees within a second what people want, and lets them see what it does. */
  async #control(over: AbortSignal): Promise<void> {
    const { db, id } = this.#run;
    for (;;) {
      await this.#clock.sleep(CONTROL_MS, over);
      if (over.aborted) return;
      this.#report();
      try {
        const { record, limits } = await getCampaign(db, id);
        if (record.state !== 'running') return this.#halt.abort();
        if (limits.instancesPerSecond !== null || limits.mebibytesPerSecond !== null) await this.#claims.list();
        this.#shop.throttle.set(limits, this.#claims.workers);
        this.#shop.width.setMost(limits.concurrency);
      } catch {
        // Where the database does not answer, whoever needs the answer to go on says so.
      }
    }
  }

  async #state(): Promise<CampaignState> {
    try {
      return (await getCampaign(this.#run.db, this.#run.id)).record.state;
    } catch (error) {
      if (isPassing(error)) return 'running';
      throw error;
    }
  }

  #report(): void {
    const { tally, patience, width } = this.#shop;
    const { id, worker, onProgress } = this.#run;
    onProgress?.({ ...tally, id, worker, phase: this.#phase, waiting: patience.waiting, width: width.now });
  }
}
