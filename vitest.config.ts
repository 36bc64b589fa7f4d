import { defineConfig } from 'vitest/config';

const MINUTE = 60_000;
/** Members that change on a running network, proof of work that is mined for real, and hostile clients of a whole network. */
const LONG = ['members', 'mining', 'hostile-http'].map((name) => `test/e2e/${name}.test.ts`);

export default defineConfig({
  test: {
    reporters: ['default', './test/project/closing-line.ts'],
    projects: [
      {
        test: {
          name: 'rooms',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**'],
          testTimeout: MINUTE / 2,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole networks: after the rooms, one file at a time, so that no test starves another's validators.
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // What takes long, and what rooms show in parts: `npm run test:long`.
          exclude: process.env['TREFOIL_TESTS'] === 'long' ? [] : LONG,
          testTimeout: 3 * MINUTE,
          hookTimeout: 2 * MINUTE,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
