import { types, type Client, type QueryOptions } from 'cassandra-driver';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, isAppError } from '../../errors.ts';
import { decidedByAll } from './all-data-centres.ts';
import type { Balancing } from './balancing.ts';
import { databaseError, isUnprepared, tookTooLong, type Purpose } from './errors.ts';
import type { Keyspaces } from './keyspaces.ts';
import type { CassandraSettings } from './settings.ts';
import { withIdentity } from './table-identity.ts';

const { consistencies } = types;

/** Whose majority decides: that of the local data centre, or of all replicas everywhere. */
export type Reach = 'local' | 'global';

/**
 * A bound value: text, numbers for `int` and `timestamp` (milliseconds), BigInt for `bigint`, Buffer for `blob`, boolean,
 * null (writes a tombstone), undefined (leaves the column as it is), lists, maps and UUIDs of the driver.
 */
export type Value = unknown;

/** A row by column name: BigInt for `bigint`, Date for `timestamp`, Buffer for `blob`, null for what is not set. */
export type Row = Readonly<Record<string, unknown>>;

export interface Statement {
  readonly cql: string;
  readonly params: readonly Value[];
}

export interface ReadOptions {
  /** Default `local`. */
  readonly reach?: Reach;
  /** Rows of a page; default 1000. */
  readonly fetchSize?: number;
  /** Where the page before ended. */
  readonly pageState?: string | null;
  /** Milliseconds that one node has for its answer, 0 for as long as it takes; default 6000. */
  readonly timeout?: number;
  /** Serialized partition key where it is not among the parameters, as for a token range: leads to a replica. */
  readonly routingKey?: Buffer;
}

export interface WriteOptions {
  /** Default `local`. */
  readonly reach?: Reach;
}

export interface Page {
  readonly rows: readonly Row[];
  /** null at the end. */
  readonly pageState: string | null;
}

/** What became of a lightweight transaction. `rows` are the rows that stood against it, with their columns. */
export interface Conditional {
  readonly applied: boolean;
  readonly row: Row | null;
  readonly rows: readonly Row[];
}

/** How long one node may take, in milliseconds; another is asked meanwhile where the statement may be repeated. */
const READ_TIMEOUT = 6_000;
const WRITE_TIMEOUT = 6_000;
/** The cluster itself gives a lightweight transaction up to five seconds of contention. */
const CONDITIONAL_TIMEOUT = 8_000;
const SCHEMA_TIMEOUT = 30_000;

const FETCH_SIZE = 1_000;

/** How long nodes may take to agree on a schema beyond what the driver waits, in milliseconds. */
const AGREEMENT_PATIENCE = 20_000;
const AGREEMENT_PAUSE = 250;

/**
 * One connection to the cluster, for all of the adapter: every statement is prepared, sent to a replica of the local data
 * centre, and has the consistency that its kind needs. Statements that may be repeated are, on another node; those that
 * may not are never.
 *
 * Errors of every method: `DATABASE_UNREACHABLE`, `DATABASE_UNAVAILABLE`, `DATABASE_TIMEOUT`,
 * `DATABASE_PERMISSION_DENIED`, `DATABASE_KEYSPACE_MISSING`, `DATABASE_FAILED`.
 *
 * Writes without `USING TIMESTAMP` carry this process's clock (microseconds, growing): a repeated write is the same write.
 * Where two processes may write the same cell, decide between them by {@link conditional} or a timestamp of your own.
 */
export class CassandraSession {
  readonly settings: CassandraSettings;
  readonly keyspaces: Keyspaces;
  /** For the token map and the node list only. */
  readonly client: Client;
  readonly #balancing: Balancing;
  readonly #onClose: () => void;

  /** @see connectCassandra */
  constructor(parts: { settings: CassandraSettings; keyspaces: Keyspaces; client: Client; balancing: Balancing; onClose: () => void }) {
    this.settings = parts.settings;
    this.keyspaces = parts.keyspaces;
    this.client = parts.client;
    this.#balancing = parts.balancing;
    this.#onClose = parts.onClose;
  }

  /** The data centre whose nodes are asked. */
  get localDataCenter(): string {
    return this.#balancing.dataCenter;
  }

  /** One page at (LOCAL_)QUORUM. */
  async read(cql: string, params: readonly Value[] = [], options: ReadOptions = {}): Promise<Page> {
    const result = await this.#execute('read', cql, params, {
      consistency: quorum(options.reach),
      isIdempotent: true,
      fetchSize: options.fetchSize ?? FETCH_SIZE,
      readTimeout: options.timeout ?? READ_TIMEOUT,
      ...(options.pageState === undefined || options.pageState === null ? {} : { pageState: options.pageState }),
      ...(options.routingKey === undefined ? {} : { routingKey: options.routingKey }),
    });
    return { rows: rowsOf(result), pageState: result.pageState ?? null };
  }

  /** The first row, or null: for a statement that reads one row. */
  async readOne(cql: string, params: readonly Value[], options: Pick<ReadOptions, 'reach' | 'timeout'> = {}): Promise<Row | null> {
    return (await this.read(cql, params, { ...options, fetchSize: 1 })).rows[0] ?? null;
  }

  /** All rows, page by page: only for what is known to be small. */
  async readAll(cql: string, params: readonly Value[] = [], options: Omit<ReadOptions, 'pageState'> = {}): Promise<Row[]> {
    const rows: Row[] = [];
    for (let pageState: string | null = null; ; ) {
      const page: Page = await this.read(cql, params, { ...options, pageState });
      rows.push(...page.rows);
      if (page.pageState === null) return rows;
      pageState = page.pageState;
    }
  }

  /**
   * The rows of one partition as lightweight transactions left them: finishes one that was left half-way, at SERIAL or
   * LOCAL_SERIAL, the same level as the writes it is to see. This is how `DATABASE_OUTCOME_UNKNOWN` is resolved. Where
   * it shows that nothing was applied, send the same compare-and-set again: a node that was stopped may still carry out
   * the first one later.
   */
  async readSerial(cql: string, params: readonly Value[], reach: Reach): Promise<readonly Row[]> {
    return rowsOf(
      await this.#execute('read', cql, params, {
        consistency: reach === 'global' ? consistencies.serial : consistencies.localSerial,
        isIdempotent: true,
        readTimeout: CONDITIONAL_TIMEOUT,
      }),
    );
  }

  /**
   * Writes at (LOCAL_)QUORUM what may be written twice: no counters, no list appends, no conditions.
   * @throws AppError `DATABASE_TIMEOUT` where it is stored or not; write it again
   */
  async write(cql: string, params: readonly Value[], { reach }: WriteOptions = {}): Promise<void> {
    await this.#execute('write', cql, params, { consistency: quorum(reach), isIdempotent: true, readTimeout: WRITE_TIMEOUT });
  }

  /**
   * Writes several statements at once, as {@link write}: all of them get stored where one does. `logged` is needed for
   * that over several partitions; within one it only costs. Default true.
   */
  async writeBatch(statements: readonly Statement[], { reach, logged = true }: WriteOptions & { logged?: boolean } = {}): Promise<void> {
    await this.#batch('write', statements, { consistency: quorum(reach), isIdempotent: true, logged, readTimeout: WRITE_TIMEOUT });
  }

  /**
   * A lightweight transaction: one statement with `IF`, or several on one partition that apply together or not at all.
   * Never repeated by itself.
   * @throws AppError `DATABASE_OUTCOME_UNKNOWN` where it may have been applied: {@link readSerial} tells
   */
  async conditional(work: Statement | readonly Statement[], reach: Reach): Promise<Conditional> {
    const options: QueryOptions = {
      consistency: quorum(reach),
      serialConsistency: reach === 'global' ? consistencies.serial : consistencies.localSerial,
      isIdempotent: false,
      readTimeout: CONDITIONAL_TIMEOUT,
    };
    const result = 'cql' in work ? await this.#execute('conditional', work.cql, work.params, options) : await this.#batch('conditional', work, { ...options, logged: true });
    const rows = rowsOf(result);
    return { applied: result.wasApplied(), row: rows[0] ?? null, rows };
  }

  /**
   * Changes the schema and waits until all nodes that are up agree on it. Only for statements that may be repeated
   * (`IF NOT EXISTS`), and only by one process at a time (see schema-lease.ts).
   * @param mayRepeat throws where it is not this process's turn any more; asked before the statement is sent again
   * @throws AppError `DATABASE_TIMEOUT` where the nodes do not agree; what `mayRepeat` throws
   */
  async schema(cql: string, mayRepeat: () => void = () => undefined): Promise<void> {
    const statement = withIdentity(cql);
    try {
      await this.#schemaOnce(statement);
    } catch (error) {
      if (!isAppError(error, 'DATABASE_TIMEOUT')) throw error;
      mayRepeat();
      // Not confirmed: once the nodes agree, the statement finds its work done, or does it.
      await this.#schemaOnce(statement);
    }
  }

  /** Ends all connections and forgets the password. */
  async close(): Promise<void> {
    try {
      await this.client.shutdown();
    } finally {
      this.#onClose();
    }
  }

  async #schemaOnce(cql: string): Promise<void> {
    const result = await this.#run('schema', () =>
      // Not idempotent to the driver: a second node that runs the same change at the same moment is for the nodes to settle.
      this.client.execute(cql, [], { prepare: false, isIdempotent: false, readTimeout: SCHEMA_TIMEOUT, consistency: consistencies.quorum }),
    );
    await this.#agreement(result.info.queriedHost);
  }

  /** The driver does not wait where a statement found its work done; the other nodes may yet lack what that one node has. */
  async #agreement(witness: string): Promise<void> {
    for (const end = Date.now() + AGREEMENT_PATIENCE; Date.now() < end; await delay(AGREEMENT_PAUSE)) {
      if (await this.#agrees(witness)) return;
    }
    throw tookTooLong(
      'The nodes of the cluster do not agree on its schema. What was made so far stays; no data was touched.',
      'Look which nodes disagree (nodetool describecluster), mend or restart them, then try again.',
    );
  }

  /** By what the node that carried out the change knows of the others. */
  async #agrees(witness: string): Promise<boolean> {
    const hosts = this.client.hosts.values();
    const host = hosts.find(({ address }) => address === witness) ?? hosts.find((node) => node.isUp());
    if (host === undefined) return false;
    const ask = (cql: string) => this.#run('read', () => this.client.execute(cql, [], { consistency: consistencies.one, isIdempotent: true, prepare: false, host }));
    const [local, peers] = await Promise.all([ask('SELECT schema_version FROM system.local'), ask('SELECT rpc_address, schema_version FROM system.peers')]);
    const down = new Set(hosts.flatMap((node) => (node.isUp() ? [] : [node.address.replace(/:\d+$/, '')])));
    const versions = [...rowsOf(local), ...rowsOf(peers).filter((row) => !down.has(String(row['rpc_address'])))].map((row) => String(row['schema_version']));
    return new Set(versions).size === 1;
  }

  async #execute(purpose: Purpose, cql: string, params: readonly Value[], options: QueryOptions): Promise<types.ResultSet> {
    return this.#agreed(options, () => this.#run(purpose, () => this.#prepared(() => this.client.execute(cql, [...params], { ...options, prepare: true }))));
  }

  async #batch(purpose: Purpose, statements: readonly Statement[], options: QueryOptions): Promise<types.ResultSet> {
    const queries = statements.map(({ cql, params }) => ({ query: cql, params: [...params] }));
    return this.#agreed(options, () => this.#run(purpose, () => this.#prepared(() => this.client.batch(queries, { ...options, prepare: true }))));
  }

  async #agreed<T>({ consistency }: QueryOptions, run: () => Promise<T>): Promise<T> {
    if (consistency !== consistencies.quorum && consistency !== consistencies.serial) return run();
    try {
      return await run();
    } catch (error) {
      throw decidedByAll(error, [...new Set(this.client.hosts.values().map(({ datacenter }) => datacenter))].sort());
    }
  }

  /** Of a statement whose table is gone the driver only says that no node could be asked, and never why. Nothing of it was carried out. */
  async #prepared(send: () => Promise<types.ResultSet>): Promise<types.ResultSet> {
    try {
      return await send();
    } catch (error) {
      if (!isUnprepared(error)) throw error;
      this.client.metadata.clearPrepared();
      return send();
    }
  }

  async #run(purpose: Purpose, send: () => Promise<types.ResultSet>): Promise<types.ResultSet> {
    try {
      const result = await send();
      this.#noteWaiting(result);
      return result;
    } catch (error) {
      if (error instanceof Error && error.name === 'OperationTimedOutError' && 'host' in error && typeof error.host === 'string') {
        this.#balancing.suspect(error.host);
      }
      throw orClosed(databaseError(error, purpose, { contactPoints: [...this.settings.contactPoints] }));
    }
  }

  /** A node that was asked first, and overtaken, let us wait. */
  #noteWaiting({ info }: types.ResultSet): void {
    if (info.speculativeExecutions === 0) return;
    for (const host of Object.keys(info.triedHosts)) {
      if (host !== info.queriedHost) this.#balancing.suspect(host);
    }
  }
}

function quorum(reach: Reach = 'local'): types.consistencies {
  return reach === 'global' ? consistencies.quorum : consistencies.localQuorum;
}

/** The driver leaves `rows` out where there are none. */
export function rowsOf(result: types.ResultSet): readonly Row[] {
  return (result.rows as readonly Row[] | undefined) ?? [];
}

/** What the driver refuses before it sends anything is a mistake of ours, or a session that was closed. */
function orClosed(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error) || !/shutdown|closed/i.test(error.message)) return error;
  return new AppError('DATABASE_FAILED', 'The connection to the cluster was already closed. Nothing of the request was stored.', 'Open the profile again.', {
    cause: error,
  });
}
