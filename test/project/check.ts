/** `npm run check`: everything that is looked at without running a node. One line for each step, more only where it fails. */
import { spawnSync } from 'node:child_process';

const STEPS: readonly (readonly [name: string, program: string, ...args: string[]])[] = [
  ['types', 'tsc', '-p', 'tsconfig.json'],
  ['types of the pure rooms, without Node', 'tsc', '-p', 'tsconfig.pure.json'],
  ['types of the client, in a browser', 'tsc', '-p', 'tsconfig.browser.json'],
  ['lint', 'oxlint'],
  ['format', 'biome', 'format', '.'],
  ['dead exports and dependencies', 'knip', '--no-progress'],
  ['rooms, words and pages', 'vitest', 'run', '--project', 'rooms', 'test/project'],
];

const failed: string[] = [];
for (const [name, program, ...args] of STEPS) {
  const start = performance.now();
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === 'win32',
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`);
  if (status === 0) continue;
  failed.push(name);
  console.log(`\n$ ${[program, ...args].join(' ')}\n${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}\n`);
}

console.log(`${STEPS.length - failed.length} passed, ${failed.length} failed`);
if (failed.length > 0) process.exitCode = 1;
