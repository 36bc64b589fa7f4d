import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

/** Plain JavaScript, since it runs before there is anything else: it has no types. */
const { whyInstall }: { whyInstall: (root: string) => string | undefined } = await import(
  join(ROOT, 'scripts', 'setup.mjs')
);

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

type Packages = Readonly<Record<string, { version: string; optional?: boolean }>>;

/** A checkout with this in its lock file and that installed, and programs of ours as `npm` and as its Node. */
function checkout(wanted: Packages, installed: Packages | undefined) {
  const root = mkdtempSync(join(tmpdir(), 'trefoil-setup-'));
  folders.push(root);
  for (const folder of ['bin', 'scripts', 'tools']) mkdirSync(join(root, folder));
  for (const file of ['bin/runtime.mjs', 'scripts/setup.mjs']) copyFileSync(join(ROOT, file), join(root, file));
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...wanted } }));
  if (installed !== undefined) install(root, installed);
  return root;
}

function install(root: string, packages: Packages): void {
  mkdirSync(join(root, 'node_modules', '.bin'), { recursive: true });
  writeFileSync(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }));
}

function program(path: string, script: string): void {
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
}

function setup(root: string) {
  const env = { PATH: `${join(root, 'tools')}:${process.env['PATH'] ?? ''}` };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/setup.mjs'], {
    cwd: root,
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('an install is needed', () => {
  const wanted = { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.0.0', optional: true } };
  const cases: readonly (readonly [string, Packages | undefined, string | undefined])[] = [
    ['where nothing is installed', undefined, 'node_modules is missing'],
    ['where a package is missing', { 'node_modules/b': { version: '1.0.0' } }, 'node_modules/a'],
    ['where a package has another version', { 'node_modules/a': { version: '1.0.1' } }, 'node_modules/a'],
    [
      'where an optional package has another version',
      { ...wanted, 'node_modules/b': { version: '2.0.0' } },
      'node_modules/b',
    ],
  ];
  it.each(cases)('%s', (_, installed, reason) => {
    expect(whyInstall(checkout(wanted, installed))).toContain(reason);
  });

  it('but not where all is there', () => expect(whyInstall(checkout(wanted, wanted))).toBeUndefined());

  it('but not for an optional package of another platform', () => {
    expect(whyInstall(checkout(wanted, { 'node_modules/a': { version: '1.0.0' } }))).toBeUndefined();
  });
});

describe('setup', () => {
  const wanted = { 'node_modules/a': { version: '1.0.0' } };

  it('says nothing where there is nothing to do', () => {
    const root = checkout(wanted, wanted);
    program(join(root, 'node_modules/.bin/node'), 'echo v24.1.0');
    expect(setup(root)).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  it('installs with development packages, whatever NODE_ENV says, and says so in one line', () => {
    const root = checkout(wanted, undefined);
    const record = JSON.stringify({ packages: wanted });
    program(
      join(root, 'tools/npm'),
      `echo "npm $*"; mkdir -p node_modules/.bin; echo '${record}' > node_modules/.package-lock.json
       printf '#!/bin/sh\\necho v24.1.0\\n' > node_modules/.bin/node; chmod +x node_modules/.bin/node`,
    );
    const { status, stdout, stderr } = setup(root);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^Installing dependencies, once \(.*\) …\nnpm ci --include=dev/);
    expect(status).toBe(0);
    expect(setup(root).stderr).toBe('');
  });

  it('fails with a hint when the install fails', () => {
    const root = checkout(wanted, undefined);
    program(join(root, 'tools/npm'), 'exit 1');
    const { status, stderr } = setup(root);
    expect(status).toBe(1);
    expect(stderr).toMatch(/error INSTALL_FAILED: .*\nhint: /);
  });

  it("takes the machine's Node, if it is new enough, where the project's does not run here", () => {
    const root = checkout(wanted, wanted);
    program(join(root, 'node_modules/.bin/node'), 'exit 126');
    const path = `${process.execPath} scripts/setup.mjs && command -v node || echo none`;
    const machine = join(root, 'tools');
    const out = execFileSync('/bin/sh', ['-c', path], {
      cwd: root,
      env: { PATH: `${join(root, 'node_modules/.bin')}:${machine}` },
      encoding: 'utf8',
    });
    expect(out.trim()).toBe('none');
  });
});
