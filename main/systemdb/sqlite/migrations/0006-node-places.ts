import type { Migration } from './index.ts';

export const nodePlaces: Migration = {
  version: 6,
  sql: 'ALTER TABLE k2system_nodes ADD COLUMN data_center TEXT;',
};
