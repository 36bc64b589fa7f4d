import { defineConfig } from 'vitest/config';

const MINUTE = 60_000;

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
          // Two minutes of one network: `npm run test:members`. What it shows together, test/node/joining.test.ts shows in part.
          exclude: process.env['TREFOIL_TESTS'] === 'members' ? [] : ['test/e2e/members.test.ts'],
          testTimeout: 3 * MINUTE,
          hookTimeout: 2 * MINUTE,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
