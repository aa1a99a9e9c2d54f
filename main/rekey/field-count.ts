/** What the named columns of a campaign over field values hold at its end, counted anew. */
import { patiently } from '../census/range.ts';
import { readFieldHeader } from '../crypto/field.ts';
import { discard } from '../crypto/release.ts';
import { isOfInstance, openStored } from '../lu/instances.ts';
import type { InstanceKeys } from '../lu/keys.ts';
import { takeTurns } from '../lu/turns.ts';
import type { InstanceRange, RangePage, StoredInstance, SystemDb } from '../systemdb/repositories.ts';
import { CampaignKeys } from './campaign-keys.ts';
import type { FieldCount, FieldRef } from './field-ref.ts';
import { readFieldValues } from './field-values.ts';

export interface FieldCounts {
  readonly columns: readonly FieldCount[];
  /** Instances that could not be opened, or whose columns hold something else: what is in them is not known. */
  readonly unread: number;
  readonly instances: number;
}

const PATIENCE = { attempts: 4, waitMs: 250 };
const PAGE_INSTANCES = 64;

/**
 * Opens every instance of the LUs and reads the columns: the only way to know, as no census sees into instances.
 * @param leftOut generations that the campaign left out: what is under them is not known.
 * @returns null where the signal stopped it
 * @throws AppError `LOCKED`, `REKEY_GENERATION_UNREADABLE` (another process may open them), `DATABASE_*`: nothing can be said then
 */
export async function countFieldValues(
  db: Pick<SystemDb, 'instances'>,
  keys: InstanceKeys,
  { fields, leftOut = [] }: { readonly fields: readonly FieldRef[]; readonly leftOut?: readonly string[] | undefined },
  signal: AbortSignal,
): Promise<FieldCounts | null> {
  const tally = new FieldTally(new CampaignKeys(keys), fields, new Set(leftOut));
  const turn = takeTurns();
  for (const lu of new Set(fields.map((field) => field.lu))) {
    const ranges = await patiently(() => db.instances.ranges(lu), PATIENCE, signal);
    for (const range of ranges ?? []) {
      for (let cursor: string | null | undefined; cursor !== null; ) {
        const page: RangePage<StoredInstance> | null = await patiently(() => read(db, range, cursor), PATIENCE, signal);
        if (page === null || signal.aborted) return null;
        for (const stored of page.rows) {
          await tally.add(stored);
          const others = turn();
          if (others !== undefined) await others;
        }
        cursor = page.cursor;
      }
    }
  }
  return signal.aborted ? null : tally.counts();
}

function read(db: Pick<SystemDb, 'instances'>, range: InstanceRange, cursor: string | null | undefined): Promise<RangePage<StoredInstance>> {
  return db.instances.scanRange(range, { ...(typeof cursor === 'string' ? { cursor } : {}), limit: PAGE_INSTANCES, wanted: () => true });
}

class FieldTally {
  readonly #keys: InstanceKeys;
  readonly #fields: readonly FieldRef[];
  readonly #leftOut: ReadonlySet<string>;
  readonly #columns = new Map<string, FieldCount>();
  #unread = 0;
  #instances = 0;

  constructor(keys: InstanceKeys, fields: readonly FieldRef[], leftOut: ReadonlySet<string>) {
    this.#keys = keys;
    this.#fields = fields;
    this.#leftOut = leftOut;
  }

  async add(stored: StoredInstance): Promise<void> {
    this.#instances += 1;
    if (this.#leftOut.has(stored.keyDescription)) {
      this.#unread += 1;
      return;
    }
    let found: FieldCount[];
    try {
      found = await this.#countIn(stored);
    } catch (error) {
      if (!isOfInstance(error)) throw error;
      this.#unread += 1;
      return;
    }
    for (const one of found) {
      const key = JSON.stringify([one.lu, one.table, one.column, one.keyDescription]);
      const known = this.#columns.get(key);
      this.#columns.set(key, known === undefined ? one : { ...known, instances: known.instances + 1, values: known.values + one.values });
    }
  }

  counts(): FieldCounts {
    const columns = [...this.#columns].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
    return { columns, unread: this.#unread, instances: this.#instances };
  }

  async #countIn(stored: StoredInstance): Promise<FieldCount[]> {
    const plain = await openStored(this.#keys, stored);
    try {
      return this.#fields
        .filter(({ lu }) => lu === stored.lu)
        .flatMap((field) => {
          const values = new Map<string, number>();
          for (const value of readFieldValues(plain, [field])) {
            const { keyDescription } = readFieldHeader(value);
            values.set(keyDescription, (values.get(keyDescription) ?? 0) + 1);
          }
          return [...values].map(([keyDescription, number]) => ({ ...field, keyDescription, instances: 1, values: number }));
        });
    } finally {
      discard(plain);
    }
  }
}
