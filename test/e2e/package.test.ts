/** What `npm pack` makes, used as an application uses it: installed in an empty folder, compiled against, and run. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { toHex } from '../../src/codec/hex.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { TestnetFolder, type Up } from './trefoil.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PACKAGES = join(ROOT, 'node_modules');
/** The build is most of it, on a busy machine. */
const PACK_MS = 120_000;
const STEP_MS = 60_000;

/** As strict as TypeScript can be, declarations of packages included. */
const COMPILER_OPTIONS = {
  target: 'es2024',
  module: 'nodenext',
  moduleResolution: 'nodenext',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
};

const folder = mkdtempSync(join(tmpdir(), 'trefoil-application-'));

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

const run = promisify(execFile);

/** Runs a program in the folder; what it said is in the error when it fails. */
async function say(program: string, args: readonly string[], cwd: string, timeout: number): Promise<string> {
  try {
    return (await run(program, args, { cwd, timeout, shell: process.platform === 'win32' })).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`${program} ${args.join(' ')} fails:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Links a package that is installed here into the application, as npm would have fetched it: the test needs no registry. */
function link(name: string): void {
  const target = join(folder, 'node_modules', name);
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(join(PACKAGES, name), target, 'junction');
}

/** The application of the README. */
function application(): string {
  const section = present(
    readFileSync(join(ROOT, 'README.md'), 'utf8').split('\n## From an application\n')[1],
    'section',
  );
  return present(/^```ts\n(.*?)^```$/ms.exec(section)?.[1], 'the application');
}

/** Packs the checkout, and puts the package and what it depends on where npm would. */
async function install(): Promise<Manifest> {
  const packed = JSON.parse(await say('npm', ['pack', '--json', '--pack-destination', folder], ROOT, PACK_MS)) as
    | readonly { readonly filename: string }[]
    | Readonly<Record<string, { readonly filename: string }>>;
  const { filename } = present(Object.values(packed)[0], 'the package');
  const home = join(folder, 'node_modules', 'trefoil');
  mkdirSync(home, { recursive: true });
  await say('tar', ['-xzf', join(folder, filename), '-C', home, '--strip-components=1'], folder, STEP_MS);
  const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as Manifest;
  for (const name of Object.keys(manifest.dependencies)) link(name);
  return manifest;
}

const testnet = new TestnetFolder();
let manifest: Manifest;

beforeAll(async () => {
  manifest = await install();
  link('@types/node');
}, PACK_MS + STEP_MS);

afterAll(async () => {
  await testnet[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

it('the application of the README compiles against the package, and its transfer is committed', async () => {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'application', type: 'module', private: true }));
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files: ['pay.ts'] }),
  );
  writeFileSync(join(folder, 'pay.ts'), application());
  await say(join(PACKAGES, '.bin', 'tsc'), ['-p', '.'], folder, STEP_MS);

  const { nodes } = await testnet.json<Up>('testnet', 'up', '--detach');
  const [alice, bob] = developmentNetwork(1).accounts;
  const url = present(nodes[0], 'a node').http;
  const pay = ['pay.js', url, toHex(present(alice, 'alice').secret), present(bob, 'bob').addressText];
  expect(await say(process.execPath, pay, folder, STEP_MS)).toMatch(/^OK at height [1-9]\d*\n$/);
});

it('types are checked, not taken for any', async () => {
  const wrong = "import { Client } from 'trefoil/client';\nnew Client({ urls: 'http://127.0.0.1' });\n";
  writeFileSync(join(folder, 'wrong.ts'), wrong);
  const options = { compilerOptions: { ...COMPILER_OPTIONS, noEmit: true }, files: ['wrong.ts'] };
  writeFileSync(join(folder, 'wrong.json'), JSON.stringify(options));
  await expect(say(join(PACKAGES, '.bin', 'tsc'), ['-p', 'wrong.json'], folder, STEP_MS)).rejects.toThrow('TS2322');
});

it('everything that is exported can be imported, and nothing else', async () => {
  const names = Object.keys(manifest.exports).map((path) => path.replace(/^\./, 'trefoil'));
  expect(names).toContain('trefoil/client');
  for (const name of names.filter((each) => !each.endsWith('.json')))
    await say(process.execPath, ['--input-type=module', '-e', `await import('${name}')`], folder, STEP_MS);
  const inner = "await import('trefoil/dist/node/node.js')";
  await expect(say(process.execPath, ['--input-type=module', '-e', inner], folder, STEP_MS)).rejects.toThrow(
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
  );
});
