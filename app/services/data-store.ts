import type { LuDefinition } from '../../main/lu/definition.ts';
import { AppError, toFailure } from '../../main/errors.ts';
import { importLu } from '../../main/lu/import.ts';
import { readTables } from '../../main/lu/microdb.ts';
import { maskingHash } from '../../main/crypto/masking-hash.ts';
import { HASH_KEY_NAME } from '../../main/masterkey/types.ts';
import type { InstanceInfo } from '../../main/systemdb/repositories.ts';
import type { Census, DataVerification, InstanceDetail, InstanceView, Shown } from '../contract/data.ts';
import { censusView, type Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';
import type { Jobs } from './jobs.ts';
import { importJobId } from './import-job.ts';
import { assertConfirmed } from './keystore.ts';

/** Rows of a table that "decrypt and show" shows at most. */
const SHOWN_ROWS = 200;

/** LU instances: census, list, detail, import, read, save, remove, verify, show, fields, hash. */
export class DataStore {
  readonly #cluster: Cluster;
  readonly #jobs: Jobs;
  readonly #censuses: Censuses;

  constructor(cluster: Cluster, jobs: Jobs, censuses: Censuses) {
    this.#cluster = cluster;
    this.#jobs = jobs;
    this.#censuses = censuses;
  }

  async census(): Promise<Census> {
    return censusView(await this.#censuses.standing());
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
      integrity: { ok: detail.failure === null, failure: detail.failure === null ? null : toFailure(detail.failure, '') },
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
    return this.#jobs.run('verify', lu === undefined ? 'Verify all instances' : `Verify ${lu}`, async (run) =>
      this.#cluster.guarded('lu.verify', lu ?? 'all', {}, async (note) => {
        // Asked for here: a job that goes on after a lock needs the keys of then.
        const result = await this.#cluster.instances.verify(lu, { signal: run.signal, onProgress: (counts) => run.progress(counts) });
        note({ checked: result.checked, unreadable: result.unreadable.length });
        return { checked: result.checked, readable: result.readable, unreadable: [...result.unreadable] };
      }),
    );
  }

  /** Decrypts for a person's eyes: audited before it happens. @throws AppError `CONFIRMATION_MISMATCH`, `LOCKED`, … */
  async show(lu: string, id: string, confirm?: string): Promise<Shown> {
    const { profile, instances } = this.#cluster;
    return this.#cluster.guarded('lu.show', `${lu} ${id}`, {}, async () => {
      if (profile.production) assertConfirmed(confirm ?? '', profile.name);
      const { image } = await instances.read(lu, id);
      try {
        return { tables: readTables(image, SHOWN_ROWS) };
      } finally {
        image.fill(0);
      }
    });
  }

  /**
   * Imports a SQLite file or a folder of CSV files as a job; goes on where an import of the same source was stopped,
   * and leaves alone what is already there. @throws AppError `LU_SOURCE_INVALID`, `LOCKED`, `CANCELLED`, …
   */
  async import(definition: LuDefinition, source: string, options: { title?: string } = {}): Promise<{ imported: number; unchanged: number; total: number }> {
    return this.#jobs.run('import', options.title ?? `Import ${definition.lu}`, async (run) =>
      this.#cluster.guarded('lu.import', definition.lu, { source }, async (note) => {
        // Asked for here: a job that goes on after a lock needs the keys of then.
        const { db, ring, now } = this.#cluster;
        const jobId = await importJobId(definition, source);
        const onProgress = (counts: { done: number; total: number; failed: number }): void => run.progress(counts);
        const { imported, unchanged, total } = await importLu({ db, keys: ring, definition, source, jobId, signal: run.signal, now, onProgress });
        note({ imported, unchanged });
        return { imported, unchanged, total };
      }),
    );
  }

  /**
   * The plain image of an instance, on its way to the place `to`; audited before it is decrypted. The caller zeroes it.
   * @throws AppError `INSTANCE_NOT_FOUND`, `LOCKED`, `ENVELOPE_*`, …
   */
  async read(lu: string, id: string, to: string): Promise<{ info: InstanceInfo; image: Buffer }> {
    const { instances } = this.#cluster;
    return this.#cluster.guarded('lu.read', `${lu} ${id}`, { to }, () => instances.read(lu, id));
  }

  /** Saves an image under the active generation. @throws AppError `INSTANCE_NOT_A_MICRODB`, `LU_UNKNOWN`, `LOCKED`, … */
  async save(lu: string, id: string, image: Uint8Array): Promise<InstanceInfo> {
    const { instances } = this.#cluster;
    return this.#cluster.guarded('lu.save', `${lu} ${id}`, {}, async (note) => {
      await instances.save(lu, id, image, this.definition(lu));
      const info = await this.find(lu, id);
      note({ keyDescription: info.keyDescription });
      return info;
    });
  }

  /** A stored instance without its content; needs no key. @throws AppError `INSTANCE_NOT_FOUND` */
  async find(lu: string, id: string): Promise<InstanceInfo> {
    const stored = await this.#cluster.db.instances.get(lu, id);
    if (stored === null) throw notFound(lu, id);
    const { keyDescription, bytes, savedAt, revision } = stored;
    return { lu, id, keyDescription, bytes, savedAt, revision };
  }

  /** Removes an instance for good; needs no key. @returns what it was; @throws AppError `INSTANCE_NOT_FOUND` */
  async remove(lu: string, id: string): Promise<InstanceInfo> {
    const { db } = this.#cluster;
    return this.#cluster.guarded('lu.delete', `${lu} ${id}`, {}, async (note) => {
      const info = await this.find(lu, id);
      if (!(await db.instances.remove(lu, id))) throw notFound(lu, id);
      note({ keyDescription: info.keyDescription, revision: info.revision });
      return info;
    });
  }

  /** Seals one value for an instance, as an ASCII token. @throws AppError `LOCKED`, `INPUT_INVALID`, … */
  async encryptField(lu: string, id: string, plain: Uint8Array): Promise<string> {
    return this.#cluster.fields.luEncrypt(plain, lu, id);
  }

  /** Opens a value of this instance; audited before. The caller zeroes it. @throws AppError `FIELD_*`, `LOCKED`, … */
  async decryptField(lu: string, id: string, token: string): Promise<Buffer> {
    const { fields } = this.#cluster;
    return this.#cluster.guarded('field.decrypt', `${lu} ${id}`, {}, () => fields.luDecrypt(token, lu, id));
  }

  /** Seals a value of this instance anew under the active generation. @throws AppError `FIELD_*`, `LOCKED`, … */
  async rekeyField(lu: string, id: string, token: string): Promise<string> {
    const { fields } = this.#cluster;
    // The token names its instance itself; this proves that it is the one that was meant.
    (await fields.luDecrypt(token, lu, id)).fill(0);
    return fields.luRekey(token);
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

function notFound(lu: string, id: string): AppError {
  return new AppError('INSTANCE_NOT_FOUND', `There is no instance ${lu} ${id} in this system database.`, `Check LU and instance ID (case counts), or see the list: fkc lu list ${lu}`, {
    details: { lu, id },
  });
}
