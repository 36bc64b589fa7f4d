/** A file of tests, run on a copy of the sources. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '..', '..');
const VITEST = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
/** Long before whoever waits for the worker calls it hanging and ends it: the tests would run on. */
const RUN_MS = 45_000;

/** What is looked at of the report of the runner. */
const Report = z.object({
  success: z.boolean(),
  testResults: z.array(
    z.object({
      message: z.string(),
      assertionResults: z.array(z.object({ status: z.string(), fullName: z.string() })),
    }),
  ),
});

/** The first test of the file, whose path is from the project's root, that fails with these sources; undefined where none does.
 *  Throws where nothing was run. */
export function failedTest(
  copy: string,
  file: string,
): { readonly checker: string; readonly message: string } | undefined {
  const config = join(import.meta.dirname, 'vitest.config.ts');
  // Beside the copy, which goes with it; of two workers each has its own.
  const output = `${copy}.${process.pid}.json`;
  const to = ['--reporter', 'json', '--outputFile', output];
  const { status, stderr } = spawnSync(
    process.execPath,
    [VITEST, 'run', '--config', config, '--root', ROOT, ...to, file],
    {
      env: { ...process.env, MUTANT_SOURCES: copy },
      encoding: 'utf8',
      timeout: RUN_MS,
      killSignal: 'SIGKILL',
    },
  );
  if (status === null) return { checker: 'hang', message: `the tests are not over after ${RUN_MS / 1000} s` };
  if (!existsSync(output)) throw new Error(`${file} was not run: ${stderr}`);
  const { success, testResults } = Report.parse(JSON.parse(readFileSync(output, 'utf8')));
  rmSync(output);
  if (testResults.length === 0) throw new Error(`there are no tests in ${file}`);
  if (success) return undefined;
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .find((test) => test.status === 'failed');
  return { checker: 'tests', message: failed?.fullName ?? testResults[0]?.message ?? 'the file cannot be run' };
}
