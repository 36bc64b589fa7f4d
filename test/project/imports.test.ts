import { describe, expect, test } from 'vitest';
import { importsOf } from './imports.ts';

const specifiers = (source: string): (string | undefined)[] => importsOf(source).map(({ specifier }) => specifier);

describe('every way to name a module is read', () => {
  test.each([
    [`import './a.ts';`, ['./a.ts']],
    [`import a from "./a.ts"`, ['./a.ts']],
    [`import * as a from './a.ts';`, ['./a.ts']],
    [`import type { A } from './a.ts';`, ['./a.ts']],
    [`import a, {\n  type B, // a remark\n  c as d,\n} from './a.ts';`, ['./a.ts']],
    [`import { from } from 'from';`, ['from']],
    [`export { a } from './a.ts';`, ['./a.ts']],
    [`export * as a from './a.ts'; export * from './b.ts';`, ['./a.ts', './b.ts']],
    [`export type { A } from './a.ts';`, ['./a.ts']],
    [`const a = await import('./a.ts');`, ['./a.ts']],
    [`let a: import('./a.ts').A;`, ['./a.ts']],
    ['const a = `${await import("./a.ts")} and ${`${import("./b.ts")}`}`;', ['./a.ts', './b.ts']],
    [`const a = import(name);`, [undefined]],
    ['const a = import(`./${name}.ts`);', [undefined]],
    [`const a = /['"\`]/.test(b); import './a.ts';`, ['./a.ts']],
    [`const a = b / c; const d = '/'; import './a.ts';`, ['./a.ts']],
  ])('%s', (source, expected) => {
    expect(specifiers(source)).toEqual(expected);
  });
});

describe('nothing else is taken for one', () => {
  test.each([
    `// import './a.ts';`,
    `/* import './a.ts'; */`,
    `const a = "import './a.ts'";`,
    "const a = `import './a.ts'`;",
    `export const from = './a.ts';`,
    `export default function from() { return './a.ts'; }`,
    `export { a, b };`,
    `loader.import('./a.ts');`,
    `const url = import.meta.url;`,
    `const url = new URL('./a.ts', import.meta.url);`,
  ])('%s', (source) => {
    expect(specifiers(source)).toEqual([]);
  });
});

test('an import is reported with its line', () => {
  expect(importsOf(`/* one\n two */\nconst a = \`\n\`;\nimport './a.ts';`)).toEqual([{ specifier: './a.ts', line: 5 }]);
});
