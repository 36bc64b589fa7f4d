/**
 * Which Node runs Trefoil. Plain JavaScript for Node 20: this is read before there is a newer one.
 *
 * The dependency `node` brings the right binary into node_modules, so a machine with an older Node of its own still works.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Runs TypeScript without a build step and has what libp2p needs. */
export const NODE_MAJOR_MIN = 24;

/** Major number of a version such as 'v24.1.0'; 0 when it is none. */
export const majorOf = (version) => Number(/^v?(\d+)\./.exec(version)?.[1] ?? 0);

export const isNewEnough = (version) => majorOf(version) >= NODE_MAJOR_MIN;

/** Where npm puts the project's own Node; it need not be there. */
export const projectNodePath = (root) =>
  process.platform === 'win32'
    ? join(root, 'node_modules', 'node', 'bin', 'node.exe')
    : join(root, 'node_modules', '.bin', 'node');

/** Version that a Node binary reports, undefined when it is missing or does not run here. */
export function versionOf(nodePath) {
  if (!existsSync(nodePath)) return undefined;
  const { status, stdout } = spawnSync(nodePath, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? stdout.trim() : undefined;
}
