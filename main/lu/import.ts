import { randomUUID } from 'node:crypto';
import { AppError, toFailure } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import type { JobRecord, StoredInstance, SystemDb } from '../systemdb/repositories.ts';
import type { LuDefinition } from './definition.ts';
import { isOfInstance } from './instances.ts';
import type { InstanceKeys } from './keys.ts';
import { openLuSource } from './open-source.ts';
import { discard, type PlainInstance } from './plain-instance.ts';
import { KeyedSealing, type SealedBatch, type Sealing } from './sealing.ts';
import { formatKey, instanceIdOf, type LuSource, parseKey, type RootKey } from './source.ts';
import { takeTurns } from './turns.ts';

/** Abort an import with this as the signal's reason, and its job is `paused` instead of `cancelled`. */
export const PAUSE = 'pause';

export interface ImportRequest {
  readonly db: Pick<SystemDb, 'instances' | 'jobs'>;
  readonly keys: InstanceKeys;
  readonly definition: LuDefinition;
  /** A SQLite file or a folder of CSV files. */
  readonly source: string;
  /** Goes on where the job of this ID stopped, whatever stopped it; a new ID starts a new job. */
  readonly jobId?: string;
  /** Instances since the job's first start, and in the source; called at the beginning and after each batch. */
  readonly onProgress?: (progress: ImportProgress) => void;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
}

/** A request without what opens its source and its keys. */
export type FromSource = Omit<ImportRequest, 'keys' | 'source'>;

export interface ImportProgress {
  readonly done: number;
  readonly total: number;
  readonly failed: number;
}

export interface ImportResult {
  readonly jobId: string;
  readonly total: number;
  /** Instances that this call stored: new, or changed since they were last saved. */
  readonly imported: number;
  /** Instances whose stored form already held the same rows; they keep their generation. */
  readonly unchanged: number;
}

/**
 * A batch ends at this many instances or bytes: one transaction, and what a crash costs at most. Larger ones outlive the
 * collector's young generation, which grows for them; memory would not stay flat.
 */
const BATCH_INSTANCES = 128;
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * Imports every instance of a source, sealed under the active generation, in the order of its root keys. The job
 * record is written after each batch, so an import that was stopped goes on from there. An activation meanwhile counts
 * from the batch on that is gathered after it: one may be under way already. Importing the same rows again
 * leaves the stored instances as they are. Instances that the source no longer has are not removed.
 * @throws AppError `FILE_NOT_FOUND`, `FILE_UNREADABLE`, `LU_SOURCE_INVALID`, `CANCELLED` (paused too), `INPUT_INVALID`
 *   (the job is another's), `DATABASE_*`, `DISK_FULL`, and what {@link InstanceKeys.active} throws. Once the source is
 *   open, the job record keeps how it ended.
 */
export async function importLu(request: ImportRequest): Promise<ImportResult> {
  const { definition, signal } = request;
  const source = await openLuSource(request.source, definition, signal === undefined ? {} : { signal });
  try {
    return await importFrom(source, new KeyedSealing(request.keys, definition.lu, source.total), request);
  } finally {
    source.close();
  }
}

/** As {@link importLu}, from an open source (the caller closes it) and with another sealing. */
export async function importFrom(source: LuSource, sealing: Sealing, request: FromSource): Promise<ImportResult> {
  const { db, definition, signal, now = Date.now } = request;
  const { total } = source;
  let job = await startJob(request, source, now);
  let imported = 0;
  let unchanged = 0;
  const report = (): void => request.onProgress?.({ done: job.done, total, failed: 0 });
  const put = async (change: Partial<JobRecord>): Promise<void> => {
    job = { ...job, ...change, updatedAt: now() };
    await db.jobs.put(job);
  };
  const store = async ({ instances, taken, last }: Gathered, keyDescription: string, sealed: readonly Uint8Array[]): Promise<void> => {
    failPoint('import:batch-sealed');
    const toSave = instances.map(({ id }, index) => ({ lu: definition.lu, id, keyDescription, sealed: sealed[index] as Uint8Array, savedAt: now() }));
    if (toSave.length > 0) await db.instances.saveMany(toSave);
    failPoint('import:batch-stored');
    imported += toSave.length;
    unchanged += taken - toSave.length;
    await put({ done: job.done + taken, cursor: formatKey(last) });
    failPoint('import:job-stored');
    report();
  };
  // One batch is being sealed while the one before is stored and the next one gathered.
  let before: (Gathered & SealedBatch) | null = null;
  try {
    const comparing = (await db.instances.list(definition.lu, { limit: 1 })).length > 0;
    report();
    const turn = takeTurns();
    let after = job.cursor === null ? null : parseKey(job.cursor);
    for (;;) {
      const gathered: Gathered | null = await gather({ source, sealing, request, after, comparing, turn });
      if (signal?.aborted === true) {
        gathered?.instances.forEach(discard);
        break;
      }
      const sealed: readonly Uint8Array[] = before === null ? [] : await before.sealed;
      const begun: (Gathered & SealedBatch) | null = gathered === null ? null : { ...gathered, ...(await sealing.begin(gathered.instances)) };
      const previous: (Gathered & SealedBatch) | null = before;
      before = begun;
      if (previous !== null) await store(previous, previous.keyDescription, sealed);
      if (begun === null) {
        await put({ state: 'done', cursor: null });
        return { jobId: job.id, total, imported, unchanged };
      }
      after = begun.last;
    }
  } catch (error) {
    const failure = toFailure(error, job.id);
    await put({ state: 'failed', failure: JSON.stringify(failure) }).catch(() => undefined);
    throw error;
  } finally {
    // Nothing of this import is in memory any more when it is over.
    await before?.sealed.catch(() => undefined);
  }
  const state = signal.reason === PAUSE ? 'paused' : 'cancelled';
  await put({ state });
  throw new AppError(
    'CANCELLED',
    `The import of ${definition.lu} was ${state} after ${job.done} of ${total} instances, which stay imported.`,
    'Resume the job to go on, or import again: what is already there is not imported twice.',
    { details: { jobId: job.id, done: job.done, total } },
  );
}

/** A job that ended as `done` begins anew; any other goes on after its cursor. */
async function startJob(request: FromSource, source: LuSource, now: () => number): Promise<JobRecord> {
  const { db, definition, jobId = randomUUID() } = request;
  const params = JSON.stringify({ lu: definition.lu, source: source.location, definition });
  const known = await db.jobs.get(jobId);
  if (known !== null && (known.kind !== 'import' || known.params !== params)) {
    throw new AppError(
      'INPUT_INVALID',
      `Job ${jobId} is not an import of ${definition.lu} from ${source.location} with this definition, so it can not go on with it. Nothing was changed.`,
      'Start a new import, or resume the job with the source and the definition that it began with.',
      { details: { jobId } },
    );
  }
  const at = now();
  const goesOn = known !== null && known.state !== 'done';
  const job: JobRecord = {
    id: jobId,
    kind: 'import',
    params,
    state: 'running',
    done: goesOn ? known.done : 0,
    total: source.total,
    failed: 0,
    cursor: goesOn ? known.cursor : null,
    failure: null,
    startedAt: known?.startedAt ?? at,
    updatedAt: at,
  };
  await db.jobs.put(job);
  return job;
}

/** A batch before it is sealed. */
interface Gathered {
  /** Those to store: new or changed. */
  readonly instances: readonly PlainInstance[];
  /** Instances that the batch covers, changed or not. */
  readonly taken: number;
  /** The key of the last of them. */
  readonly last: RootKey;
}

interface Gathering {
  readonly source: LuSource;
  readonly sealing: Sealing;
  readonly request: FromSource;
  readonly after: RootKey | null;
  /** Whether there may be stored instances to compare with. */
  readonly comparing: boolean;
  readonly turn: () => Promise<void> | undefined;
}

/** The next batch, or null at the end of the source. */
async function gather({ source, sealing, request, after, comparing, turn }: Gathering): Promise<Gathered | null> {
  const { db, definition, signal } = request;
  const { lu } = definition;
  const instances: PlainInstance[] = [];
  let taken = 0;
  let bytes = 0;
  let last: RootKey | null = null;
  for (const key of source.keysAfter(after, BATCH_INSTANCES)) {
    if (signal?.aborted === true) break;
    const id = instanceIdOf(key);
    const image = source.image(key);
    bytes += image.length;
    if (comparing && (await holdsSame(sealing, await db.instances.get(lu, id), image))) discard({ image });
    else instances.push({ id, image });
    taken++;
    last = key;
    const others = turn();
    if (others !== undefined) await others;
    if (bytes >= BATCH_BYTES) break;
  }
  return last === null ? null : { instances, taken, last };
}

/** An instance that can not be opened is imported anew: the source knows its rows. */
async function holdsSame(sealing: Sealing, stored: StoredInstance | null, image: Uint8Array): Promise<boolean> {
  if (stored === null) return false;
  try {
    const opened = await sealing.open(stored);
    const same = Buffer.compare(opened, image) === 0;
    opened.fill(0);
    return same;
  } catch (error) {
    if (isOfInstance(error)) return false;
    throw error;
  }
}

