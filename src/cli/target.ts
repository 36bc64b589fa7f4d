/** Which network a command talks to: --node, or the testnet in --dir, or that in the default folder. */
import type { Command } from 'commander';
import { Client } from '../client/client.ts';
import { CommandError } from './output.ts';
import { DEFAULT_DIR, httpUrl, readNetwork } from './testnet/layout.ts';
import { runningNodes } from './testnet/nodes.ts';

export interface TargetOptions {
  readonly node?: string;
  readonly dir?: string;
}

export const withTarget = (command: Command): Command =>
  command
    .option('--node <url>', 'HTTP address of a node')
    .option('--dir <folder>', `folder of a testnet on this machine (default: ${DEFAULT_DIR})`)
    .option('--json', 'print one JSON object');

/** Throws CommandError: NO_TESTNET, NOT_A_TESTNET, TESTNET_STOPPED; ClientError: BAD_URL. */
export function clientOf({ node, dir }: TargetOptions): Client {
  if (node !== undefined) return new Client({ urls: [node] });
  const folder = dir ?? DEFAULT_DIR;
  const running = runningNodes(folder, readNetwork(folder));
  if (running.length === 0) {
    const at = dir === undefined ? '' : ` --dir ${dir}`;
    throw new CommandError(
      'TESTNET_STOPPED',
      `no node of the testnet in ${folder} is running`,
      `Start it with \`trefoil testnet up${at}\`, or name a node with --node.`,
    );
  }
  // All of them: where one does not answer the client goes to the next.
  return new Client({ urls: running.map(httpUrl) });
}
