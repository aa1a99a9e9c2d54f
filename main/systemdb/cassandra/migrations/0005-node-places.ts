import type { Migration } from './index.ts';

/**
 * The data centre beside which each of `nodes` runs. A table of its own: before Cassandra 4.1 a column can not be added by
 * a statement that may run again.
 */
export const nodePlaces: Migration = {
  version: 5,
  statements: ({ system: { quoted } }) => [
    `CREATE TABLE IF NOT EXISTS ${quoted}.node_places (
      id          text PRIMARY KEY,
      data_center text
    )`,
  ],
};
