import type { Migration } from './index.ts';

/**
 * The ranges of a campaign are spread over a few partitions (`bucket` = seq modulo their number): workers claim ranges by
 * conditional writes, which wait for each other within a partition. `ranges` of the campaign tells how many there are.
 * `worker` is written with a time to live: a worker that stops loses its range by itself. `attempt` of a campaign names
 * the conditional write that changed its state last.
 */
export const rekey: Migration = {
  version: 4,
  statements: ({ system: { quoted } }) => [
    `CREATE TABLE IF NOT EXISTS ${quoted}.rekey_campaigns (
      id         text PRIMARY KEY,
      state      text,
      params     text,
      limits     text,
      outcome    text,
      ranges     int,
      attempt    text,
      created_at timestamp,
      updated_at timestamp
    )`,
    `CREATE TABLE IF NOT EXISTS ${quoted}.rekey_ranges (
      campaign    text,
      bucket      int,
      seq         int,
      lu          text,
      range_start text,
      range_end   text,
      nodes       list<text>,
      state       text,
      cursor      text,
      passed      bigint,
      rewritten   bigint,
      superseded  bigint,
      failed      bigint,
      bytes       bigint,
      updated_at  timestamp,
      worker      text,
      PRIMARY KEY ((campaign, bucket), seq)
    )`,
    `CREATE TABLE IF NOT EXISTS ${quoted}.rekey_failures (
      campaign        text,
      lu              text,
      instance_id     text,
      key_description text,
      code            text,
      message         text,
      remedy          text,
      at              timestamp,
      PRIMARY KEY ((campaign), lu, instance_id)
    )`,
  ],
};
