import { createHash } from 'node:crypto';
import type { AppError } from '../errors.ts';
import { checkedHeader, isOfInstance, openStored } from '../lu/instances.ts';
import type { InstanceKeys } from '../lu/keys.ts';
import type { StoredInstance } from '../systemdb/repositories.ts';
import type { DeepFacts, DeepFinding } from './result.ts';

/** Findings that a result lists; more are counted. */
const LISTED = 100;

/** What a deep census needs beyond the ranges. `keys` is null where nothing is to be authenticated. */
export interface Depth {
  readonly share: number;
  readonly keys: InstanceKeys | null;
}

/**
 * Whether an instance belongs to the share that is authenticated: by a hash of LU and ID, so that the same share is the
 * same instances in every run and on every machine, and a larger share holds every smaller one.
 * @param share 0 to 1
 */
export function chosen(lu: string, id: string, share: number): boolean {
  if (share >= 1) return true;
  return createHash('sha256').update(`${lu}\n${id}`).digest().readUIntBE(0, 6) / 2 ** 48 < share;
}

/** Adds up what a deep census finds; several add up to the same facts in any order, but for which findings are listed. */
export class DeepTally {
  #checked = 0;
  #opened = 0;
  #findings = 0;
  readonly #byCode = new Map<string, number>();
  #list: DeepFinding[] = [];

  /**
   * Compares the header of the sealed bytes with the record, and authenticates them where they are of the share.
   * @throws AppError only what concerns more than this instance (`LOCKED`, `DATABASE_*`).
   */
  async check(stored: StoredInstance, { share, keys }: Depth): Promise<void> {
    const opens = keys !== null && chosen(stored.lu, stored.id, share);
    try {
      if (opens) (await openStored(keys, stored)).fill(0);
      else checkedHeader(stored);
    } catch (error) {
      if (!isOfInstance(error)) throw error;
      this.#find(stored, error);
    }
    this.#checked += 1;
    if (opens) this.#opened += 1;
  }

  add(other: Omit<DeepFacts, 'share'>): void {
    this.#checked += other.checked;
    this.#opened += other.opened;
    this.#findings += other.findings;
    for (const [code, count] of Object.entries(other.byCode)) this.#byCode.set(code, (this.#byCode.get(code) ?? 0) + count);
    this.#list = [...this.#list, ...other.list].slice(0, LISTED);
  }

  facts(share: number): DeepFacts {
    return {
      share,
      checked: this.#checked,
      opened: this.#opened,
      findings: this.#findings,
      byCode: Object.fromEntries([...this.#byCode].sort(([a], [b]) => (a < b ? -1 : 1))),
      list: [...this.#list].sort((a, b) => (a.lu === b.lu ? (a.id < b.id ? -1 : 1) : a.lu < b.lu ? -1 : 1)),
    };
  }

  #find({ lu, id }: StoredInstance, { code, message, remedy }: AppError): void {
    this.#findings += 1;
    this.#byCode.set(code, (this.#byCode.get(code) ?? 0) + 1);
    if (this.#list.length < LISTED) this.#list.push({ lu, id, code, message, remedy });
  }
}
