/** Which network a command talks to: --node, or the testnet in --dir, or that in the default folder. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { Client } from '../client/client.ts';
import { type Genesis, parseGenesis } from '../ledger/genesis.ts';
import { CommandError } from './output.ts';
import { DEFAULT_DIR, genesisFile, httpUrl, readNetwork } from './testnet/layout.ts';
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

/** A client that checks proofs, by the genesis in a file, or else by that of the testnet. Throws as `clientOf`; CommandError
 *  NO_GENESIS, GENESIS_UNREADABLE, GENESIS_INVALID. */
export async function trustingClientOf(options: TargetOptions & { readonly genesis?: string }): Promise<Client> {
  const { node, dir, genesis } = options;
  const file = genesis ?? (node === undefined ? genesisFile(dir ?? DEFAULT_DIR) : undefined);
  if (file === undefined) throw new CommandError('NO_GENESIS', 'a proof is checked by a genesis', GENESIS_HINT);
  return clientOf(options, await readGenesis(file));
}

const GENESIS_HINT = 'Name the genesis file of the network with --genesis.';

export async function readGenesis(file: string): Promise<Genesis> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError('GENESIS_UNREADABLE', `${file}: ${reason}`, GENESIS_HINT);
  }
  const genesis = parseGenesis(text);
  if (!genesis.ok) throw new CommandError(genesis.error.code, `${file}: ${genesis.error.message}`, GENESIS_HINT);
  return genesis.value;
}

/** Throws CommandError: NO_TESTNET, NOT_A_TESTNET, TESTNET_STOPPED; ClientError: BAD_URL. */
export function clientOf({ node, dir }: TargetOptions, genesis?: Genesis): Client {
  const trusted = genesis && { genesis };
  if (node !== undefined) return new Client({ urls: [node], ...trusted });
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
  return new Client({ urls: running.map(httpUrl), ...trusted });
}
