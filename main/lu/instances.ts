import { type EnvelopeHeader, openInstance, readEnvelopeHeader, sealInstance } from '../crypto/envelope.ts';
import { discard } from '../crypto/release.ts';
import { AppError, isAppError } from '../errors.ts';
import { failPoint } from '../fail-point.ts';
import type { SecretBytes } from '../secret.ts';
import type { InstanceInfo, InstanceRange, RangeCount, RangePage, StoredInstance, SystemDb } from '../systemdb/repositories.ts';
import { type LuDefinition, tableNames } from './definition.ts';
import type { InstanceKeys } from './keys.ts';
import { checkImage } from './microdb.ts';
import { takeTurns, throwIfCancelled } from './turns.ts';

export interface InstanceDetail {
  readonly info: InstanceInfo;
  /** null where the header can not be read. */
  readonly envelope: EnvelopeHeader | null;
  /** Why the instance can not be opened now; null if every chunk was authenticated. */
  readonly failure: AppError | null;
}

export interface Verification {
  readonly checked: number;
  readonly readable: number;
  readonly unreadable: readonly { lu: string; id: string; code: string; message: string; remedy: string }[];
}

export interface VerifyOptions {
  readonly onProgress?: (progress: { done: number; total: number; failed: number }) => void;
  readonly signal?: AbortSignal;
}

/** Instances of one page, and sealed bytes that may be in memory at once (a single instance may be larger). */
const PAGE_INSTANCES = 256;
const PAGE_BYTES = 8 * 1024 * 1024;
/** Instances of one page of a count. */
const COUNTED_PAGE = 5_000;

/** Failures that say nothing about the instance: nothing can be read or written at all now. */
const GENERAL: ReadonlySet<string> = new Set(['LOCKED', 'SECRET_DISPOSED', 'CANCELLED', 'DISK_FULL', 'REKEY_GENERATION_UNREADABLE']);

/** The stored LU instances: saved under the active generation, read under the one that each names. */
export class Instances {
  readonly #db: Pick<SystemDb, 'instances'>;
  readonly #keys: InstanceKeys;
  readonly #now: () => number;

  constructor(db: Pick<SystemDb, 'instances'>, keys: InstanceKeys, now: () => number = Date.now) {
    this.#db = db;
    this.#keys = keys;
    this.#now = now;
  }

  /**
   * Seals an image under the active generation and stores it; the newest save wins.
   * @param image a SQLite image.
   * @param definition for an image from outside: it must have the tables of this LU.
   * @throws AppError `INSTANCE_NOT_A_MICRODB`, `INPUT_INVALID` (an ID that can not be encoded), and what
   *   {@link InstanceKeys.forSaving} throws. Nothing is changed then.
   */
  async save(lu: string, id: string, image: Uint8Array, definition?: LuDefinition): Promise<void> {
    checkImage(image, definition === undefined ? [] : tableNames(definition));
    const { description, key } = await this.#keys.forSaving();
    const sealed = sealInstance(this.#keys.suite, key, { keyDescription: description, lu, instanceId: id }, image);
    failPoint('save:sealed');
    await this.#db.instances.save({ lu, id, keyDescription: description, sealed, savedAt: this.#now() });
    failPoint('save:stored');
  }

  /**
   * @returns the plain image, under whichever generation it was saved.
   * @throws AppError `INSTANCE_NOT_FOUND`, `INSTANCE_GENERATION_MISMATCH`, `ENVELOPE_*`, and what
   *   {@link InstanceKeys.get} throws.
   */
  async read(lu: string, id: string): Promise<{ info: InstanceInfo; image: Buffer }> {
    const stored = await this.#stored(lu, id);
    return { info: infoOf(stored), image: await openStored(this.#keys, stored) };
  }

  /**
   * All plain images of an LU in pages, ordered by ID; a page holds some MiB at most, or one instance.
   * @throws AppError as {@link read}, at the first that can not be opened.
   */
  async *readPages(lu: string): AsyncGenerator<{ info: InstanceInfo; image: Buffer }[]> {
    for await (const page of this.#pages(lu)) {
      const opened: { info: InstanceInfo; image: Buffer }[] = [];
      for (const stored of page) opened.push({ info: infoOf(stored), image: await openStored(this.#keys, stored) });
      yield opened;
    }
  }

  /** @throws AppError `INSTANCE_NOT_FOUND` */
  async remove(lu: string, id: string): Promise<void> {
    if (!(await this.#db.instances.remove(lu, id))) throw notFound(lu, id);
  }

  /** A page of an LU, ordered by ID; `after` is the last ID of the page before. */
  async list(lu: string, page: { after?: string; limit: number; keyDescription?: string }): Promise<InstanceInfo[]> {
    return this.#db.instances.list(lu, page);
  }

  /**
   * What the envelope says and whether it opens; a failure to open is part of the answer.
   * @throws AppError `INSTANCE_NOT_FOUND`, `LOCKED`
   */
  async detail(lu: string, id: string): Promise<InstanceDetail> {
    const stored = await this.#stored(lu, id);
    const info = infoOf(stored);
    let envelope: EnvelopeHeader | null = null;
    try {
      envelope = readEnvelopeHeader(stored.sealed);
      discard(await openStored(this.#keys, stored));
      return { info, envelope, failure: null };
    } catch (error) {
      if (!isOfInstance(error)) throw error;
      return { info, envelope, failure: error };
    }
  }

  /**
   * Opens every instance, of one LU or of all, and names those that can not be opened; it never stops at one. Reads in
   * ranges: on a cluster the order of the IDs costs a look-up each.
   * @throws AppError `CANCELLED`, `LOCKED`, `DATABASE_*`: nothing can be said about the rest then.
   */
  async verify(lu?: string, options: VerifyOptions = {}): Promise<Verification> {
    const ranges: InstanceRange[] = [];
    for (const name of lu === undefined ? await this.#db.instances.lus() : [lu]) ranges.push(...(await this.#db.instances.ranges(name)));
    let total = 0;
    for (const range of ranges) total += await this.#count(range, options.signal);
    const unreadable: Verification['unreadable'][number][] = [];
    const turn = takeTurns();
    let checked = 0;
    const progress = (): void => options.onProgress?.({ done: checked, total: Math.max(total, checked), failed: unreadable.length });
    for (const range of ranges) {
      for await (const page of this.#rangePages(range)) {
        for (const stored of page) {
          throwIfCancelled(options.signal, 'The verification');
          try {
            discard(await openStored(this.#keys, stored));
          } catch (error) {
            if (!isOfInstance(error)) throw error;
            unreadable.push({ lu: stored.lu, id: stored.id, code: error.code, message: error.message, remedy: error.remedy });
          }
          checked++;
          const others = turn();
          if (others !== undefined) await others;
        }
        progress();
      }
    }
    progress();
    unreadable.sort((a, b) => compare(a.lu, b.lu) || compare(a.id, b.id));
    return { checked, readable: checked - unreadable.length, unreadable };
  }

  async #count(range: InstanceRange, signal: AbortSignal | undefined): Promise<number> {
    let instances = 0;
    for (let cursor: string | null | undefined; cursor !== null; ) {
      throwIfCancelled(signal, 'The verification');
      const page: RangePage<RangeCount> = await this.#db.instances.countRange(range, { limit: COUNTED_PAGE, ...(cursor === undefined ? {} : { cursor }) });
      instances += page.passed;
      cursor = page.cursor;
    }
    return instances;
  }

  async *#rangePages(range: InstanceRange): AsyncGenerator<readonly StoredInstance[]> {
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: RangePage<StoredInstance> = await this.#db.instances.scanRange(range, { limit: PAGE_INSTANCES, wanted: () => true, ...(cursor === undefined ? {} : { cursor }) });
      yield page.rows;
      cursor = page.cursor;
    }
  }

  async *#pages(lu: string): AsyncGenerator<StoredInstance[]> {
    let after: { after?: string } = {};
    for (;;) {
      const infos = await this.#db.instances.list(lu, { ...after, limit: PAGE_INSTANCES });
      let bytes = 0;
      const fitting = infos.findIndex((info) => (bytes += info.bytes) > PAGE_BYTES);
      const limit = fitting < 0 ? PAGE_INSTANCES : Math.max(1, fitting);
      const page = await this.#db.instances.scan(lu, { ...after, limit });
      const last = page.at(-1);
      if (last === undefined) return;
      yield page;
      after = { after: last.id };
    }
  }

  async #stored(lu: string, id: string): Promise<StoredInstance> {
    const stored = await this.#db.instances.get(lu, id);
    if (stored === null) throw notFound(lu, id);
    return stored;
  }
}

/**
 * The header of the sealed bytes, which names the generation that the record names: the census and every decision about
 * an old generation rely on the record.
 * @throws AppError `INSTANCE_GENERATION_MISMATCH`, `ENVELOPE_*`
 */
export function checkedHeader({ lu, id, keyDescription, sealed }: StoredInstance): EnvelopeHeader {
  const header = readEnvelopeHeader(sealed);
  if (header.keyDescription === keyDescription) return header;
  throw new AppError(
    'INSTANCE_GENERATION_MISMATCH',
    `The sealed bytes of ${lu} ${id} name another key generation than their record ("${keyDescription}"): one of the two was changed outside the platform. It was not opened.`,
    'Import or save this instance again from its source, or restore it from a backup of the system database.',
    { details: { lu, id, record: keyDescription, header: header.keyDescription } },
  );
}

/**
 * Opens a stored instance under the generation that header and record name.
 * @throws AppError as {@link checkedHeader}, and what {@link InstanceKeys.get} throws.
 */
export async function openStored(keys: InstanceKeys, stored: StoredInstance): Promise<Buffer> {
  const { lu, id, sealed } = stored;
  const { keyDescription } = checkedHeader(stored);
  return openInstance(await keys.get(keyDescription), { lu, instanceId: id }, sealed);
}

/**
 * As {@link openStored}, with the key of the generation that the record names at hand.
 * @throws AppError as {@link checkedHeader} and {@link openInstance}
 */
export function openWith(key: SecretBytes, stored: StoredInstance): Buffer {
  const { lu, id, sealed } = stored;
  checkedHeader(stored);
  return openInstance(key, { lu, instanceId: id }, sealed);
}

/** Whether a failure concerns this one instance, so that others may still be read. */
export function isOfInstance(error: unknown): error is AppError {
  return isAppError(error) && !GENERAL.has(error.code) && !error.code.startsWith('DATABASE_');
}

function infoOf({ lu, id, keyDescription, bytes, savedAt, revision }: StoredInstance): InstanceInfo {
  return { lu, id, keyDescription, bytes, savedAt, revision };
}

function notFound(lu: string, id: string): AppError {
  return new AppError('INSTANCE_NOT_FOUND', `There is no instance ${lu} ${id} in this system database.`, 'Check LU and instance ID (case counts); list the LU to see what it has.', {
    details: { lu, id },
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
