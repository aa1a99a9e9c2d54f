import { randomUUID } from 'node:crypto';
import { DEFAULT_LIMITS, getCampaign, parseLimits, readCampaign, type CampaignLimits } from '../../main/rekey/campaign.ts';
import { cancelCampaign, limitCampaign, pauseCampaign, resumeCampaign, startCampaign } from '../../main/rekey/control.ts';
import { createCampaign } from '../../main/rekey/create.ts';
import { planRekey, type RekeyPlan, type RekeyRequest } from '../../main/rekey/plan.ts';
import { retryCampaign, type RetryResult } from '../../main/rekey/retry.ts';
import { statusOf } from '../../main/rekey/state.ts';
import { surveyGenerations } from '../../main/rekey/survey.ts';
import { LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import type { CampaignRecord, CampaignState } from '../../main/systemdb/repositories.ts';
import type { CampaignFailureView, CampaignView, RekeyLimitsInput, RekeyNeeds, RekeyPlanView, RekeyRequestInput } from '../contract/rekey.ts';
import { CENSUS_AGE_MS, censusState, type Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';
import { assertConfirmed } from './keystore.ts';
import { RekeySchedules } from './rekey-schedules.ts';
import { campaignView } from './rekey-view.ts';
import type { RekeyWorkers } from './rekey-workers.ts';

/** Campaigns that are listed, the newest first. */
const LISTED = 50;
/** A campaign of fewer instances tells nothing of how fast a cluster is. */
const TELLING = 1_000;
const SETTLED_MS = 60_000;
const ENDED: readonly CampaignState[] = ['done', 'cancelled', 'failed'];

/** Rekey campaigns: planned first, worked on by any number of processes, of which this one may be one. */
export class Rekeys {
  readonly workers: RekeyWorkers;
  readonly schedules: RekeySchedules;
  readonly #cluster: Cluster;
  readonly #censuses: Censuses;
  readonly #retrying = new Set<AbortController>();
  /** Campaigns that ended change no more until they are retried. */
  readonly #ended = new Map<string, { readonly updatedAt: number; readonly view: CampaignView }>();

  constructor(cluster: Cluster, censuses: Censuses, workers: RekeyWorkers) {
    this.#cluster = cluster;
    this.#censuses = censuses;
    this.workers = workers;
    this.schedules = new RekeySchedules(cluster);
  }

  /** What a campaign would do; changes nothing. @throws AppError `LOCKED`, `INPUT_INVALID` (limits), `DATABASE_*` */
  async plan(input: RekeyRequestInput, limits: RekeyLimitsInput = {}): Promise<RekeyPlanView> {
    const wanted = limitsOf(limits);
    const { plan, census } = await this.#plan(input, wanted);
    const { profile } = this.#cluster;
    return {
      target: plan.target,
      lus: [...plan.lus],
      from: [...plan.from],
      requestedAs: plan.requestedAs,
      rows: [...plan.rows],
      total: plan.total,
      bytes: plan.bytes,
      refusals: [...plan.refusals],
      warnings: [...plan.warnings],
      estimate: plan.estimate,
      limits: wanted,
      census: censusState(census),
      confirm: profile.production ? profile.name : null,
    };
  }

  /**
   * Creates a campaign of a plan made now, and starts it: it is `running`, and nobody works on it before
   * {@link RekeyWorkers.work} in some process.
   * @throws AppError `REKEY_NOTHING_TO_DO`, `REKEY_OVERLAPS`, `REKEY_GENERATION_UNREADABLE`, `LU_UNKNOWN`,
   *   `KEY_DESCRIPTION_UNKNOWN`, `CONFIRMATION_MISMATCH` (production), `INPUT_INVALID`, `LOCKED`
   */
  async start(input: RekeyRequestInput, given: RekeyLimitsInput = {}, confirm?: string): Promise<string> {
    const { db, now, profile } = this.#cluster;
    const limits = limitsOf(given);
    const id = randomUUID();
    const { plan } = await this.#plan(input, limits);
    const facts = { request: plan.requestedAs, lus: plan.lus, from: plan.from, target: plan.target, instances: plan.total, bytes: plan.bytes };
    return this.#cluster.guarded('rekey.start', id, { ...facts, limits: JSON.stringify(limits) }, async () => {
      if (profile.production) assertConfirmed(confirm ?? '', profile.name);
      await createCampaign(db, plan, { id, limits, now });
      await startCampaign(db, id, now());
      return id;
    });
  }

  /** As {@link start}, with this process as a worker. @throws AppError also `LOCKED` */
  async begin(input: RekeyRequestInput, limits?: RekeyLimitsInput, confirm?: string): Promise<string> {
    const id = await this.start(input, limits, confirm);
    void this.workers.work(id);
    return id;
  }

  /** Newest first. @throws AppError `DATABASE_*` */
  async list(): Promise<CampaignView[]> {
    const records = await this.#cluster.db.campaigns.list(LISTED);
    return Promise.all(records.map((record) => this.#view(record)));
  }

  /** @throws AppError `REKEY_UNKNOWN`, `DATABASE_*` */
  async get(id: string): Promise<CampaignView> {
    return this.#view((await getCampaign(this.#cluster.db, id)).record);
  }

  /** What is left to do, by the census: instances that are not under the active generation. */
  async needs(): Promise<RekeyNeeds> {
    const census = await this.#censuses.standing();
    const active = (await this.#cluster.db.keys.active(LUI_KEY_NAME))?.description ?? null;
    const older = census.rows.filter((row) => row.keyDescription !== active && row.instances > 0);
    return {
      older: older.reduce((sum, row) => sum + row.instances, 0),
      total: census.total,
      generations: new Set(older.map((row) => row.keyDescription)).size,
      active,
      census: censusState(census),
    };
  }

  /** Every worker of the campaign, in any process, stops within seconds. @throws AppError `REKEY_UNKNOWN`, `REKEY_STATE` */
  async pause(id: string): Promise<void> {
    await this.#steer('rekey.pause', id, pauseCampaign);
    await this.workers.stop(id);
  }

  /** Lets it go on; nobody works on it before {@link RekeyWorkers.work}. @throws AppError `REKEY_UNKNOWN`, `REKEY_STATE` */
  async resume(id: string): Promise<void> {
    if ((await getCampaign(this.#cluster.db, id)).record.state !== 'running') await this.#steer('rekey.resume', id, resumeCampaign);
  }

  /** As {@link resume}, with this process as a worker. @throws AppError also `LOCKED` */
  async goOn(id: string): Promise<void> {
    // Asked for first: a locked console would set it running and then not work on it.
    void this.#cluster.ring;
    await this.resume(id);
    void this.workers.work(id);
  }

  /** Ends it for good; what was re-encrypted stays so. @throws AppError `REKEY_UNKNOWN`, `REKEY_STATE` */
  async cancel(id: string): Promise<void> {
    await this.#steer('rekey.cancel', id, cancelCampaign);
    await this.workers.stop(id);
  }

  /** Changes limits, also while it runs. @throws AppError `REKEY_UNKNOWN`, `INPUT_INVALID` */
  async setLimits(id: string, limits: RekeyLimitsInput): Promise<CampaignLimits> {
    const { db, now } = this.#cluster;
    return this.#cluster.guarded('rekey.limits', id, { limits: JSON.stringify(limits) }, () => limitCampaign(db, id, given(limits), now()));
  }

  /**
   * Tries again what an ended campaign left as it was.
   * @returns `running` as its state where ranges are open again, for {@link RekeyWorkers.work}.
   * @throws AppError `REKEY_UNKNOWN`, `REKEY_STATE`, `REKEY_OVERLAPS`, `LOCKED`, `CANCELLED`
   */
  async retry(id: string): Promise<RetryResult> {
    const abort = new AbortController();
    return this.#cluster.guarded('rekey.retry', id, {}, async (note) => {
      const { db, ring } = this.#cluster;
      this.#retrying.add(abort);
      try {
        const result = await retryCampaign({ db, keys: ring, id, signal: abort.signal });
        note({ ...result });
        return result;
      } finally {
        this.#retrying.delete(abort);
        this.#ended.delete(id);
      }
    });
  }

  /** As {@link retry}, with this process as a worker where there is work again. */
  async retryAndGoOn(id: string): Promise<Omit<RetryResult, 'state'>> {
    const { state, ...counts } = await this.retry(id);
    if (state === 'running') void this.workers.work(id);
    return counts;
  }

  /** @throws AppError `REKEY_UNKNOWN`, `DATABASE_*` */
  async failures(id: string, page: { after?: { lu: string; id: string } | undefined; limit: number }): Promise<{ failures: CampaignFailureView[]; more: boolean }> {
    const { db } = this.#cluster;
    await getCampaign(db, id);
    const { after, limit } = page;
    const found = await db.campaigns.failures(id, { limit: limit + 1, ...(after === undefined ? {} : { after }) });
    return { failures: found.slice(0, limit), more: found.length > limit };
  }

  /** Stops what this process does for campaigns; the campaigns stay as they are, for other processes or for later. */
  async close(): Promise<void> {
    for (const abort of this.#retrying) abort.abort();
    await this.workers.close();
  }

  async #plan(input: RekeyRequestInput, limits: CampaignLimits): Promise<{ plan: RekeyPlan; census: Awaited<ReturnType<Censuses['standing']>> }> {
    const { db, ring } = this.#cluster;
    const { description: active } = await ring.active();
    const census = await this.#censuses.renewIfOlderThan(CENSUS_AGE_MS);
    const generations = await surveyGenerations(db, ring, census.rows);
    const measuredRate = await this.#measuredRate();
    const plan = planRekey({ census: census.rows, generations, active, request: requestOf(input), limits, ...(measuredRate === null ? {} : { measuredRate }) });
    return { plan, census };
  }

  /** Instances a second that the fastest of the campaigns that ended well reached; null where none tells. */
  async #measuredRate(): Promise<number | null> {
    const rates = (await this.list())
      .filter(({ state, total, updatedAt, createdAt }) => state === 'done' && total >= TELLING && updatedAt > createdAt)
      .map(({ done, updatedAt, createdAt }) => (done * 1000) / (updatedAt - createdAt));
    return rates.length === 0 ? null : Math.max(...rates);
  }

  async #view(record: CampaignRecord): Promise<CampaignView> {
    const { id, state, updatedAt } = record;
    const kept = this.#ended.get(id);
    if (kept?.updatedAt === updatedAt) return kept.view;
    const { db } = this.#cluster;
    const campaign = readCampaign(record);
    const status = statusOf(campaign, await db.campaigns.ranges(id), Date.now());
    const progress = this.workers.progressOf(id);
    const view = campaignView(status, { worker: this.workers.name, progress, working: this.workers.worksOn(id), failure: this.workers.failureOf(id) });
    // Workers that are told of the end still give their ranges back for a moment.
    if (ENDED.includes(state) && Date.now() - view.updatedAt > SETTLED_MS) this.#ended.set(id, { updatedAt, view });
    return view;
  }

  async #steer(act: string, id: string, change: (db: Cluster['db'], id: string, at: number) => Promise<void>): Promise<void> {
    const { db, now } = this.#cluster;
    await this.#cluster.guarded(act, id, {}, () => change(db, id, now()));
  }
}

/** @throws AppError `INPUT_INVALID` */
function limitsOf(limits: RekeyLimitsInput): CampaignLimits {
  return parseLimits(given(limits), DEFAULT_LIMITS);
}

function given({ instancesPerSecond, mebibytesPerSecond, concurrency }: RekeyLimitsInput): Partial<CampaignLimits> {
  return {
    ...(instancesPerSecond === undefined ? {} : { instancesPerSecond }),
    ...(mebibytesPerSecond === undefined ? {} : { mebibytesPerSecond }),
    ...(concurrency === undefined ? {} : { concurrency }),
  };
}

function requestOf({ lus, from, fields }: RekeyRequestInput): RekeyRequest {
  return { ...(lus === undefined ? {} : { lus }), ...(from === undefined ? {} : { from }), ...(fields === undefined ? {} : { fields }) };
}
