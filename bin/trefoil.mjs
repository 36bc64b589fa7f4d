#!/usr/bin/env node
/**
 * Starts the command line on a Node that can run it: this one, or the project's own when this one is too old. From a
 * checkout it runs the sources, as published it runs dist/.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isNewEnough, NODE_MAJOR_MIN, projectNodePath } from './runtime.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const source = join(root, 'src', 'cli', 'main.ts');
const isCheckout = existsSync(source);
const main = isCheckout ? source : join(root, 'dist', 'cli', 'main.js');

if (isCheckout && !existsSync(join(root, 'node_modules', '.package-lock.json'))) {
  const { prepare } = await import(pathToFileURL(join(root, 'scripts', 'setup.mjs')).href);
  if (!prepare(root)) process.exit(1);
}

if (isNewEnough(process.version)) {
  process.argv[1] = main;
  await import(pathToFileURL(main).href);
} else if (existsSync(projectNodePath(root))) {
  runWith(projectNodePath(root));
} else {
  process.stderr.write(
    `error NODE_TOO_OLD: Trefoil needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.version}.\n` +
      `hint: ${isCheckout ? 'run `node scripts/setup.mjs`, which brings one' : 'install a newer Node'}\n`,
  );
  process.exit(1);
}

/** Runs the command line in a child that shares our terminal; signals and the exit code pass through. */
function runWith(nodePath) {
  const child = spawn(nodePath, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`error NODE_BROKEN: ${nodePath} does not start: ${error.message}\n`);
    process.stderr.write('hint: run `node scripts/setup.mjs`, which repairs it\n');
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
