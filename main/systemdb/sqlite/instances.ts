import { AppError } from '../../errors.ts';
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
import { countIds, idRanges, scanIds } from './instance-ranges.ts';
import type { Session } from './session.ts';

interface Page {
  readonly after?: string;
  readonly limit: number;
  readonly keyDescription?: string;
}

const INFO = 'e.lu, e.id, e.key_description AS keyDescription, e.bytes, e.saved_at AS savedAt, e.revision';
const WITH_DATA = 'k2view_entity AS e JOIN k2view_entity_data AS d ON d.place = e.place';

const SAVE = `
  INSERT INTO k2view_entity (lu, id, key_description, bytes, saved_at, revision)
  VALUES (?1, ?2, ?3, ?4, ?5, 1 + coalesce((SELECT revision FROM k2view_revision_floor WHERE lu = ?1), 0))
  ON CONFLICT (lu, id) DO UPDATE SET
    key_description = excluded.key_description, bytes = excluded.bytes, saved_at = excluded.saved_at, revision = revision + 1
  RETURNING place`;

// node:sqlite binds an empty array as NULL.
const SAVE_DATA = `
  INSERT INTO k2view_entity_data (place, sealed) VALUES (?1, coalesce(?2, x''))
  ON CONFLICT (place) DO UPDATE SET sealed = excluded.sealed`;

const REPLACE = `
  UPDATE k2view_entity SET key_description = ?3, bytes = ?4, saved_at = ?5, revision = revision + 1
  WHERE lu = ?1 AND id = ?2 AND revision = ?6
  RETURNING place`;

const REWRITE = `
  UPDATE k2view_entity SET key_description = ?3, bytes = ?4, revision = revision + 1
  WHERE lu = ?1 AND id = ?2 AND revision = ?5
  RETURNING place`;

const RAISE_FLOOR = `
  INSERT INTO k2view_revision_floor (lu, revision) SELECT lu, revision FROM k2view_entity WHERE lu = ?1 AND id = ?2
  ON CONFLICT (lu) DO UPDATE SET revision = max(revision, excluded.revision)`;

/** From each LU a jump to the next one through the index, rather than a walk over all instances. */
const LUS = `
  WITH RECURSIVE found (lu) AS (
    SELECT min(lu) FROM k2view_entity
    UNION ALL
    SELECT (SELECT min(e.lu) FROM k2view_entity AS e WHERE e.lu > found.lu) FROM found WHERE found.lu IS NOT NULL
  )
  SELECT lu FROM found WHERE lu IS NOT NULL`;

/** `k2view_entity` and `k2view_entity_data`. */
export class SqliteInstances implements InstanceRepository {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(lu: string, id: string): Promise<StoredInstance | null> {
    const one = `SELECT ${INFO}, d.sealed FROM ${WITH_DATA} WHERE e.lu = ? AND e.id = ?`;
    return this.#session.run(() => (this.#session.statement(one).get(lu, id) as StoredInstance | undefined) ?? null);
  }

  async save(instance: InstanceToSave): Promise<void> {
    await this.saveMany([instance]);
  }

  async saveMany(instances: readonly InstanceToSave[]): Promise<void> {
    instances.forEach(checkNames);
    await this.#session.transaction(() => {
      const save = this.#session.statement(SAVE);
      // A row as an array: the objects that node:sqlite makes otherwise pile up by the million in V8's old generation.
      save.setReturnArrays(true);
      const saveData = this.#session.statement(SAVE_DATA);
      for (const { lu, id, keyDescription, sealed, savedAt } of instances) {
        const [place] = save.get(lu, id, keyDescription, sealed.length, savedAt) as unknown as [number];
        saveData.run(place, sealed);
      }
    });
  }

  async replace(instance: InstanceToSave, revision: number): Promise<boolean> {
    const { lu, id, keyDescription, sealed, savedAt } = instance;
    return this.#session.transaction(() => {
      const row = this.#session.statement(REPLACE).get(lu, id, keyDescription, sealed.length, savedAt, revision);
      if (row === undefined) {
        return false;
      }
      this.#session.statement(SAVE_DATA).run(row['place'] as number, sealed);
      return true;
    });
  }

  async remove(lu: string, id: string): Promise<boolean> {
    return this.#session.transaction(() => {
      this.#session.statement(RAISE_FLOOR).run(lu, id);
      return this.#session.statement('DELETE FROM k2view_entity WHERE lu = ? AND id = ?').run(lu, id).changes === 1;
    });
  }

  async list(lu: string, page: Page): Promise<InstanceInfo[]> {
    return this.#page(INFO, 'k2view_entity AS e', lu, page) as Promise<InstanceInfo[]>;
  }

  async scan(lu: string, page: Page): Promise<StoredInstance[]> {
    return this.#page(`${INFO}, d.sealed`, WITH_DATA, lu, page) as Promise<StoredInstance[]>;
  }

  async lus(): Promise<string[]> {
    return this.#session.run(() => this.#session.statement(LUS).all().map((row) => row['lu'] as string));
  }

  async census(): Promise<CensusRow[]> {
    const count = `
      SELECT lu, key_description AS keyDescription, count(*) AS instances, sum(bytes) AS bytes
      FROM k2view_entity INDEXED BY k2view_entity_by_key
      GROUP BY lu, key_description ORDER BY lu, key_description`;
    return this.#session.run(() => this.#session.statement(count).all() as unknown as CensusRow[]);
  }

  async ranges(lu: string): Promise<InstanceRange[]> {
    return idRanges(this.#session, lu);
  }

  async countRange(range: InstanceRange, page: { cursor?: string; limit: number }): Promise<RangePage<RangeCount>> {
    return countIds(this.#session, range, page);
  }

  async scanRange(
    range: InstanceRange,
    page: { cursor?: string; limit: number; wanted: (keyDescription: string) => boolean },
  ): Promise<RangePage<StoredInstance>> {
    return scanIds(this.#session, range, page);
  }

  /** The revision decides, and no clock: whatever time was stored, nothing is ever taken to come from the future. */
  async rewrite(read: StoredInstance, next: { readonly keyDescription: string; readonly sealed: Uint8Array }): Promise<boolean> {
    const { lu, id, revision } = read;
    return this.#session.transaction(() => {
      const row = this.#session.statement(REWRITE).get(lu, id, next.keyDescription, next.sealed.length, revision);
      if (row === undefined) {
        return false;
      }
      this.#session.statement(SAVE_DATA).run(row['place'] as number, next.sealed);
      return true;
    });
  }

  async #page(columns: string, tables: string, lu: string, page: Page): Promise<unknown[]> {
    const { after, limit, keyDescription } = page;
    const sql = [
      `SELECT ${columns} FROM ${tables} WHERE e.lu = ?`,
      ...(keyDescription === undefined ? [] : ['AND e.key_description = ?']),
      ...(after === undefined ? [] : ['AND e.id > ?']),
      'ORDER BY e.id LIMIT ?',
    ].join(' ');
    const values = [lu, ...(keyDescription === undefined ? [] : [keyDescription]), ...(after === undefined ? [] : [after]), limit];
    return this.#session.run(() => this.#session.statement(sql).all(...values));
  }
}

/** Half of a surrogate pair has no UTF-8 form: stored, two different names would become one. */
function checkNames({ lu, id }: InstanceToSave): void {
  if (!lu.isWellFormed() || !id.isWellFormed()) {
    throw new AppError(
      'INPUT_INVALID',
      'The LU name or instance ID is not valid Unicode text (it holds half of a surrogate pair). Nothing was stored.',
      'Correct the ID in the source.',
      { details: { lu: lu.toWellFormed(), id: id.toWellFormed() } },
    );
  }
}
