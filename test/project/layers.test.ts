/** The rooms import downwards only, the pure ones nothing that has a clock or a network. */
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf } from './imports.ts';
import { complaintsAbout, findCycle, type Rules, type SourceFile, targetOf } from './rooms.ts';

const ROOT = join(import.meta.dirname, '..', '..');

const within = (path: string, entry: string): boolean => path === entry || path.startsWith(`${entry}/`);

const sourceFile = (path: string, specifier: string): SourceFile => ({ path, imports: [{ specifier, line: 1 }] });

/** The lists of tsconfig.pure.json are the one place that says what is pure. */
function pureRules(): Rules {
  const text = readFileSync(join(ROOT, 'tsconfig.pure.json'), 'utf8').replaceAll(/^\s*\/\/.*$/gm, '');
  const { include, exclude } = JSON.parse(text) as { include: string[]; exclude: string[] };
  return {
    isPure: (path) => include.some((entry) => within(path, entry)) && !exclude.some((entry) => within(path, entry)),
  };
}

const readSources = (): SourceFile[] =>
  globSync('src/**/*.{ts,tsx,mts,cts}', { cwd: ROOT })
    .map((path) => path.split(sep).join('/'))
    .toSorted()
    .map((path) => ({ path, imports: importsOf(readFileSync(join(ROOT, path), 'utf8')) }));

describe('the sources', () => {
  const files = readSources();
  const rules = pureRules();

  test('are all read', () => {
    const listed = readdirSync(join(ROOT, 'src'), { recursive: true }).filter((name) =>
      /\.[cm]?tsx?$/.test(String(name)),
    );
    expect(files.length).toBeGreaterThan(0);
    expect(files.length).toBe(listed.length);
    expect(files.filter(({ imports }) => imports.length > 0).length).toBeGreaterThan(files.length / 2);
    expect(files.some(({ path }) => rules.isPure(path))).toBe(true);
  });

  test('import only what their room may', () => {
    expect(files.flatMap((file) => complaintsAbout(file, rules))).toEqual([]);
  });

  test('import files that exist', () => {
    const known = new Set(files.map(({ path }) => path));
    const missing = files.flatMap(({ path, imports }) =>
      imports
        .map(({ specifier, line }) => ({ line, target: targetOf(path, specifier ?? '') }))
        .filter(({ target }) => target !== undefined && !known.has(target))
        .map(({ line, target }) => `${path}:${line} ${target}`),
    );
    expect(missing).toEqual([]);
  });

  test('form no cycle', () => {
    expect(findCycle(files)).toBeUndefined();
  });
});

describe('the rules complain about', () => {
  const rules: Rules = {
    isPure: (path) => /^src\/(?:base|crypto|ledger|consensus)\//.test(path) && path !== 'src/crypto/fast.ts',
  };
  const complain = (path: string, specifier: string | undefined): string[] =>
    complaintsAbout({ path, imports: [{ specifier, line: 7 }] }, rules);

  test.each([
    ['an arrow that runs up', 'src/ledger/a.ts', '../consensus/b.ts', 'runs up'],
    ['an arrow that runs up outside the pure rooms', 'src/storage/a.ts', '../network/b.ts', 'runs up'],
    ['an arrow that runs up inside a room', 'src/driver/durability/a.ts', '../sync/b.ts', 'runs up'],
    ['an arrow to the head of its room', 'src/driver/sync/a.ts', '../driver.ts', 'runs up'],
    ['a folder that has no place in its room', 'src/driver/attic/a.ts', 'zod', 'no place'],
    ['a built-in module in a pure room', 'src/ledger/a.ts', 'node:fs', 'pure'],
    ['a package in a pure room', 'src/ledger/a.ts', 'level', 'pure'],
    ['a package whose name only begins like an allowed one', 'src/ledger/a.ts', '@chainsafe/ssz-fake', 'pure'],
    ['an impure neighbour', 'src/crypto/a.ts', './fast.ts', 'pure'],
    ['a node room in the client', 'src/client/a.ts', '../storage/b.ts', 'browsers'],
    ['a node-only backend in the client', 'src/client/a.ts', '../crypto/fast.ts', 'browsers'],
    ['a built-in module in the client', 'src/client/a.ts', 'node:fs', 'browsers'],
    ['a built-in module in the interface', 'src/api/a.ts', 'fs', 'browsers'],
    ['a built-in module without its prefix', 'src/node/a.ts', 'fs', 'without'],
    ['a file outside src', 'src/node/a.ts', '../../test/b.ts', 'out of src'],
    ['an import that cannot be read', 'src/node/a.ts', undefined, 'only running'],
    ['an unknown room', 'src/attic/a.ts', 'zod', 'no known room'],
    ['a barrel', 'src/node/index.ts', 'zod', 'barrel'],
    ['a drawer for everything', 'src/node/utils.ts', 'zod', 'says nothing'],
  ])('%s', (_what, path, specifier, word) => {
    expect(complain(path, specifier).join()).toContain(word);
  });

  test.each([
    ['src/consensus/a.ts', '../ledger/b.ts'],
    ['src/consensus/a.ts', '@chainsafe/ssz'],
    ['src/crypto/a.ts', '@noble/hashes/sha2.js'],
    ['src/crypto/fast.ts', 'node:crypto'],
    ['src/client/a.ts', '../crypto/b.ts'],
    ['src/cli/a.ts', '../client/b.ts'],
    ['src/node/a.ts', './b.ts'],
    ['src/driver/sync/a.ts', '../durability/b.ts'],
    ['src/driver/driver.ts', './sync/b.ts'],
  ])('nothing where %s imports %s', (path, specifier) => {
    expect(complain(path, specifier)).toEqual([]);
  });

  test('a cycle, naming its members', () => {
    expect(
      findCycle([
        sourceFile('src/a/1.ts', './2.ts'),
        sourceFile('src/a/2.ts', '../b/3.ts'),
        sourceFile('src/b/3.ts', '../a/1.ts'),
      ]),
    ).toEqual(['src/a/1.ts', 'src/a/2.ts', 'src/b/3.ts', 'src/a/1.ts']);
  });
});
