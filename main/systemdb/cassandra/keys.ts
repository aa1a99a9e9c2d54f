import { randomUUID } from 'node:crypto';
import { AppError, isAppError } from '../../errors.ts';
import type { Generator, Store } from '../../masterkey/types.ts';
import type { Activation, GenerationRecord, KeyRepository } from '../repositories.ts';
import { descriptionExists, descriptionRetired, Descriptions } from './descriptions.ts';
import { byCodePoints } from './code-points.ts';
import type { CassandraSession, Conditional, Reach, Row, Statement } from './session.ts';
import { settle } from './settle.ts';
import { asNumber, asText, asTextOrNull } from './values.ts';

const FACTS = 'name, key_description, state, generator, store, fingerprint, stripes, wrapping, created_at, actor, reason';

/**
 * `keys_descriptions`: all generations of a name lie in one partition with the revision that is active, so that one
 * lightweight transaction decides an activation. A row's state goes from `described` to `activated` or to `removed`, and
 * stays there.
 */
export class CassandraKeys implements KeyRepository {
  readonly #session: CassandraSession;
  readonly #descriptions: Descriptions;
  readonly #table: string;

  constructor(session: CassandraSession) {
    this.#session = session;
    this.#descriptions = new Descriptions(session);
    this.#table = `${session.keyspaces.auth.quoted}.keys_descriptions`;
  }

  async insert(generation: GenerationRecord): Promise<void> {
    const attempt = randomUUID();
    await this.#descriptions.claim(generation.description, generation.name, attempt);
    const { applied, row } = await settle(
      () => this.#session.conditional(this.#insertFacts(generation, attempt), 'global'),
      (refused) => refused.row?.['attempt'] === attempt,
    );
    if (!applied) {
      throw row?.['state'] === 'removed' ? descriptionRetired(generation.description) : descriptionExists(generation.description);
    }
  }

  async get(description: string): Promise<GenerationRecord | null> {
    const name = await this.#descriptions.nameOf(description);
    if (name === null) return null;
    const one = `SELECT ${FACTS} FROM ${this.#table} WHERE name = ? AND key_description = ?`;
    const row = await this.#session.readOne(one, [name, description], { reach: 'global' });
    return row === null || row['state'] === 'removed' ? null : generationOf(row);
  }

  async list(): Promise<GenerationRecord[]> {
    const rows = await this.#session.readAll(`SELECT ${FACTS} FROM ${this.#table}`, [], { reach: 'global' });
    return rows
      .filter((row) => row['state'] !== 'removed')
      .map(generationOf)
      .sort((a, b) => byCodePoints(a.name, b.name) || byCodePoints(a.description, b.description));
  }

  async removeOrphan(description: string): Promise<boolean> {
    const name = await this.#descriptions.nameOf(description);
    if (name === null) return false;
    const attempt = randomUUID();
    // The second condition only makes a refusal tell whose change stands against it.
    const remove = `
      UPDATE ${this.#table} SET state = 'removed', attempt = ? WHERE name = ? AND key_description = ?
      IF state = 'described' AND attempt != ?`;
    const { applied } = await settle(
      () => this.#session.conditional({ cql: remove, params: [attempt, name, description, attempt] }, 'global'),
      (refused) => refused.row?.['attempt'] === attempt,
    );
    return applied;
  }

  active(name: string): Promise<Activation | null> {
    return this.#active(name, 'global');
  }

  /** An instance under the generation before stays readable, and census and rekey find it: better than no save at all. */
  async activeForSaving(name: string): Promise<Activation | null> {
    try {
      return await this.#active(name, 'global');
    } catch (error) {
      if (!isAppError(error, 'DATABASE_UNAVAILABLE') && !isAppError(error, 'DATABASE_TIMEOUT')) throw error;
      return this.#active(name, 'local');
    }
  }

  async activations(): Promise<Activation[]> {
    const rows = await this.#session.readAll(`SELECT name, key_description, activations FROM ${this.#table}`, [], { reach: 'global' });
    return rows.flatMap(activationsOf).sort((a, b) => byCodePoints(a.name, b.name) || a.revision - b.revision);
  }

  async activate(activation: Activation): Promise<boolean> {
    const attempt = randomUUID();
    const { applied, rows } = await settle(
      () => this.#session.conditional(this.#activation(activation, attempt), 'global'),
      () => this.#isActivatedBy(activation, attempt),
    );
    if (!applied && !standsIn(rows, activation.description)) {
      throw notOfName(activation);
    }
    return applied;
  }

  async #active(name: string, reach: Reach): Promise<Activation | null> {
    const newest = `SELECT revision, active, active_at FROM ${this.#table} WHERE name = ? LIMIT 1`;
    const row = await this.#session.readOne(newest, [name], { reach });
    if (row === null || row['revision'] === null) return null;
    return { name, revision: asNumber(row['revision']), description: asText(row['active']), activatedAt: asNumber(row['active_at']) };
  }

  #insertFacts(generation: GenerationRecord, attempt: string): Statement {
    const { name, description, generator, store, fingerprint, stripes, wrapping, createdAt, actor, reason } = generation;
    return {
      cql: `INSERT INTO ${this.#table} (${FACTS}, attempt) VALUES (?, ?, 'described', ?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS`,
      params: [
        name,
        description,
        generator,
        store,
        fingerprint,
        stripes,
        new Map(Object.entries(wrapping)),
        createdAt,
        actor,
        reason,
        attempt,
      ],
    };
  }

  /** The revision moves on by exactly one, under a row that stands: both in one partition, so both or none. */
  #activation({ name, revision, description, activatedAt }: Activation, attempt: string): Statement[] {
    return [
      {
        cql: `UPDATE ${this.#table} SET revision = ?, active = ?, active_at = ? WHERE name = ? IF revision = ?`,
        params: [revision, description, activatedAt, name, revision === 1 ? null : revision - 1],
      },
      {
        cql: `
          UPDATE ${this.#table} SET state = 'activated', activations[?] = ?, attempts[?] = ? WHERE name = ? AND key_description = ?
          IF state IN ('described', 'activated')`,
        params: [revision, BigInt(activatedAt), revision, attempt, name, description],
      },
    ];
  }

  async #isActivatedBy({ name, description, revision }: Activation, attempt: string): Promise<boolean> {
    const attempts = `SELECT attempts FROM ${this.#table} WHERE name = ? AND key_description = ?`;
    const [row] = await this.#session.readSerial(attempts, [name, description], 'global');
    return (row?.['attempts'] as ReadonlyMap<number, string> | null | undefined)?.get(revision) === attempt;
  }
}

/** Whether the row of the description was there when the activation was refused. */
function standsIn(rows: Conditional['rows'], description: string): boolean {
  return rows.some((row) => row['key_description'] === description && row['state'] !== null && row['state'] !== 'removed');
}

function notOfName({ name, description }: Activation): AppError {
  return new AppError(
    'KEY_DESCRIPTION_UNKNOWN',
    `There is no generation ${description} of the key ${name}. The active key is unchanged.`,
    'Check the key description.',
    { details: { name, description } },
  );
}

function generationOf(row: Row): GenerationRecord {
  return {
    name: asText(row['name']),
    description: asText(row['key_description']),
    generator: asText(row['generator']) as Generator,
    store: asText(row['store']) as Store,
    fingerprint: asText(row['fingerprint']),
    stripes: asNumber(row['stripes']),
    wrapping: Object.fromEntries((row['wrapping'] as ReadonlyMap<string, string> | null) ?? []),
    createdAt: asNumber(row['created_at']),
    actor: asText(row['actor']),
    reason: asTextOrNull(row['reason']),
  };
}

function activationsOf(row: Row): Activation[] {
  const activations = (row['activations'] as ReadonlyMap<number, bigint> | null) ?? new Map<number, bigint>();
  return Array.from(activations, ([revision, at]) => ({
    name: asText(row['name']),
    revision,
    description: asText(row['key_description']),
    activatedAt: asNumber(at),
  }));
}
