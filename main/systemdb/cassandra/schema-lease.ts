import { createHash, randomInt, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { isAppError, type AppError } from '../../errors.ts';
import { tookTooLong } from './errors.ts';
import type { Keyspaces } from './keyspaces.ts';
import type { CassandraSession } from './session.ts';

/** Seconds after which the lease of a console that ended is free; and how often it is renewed meanwhile. */
const LEASE_SECONDS = 30;
const RENEW_MS = 8_000;

/** How long it is relied on after it was taken, in milliseconds: a change that begins just before has some time left. */
const HELD_MS = 22_000;

/** How long to wait for another console's work on the schema, in milliseconds. */
const PATIENCE = 120_000;
const PAUSE = 300;

const NAME = 'schema';

/** The table of leases, which must stand before there can be a lease for making tables. */
function leasesTable({ system }: Keyspaces): string {
  // Two consoles may make it at once, through different nodes: an identity of its own makes both the same table.
  return `CREATE TABLE IF NOT EXISTS ${system.quoted}.leases (name text PRIMARY KEY, holder text) WITH ID = ${tableId(`${system.name}.leases`)}`;
}

/** Makes the table of leases where it is missing; several consoles may do so at once. */
export async function prepareLeases(session: CassandraSession): Promise<void> {
  await session.schema(leasesTable(session.keyspaces));
}

/** Makes sure that the lease is still one's own. @throws AppError `DATABASE_TIMEOUT` where it may not be */
export type StillHeld = () => void;

/**
 * Runs `work` while no other console changes the schema. Cassandra does not order schema changes that come through
 * different nodes at the same moment: `work` asks before each of them whether the lease still stands, since a process may
 * be stopped, or the cluster refuse renewals, for longer than it lasts.
 * @throws AppError `DATABASE_TIMEOUT` where another holds the lease for too long, or it was lost; what `work` throws
 */
export async function underSchemaLease<T>(session: CassandraSession, work: (stillHeld: StillHeld) => Promise<T>): Promise<T> {
  const holder = `${hostname()} ${process.pid} ${randomUUID()}`;
  let heldUntil = 0;
  const hold = async (): Promise<boolean> => {
    // Counted from before it was asked for: the cluster counts from later on.
    const end = Date.now() + HELD_MS;
    const taken = await take(session, holder);
    if (taken) heldUntil = end;
    return taken;
  };
  for (const end = Date.now() + PATIENCE; !(await hold()); await delay(PAUSE + randomInt(PAUSE))) {
    if (Date.now() > end) {
      throw tookTooLong(
        'Another console has been changing the tables of the system database for too long. Nothing was changed by this one.',
        'Wait until the other console has finished or end it, then try again.',
      );
    }
  }
  // A renewal that fails is told by the time that passes.
  let renewing: Promise<unknown> = Promise.resolve();
  const renewal = setInterval(() => {
    renewing = renewing.then(hold).catch(() => undefined);
  }, RENEW_MS);
  try {
    return await work(() => {
      if (Date.now() >= heldUntil) throw lost();
    });
  } finally {
    clearInterval(renewal);
    // A renewal that is still under way would take the lease again after its release.
    await renewing;
    await release(session, holder).catch(() => undefined);
  }
}

function lost(): AppError {
  return tookTooLong(
    'The cluster or this machine stood still for so long that another console may be changing the tables of the system database now. What was made so far stays; no data was touched.',
    'Try again: it goes on where it stopped.',
  );
}

/** Takes the lease or renews one's own; an outcome that the cluster did not tell is read back. */
async function take(session: CassandraSession, holder: string): Promise<boolean> {
  const table = `${session.keyspaces.system.quoted}.leases`;
  try {
    const taken = await session.conditional({ cql: `INSERT INTO ${table} (name, holder) VALUES (?, ?) IF NOT EXISTS USING TTL ${LEASE_SECONDS}`, params: [NAME, holder] }, 'global');
    if (taken.applied) return true;
    if (taken.row?.['holder'] !== holder) return false;
    const renewed = await session.conditional(
      { cql: `UPDATE ${table} USING TTL ${LEASE_SECONDS} SET holder = ? WHERE name = ? IF holder = ?`, params: [holder, NAME, holder] },
      'global',
    );
    return renewed.applied;
  } catch (error) {
    if (!isAppError(error, 'DATABASE_OUTCOME_UNKNOWN')) throw error;
    return isHolder(session, holder);
  }
}

/** Not while the cluster is too busy to tell: who waits for the lease asks again. */
async function isHolder(session: CassandraSession, holder: string): Promise<boolean> {
  try {
    const [row] = await session.readSerial(`SELECT holder FROM ${session.keyspaces.system.quoted}.leases WHERE name = ?`, [NAME], 'global');
    return row?.['holder'] === holder;
  } catch (error) {
    if (isAppError(error, 'DATABASE_TIMEOUT')) return false;
    throw error;
  }
}

async function release(session: CassandraSession, holder: string): Promise<void> {
  const table = `${session.keyspaces.system.quoted}.leases`;
  await session.conditional({ cql: `DELETE FROM ${table} WHERE name = ? IF holder = ?`, params: [NAME, holder] }, 'global');
}

/** A UUID (RFC 9562, version 8) of a name: the same on every console. */
function tableId(name: string): string {
  const digest = createHash('sha256').update(name).digest().subarray(0, 16);
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x80;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
