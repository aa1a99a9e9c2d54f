import { setTimeout as delay } from 'node:timers/promises';
import { isAppError } from '../../errors.ts';
import type {
  CensusRow,
  InstanceInfo,
  InstanceRange,
  InstanceRepository,
  InstanceToSave,
  RangeCount,
  RangePage,
  StoredInstance,
} from '../repositories.ts';
import { concurrently } from './concurrently.ts';
import { begunInFuture, isFromFuture, nextSaveTime, now } from './clock.ts';
import { FoundInstance } from './found-instance.ts';
import { InstanceCensus } from './instance-census.ts';
import { checkInstance, isStorableId } from './instance-names.ts';
import { infoOf, readInstance } from './instance-rows.ts';
import { replaceInstance } from './instance-replace.ts';
import { InstanceWrites } from './instance-writes.ts';
import { LogicalUnits, type LogicalUnit } from './logical-units.ts';
import { ofTables, orLuMissing } from './lu-missing.ts';
import { mayHaveInstances } from './may-have-instances.ts';
import { idsAfter } from './ordered-ids.ts';
import { countPage, scanPage } from './range-pages.ts';
import { ringRanges, tokenRanges } from './ranges.ts';
import { RewriteBatches } from './rewrite-batches.ts';
import type { CassandraSession } from './session.ts';

/** Saves, and reads of single instances, that one call has under way at once. */
const SAVES = 64;
const READS = 32;

/** LUs that are looked at at once. */
const LUS = 16;

/** Ids that are looked at to find those under one generation, at least. */
const FILTERED_IDS = 512;

interface Page {
  readonly after?: string;
  readonly limit: number;
  readonly keyDescription?: string;
}

/** The instances in the keyspaces `k2view_<lu>`; see view-statements.ts for the tables, clock.ts for write times. */
export class CassandraInstances implements InstanceRepository {
  readonly #session: CassandraSession;
  readonly #units: LogicalUnits;
  readonly #batches: RewriteBatches;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#units = new LogicalUnits(session);
    this.#batches = new RewriteBatches(session);
  }

  async get(lu: string, id: string): Promise<StoredInstance | null> {
    const unit = await this.#find(lu, id);
    return unit === null ? null : ofTables(unit, () => readInstance(this.#session, unit, id));
  }

  /** @throws AppError also `INSTANCE_FROM_FUTURE` where what is stored, or the LU's first save, lies ahead of the clock: nothing is stored then */
  async save(instance: InstanceToSave): Promise<void> {
    await this.saveMany([instance]);
  }

  /** Of several for one instance the last is stored. @throws AppError as {@link save}: others may be stored then */
  async saveMany(instances: readonly InstanceToSave[]): Promise<void> {
    instances.forEach(checkInstance);
    const time = nextSaveTime();
    const units = await this.#units.ensure(
      instances.map(({ lu }) => lu),
      time,
    );
    const begun = await concurrently([...units.values()], LUS, async (unit) => ({ unit, time: await timeSinceEpoch(unit, time) }));
    const writes = begun.map(({ unit, time: written }) => ({
      unit,
      writer: new InstanceWrites(this.#session, unit),
      time: written,
      contents: [...new Map(instances.filter(({ lu }) => lu === unit.lu).map((instance) => [instance.id, instance])).values()],
    }));
    const all = writes.flatMap(({ unit, writer, time: written, contents }) => contents.map((content) => () => ofTables(unit, () => writer.save(content, written))));
    await concurrently(all, SAVES, (save) => save());
  }

  /** @throws AppError also `INSTANCE_FROM_FUTURE`, `DATABASE_OUTCOME_UNKNOWN` */
  async replace(instance: InstanceToSave, revision: number): Promise<boolean> {
    checkInstance(instance);
    const unit = await this.#units.find(instance.lu);
    return unit !== null && ofTables(unit, () => replaceInstance(this.#session, unit, instance, revision));
  }

  async remove(lu: string, id: string): Promise<boolean> {
    const unit = await this.#find(lu, id);
    return unit !== null && ofTables(unit, () => new InstanceWrites(this.#session, unit).remove(id));
  }

  async list(lu: string, page: Page): Promise<InstanceInfo[]> {
    return this.#page(lu, page, async (unit, id) => {
      const row = await this.#session.readOne(unit.cql.facts, [id]);
      return row === null ? null : infoOf(unit, id, row);
    });
  }

  async scan(lu: string, page: Page): Promise<StoredInstance[]> {
    return this.#page(lu, page, (unit, id) => readInstance(this.#session, unit, id));
  }

  /** With those of which it can not be told: what they hold is not known, so that a census has to name them. */
  async lus(): Promise<string[]> {
    const units = await this.#units.list();
    const standing = await concurrently(units, LUS, (unit) => mayHaveInstances(this.#session, unit));
    return units.filter((_, place) => standing[place]).map(({ lu }) => lu);
  }

  async census(): Promise<CensusRow[]> {
    return new InstanceCensus(this.#session).of(await this.#units.list());
  }

  async ranges(lu: string): Promise<InstanceRange[]> {
    const unit = await this.#units.find(lu);
    if (unit === null) return ringRanges(this.#session, lu);
    return ofTables(unit, () => tokenRanges(this.#session, unit)).catch((error: unknown) => {
      // A part is made of it all the same: who reads it is told, and goes on with the other LUs.
      if (isAppError(error, 'DATABASE_LU_MISSING')) return ringRanges(this.#session, lu);
      throw error;
    });
  }

  async countRange(range: InstanceRange, page: { cursor?: string; limit: number }): Promise<RangePage<RangeCount>> {
    const unit = await this.#units.find(range.lu);
    return unit === null ? NOTHING : ofTables(unit, () => countPage(this.#session, unit, range, page));
  }

  async scanRange(
    range: InstanceRange,
    page: { cursor?: string; limit: number; wanted: (keyDescription: string) => boolean },
  ): Promise<RangePage<StoredInstance>> {
    const unit = await this.#units.find(range.lu);
    if (unit === null) return NOTHING;
    const found = await ofTables(unit, () => scanPage(this.#session, unit, range, page));
    const place = { unit, range };
    return { ...found, rows: found.rows.map((stored) => new FoundInstance(stored, place)) };
  }

  async rewrite(read: StoredInstance, next: { readonly keyDescription: string; readonly sealed: Uint8Array }): Promise<boolean> {
    const place = FoundInstance.placeOf(read);
    const unit = place?.unit ?? (await this.#find(read.lu, read.id));
    const together = place?.range ?? read;
    if (unit === null) return false;
    try {
      return await new InstanceWrites(this.#session, unit).rewrite(read, next, (row, bytes) => this.#batches.write(together, row, bytes));
    } catch (error) {
      throw orLuMissing(unit, error);
    }
  }

  /** null also for ids that nothing can be stored under. */
  async #find(lu: string, id: string): Promise<LogicalUnit | null> {
    return isStorableId(id) ? this.#units.find(lu) : null;
  }

  async #page<T extends InstanceInfo>(lu: string, page: Page, read: (unit: LogicalUnit, id: string) => Promise<T | null>): Promise<T[]> {
    const unit = await this.#units.find(lu);
    return unit === null ? [] : ofTables(unit, () => this.#pageOf(unit, page, read));
  }

  async #pageOf<T extends InstanceInfo>(unit: LogicalUnit, page: Page, read: (unit: LogicalUnit, id: string) => Promise<T | null>): Promise<T[]> {
    const found: T[] = [];
    for (let after: string | undefined = page.after ?? ''; after !== undefined && found.length < page.limit; ) {
      const room = page.limit - found.length;
      const ids: string[] = await idsAfter(this.#session, unit.cql, after, page.keyDescription === undefined ? room : Math.max(room, FILTERED_IDS));
      for (const one of await concurrently(ids, READS, (id) => read(unit, id))) {
        if (one !== null && (page.keyDescription ?? one.keyDescription) === one.keyDescription) found.push(one);
      }
      after = ids.at(-1);
    }
    return found.slice(0, page.limit);
  }
}

/**
 * The write time of a save: `time`, or a later one where that comes before the LU's epoch, since no revision comes before
 * 1. A clock that is behind the one that saved first is waited for: with a time made up for it, saves that follow each
 * other would all have that one, and hide or mix each other.
 * @throws AppError `INSTANCE_FROM_FUTURE` where that would take too long
 */
async function timeSinceEpoch({ lu, epoch }: LogicalUnit, time: number): Promise<number> {
  for (let later = time; ; later = nextSaveTime()) {
    if (later >= epoch) return later;
    if (isFromFuture(epoch)) throw begunInFuture(lu, epoch);
    await delay(Math.max(0, Math.ceil((epoch - now()) / 1000)));
  }
}

const NOTHING = { rows: [], passed: 0, cursor: null };
