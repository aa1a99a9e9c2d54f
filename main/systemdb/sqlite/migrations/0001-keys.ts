import type { Migration } from './index.ts';

export const keys: Migration = {
  version: 1,
  sql: `
    CREATE TABLE k2auth_keys_descriptions (
      key_description TEXT NOT NULL PRIMARY KEY,
      name            TEXT NOT NULL,
      generator       TEXT NOT NULL,
      store           TEXT NOT NULL,
      fingerprint     TEXT NOT NULL,
      stripes         INTEGER NOT NULL,
      wrapping        TEXT NOT NULL,
      created_at      INTEGER NOT NULL,
      actor           TEXT NOT NULL,
      reason          TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX k2auth_keys_by_name ON k2auth_keys_descriptions (name, key_description);

    CREATE TABLE k2auth_activations (
      name            TEXT NOT NULL,
      revision        INTEGER NOT NULL CHECK (revision >= 1),
      key_description TEXT NOT NULL REFERENCES k2auth_keys_descriptions (key_description),
      activated_at    INTEGER NOT NULL,
      PRIMARY KEY (name, revision)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX k2auth_activations_by_key ON k2auth_activations (key_description);

    CREATE TABLE k2auth_stripe_key_storage (
      key_description TEXT NOT NULL,
      idx             INTEGER NOT NULL CHECK (idx >= 0),
      value           INTEGER NOT NULL CHECK (value BETWEEN 0 AND 255),
      PRIMARY KEY (key_description, idx)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE internal_protection_keys (
      place      INTEGER PRIMARY KEY AUTOINCREMENT,
      id         TEXT NOT NULL UNIQUE,
      key        BLOB NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT;
  `,
};
