import { randomUUID } from 'node:crypto';

const CREATES = /^CREATE TABLE /;
const HAS_IDENTITY = /\bID = [0-9a-f-]{36}$/;
const HAS_OPTIONS = /\) WITH /;

/**
 * A `CREATE TABLE` with an identity given to the table, where it has none. Without one each node that carries the
 * statement out thinks up its own: sent a second time through another node, since the first did not answer, it could make
 * two tables of one name, of which one is lost with its rows. New each time: a dropped table that came back with its
 * former identity would find what files and commit logs still hold of it.
 */
export function withIdentity(cql: string): string {
  if (!CREATES.test(cql) || HAS_IDENTITY.test(cql)) return cql;
  return `${cql} ${HAS_OPTIONS.test(cql) ? 'AND' : 'WITH'} ID = ${randomUUID()}`;
}
