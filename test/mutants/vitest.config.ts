/** Tests of the project on other sources than the project's: those in the folder MUTANT_SOURCES. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: [{ find: /^(?:\.\.\/)+src\//, replacement: `${process.env['MUTANT_SOURCES']}/` }] },
  test: {
    include: ['test/{consensus,driver,ledger,node,pow}/**/*.test.ts'],
    maxWorkers: 1,
    testTimeout: 30_000,
    bail: 1,
  },
});
