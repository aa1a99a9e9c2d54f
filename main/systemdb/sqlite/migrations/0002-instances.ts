import type { Migration } from './index.ts';

/**
 * The sealed bytes lie in a table of their own, so that lists and the census read only small rows. The census is
 * answered from `k2view_entity_by_key` alone. `k2view_revision_floor` keeps, for each LU, the highest revision of what
 * was removed (and not whose it was): a new instance starts above it, so that no revision of an id ever comes back.
 */
export const instances: Migration = {
  version: 2,
  sql: `
    CREATE TABLE k2view_entity (
      place           INTEGER PRIMARY KEY,
      lu              TEXT NOT NULL,
      id              TEXT NOT NULL,
      key_description TEXT NOT NULL,
      bytes           INTEGER NOT NULL,
      saved_at        INTEGER NOT NULL,
      revision        INTEGER NOT NULL CHECK (revision >= 1),
      UNIQUE (lu, id)
    ) STRICT;
    CREATE INDEX k2view_entity_by_key ON k2view_entity (lu, key_description, id, bytes);

    CREATE TABLE k2view_entity_data (
      place  INTEGER PRIMARY KEY REFERENCES k2view_entity (place) ON DELETE CASCADE,
      sealed BLOB NOT NULL
    ) STRICT;

    CREATE TABLE k2view_revision_floor (
      lu       TEXT NOT NULL PRIMARY KEY,
      revision INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
};
