import type { AuditRecord, AuditRepository } from '../systemdb/repositories.ts';

export interface TrailFilter {
  /** Only records with a smaller seq. */
  readonly before?: number | undefined;
  readonly limit: number;
  readonly actor?: string | undefined;
  readonly act?: string | undefined;
  /** Found in act, object, actor or context, whatever the case of its letters. */
  readonly search?: string | undefined;
}

export interface TrailPage {
  /** Newest first. */
  readonly records: AuditRecord[];
  /** Whether older records match too. */
  readonly more: boolean;
  /** Records of the whole trail, whatever the filter. */
  readonly total: number;
}

/** Records read at once while walking back. */
const WINDOW = 500;

/** Walks back from the newest record, in bounded windows, until the page is full. */
export async function listTrail(repository: AuditRepository, filter: TrailFilter): Promise<TrailPage> {
  const total = (await repository.head())?.seq ?? 0;
  const records: AuditRecord[] = [];
  let before = Math.min(filter.before ?? Number.POSITIVE_INFINITY, total + 1);
  while (before > 1 && records.length <= filter.limit) {
    const from = Math.max(1, before - WINDOW);
    const window = (await repository.read(from, before - from)).filter((record) => record.seq < before);
    records.push(...window.reverse().filter((record) => matches(record, filter)));
    before = from;
  }
  return { records: records.slice(0, filter.limit), more: records.length > filter.limit, total };
}

function matches(record: AuditRecord, { actor, act, search }: TrailFilter): boolean {
  if (actor !== undefined && record.actor !== actor) {
    return false;
  }
  if (act !== undefined && record.act !== act) {
    return false;
  }
  if (search === undefined) {
    return true;
  }
  const wanted = search.toLowerCase();
  return [record.act, record.object, record.actor, record.context].some((text) => text.toLowerCase().includes(wanted));
}
