import type { Migration } from './index.ts';

export const operation: Migration = {
  version: 4,
  sql: `
    CREATE TABLE jobs (
      id         TEXT NOT NULL PRIMARY KEY,
      kind       TEXT NOT NULL,
      params     TEXT NOT NULL,
      state      TEXT NOT NULL,
      done       INTEGER NOT NULL,
      total      INTEGER,
      failed     INTEGER NOT NULL,
      cursor     TEXT,
      failure    TEXT,
      started_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX jobs_by_start ON jobs (started_at, id);

    CREATE TABLE k2system_nodes (
      id              TEXT NOT NULL PRIMARY KEY,
      host            TEXT NOT NULL,
      version         TEXT NOT NULL,
      live_since      INTEGER NOT NULL,
      last_seen       INTEGER NOT NULL,
      keystore_digest TEXT,
      notes           TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE settings (
      key   TEXT NOT NULL PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
};
