/** The project speaks of itself alone, and its pages say what is there. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md'] as const;

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const trackedFiles = (): string[] =>
  execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(ROOT, path)));

/** Absolute paths of somebody's machine. */
const MACHINE_PATH = /(?<![\w.~:/-])\/(?:work|root|home|Users)\/[\w.]|\b[A-Z]:\\Users\\/;

describe('tracked files', () => {
  const files = trackedFiles();

  test('name no path of a machine', () => {
    expect(files.length).toBeGreaterThan(0);
    const hits = files.flatMap((path) =>
      read(path)
        .split('\n')
        .flatMap((line, index) => (MACHINE_PATH.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
    );
    expect(hits).toEqual([]);
  });

  test('a path of a machine is recognised', () => {
    const [home, checkout] = ['home', 'work'];
    expect(`/${home}/somebody/trefoil`).toMatch(MACHINE_PATH);
    expect(`open('/${checkout}/notes')`).toMatch(MACHINE_PATH);
    expect('see src/network/host.ts and https://example.org/home/page').not.toMatch(MACHINE_PATH);
  });
});

describe('the lock file', () => {
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, Record<string, unknown>> };
  const entries = Object.entries(lock.packages);

  test('names no registry', () => {
    expect(entries.length).toBeGreaterThan(100);
    expect(entries.filter(([, entry]) => 'resolved' in entry).map(([path]) => path)).toEqual([]);
    expect(read('.npmrc')).not.toMatch(/registry\s*=/);
  });

  test('fixes the content of every package but binaries of other platforms', () => {
    const unfixed = entries.filter(([path, entry]) => path !== '' && !('integrity' in entry));
    expect(unfixed.filter(([, entry]) => !(entry.optional === true && 'os' in entry))).toEqual([]);
    expect(unfixed.filter(([path]) => path.endsWith('linux-x64'))).toEqual([]);
  });

  test('agrees with package.json, or npm ci refuses it', () => {
    const { dependencies, devDependencies, optionalDependencies } = lock.packages[''] ?? {};
    const wanted = JSON.parse(read('package.json')) as Record<string, unknown>;
    expect(devDependencies).toEqual(wanted.devDependencies);
    expect(optionalDependencies).toEqual(wanted.optionalDependencies);
    expect(dependencies).toEqual(wanted.dependencies);
  });

  test('lists the optional packages of every platform, or npm ci refuses it', () => {
    const missing = entries.flatMap(([, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {}).filter((name) => !(`node_modules/${name}` in lock.packages)),
    );
    expect(missing).toEqual([]);
  });
});

describe('the README', () => {
  test('begins with the two commands', () => {
    const beginning = read('README.md').split('\n').slice(0, 12).join('\n');
    expect(beginning).toMatch(/^npm run testnet\b/m);
    expect(beginning).toMatch(/^npm test\b/m);
  });
});

test('ARCHITECTURE.md says of every room what it owns', () => {
  const page = read('ARCHITECTURE.md');
  const rooms = readdirSync(join(ROOT, 'src'));
  expect(rooms.length).toBeGreaterThan(0);
  expect(rooms.filter((room) => !page.includes(`\n| \`${room}\` |`))).toEqual([]);
});

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  test('links to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map((match) => match[1] as string);
    expect(links.filter((link) => !existsSync(join(ROOT, dirname(page), link)))).toEqual([]);
  });

  test('names files that exist', () => {
    const named = [...text.matchAll(/`((?:src|test|scripts|examples|bin|genesis|keys|\.ci)\/[\w./-]*)`/g)].map(
      (match) => match[1] as string,
    );
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  test('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map((match) => match[1] as string);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
