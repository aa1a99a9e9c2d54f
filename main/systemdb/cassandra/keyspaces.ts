import { createHash } from 'node:crypto';

/** Cassandra's limit for the name of a keyspace, in characters. */
const NAME_LIMIT = 48;

const DIGEST_LENGTH = 8;

/** A keyspace by its plain name, as system tables and the driver's metadata know it, and quoted, as CQL takes it. */
export interface Keyspace {
  readonly name: string;
  readonly quoted: string;
}

/** The keyspaces of one system database: the platform's names with `_<cluster_id>` where one is set. */
export class Keyspaces {
  readonly auth: Keyspace;
  readonly audit: Keyspace;
  readonly system: Keyspace;
  readonly #suffix: string;

  constructor(clusterId: string | null) {
    this.#suffix = clusterId === null ? '' : `_${clusterId}`;
    this.auth = keyspace(`k2auth${this.#suffix}`);
    this.audit = keyspace(`k2audit${this.#suffix}`);
    this.system = keyspace(`k2system${this.#suffix}`);
  }

  /** Those that every system database has; the LUs' come with their first instance. */
  get fixed(): readonly Keyspace[] {
    return [this.auth, this.audit, this.system];
  }

  /**
   * The keyspace of an LU: `k2view_<lu>` in small letters. A name that is not all capitals, or too long, gets the start
   * of its SHA-256 as well, so that `Customer` and `CUSTOMER` never share a keyspace.
   */
  view(lu: string): Keyspace {
    const room = NAME_LIMIT - 'k2view_'.length - this.#suffix.length;
    const plain = lu.toLowerCase();
    if (/^[A-Z][A-Z0-9_]*$/.test(lu) && lu.length <= room) {
      return keyspace(`k2view_${plain}${this.#suffix}`);
    }
    const digest = createHash('sha256').update(lu).digest('hex').slice(0, DIGEST_LENGTH);
    const start = plain.replace(/[^a-z0-9_]/g, '').slice(0, room - DIGEST_LENGTH - 1);
    return keyspace(`k2view_${start}_${digest}${this.#suffix}`);
  }
}

/** An identifier as CQL takes it, whatever its letters. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}

function keyspace(name: string): Keyspace {
  return { name, quoted: quoted(name) };
}
