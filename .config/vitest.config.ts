import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const root = new URL('..', import.meta.url).pathname;

/** Start processes of their own as a terminal does, or wait for clocks and long imports: too slow for the quick part. */
const PROCESSES = ['test/cli/**/*.test.ts', 'test/**/*processes.test.ts', 'test/house/**/*.test.ts', 'test/audit/export.test.ts', 'test/lu/import.test.ts', 'test/rekey/{pace,run,schedule}.test.ts', 'test/systemdb/clock.test.ts'];

/** Their nodes mostly wait: for each other, and for what does not answer. */
const CASSANDRA = 'test/peers/cassandra/**/*.test.ts';

/** `unit` needs nothing but Node; `processes` starts the command line and several processes; `peers` starts real tools, `cassandra` real nodes, and the two may run at once; `faults` kills processes; `e2e` drives the real window. */
export default defineConfig({
  test: {
    root,
    // Every core: on a small machine the default leaves half of it idle.
    maxWorkers: availableParallelism(),
    projects: [
      {
        root,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
          exclude: ['test/peers/**', 'test/faults/**', 'test/e2e/**', 'test/bench/**', 'node_modules/**', ...PROCESSES],
          testTimeout: 20_000,
        },
      },
      {
        root,
        test: { name: 'processes', include: PROCESSES, testTimeout: 60_000 },
      },
      {
        root,
        test: { name: 'peers', include: ['test/peers/**/*.test.ts'], exclude: [CASSANDRA], testTimeout: 120_000, hookTimeout: 300_000, fileParallelism: false },
      },
      {
        root,
        test: { name: 'cassandra', include: [CASSANDRA], testTimeout: 120_000, hookTimeout: 300_000, fileParallelism: false },
      },
      {
        root,
        test: { name: 'faults', include: ['test/faults/**/*.test.ts'], testTimeout: 1_800_000, hookTimeout: 300_000, fileParallelism: false },
      },
      {
        root,
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 300_000, fileParallelism: false },
      },
    ],
  },
});
