import { AppError } from '../../errors.ts';
import { byCodePoints } from './code-points.ts';
import { concurrently } from './concurrently.ts';
import type { Keyspace } from './keyspaces.ts';
import { mayHaveInstances } from './may-have-instances.ts';
import { createKeyspace } from './migrations/index.ts';
import { underSchemaLease, type StillHeld } from './schema-lease.ts';
import type { CassandraSession, Row } from './session.ts';
import { settle } from './settle.ts';
import { asNumber, asText, asTextOrNull } from './values.ts';
import { viewStatements, viewTables, type ViewStatements } from './view-statements.ts';

/** LUs of a lost registration that are looked at at once. */
const LUS = 16;

/**
 * The epoch of an LU whose own was lost: before any write, so that the revision of what is stored stays at least 1.
 * Revisions are large then, and exact all the same (see values.ts).
 */
const LOST_EPOCH = 0;

/** An LU that has, or had, instances. */
export interface LogicalUnit {
  readonly lu: string;
  readonly keyspace: Keyspace;
  /** Write time of the first save that ever was, microseconds: the revisions of all instances count from it. */
  readonly epoch: number;
  readonly cql: ViewStatements;
}

/**
 * The LUs of the system database. One is registered once its keyspace and tables stand, and for good, so that what was
 * found once needs no second look. They are read over all data centres, as they are registered: a census that misses an
 * LU of which another data centre knows would count none of its instances. For the same reason tables that hold instances
 * and are not registered (k2system was restored from an older backup) are registered again by whoever meets them.
 */
export class LogicalUnits {
  readonly #session: CassandraSession;
  readonly #table: string;
  readonly #known = new Map<string, LogicalUnit>();
  readonly #making = new Map<string, Promise<LogicalUnit>>();

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#table = `${session.keyspaces.system.quoted}.logical_units`;
  }

  /** null where no instance of the LU was ever saved. */
  async find(lu: string): Promise<LogicalUnit | null> {
    const known = this.#known.get(lu);
    if (known !== undefined || !lu.isWellFormed()) return known ?? null;
    const keyspace = this.#session.keyspaces.view(lu);
    const row = await this.#session.readOne(`SELECT lu, epoch FROM ${this.#table} WHERE keyspace_name = ?`, [keyspace.name], { reach: 'global' });
    if (row === null) return this.#findUnregistered(lu, keyspace);
    return row['lu'] === lu ? this.#remember(lu, keyspace, row) : null;
  }

  /** All of them, ordered by name. @throws AppError also `DATABASE_PERMISSION_DENIED` where a lost one is to be registered */
  async list(): Promise<LogicalUnit[]> {
    const units = await this.registered();
    const registered = new Set(units.map(({ lu }) => lu));
    const lost = (await this.#standing()).filter((lu) => !registered.has(lu));
    const found = await concurrently(lost, LUS, (lu) => this.#takeUp(lu, this.#session.keyspaces.view(lu)));
    return [...units, ...found.filter((unit) => unit !== null)].sort((a, b) => byCodePoints(a.lu, b.lu));
  }

  /** Those that are registered now, in no order: nothing is written. */
  async registered(): Promise<LogicalUnit[]> {
    const rows = await this.#session.readAll(`SELECT lu, epoch FROM ${this.#table}`, [], { reach: 'global' });
    return rows.map((row) => {
      const lu = asText(row['lu']);
      return this.#known.get(lu) ?? this.#remember(lu, this.#session.keyspaces.view(lu), row);
    });
  }

  /** The LUs whose tables stand, by what these say of themselves: other system databases on the cluster have theirs. */
  async #standing(): Promise<string[]> {
    const { keyspaces } = this.#session;
    const rows = await this.#session.readAll('SELECT keyspace_name, table_name, comment FROM system_schema.tables');
    const tables = rows.flatMap((row) => {
      const comment = asTextOrNull(row['comment']) ?? '';
      const lu = comment.slice('LU '.length, comment.length - ` of ${keyspaces.system.name}`.length);
      return row['table_name'] === 'entity' && comment === this.#owner(lu) ? [{ lu, keyspace: row['keyspace_name'] }] : [];
    });
    return tables.filter(({ lu, keyspace }) => keyspaces.view(lu).name === keyspace).map(({ lu }) => lu);
  }

  async #findUnregistered(lu: string, keyspace: Keyspace): Promise<LogicalUnit | null> {
    const table = await this.#session.readOne(`SELECT comment FROM system_schema.tables WHERE keyspace_name = ? AND table_name = 'entity'`, [keyspace.name]);
    return table?.['comment'] === this.#owner(lu) ? this.#takeUp(lu, keyspace) : null;
  }

  /** null where the tables are empty: somebody is making them now, or was cut off. */
  async #takeUp(lu: string, keyspace: Keyspace): Promise<LogicalUnit | null> {
    const unit = this.#known.get(lu) ?? { lu, keyspace, epoch: LOST_EPOCH, cql: viewStatements(keyspace) };
    return (await mayHaveInstances(this.#session, unit)) ? this.#register(lu, unit.epoch) : null;
  }

  /** What the table `entity` of an LU says of itself. */
  #owner(lu: string): string {
    return `LU ${lu} of ${this.#session.keyspaces.system.name}`;
  }

  /**
   * The LUs by name; those that are new get their keyspace and tables, and `time` as their epoch. Other processes may do
   * the same at once: one makes the tables at a time, and one epoch stands.
   * @throws AppError `INPUT_INVALID` where two names come to the same keyspace; as `createKeyspace`
   */
  async ensure(lus: Iterable<string>, time: number): Promise<Map<string, LogicalUnit>> {
    const units = new Map<string, LogicalUnit>();
    const missing: string[] = [];
    for (const lu of new Set(lus)) {
      const unit = await this.find(lu);
      if (unit === null) missing.push(lu);
      else units.set(lu, unit);
    }
    for (const lu of missing) units.set(lu, await this.#makeOnce(lu, time));
    return units;
  }

  /** Saves of this process that come at once share one making: the schema lease is for other processes. */
  #makeOnce(lu: string, time: number): Promise<LogicalUnit> {
    const making = this.#making.get(lu) ?? this.#make(lu, time).finally(() => this.#making.delete(lu));
    this.#making.set(lu, making);
    return making;
  }

  async #make(lu: string, time: number): Promise<LogicalUnit> {
    await underSchemaLease(this.#session, (stillHeld) => this.#makeTables(lu, stillHeld));
    return this.#register(lu, time);
  }

  async #makeTables(lu: string, stillHeld: StillHeld): Promise<void> {
    const keyspace = this.#session.keyspaces.view(lu);
    stillHeld();
    await createKeyspace(this.#session, keyspace, stillHeld);
    const owner = this.#owner(lu);
    const statements = viewTables(keyspace, owner);
    const { metadata } = this.#session.client;
    const standing = await Promise.all(statements.map(({ table }) => metadata.getTable(keyspace.name, table)));
    // An LU "A_B" without a cluster_id and an LU "A" under the cluster_id "b" come to the same keyspace.
    const other = standing.find((table) => (table?.comment ?? '') !== '' && table?.comment !== owner)?.comment;
    if (other !== undefined) throw keyspaceTaken(lu, keyspace, other);
    for (const [place, { cql }] of statements.entries()) {
      // A table of an earlier attempt: its creation would only cost another round of agreement.
      if (standing[place]) continue;
      stillHeld();
      await this.#session.schema(cql, stillHeld);
    }
  }

  async #register(lu: string, time: number): Promise<LogicalUnit> {
    const keyspace = this.#session.keyspaces.view(lu);
    const claim = {
      cql: `INSERT INTO ${this.#table} (keyspace_name, lu, epoch) VALUES (?, ?, ?) IF NOT EXISTS`,
      params: [keyspace.name, lu, BigInt(time)],
    };
    const mine = { lu, epoch: BigInt(time) };
    const isOurs = ({ row }: { row: Row | null }): boolean => row?.['lu'] === lu && row['epoch'] === mine.epoch;
    const { applied, row } = await settle(() => this.#session.conditional(claim, 'global'), isOurs);
    const stands = applied || row === null ? mine : row;
    if (stands['lu'] !== lu) throw keyspaceTaken(lu, keyspace, `LU ${asText(stands['lu'])}`);
    return this.#remember(lu, keyspace, stands);
  }

  #remember(lu: string, keyspace: Keyspace, row: Row): LogicalUnit {
    const unit = { lu, keyspace, epoch: asNumber(row['epoch']), cql: viewStatements(keyspace) };
    this.#known.set(lu, unit);
    return unit;
  }
}

/** `INPUT_INVALID`: instances of two owners in one table would overwrite each other. */
function keyspaceTaken(lu: string, { name }: Keyspace, owner: string): AppError {
  return new AppError(
    'INPUT_INVALID',
    `The LU name "${lu}" leads to the keyspace ${name}, which belongs to the ${owner}. Nothing was stored.`,
    'Give the LU another name, or the system database another cluster_id.',
    { details: { lu, keyspace: name } },
  );
}
