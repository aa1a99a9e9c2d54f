import type { LeaseRepository } from '../repositories.ts';
import { believableEnd, endOf } from './lease-time.ts';
import type { Session } from './session.ts';

interface Row {
  readonly holder: string;
  readonly seconds: number;
  readonly endsAt: number;
}

const LEASE = 'SELECT holder, seconds, ends_at AS endsAt FROM leases WHERE name = ?';

/** `leases`, by the clock of this machine: all who open the file run on it. */
export class SqliteLeases implements LeaseRepository {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async acquire(name: string, holder: string, seconds: number): Promise<boolean> {
    const take = 'INSERT OR REPLACE INTO leases (name, holder, seconds, ends_at) VALUES (?, ?, ?, ?)';
    return this.#session.transaction(() => {
      const now = Date.now();
      const found = this.#found(name);
      if (found !== null && found.holder !== holder && found.endsAt > now) {
        const endsAt = believableEnd(found, now);
        if (endsAt < found.endsAt) {
          this.#session.statement('UPDATE leases SET ends_at = ? WHERE name = ?').run(endsAt, name);
        }
        return false;
      }
      this.#session.statement(take).run(name, holder, seconds, endOf(seconds, now));
      return true;
    });
  }

  async release(name: string, holder: string): Promise<void> {
    await this.#session.run(() => {
      this.#session.statement('DELETE FROM leases WHERE name = ? AND holder = ?').run(name, holder);
    });
  }

  async holder(name: string): Promise<string | null> {
    return this.#session.run(() => {
      const found = this.#found(name);
      return found !== null && found.endsAt > Date.now() ? found.holder : null;
    });
  }

  #found(name: string): Row | null {
    return (this.#session.statement(LEASE).get(name) as Row | undefined) ?? null;
  }
}
