import { AppError } from '../../errors.ts';
import type { Generator, Store } from '../../masterkey/types.ts';
import type { Activation, GenerationRecord, KeyRepository } from '../repositories.ts';
import { descriptionExists, isDuplicate } from './errors.ts';
import { parseStoredTexts } from './stored-json.ts';
import type { Row, Session } from './session.ts';

const ACTIVATION = 'name, revision, key_description AS description, activated_at AS activatedAt';

/** `k2auth_keys_descriptions` and `k2auth_activations`. */
export class SqliteKeys implements KeyRepository {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  async insert(generation: GenerationRecord): Promise<void> {
    const insert = `
      INSERT INTO k2auth_keys_descriptions
        (key_description, name, generator, store, fingerprint, stripes, wrapping, created_at, actor, reason)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
    await this.#session.run(() => {
      try {
        this.#session
          .statement(insert)
          .run(
            generation.description,
            generation.name,
            generation.generator,
            generation.store,
            generation.fingerprint,
            generation.stripes,
            JSON.stringify(generation.wrapping),
            generation.createdAt,
            generation.actor,
            generation.reason,
          );
      } catch (error) {
        throw isDuplicate(error) ? descriptionExists(generation.description) : error;
      }
    });
  }

  async get(description: string): Promise<GenerationRecord | null> {
    return this.#session.run(() => {
      const row = this.#session.statement('SELECT * FROM k2auth_keys_descriptions WHERE key_description = ?').get(description);
      return row === undefined ? null : this.#generation(row);
    });
  }

  async list(): Promise<GenerationRecord[]> {
    return this.#session.run(() =>
      this.#session
        .statement('SELECT * FROM k2auth_keys_descriptions ORDER BY name, key_description')
        .all()
        .map((row) => this.#generation(row)),
    );
  }

  async removeOrphan(description: string): Promise<boolean> {
    const remove = `
      DELETE FROM k2auth_keys_descriptions
      WHERE key_description = ?1 AND NOT EXISTS (SELECT 1 FROM k2auth_activations WHERE key_description = ?1)`;
    return this.#session.run(() => this.#session.statement(remove).run(description).changes === 1);
  }

  async active(name: string): Promise<Activation | null> {
    const newest = `SELECT ${ACTIVATION} FROM k2auth_activations WHERE name = ? ORDER BY revision DESC LIMIT 1`;
    return this.#session.run(() => (this.#session.statement(newest).get(name) as Activation | undefined) ?? null);
  }

  activeForSaving(name: string): Promise<Activation | null> {
    return this.active(name);
  }

  async activations(): Promise<Activation[]> {
    const all = `SELECT ${ACTIVATION} FROM k2auth_activations ORDER BY name, revision`;
    return this.#session.run(() => this.#session.statement(all).all() as unknown as Activation[]);
  }

  async activate(activation: Activation): Promise<boolean> {
    const append = `
      INSERT INTO k2auth_activations (name, revision, key_description, activated_at)
      SELECT ?1, ?2, ?3, ?4
      WHERE ?2 = 1 + coalesce((SELECT max(revision) FROM k2auth_activations WHERE name = ?1), 0)`;
    const known = 'SELECT 1 FROM k2auth_keys_descriptions WHERE key_description = ? AND name = ?';
    const { name, revision, description, activatedAt } = activation;
    return this.#session.transaction(() => {
      if (this.#session.statement(known).get(description, name) === undefined) {
        throw new AppError(
          'KEY_DESCRIPTION_UNKNOWN',
          `There is no generation ${description} of the key ${name}. The active key is unchanged.`,
          'Check the key description.',
          { details: { name, description } },
        );
      }
      return this.#session.statement(append).run(name, revision, description, activatedAt).changes === 1;
    });
  }

  #generation(row: Row): GenerationRecord {
    return {
      name: row['name'] as string,
      description: row['key_description'] as string,
      generator: row['generator'] as Generator,
      store: row['store'] as Store,
      fingerprint: row['fingerprint'] as string,
      stripes: row['stripes'] as number,
      wrapping: parseStoredTexts(row['wrapping'], this.#session.file),
      createdAt: row['created_at'] as number,
      actor: row['actor'] as string,
      reason: row['reason'] as string | null,
    };
  }
}
