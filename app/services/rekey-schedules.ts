import { parseLimits } from '../../main/rekey/campaign.ts';
import { nextTime } from '../../main/rekey/schedule.ts';
import { addSchedule, listSchedules, removeSchedule, scheduleRuns } from '../../main/rekey/schedule-store.ts';
import { SCHEDULER_LEASE } from '../../main/rekey/scheduler.ts';
import type { ScheduleInput, ScheduleView } from '../contract/rekey-schedule.ts';
import type { Cluster } from './cluster.ts';
import { assertConfirmed } from './keystore.ts';

/** Standing orders for rekeys; `fkc rekey serve` acts on them, one process of a cluster at a time. */
export class RekeySchedules {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Needs no key. @returns also the process that acts on them now; null where none does. @throws AppError `DATABASE_*` */
  async list(): Promise<{ schedules: ScheduleView[]; scheduler: string | null }> {
    const { db } = this.#cluster;
    const [schedules, runs, scheduler] = await Promise.all([listSchedules(db), scheduleRuns(db), db.leases.holder(SCHEDULER_LEASE)]);
    return {
      scheduler,
      schedules: schedules.map(({ id, when, conditions, lus, from, limits, createdAt }) => {
        const last = runs[id] ?? null;
        return { id, when, conditions, lus: lus ?? null, from: from ?? null, limits: limits ?? null, createdAt, next: nextTime(when, last?.at ?? createdAt), last };
      }),
    };
  }

  /** @throws AppError `SCHEDULE_INVALID`, `INPUT_INVALID` (limits), `CONFIRMATION_MISMATCH` (production), `DATABASE_*` */
  async add({ when, conditions, lus, from, limits }: ScheduleInput, confirm?: string): Promise<string> {
    const { db, profile, now } = this.#cluster;
    return this.#cluster.guarded('rekey.schedule-add', profile.name, { when: JSON.stringify(when), conditions: JSON.stringify(conditions) }, async (note) => {
      if (profile.production) assertConfirmed(confirm ?? '', profile.name);
      const { instancesPerSecond, mebibytesPerSecond, concurrency } = limits ?? {};
      const given = {
        ...(instancesPerSecond === undefined ? {} : { instancesPerSecond }),
        ...(mebibytesPerSecond === undefined ? {} : { mebibytesPerSecond }),
        ...(concurrency === undefined ? {} : { concurrency }),
      };
      const { id } = await addSchedule(
        db,
        { when, conditions, ...(lus === undefined ? {} : { lus }), ...(from === undefined ? {} : { from }), ...(limits === undefined ? {} : { limits: parseLimits(given) }) },
        now(),
      );
      note({ schedule: id });
      return id;
    });
  }

  /** @throws AppError `SCHEDULE_UNKNOWN`, `DATABASE_*` */
  async remove(id: string): Promise<void> {
    await this.#cluster.guarded('rekey.schedule-remove', id, {}, () => removeSchedule(this.#cluster.db, id));
  }
}
