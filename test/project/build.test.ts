/** What is published: JavaScript that runs without type stripping, and declarations. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const CACHE = join(ROOT, 'node_modules', '.cache');
/** On a busy machine. */
const BUILD_MS = 60_000;
let folder = '';
let out = '';

beforeAll(() => {
  // Within the project, so that the packages are found from there as they are from dist/.
  mkdirSync(CACHE, { recursive: true });
  folder = mkdtempSync(join(CACHE, 'build-'));
  out = join(folder, 'dist');
  copyFileSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  const { status, stdout } = spawnSync('tsc', ['-p', 'tsconfig.build.json', '--outDir', out], {
    cwd: ROOT,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`the build fails:\n${stdout}`);
}, BUILD_MS);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every source has its JavaScript, which names no TypeScript', () => {
  const sources = globSync('**/*.ts', { cwd: join(ROOT, 'src') }).filter((path) => !path.endsWith('.d.ts'));
  const built = globSync('**/*.js', { cwd: out });
  expect(built.length).toBeGreaterThan(0);
  expect(built.toSorted()).toEqual(sources.map((path) => path.replace(/\.ts$/, '.js')).toSorted());
  const named = built.filter((path) =>
    /(?:from|import\() ?['"][^'"]+\.ts['"]/.test(readFileSync(join(out, path), 'utf8')),
  );
  expect(named).toEqual([]);
});

test('the command line starts', () => {
  const help = execFileSync(process.execPath, [join(out, 'cli', 'main.js'), '--help'], { encoding: 'utf8' });
  expect(help).toContain('testnet');
});
