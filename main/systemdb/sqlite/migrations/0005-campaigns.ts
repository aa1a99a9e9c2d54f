import type { Migration } from './index.ts';

/** A lease ends by `ends_at`; `seconds` is for how long it was given, so that a clock set back can be told from it. */
export const campaigns: Migration = {
  version: 5,
  sql: `
    CREATE TABLE leases (
      name    TEXT NOT NULL PRIMARY KEY,
      holder  TEXT NOT NULL,
      seconds REAL NOT NULL,
      ends_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE censuses (
      place      INTEGER PRIMARY KEY,
      id         TEXT NOT NULL UNIQUE,
      started_at INTEGER NOT NULL,
      ended_at   INTEGER NOT NULL,
      result     TEXT NOT NULL
    ) STRICT;
    CREATE INDEX censuses_by_end ON censuses (ended_at, id);

    CREATE TABLE rekey_campaigns (
      id         TEXT NOT NULL PRIMARY KEY,
      state      TEXT NOT NULL,
      params     TEXT NOT NULL,
      limits     TEXT NOT NULL,
      outcome    TEXT,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX rekey_campaigns_by_creation ON rekey_campaigns (created_at, id);

    CREATE TABLE rekey_ranges (
      campaign      TEXT NOT NULL REFERENCES rekey_campaigns (id),
      seq           INTEGER NOT NULL CHECK (seq >= 0),
      lu            TEXT NOT NULL,
      start_bound   TEXT NOT NULL,
      end_bound     TEXT NOT NULL,
      nodes         TEXT NOT NULL,
      state         TEXT NOT NULL,
      cursor        TEXT,
      passed        INTEGER NOT NULL,
      rewritten     INTEGER NOT NULL,
      superseded    INTEGER NOT NULL,
      failed        INTEGER NOT NULL,
      bytes         INTEGER NOT NULL,
      updated_at    INTEGER NOT NULL,
      worker        TEXT,
      lease_seconds REAL,
      lease_ends_at INTEGER,
      PRIMARY KEY (campaign, seq)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE rekey_failures (
      campaign        TEXT NOT NULL REFERENCES rekey_campaigns (id),
      lu              TEXT NOT NULL,
      id              TEXT NOT NULL,
      key_description TEXT NOT NULL,
      code            TEXT NOT NULL,
      message         TEXT NOT NULL,
      remedy          TEXT NOT NULL,
      at              INTEGER NOT NULL,
      PRIMARY KEY (campaign, lu, id)
    ) STRICT, WITHOUT ROWID;
  `,
};
