import { setTimeout as delay } from 'node:timers/promises';
import { isAppError, type AppError, type ErrorCode } from '../errors.ts';
import { takeTurns } from '../lu/turns.ts';
import type { InstanceRange, InstanceRepository, RangeCount } from '../systemdb/repositories.ts';
import { DeepTally, type Depth } from './deep.ts';

/** Instances that one page of a count looks at: no sealed byte is read, so they are small. */
const COUNTED_PAGE = 5_000;
/** Instances of one page with their sealed bytes, and how many bytes such a page should have. */
const SCANNED_PAGE = 256;
const SCANNED_PAGE_FIRST = 8;
const SCANNED_BYTES = 8 * 1024 * 1024;

/** What may be gone at the next attempt. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['DATABASE_TIMEOUT', 'DATABASE_UNAVAILABLE', 'DATABASE_UNREACHABLE', 'DATABASE_LOCKED', 'DATABASE_FAILED']);

/** How often a failing read is tried, and the first pause between attempts, which then doubles. */
export interface Patience {
  readonly attempts: number;
  readonly waitMs: number;
}

/** One range, read from its start to its end. */
export interface RangeRead {
  readonly instances: number;
  readonly counts: ReadonlyMap<string, { instances: number; bytes: number }>;
  readonly deep: DeepTally | null;
}

export interface RangeReading {
  readonly db: { readonly instances: Pick<InstanceRepository, 'countRange' | 'scanRange'> };
  readonly depth: Depth | null;
  readonly signal: AbortSignal;
  /** Called with every page's instances; with the negative of what an attempt that failed had reported. */
  readonly onCounted: (instances: number) => void;
}

/**
 * Reads one range whole; a page that fails is no reason to count half of it: the attempt begins at the range's start
 * again, so that what is returned is one pass over it.
 * @returns null where the signal stopped it.
 * @throws AppError of the last attempt.
 */
export async function readRange(range: InstanceRange, reading: RangeReading, patience: Patience): Promise<RangeRead | null> {
  let reported = 0;
  const onCounted = (instances: number): void => {
    reported += instances;
    reading.onCounted(instances);
  };
  const attempt = (): Promise<RangeRead | null> => (reading.depth === null ? count(range, { ...reading, onCounted }) : scan(range, reading.depth, { ...reading, onCounted }));
  const undo = (): void => {
    reading.onCounted(-reported);
    reported = 0;
  };
  try {
    const read = await patiently(attempt, patience, reading.signal, undo);
    if (read === null) undo();
    return read;
  } catch (error) {
    undo();
    throw error;
  }
}

/** Repeats what may work at the next attempt, with growing pauses. @returns null where the signal ended the waiting */
export async function patiently<T>(attempt: () => Promise<T>, { attempts, waitMs }: Patience, signal: AbortSignal | undefined, undo: () => void = () => undefined): Promise<T | null> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tried >= attempts || !isPassing(error)) throw error;
      undo();
      const stopped = await delay(waitMs * 2 ** (tried - 1), false, signal === undefined ? {} : { signal }).catch(() => true);
      if (stopped) return null;
    }
  }
}

/** Whether an error concerns the reading of the database, so that other ranges may still be read. */
export function isOfRange(error: unknown): error is AppError {
  return isAppError(error) && error.code.startsWith('DATABASE_');
}

function isPassing(error: unknown): boolean {
  return isAppError(error) && PASSING.has(error.code);
}

async function count(range: InstanceRange, { db, signal, onCounted }: RangeReading): Promise<RangeRead | null> {
  const counts = new Counts();
  const turn = takeTurns();
  let cursor: string | null = null;
  do {
    if (signal.aborted) return null;
    const page: Awaited<ReturnType<InstanceRepository['countRange']>> = await db.instances.countRange(range, { limit: COUNTED_PAGE, ...(cursor === null ? {} : { cursor }) });
    for (const row of page.rows) counts.add(row);
    onCounted(page.rows.reduce((sum, row) => sum + row.instances, 0));
    cursor = page.cursor;
    const others = turn();
    if (others !== undefined) await others;
  } while (cursor !== null);
  return { instances: counts.instances, counts: counts.byKey, deep: null };
}

async function scan(range: InstanceRange, depth: Depth, { db, signal, onCounted }: RangeReading): Promise<RangeRead | null> {
  const counts = new Counts();
  const deep = new DeepTally();
  const turn = takeTurns();
  let limit = SCANNED_PAGE_FIRST;
  let cursor: string | null = null;
  do {
    if (signal.aborted) return null;
    const page: Awaited<ReturnType<InstanceRepository['scanRange']>> = await db.instances.scanRange(range, { limit, wanted: () => true, ...(cursor === null ? {} : { cursor }) });
    let bytes = 0;
    for (const stored of page.rows) {
      if (signal.aborted) return null;
      counts.add({ keyDescription: stored.keyDescription, instances: 1, bytes: stored.bytes });
      bytes += stored.bytes;
      await deep.check(stored, depth);
      const others = turn();
      if (others !== undefined) await others;
    }
    onCounted(page.rows.length);
    cursor = page.cursor;
    limit = nextLimit(limit, page.rows.length, bytes);
  } while (cursor !== null);
  return { instances: counts.instances, counts: counts.byKey, deep };
}

/** Memory stays flat: as many as would have fitted, at most twice as many as before. */
function nextLimit(limit: number, rows: number, bytes: number): number {
  const fitting = bytes === 0 ? SCANNED_PAGE : Math.floor((SCANNED_BYTES * rows) / bytes);
  return Math.max(1, Math.min(limit * 2, fitting, SCANNED_PAGE));
}

class Counts {
  readonly byKey = new Map<string, { instances: number; bytes: number }>();
  instances = 0;

  add({ keyDescription, instances, bytes }: RangeCount): void {
    const known = this.byKey.get(keyDescription);
    if (known === undefined) this.byKey.set(keyDescription, { instances, bytes });
    else {
      known.instances += instances;
      known.bytes += bytes;
    }
    this.instances += instances;
  }
}
