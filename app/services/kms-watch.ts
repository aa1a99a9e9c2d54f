import { isAppError, toFailure, type Failure } from '../../main/errors.ts';
import type { KmsEndpointOf } from '../../main/kms/registry.ts';
import { isKmsWrapped, unwrapGeneration } from '../../main/masterkey/unwrap.ts';
import type { GenerationRecord } from '../../main/systemdb/repositories.ts';
import type { Cluster } from './cluster.ts';

/** How often a KMS key that running processes need only at their next start is tried, in milliseconds. */
const EVERY_MS = 60_000;

/** One version of a KMS key that generations need, and whether it unwraps them now. */
export interface KmsKeyHealth {
  readonly provider: string;
  readonly keyId: string;
  readonly location: string;
  /** Versions have states of their own at some KMSs; null where the KMS did not say which one wrapped. */
  readonly version: string | null;
  readonly generations: readonly string[];
  /** Of these, those whose plain key this process holds. */
  readonly held: number;
  /** Why it does not unwrap; null where it does, or nothing else is known. */
  readonly failure: Failure | null;
  /** Since when it was seen not to, ms since the epoch. */
  readonly since: number | null;
}

interface Seen {
  readonly failure: Failure | null;
  readonly since: number | null;
}

/**
 * Finds out whether a restart would work: a running process holds its keys and calls no KMS, so each version of a KMS key is asked once
 * a minute to unwrap one of its generations.
 */
export class KmsWatch {
  readonly #cluster: Cluster;
  readonly #seen = new Map<string, Seen>();
  #round: Promise<void> | null = null;
  #roundAt: number | null = null;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Each place of a KMS that was called so far. */
  get endpoints(): readonly KmsEndpointOf[] {
    return this.#cluster.kms.registry.endpoints();
  }

  /** What is known now. @throws AppError `DATABASE_*` */
  async keys(): Promise<KmsKeyHealth[]> {
    return [...(await this.#byKey())].map(([id, generations]) => {
      const ring = this.#cluster.unlocked ? this.#cluster.ring : null;
      const { provider = '', keyId = '', location = '', keyVersion: version = null } = generations[0]?.wrapping ?? {};
      const { failure, since } = this.#seen.get(id) ?? this.#ofGoingLive(id, generations);
      return { provider, keyId, location, version, generations: generations.map(({ description }) => description), held: generations.filter(({ description }) => ring?.holds(description)).length, failure, since };
    });
  }

  /** Starts a round in the background where the last one is old. Going live was one. */
  touch(): void {
    const last = this.#roundAt ?? performance.now();
    this.#roundAt ??= last;
    if (!this.#cluster.unlocked || this.#round !== null || performance.now() - last < EVERY_MS) return;
    this.#round = this.look()
      .catch(() => undefined)
      .finally(() => (this.#round = null));
  }

  /** Asks each version of each KMS key once, now. @throws AppError `LOCKED`, `DATABASE_*` */
  async look(): Promise<void> {
    this.#roundAt = performance.now();
    const { ring } = this.#cluster;
    const byKey = await this.#byKey();
    for (const id of this.#seen.keys()) if (!byKey.has(id)) this.#seen.delete(id);
    await Promise.all(
      [...byKey].map(async ([id, generations]) => {
        const newest = generations.at(-1);
        if (newest === undefined) return;
        try {
          (await unwrapGeneration(ring.protectors, newest)).key.dispose();
          this.#seen.set(id, { failure: null, since: null });
        } catch (error) {
          this.#fails(id, error);
        }
      }),
    );
  }

  #fails(id: string, error: unknown): Seen {
    if (!isAppError(error)) throw error;
    const seen: Seen = { failure: toFailure(error, ''), since: this.#seen.get(id)?.since ?? Date.now() };
    this.#seen.set(id, seen);
    return seen;
  }

  #ofGoingLive(id: string, generations: readonly GenerationRecord[]): Seen {
    const failures = this.#cluster.unlocked ? this.#cluster.ring.failures : new Map<string, Error>();
    const failed = generations.map(({ description }) => failures.get(description)).find((failure) => failure !== undefined);
    return failed === undefined ? { failure: null, since: null } : this.#fails(id, failed);
  }

  async #byKey(): Promise<Map<string, GenerationRecord[]>> {
    const wrapped = (await this.#cluster.db.keys.list()).filter((generation) => isKmsWrapped(generation));
    return Map.groupBy(wrapped.sort((a, b) => a.createdAt - b.createdAt), ({ wrapping }) => ['provider', 'keyId', 'location', 'keyVersion'].map((part) => wrapping[part] ?? '').join('\n'));
  }
}
