import type { InternalKeyRepository } from '../repositories.ts';
import type { Session } from './session.ts';

/** `internal_protection_keys`. */
export class SqliteInternalKeys implements InternalKeyRepository {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(id: string): Promise<Uint8Array | null> {
    return this.#session.run(
      () => (this.#session.statement('SELECT key FROM internal_protection_keys WHERE id = ?').get(id)?.['key'] as Uint8Array | undefined) ?? null,
    );
  }

  async current(): Promise<{ id: string; key: Uint8Array } | null> {
    const newest = 'SELECT id, key FROM internal_protection_keys ORDER BY place DESC LIMIT 1';
    return this.#session.run(() => (this.#session.statement(newest).get() as { id: string; key: Uint8Array } | undefined) ?? null);
  }

  async insert(id: string, key: Uint8Array, createdAt: number): Promise<boolean> {
    const insert = 'INSERT INTO internal_protection_keys (id, key, created_at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING';
    return this.#session.run(() => this.#session.statement(insert).run(id, key, createdAt).changes === 1);
  }
}
