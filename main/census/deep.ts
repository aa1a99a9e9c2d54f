import { createHash } from 'node:crypto';
import { discard } from '../crypto/release.ts';
import { AppError } from '../errors.ts';
import { checkedHeader, isOfInstance, openStored } from '../lu/instances.ts';
import type { InstanceKeys } from '../lu/keys.ts';
import type { StoredInstance } from '../systemdb/repositories.ts';
import type { DeepFacts, DeepFinding, LuDeepFacts } from './result.ts';

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
  readonly #byLu = new Map<string, LuDeepFacts>();
  #list: DeepFinding[] = [];

  /**
   * Compares the header and the size of the sealed bytes with the record, and authenticates them where they are of the
   * share.
   * @throws AppError only what concerns more than this instance (`LOCKED`, `DATABASE_*`).
   */
  async check(stored: StoredInstance, { share, keys }: Depth): Promise<void> {
    const opens = keys !== null && chosen(stored.lu, stored.id, share);
    const facts = this.#of(stored.lu);
    try {
      checkSize(stored);
      if (opens) discard(await openStored(keys, stored));
      else checkedHeader(stored);
    } catch (error) {
      if (!isOfInstance(error)) throw error;
      const { code, message, remedy } = error;
      facts.findings += 1;
      facts.byCode[code] = (facts.byCode[code] ?? 0) + 1;
      if (this.#list.length < LISTED) this.#list.push({ lu: stored.lu, id: stored.id, code, message, remedy });
    }
    facts.checked += 1;
    if (opens) facts.opened += 1;
  }

  add({ byLu, list }: Pick<DeepFacts, 'byLu' | 'list'>): void {
    for (const other of byLu) addTo(this.#of(other.lu), other);
    this.#list = [...this.#list, ...list].slice(0, LISTED);
  }

  facts(share: number): DeepFacts {
    const byLu = [...this.#byLu.values()].sort((a, b) => (a.lu < b.lu ? -1 : 1));
    const all = noFacts();
    for (const facts of byLu) addTo(all, facts);
    return {
      share,
      ...all,
      byCode: sorted(all.byCode),
      list: [...this.#list].sort((a, b) => (a.lu === b.lu ? (a.id < b.id ? -1 : 1) : a.lu < b.lu ? -1 : 1)),
      byLu: byLu.map((facts) => ({ ...facts, byCode: sorted(facts.byCode) })),
    };
  }

  #of(lu: string): LuDeepFacts {
    const known = this.#byLu.get(lu);
    if (known !== undefined) return known;
    const made = { lu, ...noFacts() };
    this.#byLu.set(lu, made);
    return made;
  }
}

/**
 * A part may be gone that no look at the header can miss: the size is the record's to tell. No save makes the two differ,
 * since an instance is read with the record that led to its bytes.
 */
function checkSize({ lu, id, bytes, sealed }: StoredInstance): void {
  if (sealed.length === bytes) return;
  throw new AppError(
    'ENVELOPE_MALFORMED',
    `${lu} ${id} has ${sealed.length} sealed bytes, and its record says ${bytes}: ${sealed.length < bytes ? 'a part of it is gone' : 'one of the two was changed outside the platform'}. It was not opened.`,
    'Import or save this instance again from its source, or restore it from a backup of the system database.',
    { details: { lu, id, record: bytes, stored: sealed.length } },
  );
}

function noFacts(): Omit<LuDeepFacts, 'lu'> {
  return { checked: 0, opened: 0, findings: 0, byCode: {} };
}

function addTo(sum: Omit<LuDeepFacts, 'lu'>, more: Omit<LuDeepFacts, 'lu'>): void {
  sum.checked += more.checked;
  sum.opened += more.opened;
  sum.findings += more.findings;
  for (const [code, count] of Object.entries(more.byCode)) sum.byCode[code] = (sum.byCode[code] ?? 0) + count;
}

function sorted(byCode: LuDeepFacts['byCode']): LuDeepFacts['byCode'] {
  return Object.fromEntries(Object.entries(byCode).sort(([a], [b]) => (a < b ? -1 : 1)));
}
