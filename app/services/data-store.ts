import type { LuDefinition } from '../../main/lu/definition.ts';
import { AppError, toFailure } from '../../main/errors.ts';
import { importLu } from '../../main/lu/import.ts';
import { readTables } from '../../main/lu/microdb.ts';
import { takeCensus } from '../../main/lu/census.ts';
import { maskingHash } from '../../main/crypto/masking-hash.ts';
import { HASH_KEY_NAME } from '../../main/masterkey/types.ts';
import type { Census, DataVerification, InstanceDetail, InstanceView, Shown } from '../contract/data.ts';
import type { Cluster } from './cluster.ts';
import type { Jobs } from './jobs.ts';
import { assertConfirmed } from './keystore.ts';

/** Rows of a table that "decrypt and show" shows at most. */
const SHOWN_ROWS = 200;

/** LU instances: census, list, detail, verify, import, show, fields, hash. */
export class DataStore {
  readonly #cluster: Cluster;
  readonly #jobs: Jobs;
  censusAt: number | null = null;

  constructor(cluster: Cluster, jobs: Jobs) {
    this.#cluster = cluster;
    this.#jobs = jobs;
  }

  async census(): Promise<Census> {
    const census = await takeCensus(this.#cluster.db, this.#cluster.now());
    this.censusAt = census.at;
    return census;
  }

  async list(query: { lu: string; keyDescription?: string | undefined; after?: string | undefined; limit: number }): Promise<{ instances: InstanceView[]; more: boolean }> {
    const { lu, keyDescription, after, limit } = query;
    const found = await this.#cluster.db.instances.list(lu, {
      limit: limit + 1,
      ...(after === undefined ? {} : { after }),
      ...(keyDescription === undefined ? {} : { keyDescription }),
    });
    return { instances: found.slice(0, limit).map((info) => ({ ...info })), more: found.length > limit };
  }

  /** @throws AppError `INSTANCE_NOT_FOUND`, `LOCKED` */
  async detail(lu: string, id: string): Promise<InstanceDetail> {
    const detail = await this.#cluster.instances.detail(lu, id);
    const generation = await this.#cluster.db.keys.get(detail.info.keyDescription);
    const active = generation === null ? null : await this.#cluster.db.keys.active(generation.name);
    return {
      ...detail.info,
      envelope: detail.envelope === null ? null : { ...detail.envelope, algorithm: detail.envelope.suite.name },
      integrity: { ok: detail.failure === null, failure: detail.failure === null ? null : plainFailure(detail.failure) },
      generation:
        generation === null
          ? null
          : {
              fingerprint: generation.fingerprint,
              state: active?.description === generation.description ? 'active' : 'deactivated',
              protection: `${generation.wrapping['kind'] ?? ''} ${generation.wrapping['keyId'] ?? ''}`.trim(),
            },
    };
  }

  /** Opens every instance; never stops at a failure. @throws AppError `LOCKED`, `CANCELLED` */
  async verify(lu?: string): Promise<DataVerification> {
    const { instances, trail } = this.#cluster;
    return this.#jobs.run('verify', lu === undefined ? 'Verify all instances' : `Verify ${lu}`, async (run) =>
      trail.guarded('lu.verify', lu ?? 'all', {}, async (note) => {
        const result = await instances.verify(lu, { signal: run.signal, onProgress: (counts) => run.progress(counts) });
        note({ checked: result.checked, unreadable: result.unreadable.length });
        return { checked: result.checked, readable: result.readable, unreadable: [...result.unreadable] };
      }),
    );
  }

  /** Decrypts for a person's eyes: audited before it happens. @throws AppError `CONFIRMATION_MISMATCH`, `LOCKED`, … */
  async show(lu: string, id: string, confirm?: string): Promise<Shown> {
    const { profile, trail, instances } = this.#cluster;
    return trail.guarded('lu.show', `${lu} ${id}`, {}, async () => {
      if (profile.production) assertConfirmed(confirm ?? '', profile.name);
      const { image } = await instances.read(lu, id);
      try {
        return { tables: readTables(image, SHOWN_ROWS) };
      } finally {
        image.fill(0);
      }
    });
  }

  /** Imports as a job; resumable and idempotent. @throws AppError `LU_SOURCE_INVALID`, `LOCKED`, `CANCELLED`, … */
  async import(
    definition: LuDefinition,
    source: string,
    options: { title?: string; only?: (id: string) => boolean; onProgress?: (counts: { done: number; total: number | null; failed: number }) => void; signal?: AbortSignal } = {},
  ): Promise<{ imported: number; unchanged: number }> {
    const { db, ring, trail, now } = this.#cluster;
    return this.#jobs.run('import', options.title ?? `Import ${definition.lu}`, async (run) =>
      trail.guarded('lu.import', definition.lu, { source }, async (note) => {
        const signal = options.signal === undefined ? run.signal : AbortSignal.any([run.signal, options.signal]);
        const result = await importLu({
          db,
          keys: ring,
          definition,
          source,
          signal,
          now,
          onProgress: (counts) => {
            run.progress(counts);
            options.onProgress?.(counts);
          },
        });
        note({ imported: result.imported, unchanged: result.unchanged });
        return result;
      }),
    );
  }

  /** Masks values with the hash key: equal values mask equally within a name space. @throws AppError `LOCKED` */
  async hash(nameSpace: string, values: readonly string[]): Promise<string[]> {
    const { key } = await this.#cluster.ring.active(HASH_KEY_NAME);
    return values.map((value) => maskingHash(this.#cluster.ring.suite, key, nameSpace, value));
  }

  /** The definition of an LU from the profile. @throws AppError `LU_UNKNOWN` */
  definition(lu: string): LuDefinition {
    const definition = this.#cluster.profile.lus[lu];
    if (definition !== undefined) return definition;
    throw new AppError('LU_UNKNOWN', `The profile has no definition of the LU "${lu}".`, `Import it once with its definition: fkc lu import ${lu} --definition FILE --source FILE_OR_FOLDER`, {
      details: { lu },
    });
  }
}

function plainFailure(error: unknown): { ok: false; code: string; message: string; remedy: string } {
  const { code, message, remedy } = toFailure(error, 'integrity');
  return { ok: false, code, message, remedy };
}
