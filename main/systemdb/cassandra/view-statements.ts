import type { Keyspace } from './keyspaces.ts';

/** Buckets of the id index. Fixed: it decides where an id is looked for. */
export const BUCKETS = 64;

/** Chunks that are read of an instance among others: the one that it has, and one of another version beside it. */
export const CHUNKS_OF_NEIGHBOUR = 2;

/**
 * The tables of an LU.
 *
 * - `entity`: an instance, with its sealed bytes where they are few; a row is only ever written whole, with one write
 *   time. `version` is new with every write, so that a writer knows its own write again; `chunks` is 0 where `sealed`
 *   holds everything. `has_chunks` stays set until the chunks of earlier versions are known to be gone.
 * - `entity_chunks`: the sealed bytes of larger instances, with the write time of the row that they belong to.
 * - `entity_ids`: the ids in order, in buckets.
 * - `entity_claims`: who may replace a revision.
 *
 * @param owner whose tables these are, kept as the comment of `entity`
 */
export function viewTables({ quoted: ks }: Keyspace, owner: string): { table: string; cql: string }[] {
  const tables = {
    entity: `(id text PRIMARY KEY, key_description text, bytes int, saved_at bigint, sealed blob, version uuid, chunks int, has_chunks boolean) WITH comment = '${owner.replaceAll("'", "''")}'`,
    // Sealed bytes look random: compressing them costs time and saves nothing.
    entity_chunks: `(id text, version uuid, idx int, data blob, PRIMARY KEY ((id), version, idx)) WITH compression = {'enabled': false}`,
    entity_ids: `(bucket int, id text, PRIMARY KEY ((bucket), id))`,
    entity_claims: `(id text, revision bigint, claimer uuid, PRIMARY KEY ((id, revision)))`,
  };
  return Object.entries(tables).map(([table, shape]) => ({ table, cql: `CREATE TABLE IF NOT EXISTS ${ks}.${table} ${shape}` }));
}

/** The statements on the tables of one LU. Made once for each: the session prepares a statement by its text. */
export type ViewStatements = ReturnType<typeof viewStatements>;

export function viewStatements({ quoted: ks }: Keyspace) {
  const times = 'WRITETIME(key_description) AS written, WRITETIME(sealed) AS sealed_written';
  const facts = `key_description, bytes, saved_at, ${times}`;
  const data = 'sealed, version, chunks';
  const range = 'WHERE token(id) > ? AND token(id) <= ?';
  return {
    get: `SELECT ${facts}, ${data} FROM ${ks}.entity WHERE id = ?`,
    facts: `SELECT ${facts} FROM ${ks}.entity WHERE id = ?`,
    time: `SELECT ${times} FROM ${ks}.entity WHERE id = ?`,
    /** What a write reads back. */
    written: `SELECT ${facts}, ${data}, has_chunks FROM ${ks}.entity WHERE id = ?`,
    /** id, key description, bytes, saved at, sealed, version, chunks, has_chunks, write time */
    put: `INSERT INTO ${ks}.entity (id, key_description, bytes, saved_at, sealed, version, chunks, has_chunks)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`,
    /** write time, id */
    remove: `DELETE FROM ${ks}.entity USING TIMESTAMP ? WHERE id = ?`,
    forgetChunks: `DELETE has_chunks FROM ${ks}.entity USING TIMESTAMP ? WHERE id = ?`,
    any: `SELECT id FROM ${ks}.entity LIMIT 1`,

    /** id, version, idx, data, write time */
    putChunk: `INSERT INTO ${ks}.entity_chunks (id, version, idx, data) VALUES (?, ?, ?, ?) USING TIMESTAMP ?`,
    /** id, version, first idx, idx after the last */
    chunks: `SELECT idx, data FROM ${ks}.entity_chunks WHERE id = ? AND version = ? AND idx >= ? AND idx < ?`,
    /** token before the first, last token */
    neighbours: `SELECT id, version, data FROM ${ks}.entity_chunks ${range} PER PARTITION LIMIT ${CHUNKS_OF_NEIGHBOUR}`,
    /** newest write time that goes, id */
    removeChunks: `DELETE FROM ${ks}.entity_chunks USING TIMESTAMP ? WHERE id = ?`,
    /** newest write time that goes, id, version */
    removeVersion: `DELETE FROM ${ks}.entity_chunks USING TIMESTAMP ? WHERE id = ? AND version = ?`,

    /** bucket, id, write time */
    putId: `INSERT INTO ${ks}.entity_ids (bucket, id) VALUES (?, ?) USING TIMESTAMP ?`,
    /** write time, bucket, id */
    removeId: `DELETE FROM ${ks}.entity_ids USING TIMESTAMP ? WHERE bucket = ? AND id = ?`,
    /** buckets, last id of the page before, ids of each bucket */
    ids: `SELECT bucket, id FROM ${ks}.entity_ids WHERE bucket IN ? AND id > ? PER PARTITION LIMIT ?`,

    /** id, revision, claimer, seconds */
    claim: `INSERT INTO ${ks}.entity_claims (id, revision, claimer) VALUES (?, ?, ?) IF NOT EXISTS USING TTL ?`,
    claimer: `SELECT claimer FROM ${ks}.entity_claims WHERE id = ? AND revision = ?`,

    /** token before the first, last token */
    count: `SELECT key_description, bytes FROM ${ks}.entity ${range}`,
    /** token before the first, last token, rows */
    scan: `SELECT id, ${facts}, ${data}, token(id) AS place FROM ${ks}.entity ${range} LIMIT ?`,
    /** rows */
    tokens: `SELECT token(id) AS place FROM ${ks}.entity LIMIT ?`,
  };
}
