/**
 * Makes a checkout ready to run: dependencies as the lock file says, and a Node that is new enough. `npm run testnet` and
 * `npm test` run it first, so it is plain JavaScript for Node 20 without dependencies, and takes milliseconds when there
 * is nothing to do. All it says goes to stderr.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync, rmSync } from 'node:fs';
import { basename, delimiter, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isNewEnough, NODE_MAJOR_MIN, projectNodePath, versionOf } from '../bin/runtime.mjs';

const say = (line) => process.stderr.write(`${line}\n`);

/** Brings the checkout at `root` into shape. False, after saying why, when it cannot. */
export function prepare(root) {
  const reason = whyInstall(root);
  if (reason !== undefined) {
    say(`Installing dependencies, once (${reason}) …`);
    // --loglevel: the machine's Node may be older than what the packages ask for; they run on the project's own.
    // --include: NODE_ENV=production or a personal .npmrc would leave out the very package that brings Node.
    if (!npm(root, ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'])) {
      return refuse('INSTALL_FAILED', '`npm ci` failed, see above.', 'is the package registry reachable?');
    }
  }
  return haveNode(root);
}

/** Why the installed packages are not those of the lock file; undefined when they are. npm keeps its own record of what
 *  it installed, written when it is done, so an interrupted install is seen too. */
export function whyInstall(root) {
  const wanted = packagesOf(join(root, 'package-lock.json'));
  if (wanted === undefined) return undefined;
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  if (installed === undefined) return 'node_modules is missing or incomplete';
  for (const [path, entry] of Object.entries(wanted)) {
    // Optional packages of other platforms are in the lock file and rightly not installed.
    if (path === '' || (installed[path] === undefined && (entry.optional || entry.devOptional))) continue;
    if (installed[path]?.version !== entry.version) return `${path} is not the version in package-lock.json`;
  }
  return undefined;
}

function packagesOf(lockFile) {
  try {
    return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Sees to it that `node`, as npm scripts find it, is new enough: the project's own, or else the machine's. */
function haveNode(root) {
  const node = projectNodePath(root);
  const works = () => isNewEnough(versionOf(node) ?? '');
  if (works()) return true;
  if (isNewEnough(process.version) && !process.execPath.startsWith(join(root, 'node_modules') + sep)) {
    // One that does not run here (another processor, another C library) would stand before the machine's in the PATH.
    rmSync(node, { force: true });
    return true;
  }
  say(`Repairing ${node}, which does not run as Node ${NODE_MAJOR_MIN} …`);
  // Install scripts may be switched off by a personal .npmrc or a future npm; the second attempt does without npm's leave.
  npm(root, ['rebuild', 'node', '--foreground-scripts', '--ignore-scripts=false']);
  if (works()) return true;
  const folder = join(root, 'node_modules', 'node');
  run(process.execPath, ['installArchSpecificPackage.js'], folder);
  if (works()) return true;
  return refuse(
    'NODE_TOO_OLD',
    `Trefoil needs Node ${NODE_MAJOR_MIN}; this is ${process.version}, and the one of the dependency \`node\` does not run.`,
    `install Node ${NODE_MAJOR_MIN} or newer, or delete node_modules and try again`,
  );
}

function refuse(code, sentence, hint) {
  say(`error ${code}: ${sentence}`);
  say(`hint: ${hint}`);
  return false;
}

function npm(root, args) {
  const cli = process.env.npm_execpath;
  if (cli !== undefined && basename(cli) === 'npm-cli.js') {
    return run(process.env.npm_node_execpath ?? process.execPath, [cli, ...args], root);
  }
  return run('npm', args, root);
}

/** Runs a program with its output on our stderr. The project's own node_modules/.bin is not in its PATH: npm would be
 *  running on a Node that it is about to replace. */
function run(program, args, cwd) {
  const own = `${sep}node_modules${sep}.bin`;
  const path = (process.env.PATH ?? '').split(delimiter).filter((entry) => !entry.endsWith(own));
  const { status } = spawnSync(program, args, {
    cwd,
    env: { ...process.env, PATH: path.join(delimiter) },
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && program === 'npm',
  });
  return status === 0;
}

const here = fileURLToPath(import.meta.url);
const started = process.argv[1];
if (started !== undefined && realpathSync(started) === here && !prepare(dirname(dirname(here)))) process.exitCode = 1;
