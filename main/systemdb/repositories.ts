/**
 * What the system database keeps, whatever it runs on. Every method is one round trip or one bounded page, so that a
 * Cassandra adapter can keep the same contract; `test/conformance/systemdb.ts` holds every adapter to it.
 * Times are milliseconds since the epoch (UTC). No plain key byte ever enters the system database, with the one
 * exception that {@link InternalKeyRepository} names.
 *
 * Errors of every method: `DATABASE_LOCKED`, `DATABASE_READ_ONLY`, `DATABASE_CORRUPT`, `DISK_FULL`, `DATABASE_FAILED`.
 * Text is stored as it is given, must be valid Unicode, and is ordered by code points.
 */
import type { Generator, Store } from '../masterkey/types.ts';

/** One generation of a master key, without its bytes: the facts under its key description. Written once. */
export interface GenerationRecord {
  readonly name: string;
  readonly description: string;
  readonly generator: Generator;
  readonly store: Store;
  /** Check value of the plain key (see docs/formats.md), compared at every unwrap. */
  readonly fingerprint: string;
  /** Number of stripe records that make the wrapped key, check bytes included. */
  readonly stripes: number;
  /** What the store needs to unwrap, for example `{kind, keyId}` of the protection key. Never a secret. */
  readonly wrapping: Readonly<Record<string, string>>;
  readonly createdAt: number;
  /** OS user and host, `user@host`. */
  readonly actor: string;
  readonly reason: string | null;
}

/** That a generation became the active one of its name. `revision` counts from 1 without gaps for each name. */
export interface Activation {
  readonly name: string;
  readonly revision: number;
  readonly description: string;
  readonly activatedAt: number;
}

export interface KeyRepository {
  /**
   * @throws AppError `KEY_DESCRIPTION_EXISTS`; `KEY_ACTIVATION_LOST` where a database can tell that the stripes under the
   *   description were removed as orphans: no facts are written then
   */
  insert(generation: GenerationRecord): Promise<void>;
  get(description: string): Promise<GenerationRecord | null>;
  /** All generations of all names, ordered by name, then description. */
  list(): Promise<GenerationRecord[]>;
  /** Removes the facts of a generation that never was activated; false if it is unknown or was. */
  removeOrphan(description: string): Promise<boolean>;
  /** The newest activation of the name. */
  active(name: string): Promise<Activation | null>;
  /**
   * As {@link active}, for sealing an instance: where the database is spread over data centres that do not all answer, the
   * newest activation that this one knows. Never the base of an activation.
   */
  activeForSaving(name: string): Promise<Activation | null>;
  /** All activations, ordered by name, then revision. */
  activations(): Promise<Activation[]>;
  /**
   * The compare-and-set that decides an activation: appends `activation` if its revision is exactly one more than the
   * newest of its name (1 for the first).
   * @returns false where another process was first; nothing is changed then.
   * @throws AppError `KEY_DESCRIPTION_UNKNOWN` where the name has no such generation
   */
  activate(activation: Activation): Promise<boolean>;
}

/** One byte of a wrapped key. */
export interface Stripe {
  readonly idx: number;
  /** 0–255 */
  readonly value: number;
}

export interface StripeRepository {
  /**
   * Writes each byte of `wrapped` as a record of its own, idx from 0. `onStored` is called after each durable step with
   * the number of stripes stored until then.
   * @throws AppError `KEY_DESCRIPTION_EXISTS` where stripes lie there already: they are never overwritten
   */
  write(description: string, wrapped: Uint8Array, onStored?: (stored: number) => void): Promise<void>;
  /** All stripes under the description, ordered by idx; empty if there are none. */
  read(description: string): Promise<Stripe[]>;
  /**
   * Removes stripes that no facts name, in one step with looking: an activation that writes its facts at the same moment
   * either keeps its stripes or finds them gone before it is active.
   * @returns false if there are none, or facts stand under the description.
   */
  removeOrphan(description: string): Promise<boolean>;
  /** Every description that has at least one stripe: to find orphans. */
  descriptions(): Promise<string[]>;
}

/** A stored LU instance without its sealed bytes. */
export interface InstanceInfo {
  readonly lu: string;
  readonly id: string;
  readonly keyDescription: string;
  /** Size of the sealed form in bytes. */
  readonly bytes: number;
  readonly savedAt: number;
  /** Grows with every save and never comes back for an id, not even after a removal; in a new LU the first is 1. */
  readonly revision: number;
}

export interface StoredInstance extends InstanceInfo {
  readonly sealed: Uint8Array;
}

export interface InstanceToSave {
  readonly lu: string;
  readonly id: string;
  readonly keyDescription: string;
  readonly sealed: Uint8Array;
  readonly savedAt: number;
}

export interface CensusRow {
  readonly lu: string;
  readonly keyDescription: string;
  readonly instances: number;
  readonly bytes: number;
}

/**
 * A part of an LU that can be read by itself, in any order and by any process: a token range of the cluster, or an
 * interval of ids. The ranges of one answer cover the LU exactly once, and go on doing so while instances come and go.
 */
export interface InstanceRange {
  readonly lu: string;
  /** Bounds, opaque to all but the adapter that made them; stable across processes and restarts. */
  readonly start: string;
  readonly end: string;
  /** Addresses of the nodes that hold a replica, the primary one first; empty where the database is one file. */
  readonly nodes: readonly string[];
}

/** Instances under one generation in a part of an LU. */
export interface RangeCount {
  readonly keyDescription: string;
  readonly instances: number;
  readonly bytes: number;
}

export interface RangePage<T> {
  readonly rows: readonly T[];
  /** Instances looked at, also those that were not wanted. */
  readonly passed: number;
  /** Where to go on in this range; null at its end. Valid in any process, also after saves and removals. */
  readonly cursor: string | null;
}

export interface InstanceRepository {
  get(lu: string, id: string): Promise<StoredInstance | null>;
  /** Insert or replace, unconditionally: the newest save wins. @throws AppError `INPUT_INVALID` for an id that is no valid Unicode */
  save(instance: InstanceToSave): Promise<void>;
  /** As {@link save}, for many at once; all or none where the database can, each whole in any case. */
  saveMany(instances: readonly InstanceToSave[]): Promise<void>;
  /** Replaces only what still has `revision`. @returns false if it was saved or removed meanwhile. */
  replace(instance: InstanceToSave, revision: number): Promise<boolean>;
  /** @returns false if there was none. */
  remove(lu: string, id: string): Promise<boolean>;
  /** A page ordered by id (code points); `after` is the last id of the page before. */
  list(lu: string, page: { after?: string; limit: number; keyDescription?: string }): Promise<InstanceInfo[]>;
  /** As {@link list}, with the sealed bytes: the read path of verify and of whole-LU reads. */
  scan(lu: string, page: { after?: string; limit: number; keyDescription?: string }): Promise<StoredInstance[]>;
  /** LUs that have instances, ordered. */
  lus(): Promise<string[]>;
  /**
   * Exact counts, read without touching sealed bytes; ordered by lu, then key description. On a cluster this reads every
   * range: pages that only want to show counts take those of the last stored census.
   */
  census(): Promise<CensusRow[]>;
  /**
   * The LU in parts of a few thousand instances where it is large, some tens of parts at least on a cluster. There is at
   * least one, also for an LU without instances: they cover what is saved later too.
   */
  ranges(lu: string): Promise<InstanceRange[]>;
  /** Counts a page of a range (about `limit` instances) without touching sealed bytes; a row for each generation seen. */
  countRange(range: InstanceRange, page: { cursor?: string; limit: number }): Promise<RangePage<RangeCount>>;
  /** A page of a range with the sealed bytes of the instances whose generation is wanted. */
  scanRange(
    range: InstanceRange,
    page: { cursor?: string; limit: number; wanted: (keyDescription: string) => boolean },
  ): Promise<RangePage<StoredInstance>>;
  /**
   * Puts another sealed form of the same content in the place of the one that was read; `savedAt` stays. Whatever was
   * saved or removed since the read wins, whichever arrives first (architecture.md, "A rekey never overwrites a newer
   * save"). Callers see to it that nothing else rewrites the same instance for another generation at the same time.
   * @returns false where it is known that a save or removal won.
   * @throws AppError `INSTANCE_FROM_FUTURE` where the stored time lies ahead of the clock: nothing is written.
   */
  rewrite(read: StoredInstance, next: { readonly keyDescription: string; readonly sealed: Uint8Array }): Promise<boolean>;
}

/** One act. `hash` covers every other field, `previous` is the hash of the record before: see docs/formats.md. */
export interface AuditRecord {
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly act: string;
  readonly object: string;
  /** JSON object with facts; never a secret. */
  readonly context: string;
  readonly outcome: 'started' | 'done' | 'refused' | 'failed';
  /** For a completion: the seq of its `started` record. */
  readonly completes: number | null;
  readonly previous: string;
  readonly hash: string;
}

export interface AuditRepository {
  /** Appends if `seq` is exactly one more than the newest (1 for the first). @returns false where another was first. */
  append(record: AuditRecord): Promise<boolean>;
  head(): Promise<AuditRecord | null>;
  /** Ascending from `fromSeq` on. */
  read(fromSeq: number, limit: number): Promise<AuditRecord[]>;
}

export interface JobRecord {
  readonly id: string;
  readonly kind: 'import' | 'verify' | 'census';
  /** JSON object: what to do; never a secret. */
  readonly params: string;
  readonly state: 'running' | 'paused' | 'done' | 'failed' | 'cancelled';
  readonly done: number;
  /** null while unknown. */
  readonly total: number | null;
  readonly failed: number;
  /** Where to go on: opaque to the database. */
  readonly cursor: string | null;
  /** JSON of the failure ({code, message, remedy}) where state is `failed`. */
  readonly failure: string | null;
  readonly startedAt: number;
  readonly updatedAt: number;
}

export interface JobRepository {
  put(job: JobRecord): Promise<void>;
  get(id: string): Promise<JobRecord | null>;
  /** Newest first. */
  list(limit: number): Promise<JobRecord[]>;
}

/**
 * A right that one process at a time holds, and loses by itself where it stops renewing. The database's own clock
 * decides, so that processes whose clocks differ can share it.
 */
export interface LeaseRepository {
  /** Takes a free or expired lease, or renews one's own. @returns false where another holds it. */
  acquire(name: string, holder: string, seconds: number): Promise<boolean>;
  /** Gives up one's own lease; nothing happens to another's. */
  release(name: string, holder: string): Promise<void>;
  /** null if it is free or expired. */
  holder(name: string): Promise<string | null>;
}

/** What one census found, kept as it was found. */
export interface CensusRecord {
  readonly id: string;
  readonly startedAt: number;
  readonly endedAt: number;
  /** JSON of the whole result; its shape is the census module's. */
  readonly result: string;
}

export interface CensusRepository {
  put(record: CensusRecord): Promise<void>;
  get(id: string): Promise<CensusRecord | null>;
  /** Newest first by `endedAt`; all without a limit. */
  list(limit?: number): Promise<CensusRecord[]>;
  /** Those of them that there are. */
  remove(ids: readonly string[]): Promise<void>;
}

export type CampaignState = 'planned' | 'running' | 'paused' | 'done' | 'cancelled' | 'failed';

/** A rekey campaign; its work lies in its {@link CampaignRange}s. */
export interface CampaignRecord {
  readonly id: string;
  readonly state: CampaignState;
  /** JSON: what to re-encrypt and towards which generation. Never a secret. */
  readonly params: string;
  /** JSON: the limits, which may change while it runs. */
  readonly limits: string;
  /** JSON of the proof (last census) or of the failure; null while there is none. */
  readonly outcome: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type RangeState = 'waiting' | 'done' | 'failed';

/** One unit of work of a campaign. It runs where `worker` is set: that is a lease which ends by itself. */
export interface CampaignRange {
  /** Place within the campaign, from 0. */
  readonly seq: number;
  readonly range: InstanceRange;
  readonly state: RangeState;
  readonly cursor: string | null;
  /** Instances looked at, re-encrypted, found saved or removed meanwhile, and failed. */
  readonly passed: number;
  readonly rewritten: number;
  readonly superseded: number;
  readonly failed: number;
  /** Sealed bytes re-encrypted. */
  readonly bytes: number;
  readonly updatedAt: number;
  readonly worker: string | null;
}

/** What a worker writes of a range that it holds. */
export type RangeProgress = Pick<CampaignRange, 'state' | 'cursor' | 'passed' | 'rewritten' | 'superseded' | 'failed' | 'bytes' | 'updatedAt'>;

/** An instance that a campaign left as it was. */
export interface CampaignFailure {
  readonly lu: string;
  readonly id: string;
  readonly keyDescription: string;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly at: number;
}

export interface CampaignRepository {
  /** The campaign becomes visible with all its ranges or not at all. */
  create(campaign: CampaignRecord, ranges: readonly InstanceRange[]): Promise<void>;
  get(id: string): Promise<CampaignRecord | null>;
  /** Newest first by `createdAt`. */
  list(limit: number): Promise<CampaignRecord[]>;
  /** Compare-and-set of the state; the outcome that stands stays where none is given. @returns false where the state is none of `from`. */
  setState(id: string, from: readonly CampaignState[], to: CampaignState, at: number, outcome?: string): Promise<boolean>;
  setLimits(id: string, limits: string, at: number): Promise<void>;
  /** All ranges, ordered by seq. */
  ranges(id: string): Promise<CampaignRange[]>;
  /** Takes a range that is `waiting` and that nobody holds, or renews one's own. @returns it as whoever held it before left it; null otherwise. */
  claim(id: string, seq: number, worker: string, seconds: number): Promise<CampaignRange | null>;
  /** Writes progress and renews the lease, only while `worker` holds it; a range that is `done` or `failed` is given up. @returns false where the lease is lost: nothing is written then. */
  progress(id: string, seq: number, worker: string, seconds: number, progress: RangeProgress): Promise<boolean>;
  /** Gives a range back as it stands; nothing happens to another's. */
  release(id: string, seq: number, worker: string): Promise<void>;
  /**
   * Makes ranges `waiting` again, with another cursor: for a retry. What they look at is counted anew (`passed`, `failed`),
   * what was done stays counted. Who held one has lost it.
   */
  reopen(id: string, ranges: readonly Pick<CampaignRange, 'seq' | 'cursor'>[]): Promise<void>;
  putFailure(id: string, failure: CampaignFailure): Promise<void>;
  removeFailure(id: string, lu: string, instanceId: string): Promise<void>;
  /** A page ordered by lu, then instance id; `after` is the last one of the page before. */
  failures(id: string, page: { after?: { lu: string; id: string }; limit: number }): Promise<CampaignFailure[]>;
}

/** A node of the cluster's own list, as the database reports it. */
export interface ClusterNode {
  readonly address: string;
  readonly dataCenter: string;
  readonly rack: string;
  readonly version: string;
  readonly up: boolean;
}

/** Where the database keeps what: only a cluster has an answer. */
export interface TopologyRepository {
  /** The data centre that reads and writes are asked of: the one that was given, else that of the first contact point. */
  readonly localDataCenter: string;
  /** The cluster's own node list, ordered by data centre, then address. */
  nodes(): Promise<ClusterNode[]>;
  /** For each stripe place (0 to `stripes` - 1) of a key description the addresses of its replicas. */
  stripePlaces(description: string, stripes: number): Promise<string[][]>;
  /** Replication of the keyspace that holds the stripes, in words of the database: `{class, replication_factor}` or `{class, dc1: '3'}`. */
  replication(): Promise<Readonly<Record<string, string>>>;
}

/** A process that went live on this database. */
export interface NodeRecord {
  readonly id: string;
  readonly host: string;
  readonly version: string;
  /** Of the database's nodes that it asks; null where the database is one file, or an older console wrote the entry. */
  readonly dataCenter: string | null;
  readonly liveSince: number;
  readonly lastSeen: number;
  /** SHA-256 (hex) of its KeyStore file at going live; null with the internal protection key. */
  readonly keystoreDigest: string | null;
  /** Findings at going live, as words: for example a stale KeyStore copy. */
  readonly notes: readonly string[];
}

export interface NodeRepository {
  put(node: NodeRecord): Promise<void>;
  /** Ordered by host, then id. */
  list(): Promise<NodeRecord[]>;
}

export interface SettingsRepository {
  get(key: string): Promise<string | null>;
  /** Writes only if the key has no value yet. @returns the value that stands now. */
  setOnce(key: string, value: string): Promise<string>;
  set(key: string, value: string): Promise<void>;
}

/**
 * The internal protection keys, in plain: they lie beside the data that they protect, which the console reports as a
 * finding. The only key bytes that the system database ever holds.
 */
export interface InternalKeyRepository {
  get(id: string): Promise<Uint8Array | null>;
  /** Newest by insertion order; null if there is none. */
  current(): Promise<{ id: string; key: Uint8Array } | null>;
  /** @returns false if the id exists; nothing is changed then. */
  insert(id: string, key: Uint8Array, createdAt: number): Promise<boolean>;
}

/** Facts about the database itself, for the header and the overview. */
export interface SystemDbInfo {
  readonly kind: 'sqlite' | 'cassandra';
  /** File name or contact points. */
  readonly location: string;
  readonly schemaVersion: number;
}

/** One open system database. Several processes may hold one at once. */
export interface SystemDb {
  readonly info: SystemDbInfo;
  readonly keys: KeyRepository;
  readonly stripes: StripeRepository;
  readonly instances: InstanceRepository;
  readonly audit: AuditRepository;
  readonly jobs: JobRepository;
  readonly nodes: NodeRepository;
  readonly settings: SettingsRepository;
  readonly internalKeys: InternalKeyRepository;
  readonly leases: LeaseRepository;
  readonly censuses: CensusRepository;
  readonly campaigns: CampaignRepository;
  /** null where the database is one file. */
  readonly topology: TopologyRepository | null;
  close(): Promise<void>;
}
