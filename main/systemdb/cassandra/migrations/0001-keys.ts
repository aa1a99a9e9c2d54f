import type { Migration } from './index.ts';

/**
 * Generations lie in the partition of their name, so that an activation is one conditional batch there: the static
 * columns hold the newest activation, `activations` of a row all revisions that it had, with their times. A row is never
 * deleted, only marked `removed`: a deleted one could come back under a late write.
 *
 * `key_description_owners` makes descriptions unique over all names, and is what a removal of orphaned stripes and an
 * insert of facts decide between them.
 *
 * Each stripe is a partition of its own: the ring spreads the bytes of one key over its nodes.
 *
 * `internal_keys` has one partition (`part` is always 'keys') whose static `newest` counts the insertions.
 */
export const keys: Migration = {
  version: 1,
  statements: ({ auth }) => [
    `CREATE TABLE IF NOT EXISTS ${auth.quoted}.keys_descriptions (
      name            text,
      key_description text,
      revision        int STATIC,
      active          text STATIC,
      active_at       timestamp STATIC,
      generator       text,
      store           text,
      fingerprint     text,
      stripes         int,
      wrapping        text,
      created_at      timestamp,
      actor           text,
      reason          text,
      activations     map<int, bigint>,
      removed         boolean,
      PRIMARY KEY ((name), key_description)
    )`,
    `CREATE TABLE IF NOT EXISTS ${auth.quoted}.key_description_owners (
      key_description text PRIMARY KEY,
      name            text,
      removed         boolean
    )`,
    `CREATE TABLE IF NOT EXISTS ${auth.quoted}.stripe_key_storage (
      key_description text,
      idx             int,
      value           int,
      PRIMARY KEY ((key_description, idx))
    )`,
    `CREATE TABLE IF NOT EXISTS ${auth.quoted}.internal_keys (
      part       text,
      newest     int STATIC,
      id         text,
      place      int,
      key        blob,
      created_at timestamp,
      PRIMARY KEY ((part), id)
    )`,
  ],
};
