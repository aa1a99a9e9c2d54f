import { AppError } from '../../errors.ts';
import type { CassandraSession } from './session.ts';
import { settle } from './settle.ts';
import { asTextOrNull } from './values.ts';

/**
 * `key_description_owners`: whose name each key description belongs to. A description is claimed here once, over all names,
 * before its facts are written; one whose stripes were removed as orphans is retired here, so that an activation that
 * comes late finds no place for its facts. What is retired never comes back: descriptions are not used twice.
 */
export class Descriptions {
  readonly #session: CassandraSession;
  readonly #register: string;
  readonly #facts: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#register = `${session.keyspaces.auth.quoted}.key_description_owners`;
    this.#facts = `${session.keyspaces.auth.quoted}.keys_descriptions`;
  }

  /** The name that claimed the description; null if none did. Its facts may still be missing. */
  async nameOf(description: string): Promise<string | null> {
    const one = `SELECT name FROM ${this.#register} WHERE key_description = ?`;
    return asTextOrNull((await this.#session.readOne(one, [description], { reach: 'global' }))?.['name']);
  }

  /**
   * @param attempt unlike that of any other claim
   * @throws AppError `KEY_DESCRIPTION_EXISTS`, `KEY_ACTIVATION_LOST` where it was retired
   */
  async claim(description: string, name: string, attempt: string): Promise<void> {
    const claim = `INSERT INTO ${this.#register} (key_description, name, attempt) VALUES (?, ?, ?) IF NOT EXISTS`;
    const { applied, row } = await settle(
      () => this.#session.conditional({ cql: claim, params: [description, name, attempt] }, 'global'),
      (refused) => refused.row?.['attempt'] === attempt,
    );
    if (!applied) {
      throw asTextOrNull(row?.['name']) === null ? descriptionRetired(description) : descriptionExists(description);
    }
  }

  /**
   * Decides that no facts will ever stand under the description.
   * @returns false where they do
   */
  async retire(description: string): Promise<boolean> {
    const retire = `INSERT INTO ${this.#register} (key_description) VALUES (?) IF NOT EXISTS`;
    const { applied, row } = await settle(
      () => this.#session.conditional({ cql: retire, params: [description] }, 'global'),
      () => false,
    );
    const name = asTextOrNull(row?.['name']);
    return applied || name === null || (await this.#bury(description, name));
  }

  /** The name was claimed: its facts stand, were removed, or are on their way, and then must find their place taken. */
  async #bury(description: string, name: string): Promise<boolean> {
    const bury = `INSERT INTO ${this.#facts} (name, key_description, state) VALUES (?, ?, 'removed') IF NOT EXISTS`;
    const { applied, row } = await settle(
      () => this.#session.conditional({ cql: bury, params: [name, description] }, 'global'),
      () => false,
    );
    return applied || row?.['state'] === 'removed';
  }
}

/** `KEY_DESCRIPTION_EXISTS`: what is kept under a key description is written once. */
export function descriptionExists(description: string): AppError {
  return new AppError(
    'KEY_DESCRIPTION_EXISTS',
    `There is already a key under the description ${description}. It is unchanged.`,
    'Start the activation again: it will take a new key description.',
    { details: { description } },
  );
}

/** `KEY_ACTIVATION_LOST`: the description was cleaned up as an orphan while its activation was on its way. */
export function descriptionRetired(description: string): AppError {
  return new AppError(
    'KEY_ACTIVATION_LOST',
    `The parts of the key ${description} were cleaned up as orphans before its activation came to its end. It was not activated; the old key stays active.`,
    'See why it took so long (a slow system database, a clock that jumped, a machine that slept), then run the command again.',
    { details: { description } },
  );
}
