import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'trefoil-launcher-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A checkout whose command line is `main`, started by a Node that says it is `version`. */
function checkout(name: string, version: string, main: string) {
  const root = join(folder, name);
  for (const part of ['bin', 'src/cli', 'node_modules/.bin']) mkdirSync(join(root, part), { recursive: true });
  for (const file of ['bin/trefoil.mjs', 'bin/runtime.mjs']) copyFileSync(join(ROOT, file), join(root, file));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  writeFileSync(join(root, 'node_modules/.package-lock.json'), '{}');
  writeFileSync(join(root, 'src/cli/main.ts'), main);
  writeFileSync(join(root, 'version.mjs'), `Object.defineProperty(process, 'version', { value: '${version}' });`);
  return {
    root,
    /** Only the first process is told that it is old. */
    args: ['--import', join(root, 'version.mjs'), join(root, 'bin/trefoil.mjs')],
  };
}

describe('the launcher', () => {
  const tell = 'console.log(process.version, JSON.stringify(process.argv.slice(2))); process.exitCode = 4;';

  it('runs the command line itself on a Node that is new enough', () => {
    const { args } = checkout('new', process.version, tell);
    const { status, stdout } = spawnSync(process.execPath, [...args, 'a b', '--json'], { encoding: 'utf8' });
    expect(stdout).toBe(`${process.version} ["a b","--json"]\n`);
    expect(status).toBe(4);
  });

  it("hands it to the project's Node otherwise, with arguments and exit code", () => {
    const { root, args } = checkout('old', 'v20.1.0', tell);
    symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'));
    const { status, stdout } = spawnSync(process.execPath, [...args, 'a b', '--json'], { encoding: 'utf8' });
    expect(stdout).toBe(`${process.version} ["a b","--json"]\n`);
    expect(status).toBe(4);
  });

  it('passes signals on', async () => {
    const main = `setInterval(() => {}, 1000); process.on('SIGTERM', () => process.exit(7)); console.log('ready');`;
    const { root, args } = checkout('signals', 'v20.1.0', main);
    symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'));
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([7, null]);
  });

  it('says what to do where there is no Node that is new enough', () => {
    const { args } = checkout('none', 'v20.1.0', tell);
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error NODE_TOO_OLD: .*v20\.1\.0.*\nhint: .*setup\.mjs/);
  });
});
