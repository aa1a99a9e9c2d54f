import type { SettingsRepository } from '../repositories.ts';
import type { Session } from './session.ts';

/** `settings`. */
export class SqliteSettings implements SettingsRepository {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async get(key: string): Promise<string | null> {
    return this.#session.run(() => this.#value(key));
  }

  async setOnce(key: string, value: string): Promise<string> {
    return this.#session.transaction(() => {
      this.#session.statement('INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO NOTHING').run(key, value);
      return this.#value(key) ?? value;
    });
  }

  async set(key: string, value: string): Promise<void> {
    await this.#session.run(() => {
      this.#session.statement('INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)').run(key, value);
    });
  }

  #value(key: string): string | null {
    return (this.#session.statement('SELECT value FROM settings WHERE key = ?').get(key)?.['value'] as string | undefined) ?? null;
  }
}
