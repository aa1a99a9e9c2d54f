import type { Migration } from './index.ts';

/**
 * A partition holds a run of records (`bucket` = (seq - 1) / its size, rounded down). `written_at` is the record's time,
 * `user` its actor, `action` its act, `params` its context, `result` its outcome; `date`, `address`, `protocol`, `query`
 * and `session_id` are the platform's own columns. `attempt` names the conditional write that appended the record, for a
 * process that was not told the outcome of its append.
 */
export const audit: Migration = {
  version: 2,
  statements: ({ audit: { quoted } }) => [
    `CREATE TABLE IF NOT EXISTS ${quoted}.k2_auditing (
      bucket     int,
      seq        bigint,
      action     text,
      date       date,
      user       text,
      written_at timestamp,
      address    text,
      params     text,
      protocol   text,
      query      text,
      result     text,
      session_id text,
      object     text,
      completes  bigint,
      previous   text,
      hash       text,
      attempt    text,
      PRIMARY KEY ((bucket), seq)
    )`,
  ],
};
