import { hostname } from 'node:os';
import { AppError, isAppError } from '../../../errors.ts';
import { dataCenterUnknown, keyspaceMissing, noCopyIn, partsLost, systemLost } from '../errors.ts';
import { quoted, type Keyspace, type Keyspaces } from '../keyspaces.ts';
import { prepareLeases, underSchemaLease } from '../schema-lease.ts';
import type { CassandraSession } from '../session.ts';
import { standingTables } from '../standing-tables.ts';
import { asNumber } from '../values.ts';
import { keys } from './0001-keys.ts';
import { audit } from './0002-audit.ts';
import { operation } from './0003-operation.ts';
import { rekey } from './0004-rekey.ts';
import { nodePlaces } from './0005-node-places.ts';

/**
 * One step of the schema. Frozen once it was released: a later change is a new step. Each statement may run again
 * (`IF NOT EXISTS`), since a console can end between two of them.
 */
export interface Migration {
  /** Number of the step, recorded in `schema_versions` once it is done. */
  readonly version: number;
  statements(keyspaces: Keyspaces): readonly string[];
}

export const MIGRATIONS: readonly Migration[] = [keys, audit, operation, rekey, nodePlaces];

/** The schema that this program knows. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** `schema_versions` has one partition. */
const COMPONENT = 'system database';

/**
 * Schema version of the system database, 0 where there is none.
 * @throws AppError `DATABASE_TOO_NEW` where a newer program made it, `DATABASE_KEYSPACE_MISSING` where keyspaces of it are gone
 */
export async function schemaVersion(session: CassandraSession): Promise<number> {
  const { keyspaces } = session;
  const recorded = hasKeyspace(session, keyspaces.system) ? await recordedVersion(session) : 0;
  const version = recorded === 0 ? await versionOfNone(session) : recorded;
  if (version > SCHEMA_VERSION) {
    throw new AppError(
      'DATABASE_TOO_NEW',
      `The system database has schema ${version}; this program knows up to ${SCHEMA_VERSION}. Nothing in it was changed.`,
      'Open it with the newer version of the console that made it.',
      { details: { schema: version, known: SCHEMA_VERSION } },
    );
  }
  const missing = version === 0 ? [] : keyspaces.fixed.filter((keyspace) => !hasKeyspace(session, keyspace));
  if (missing.length > 0) throw partsLost(missing.map(({ name }) => name));
  return version;
}

/** Tables of a system database of this version that do not stand, as `keyspace.table`. */
export async function missingTables(session: CassandraSession, version: number): Promise<string[]> {
  const { keyspaces } = session;
  const made = MIGRATIONS.filter((step) => step.version <= version).flatMap((step) => step.statements(keyspaces).flatMap(tableOf));
  const standing = await standingTables(session, keyspaces.fixed);
  return [...made, `${keyspaces.system.name}.leases`].filter((table) => !standing.has(table)).sort();
}

function tableOf(statement: string): string[] {
  const [, keyspace, table] = /^CREATE TABLE IF NOT EXISTS "([^"]+)"\.(\w+)/.exec(statement) ?? [];
  return keyspace === undefined || table === undefined ? [] : [`${keyspace}.${table}`];
}

/** 0 where there is no system database; what another console recorded meanwhile. @throws AppError `DATABASE_KEYSPACE_MISSING` where only k2system is gone */
async function versionOfNone(session: CassandraSession): Promise<number> {
  const left = await leftWithoutSystem(session);
  if (left.length === 0) return 0;
  const version = await recordedVersion(session);
  if (version === 0) throw systemLost(session.keyspaces.system.name, left);
  await session.client.metadata.refreshKeyspaces();
  return version;
}

/**
 * Keyspaces with keys or a trail, which nothing can have come into before a version was recorded. The first console makes
 * `schema_versions` before them: without it their tables alone tell, with it they may be those of a beginning that was
 * cut off, and hold nothing then. Keyspaces without tables may be the operator's, made for his replication.
 */
async function leftWithoutSystem(session: CassandraSession): Promise<string[]> {
  const { auth, audit, system } = session.keyspaces;
  const kept = [
    { keyspace: auth, table: 'keys_descriptions' },
    { keyspace: audit, table: 'k2_auditing' },
  ];
  const tables = await standingTables(session, [auth, audit]);
  const standing = kept.filter(({ keyspace, table }) => tables.has(`${keyspace.name}.${table}`));
  if (standing.length === 0) return [];
  const isBegun = (await standingTables(session, [system])).has(`${system.name}.schema_versions`);
  const left: string[] = [];
  for (const { keyspace, table } of standing) {
    if (!isBegun || (await session.readOne(`SELECT * FROM ${keyspace.quoted}.${table} LIMIT 1`, [], { reach: 'global' })) !== null) left.push(keyspace.name);
  }
  return left;
}

/**
 * Brings the schema up to {@link SCHEMA_VERSION}; one console at a time, the others wait. A schema that is up to date is
 * only read: no right to CREATE is needed for it.
 * @throws AppError as {@link schemaVersion}; `DATABASE_KEYSPACE_MISSING` also where keyspaces are to be made and the role
 *   may not, `DATABASE_PERMISSION_DENIED` where tables are, `DATABASE_DATA_CENTER_UNKNOWN` for a replication of none
 */
export async function migrate(session: CassandraSession): Promise<void> {
  if ((await schemaVersion(session)) === SCHEMA_VERSION) return;
  const { keyspaces } = session;
  await createKeyspace(session, keyspaces.system);
  await prepareLeases(session);
  await underSchemaLease(session, async (stillHeld) => {
    await session.schema(VERSIONS(keyspaces), stillHeld);
    await session.client.metadata.refreshKeyspaces();
    const found = await recordedVersion(session);
    for (const keyspace of keyspaces.fixed) await createKeyspace(session, keyspace, stillHeld);
    for (const step of MIGRATIONS.filter(({ version }) => version > found)) {
      for (const statement of step.statements(keyspaces)) {
        stillHeld();
        await session.schema(statement, stillHeld);
      }
      await record(session, step.version);
    }
  });
  await session.client.metadata.refreshKeyspaces();
  await schemaVersion(session);
}

const VERSIONS = ({ system }: Keyspaces): string =>
  `CREATE TABLE IF NOT EXISTS ${system.quoted}.schema_versions (
    component  text,
    version    int,
    applied_at timestamp,
    applied_by text,
    PRIMARY KEY ((component), version)
  ) WITH CLUSTERING ORDER BY (version DESC)`;

/**
 * Makes a keyspace with the profile's replication; one that stands is left as it is.
 * @throws AppError `DATABASE_KEYSPACE_MISSING` where the role may not
 */
export async function createKeyspace(session: CassandraSession, keyspace: Keyspace, mayRepeat?: () => void): Promise<void> {
  if (hasKeyspace(session, keyspace)) return;
  const replication = replicationOf(session);
  try {
    await session.schema(`CREATE KEYSPACE IF NOT EXISTS ${keyspace.quoted} WITH replication = ${replication}`, mayRepeat);
  } catch (error) {
    throw isAppError(error, 'DATABASE_PERMISSION_DENIED') ? keyspaceMissing({ keyspaces: [keyspace.name] }, error) : error;
  }
  await session.client.metadata.refreshKeyspace(keyspace.name);
}

/**
 * Cassandra knows the data centres only by its nodes, and would refuse with an error that names none. One that keeps no
 * copy it would take, and then answer nothing that is asked there.
 */
function replicationOf({ settings: { replication }, client, localDataCenter }: CassandraSession): string {
  const { class: strategy, ...factors } = replication;
  if (strategy === 'NetworkTopologyStrategy') {
    const known = [...new Set(client.hosts.values().map(({ datacenter }) => datacenter))].sort();
    const wrong = Object.keys(factors).find((name) => name !== 'replication_factor' && !known.includes(name));
    if (wrong !== undefined) throw dataCenterUnknown(wrong, known);
    if (!('replication_factor' in factors || localDataCenter in factors)) throw noCopyIn(localDataCenter, Object.keys(factors));
  }
  return `{${Object.entries(replication)
    .map(([name, value]) => `${literal(name)}: ${literal(value)}`)
    .join(', ')}}`;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function hasKeyspace({ client }: CassandraSession, { name }: Keyspace): boolean {
  return Object.hasOwn(client.metadata.keyspaces, name);
}

async function recordedVersion(session: CassandraSession): Promise<number> {
  const table = `${session.keyspaces.system.quoted}.${quoted('schema_versions')}`;
  try {
    const row = await session.readOne(`SELECT version FROM ${table} WHERE component = ? LIMIT 1`, [COMPONENT], { reach: 'global' });
    return row === null ? 0 : asNumber(row['version']);
  } catch (error) {
    // The keyspace may stand, made by another console a moment ago, and its table not yet.
    if (isAppError(error, 'DATABASE_KEYSPACE_MISSING')) return 0;
    throw error;
  }
}

async function record(session: CassandraSession, version: number): Promise<void> {
  const table = `${session.keyspaces.system.quoted}.${quoted('schema_versions')}`;
  await session.write(`INSERT INTO ${table} (component, version, applied_at, applied_by) VALUES (?, ?, ?, ?)`, [COMPONENT, version, Date.now(), hostname()], {
    reach: 'global',
  });
}
