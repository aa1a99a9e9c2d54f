import type { Migration } from './index.ts';

/**
 * Generations lie in the partition of their name, so that an activation is one conditional batch there: the static
 * columns hold the newest activation, `activations` of a row all revisions that it had, with their times. `state` is
 * `described`, `activated` or `removed`: a row is never deleted, since a late write could bring it back.
 *
 * `key_description_owners` makes descriptions unique over all names. One without a name is retired: its stripes were
 * removed as orphans before it got facts, and none will ever stand under it.
 *
 * Each stripe is a partition of its own: the ring spreads the bytes of one key over its nodes.
 *
 * `internal_keys` has one partition (`part` is always 'keys') whose static `newest` counts the insertions.
 *
 * `attempt` names the conditional write that made a row (`attempts`: each activation of it), so that a process that was
 * not told the outcome of its write finds out whether it was its own.
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
      wrapping        map<text, text>,
      created_at      timestamp,
      actor           text,
      reason          text,
      activations     map<int, bigint>,
      attempts        map<int, text>,
      state           text,
      attempt         text,
      PRIMARY KEY ((name), key_description)
    )`,
    `CREATE TABLE IF NOT EXISTS ${auth.quoted}.key_description_owners (
      key_description text PRIMARY KEY,
      name            text,
      attempt         text
    )`,
    `CREATE TABLE IF NOT EXISTS ${auth.quoted}.stripe_key_storage (
      key_description text,
      idx             int,
      value           int,
      attempt         text,
      PRIMARY KEY ((key_description, idx))
    )`,
    `CREATE TABLE IF NOT EXISTS ${auth.quoted}.internal_keys (
      part       text,
      newest     int STATIC,
      id         text,
      place      int,
      key        blob,
      created_at timestamp,
      attempt    text,
      PRIMARY KEY ((part), id)
    )`,
  ],
};
