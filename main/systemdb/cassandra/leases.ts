import type { LeaseRepository } from '../repositories.ts';
import type { CassandraSession } from './session.ts';
import { settle } from './settle.ts';
import { asTextOrNull } from './values.ts';

/** `leases`: the holder is written with a time to live, so that the clocks of the cluster end a lease, and no other. */
export class CassandraLeases implements LeaseRepository {
  readonly #session: CassandraSession;
  readonly #table: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#table = `${session.keyspaces.system.quoted}.leases`;
  }

  async acquire(name: string, holder: string, seconds: number): Promise<boolean> {
    const acquire = `UPDATE ${this.#table} USING TTL ? SET holder = ? WHERE name = ? IF holder IN (null, ?)`;
    const params = [timeToLive(seconds), holder, name, holder];
    // What stands against it can only be another's: one's own is renewed by the same statement.
    const { applied } = await settle(
      () => this.#session.conditional({ cql: acquire, params }, 'global'),
      () => false,
    );
    return applied;
  }

  async release(name: string, holder: string): Promise<void> {
    const release = `UPDATE ${this.#table} SET holder = null WHERE name = ? IF holder = ?`;
    await settle(
      () => this.#session.conditional({ cql: release, params: [name, holder] }, 'global'),
      () => true,
    );
  }

  async holder(name: string): Promise<string | null> {
    const [row] = await this.#session.readSerial(`SELECT holder FROM ${this.#table} WHERE name = ?`, [name], 'global');
    return asTextOrNull(row?.['holder']);
  }
}

/** Whole seconds as Cassandra takes them, where 0 would mean for ever. */
export function timeToLive(seconds: number): number {
  return Math.max(1, Math.ceil(seconds));
}
