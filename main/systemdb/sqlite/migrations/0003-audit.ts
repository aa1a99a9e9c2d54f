import type { Migration } from './index.ts';

/** The triggers stop a slip, not an attacker: against that one stands the hash chain and its exported head. */
export const audit: Migration = {
  version: 3,
  sql: `
    CREATE TABLE k2audit_k2_auditing (
      seq       INTEGER PRIMARY KEY CHECK (seq >= 1),
      at        INTEGER NOT NULL,
      actor     TEXT NOT NULL,
      act       TEXT NOT NULL,
      object    TEXT NOT NULL,
      context   TEXT NOT NULL,
      outcome   TEXT NOT NULL,
      completes INTEGER,
      previous  TEXT NOT NULL,
      hash      TEXT NOT NULL
    ) STRICT;

    CREATE TRIGGER k2audit_never_changed BEFORE UPDATE ON k2audit_k2_auditing
    BEGIN SELECT RAISE(ABORT, 'audit records are never changed'); END;
    CREATE TRIGGER k2audit_never_removed BEFORE DELETE ON k2audit_k2_auditing
    BEGIN SELECT RAISE(ABORT, 'audit records are never removed'); END;
  `,
};
