import { randomUUID } from 'node:crypto';
import { takeCensus } from '../census/take.ts';
import { isAppError } from '../errors.ts';
import type { InstanceKeys } from '../lu/keys.ts';
import type { SystemDb } from '../systemdb/repositories.ts';
import { type Campaign, type CampaignParams, DEFAULT_LIMITS, readCampaign } from './campaign.ts';
import type { Clock } from './clock.ts';
import { holdsAny } from './conditions.ts';
import { startCampaign } from './control.ts';
import { CAMPAIGNS_LOOKED_AT, createCampaign } from './create.ts';
import { keepLeases } from './lease.ts';
import { paramsOf, planRekey, type RekeyRequest } from './plan.ts';
import { dueSchedules, type Schedule } from './schedule.ts';
import { keepScheduleRun, listSchedules, type ScheduleRun, scheduleRuns } from './schedule-store.ts';
import { surveyGenerations } from './survey.ts';

export interface SchedulerBeat {
  readonly db: SystemDb;
  readonly keys: InstanceKeys;
  /** Names this process among all. */
  readonly worker: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Put around the start of a campaign that is due, for a record of it before and after. */
  readonly aroundStart?: (start: ScheduledStart, body: () => Promise<void>) => Promise<void>;
  /**
   * Schedules that nothing could be decided on, as part of the data could not be counted, and when (`Clock.elapsed`)
   * that is tried again; kept from beat to beat. Without it every beat tries.
   */
  readonly undecided?: Map<string, number>;
}

export interface ScheduledStart {
  /** Of the campaign that is about to be started. */
  readonly id: string;
  readonly schedule: Schedule;
  readonly params: CampaignParams;
}

/** Of all processes that could, one acts on the schedules. */
export const SCHEDULER_LEASE = 'rekey:scheduler';
const LEASE_SECONDS = 30;
/** Nodes that are away are away for minutes, and the others have enough to do. */
const UNDECIDED_MS = 60_000;
/** The node that holds everything where the database is one file. */
const ONE_FILE = 'this file';

/**
 * Acts on schedules whose time came, if this process is the one to: census, conditions, plan, campaign, start. Whoever
 * runs campaigns picks it up. What became of each is kept; a failure to start one does not keep the others. A campaign
 * that a process made for a schedule and was cut off before it started it is started then. Where part of the data could
 * not be counted and the rest gives no reason to start, its time still is to come: nothing is kept.
 * @returns whether this process is the one that acts.
 * @throws AppError `LOCKED`, `DATABASE_*`
 */
export async function beatScheduler(beat: SchedulerBeat): Promise<boolean> {
  const { db, worker, clock, signal } = beat;
  if (!(await db.leases.acquire(SCHEDULER_LEASE, worker, LEASE_SECONDS))) return false;
  const schedules = await listSchedules(db);
  if (schedules.length === 0) return true;
  const runs = await scheduleRuns(db);
  const due = dueSchedules(schedules, clock.now(), new Map(Object.entries(runs).map(([id, run]) => [id, run.at])));
  if (due.length === 0) return true;
  // A census of a large cluster lasts longer than the lease; whoever lost it must not start anything.
  const over = new AbortController();
  const lost = new AbortController();
  const renewing = keepLeases({ db, names: [SCHEDULER_LEASE], holder: worker, seconds: LEASE_SECONDS, clock }, over.signal, lost);
  try {
    const stop = AbortSignal.any([signal, lost.signal]);
    for (const { schedule } of due) {
      if (clock.elapsed() < (beat.undecided?.get(schedule.id) ?? 0)) continue;
      const run = await act(schedule, { ...beat, signal: stop });
      if (run === 'stopped') return !lost.signal.aborted;
      if (run === 'undecided') beat.undecided?.set(schedule.id, clock.elapsed() + UNDECIDED_MS);
      else await keepScheduleRun(db, schedule.id, run);
    }
    return true;
  } finally {
    over.abort();
    await renewing;
  }
}

/** @returns other than a run where its time still is to come: the signal stopped it, or too little could be counted. */
async function act(schedule: Schedule, { db, keys, clock, signal, aroundStart = (_start, body) => body() }: SchedulerBeat): Promise<ScheduleRun | 'stopped' | 'undecided'> {
  const at = clock.now();
  try {
    const left = await plannedBy(schedule, db);
    if (left !== null) {
      const { record: { id }, params } = left;
      await aroundStart({ id, schedule, params }, () => startCampaign(db, id, clock.now()));
      return { at, campaign: id, result: 'started' };
    }
    const { lus, from, limits = DEFAULT_LIMITS } = schedule;
    const census = await takeCensus({ db, signal, now: clock.now });
    if (signal.aborted) return 'stopped';
    const idle = (result: string): ScheduleRun | 'undecided' => (census.notCovered.length > 0 ? 'undecided' : { at, campaign: null, result });
    const { description: active } = await keys.active();
    const mine = <T extends { readonly lu: string }>(rows: readonly T[]): T[] => rows.filter((row) => lus === undefined || lus.includes(row.lu));
    const activatedAt = new Map((await db.keys.activations()).map((activation) => [activation.description, activation.activatedAt]));
    const byNode = db.info.kind === 'sqlite' ? census.rows.map((row) => ({ ...row, node: ONE_FILE })) : census.byNode;
    if (!holdsAny(schedule.conditions, { now: at, rows: mine(census.rows), byNode: mine(byNode), active, activatedAt })) return idle('no condition held');
    const request: RekeyRequest = { ...(lus === undefined ? {} : { lus }), ...(from === undefined ? {} : { from }) };
    const generations = await surveyGenerations(db, keys, census.rows);
    if (signal.aborted) return 'stopped';
    const plan = planRekey({ census: census.rows, generations, active, request, limits });
    const [refusal] = plan.refusals;
    if (refusal !== undefined) return idle(refusal.code);
    const id = randomUUID();
    await aroundStart({ id, schedule, params: paramsOf(plan) }, async () => {
      await createCampaign(db, plan, { id, limits, schedule: schedule.id, now: clock.now });
      await startCampaign(db, id, clock.now());
    });
    return { at, campaign: id, result: 'started' };
  } catch (error) {
    if (isAppError(error, 'CANCELLED')) return 'stopped';
    if (!isAppError(error) || error.code === 'LOCKED' || error.code.startsWith('DATABASE_')) throw error;
    return { at, campaign: null, result: error.code };
  }
}

/** The campaign that was made for the schedule and not started; it would stand in the way of any other over its LUs. */
async function plannedBy({ id }: Schedule, db: SystemDb): Promise<Campaign | null> {
  const records = await db.campaigns.list(CAMPAIGNS_LOOKED_AT);
  return records.filter(({ state }) => state === 'planned').map(readCampaign).find(({ params }) => params.schedule === id) ?? null;
}
