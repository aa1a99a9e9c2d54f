import type { Migration } from './index.ts';

/**
 * `logical_units` names the LU of each k2view keyspace, and the time (microseconds) from which its revisions count.
 * `censuses` has one partition (`part` is always 'censuses'), newest first. `notes` is one value (`frozen`): a list of cells
 * would have each note twice where its statement is sent to a second node.
 */
export const operation: Migration = {
  version: 3,
  statements: ({ system: { quoted } }) => [
    `CREATE TABLE IF NOT EXISTS ${quoted}.nodes (
      id              text PRIMARY KEY,
      host            text,
      version         text,
      live_since      timestamp,
      last_seen       timestamp,
      keystore_digest text,
      notes           frozen<list<text>>
    )`,
    `CREATE TABLE IF NOT EXISTS ${quoted}.jobs (
      id         text PRIMARY KEY,
      kind       text,
      params     text,
      state      text,
      done       bigint,
      total      bigint,
      failed     bigint,
      cursor     text,
      failure    text,
      started_at timestamp,
      updated_at timestamp
    )`,
    `CREATE TABLE IF NOT EXISTS ${quoted}.settings (
      key   text PRIMARY KEY,
      value text
    )`,
    `CREATE TABLE IF NOT EXISTS ${quoted}.logical_units (
      keyspace_name text PRIMARY KEY,
      lu            text,
      epoch         bigint
    )`,
    `CREATE TABLE IF NOT EXISTS ${quoted}.censuses (
      part       text,
      ended_at   timestamp,
      id         text,
      started_at timestamp,
      result     text,
      PRIMARY KEY ((part), ended_at, id)
    ) WITH CLUSTERING ORDER BY (ended_at DESC, id DESC)`,
  ],
};
