import { generationsOf, type Generation } from '../../main/masterkey/generations.ts';
import { removableOrphans, removeOrphans } from '../../main/masterkey/orphans.ts';
import { HASH_KEY_NAME, LUI_KEY_NAME } from '../../main/masterkey/types.ts';
import { verifyKeys } from '../../main/masterkey/verify.ts';
import { AppError, toFailure } from '../../main/errors.ts';
import type { CensusRow } from '../../main/systemdb/repositories.ts';
import type { CensusState } from '../contract/census.ts';
import type { GenerationDetail, GenerationView, KeyMark, Verification } from '../contract/keys.ts';
import { rekeyMarks } from './rekey-marks.ts';
import { TrailMarks } from './trail-marks.ts';
import { censusState, type Censuses } from './census.ts';
import type { Cluster } from './cluster.ts';

/** Older campaigns are on the page Rekey, and not in the timeline. */
const MOST_CAMPAIGNS = 500;

/** What the console shows and proves of master keys. */
export class KeyList {
  readonly #cluster: Cluster;
  readonly #censuses: Censuses;
  readonly #trailMarks: TrailMarks;

  constructor(cluster: Cluster, censuses: Censuses) {
    this.#cluster = cluster;
    this.#censuses = censuses;
    this.#trailMarks = new TrailMarks(cluster.db.audit);
  }

  /** Every generation with what still needs it; needs no plain key. */
  async list(): Promise<{ keys: GenerationView[]; marks: KeyMark[]; names: string[]; census: CensusState }> {
    const census = await this.#censuses.standing();
    const generations = await this.#generations();
    if (this.#cluster.unlocked) await this.#cluster.ring.refresh();
    const keys = generations.map((generation) => this.#view(generation, census.rows));
    const names = [...new Set([LUI_KEY_NAME, HASH_KEY_NAME, ...this.#cluster.profile.keyNames, ...keys.map((key) => key.name)])];
    return { keys, marks: await this.#marks(generations), names, census: censusState(census) };
  }

  /** @throws AppError `KEY_DESCRIPTION_UNKNOWN` */
  async get(description: string): Promise<GenerationDetail> {
    const generation = (await this.#generations()).find((candidate) => candidate.description === description);
    if (generation === undefined) {
      throw new AppError('KEY_DESCRIPTION_UNKNOWN', `The system database knows no key "${description}".`, 'Copy the key description from the list of master keys.', {
        details: { description },
      });
    }
    const census = await this.#censuses.standing();
    const records = await this.#cluster.trail.list({ limit: 50, search: description });
    return {
      ...this.#view(generation, census.rows),
      census: censusState(census),
      instancesByLu: census.rows
        .filter((row) => row.keyDescription === description)
        .map(({ lu, instances, bytes }) => ({ lu, instances, bytes })),
      stripesFound: (await this.#cluster.db.stripes.read(description)).length,
      audit: records.records.map(({ seq, at, act, actor, outcome }) => ({ seq, at, act, actor, outcome })),
    };
  }

  /** Unwraps and compares from what is stored now. @throws AppError `KEY_DESCRIPTION_UNKNOWN`, `LOCKED` */
  async verify(description?: string): Promise<Verification> {
    const { ring } = this.#cluster;
    return this.#cluster.guarded('keys.verify', description ?? 'all', {}, async (note) => {
      const result = await verifyKeys(ring.protectors, description);
      note({ checked: result.checked, unreadable: result.unreadable.length, orphans: result.orphans.length });
      return { ...result, unreadable: [...result.unreadable], orphans: [...result.orphans] };
    });
  }

  /** Removes what a crash left and nothing needs; a dry run only names it. */
  async removeOrphans(dryRun: boolean): Promise<{ orphans: string[]; removed: boolean }> {
    const { db, now } = this.#cluster;
    if (dryRun) return { orphans: await removableOrphans(db, now()), removed: false };
    const orphans = await this.#cluster.guarded('keys.remove-orphans', 'orphans', {}, async (note) => {
      const removed = await removeOrphans(db, now());
      note({ removed: removed.length, descriptions: removed.join(' ') });
      return removed;
    });
    return { orphans, removed: true };
  }

  async #generations(): Promise<Generation[]> {
    const { keys } = this.#cluster.db;
    return generationsOf(await keys.list(), await keys.activations());
  }

  #view(generation: Generation, census: readonly CensusRow[]): GenerationView {
    const rows = census.filter((row) => row.keyDescription === generation.description);
    const error = this.#cluster.unlocked ? this.#cluster.ring.failures.get(generation.description) : undefined;
    return {
      name: generation.name,
      description: generation.description,
      state: generation.state,
      fingerprint: generation.fingerprint,
      generator: generation.generator,
      store: generation.store,
      wrapping: { ...generation.wrapping },
      createdAt: generation.createdAt,
      activatedAt: generation.activatedAt,
      deactivatedAt: generation.deactivatedAt,
      actor: generation.actor,
      reason: generation.reason,
      stripes: generation.stripes,
      instances: rows.reduce((sum, row) => sum + row.instances, 0),
      bytes: rows.reduce((sum, row) => sum + row.bytes, 0),
      readable: this.#cluster.unlocked && this.#cluster.ring.holds(generation.description),
      failure: error === undefined ? null : toFailure(error, ''),
    };
  }

  async #marks(generations: readonly Generation[]): Promise<KeyMark[]> {
    const marks: KeyMark[] = generations
      .filter((generation) => generation.activatedAt !== null)
      .map((generation) => ({
        at: generation.activatedAt ?? 0,
        kind: 'activation',
        name: generation.name,
        label: generation.reason ?? 'activated',
        actor: generation.actor,
        record: null,
        rekey: null,
        kms: null,
      }));
    marks.push(...(await this.#trailMarks.list()));
    marks.push(...rekeyMarks(await this.#cluster.db.campaigns.list(MOST_CAMPAIGNS), generations));
    return marks.sort((a, b) => a.at - b.at);
  }
}
