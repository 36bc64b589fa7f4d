/**
 * A testnet's folder:
 *
 *   network.json       what this machine knows of it: ports, strategies; also the mark of such a folder
 *   genesis.json
 *   last-transaction   the id that `tx show last` means
 *   up.lock            the `up` that looks after it
 *   change.lock        the command that is starting or stopping nodes
 *   node-0/config.toml
 *   node-0/data/       its LevelDB
 *   node-0/log
 *   node-0/pid         its process, while it runs
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { present } from '../../base/invariant.ts';
import { CommandError, EXIT } from '../output.ts';

export const DEFAULT_DIR = '.trefoil/testnet';
export const NODES_MIN = 4;
export const NODES_MAX = 16;

const FORMAT = 'trefoil/testnet/v1';
const port = z.int().min(1).max(65_535);

const nodeSchema = z.object({
  index: z
    .int()
    .min(0)
    .max(NODES_MAX - 1),
  peerId: z.string(),
  power: z.string(),
  httpPort: port,
  p2pPort: port,
  /** How it lies; absent for an honest one. */
  byzantine: z.string().optional(),
});
export type TestnetNode = z.infer<typeof nodeSchema>;

const networkSchema = z.object({
  format: z.literal(FORMAT),
  chainId: z.string(),
  /** The time in its genesis. The keys are everybody's, so this is what makes two testnets two chains. */
  foundedMs: z.int().positive(),
  nodes: z
    .array(nodeSchema)
    .min(NODES_MIN)
    .max(NODES_MAX)
    .refine((nodes) => nodes.every(({ index }, position) => index === position), 'nodes stand in order'),
  accounts: z.array(z.object({ name: z.string(), address: z.string() })),
  /** What each validator has bonded, where power is stake. */
  stakes: z.array(z.string()).optional(),
  /** Where it is not the usual one. */
  epochLength: z.int().min(1).optional(),
});
export type Network = Omit<z.infer<typeof networkSchema>, 'format'>;

export const genesisFile = (dir: string): string => join(dir, 'genesis.json');
export const lastTransactionFile = (dir: string): string => join(dir, 'last-transaction');
export const upLock = (dir: string): string => join(dir, 'up.lock');
export const changeLock = (dir: string): string => join(dir, 'change.lock');
export const nodeFolder = (dir: string, index: number): string => join(dir, `node-${index}`);
export const configFile = (dir: string, index: number): string => join(nodeFolder(dir, index), 'config.toml');
export const dataFolder = (dir: string, index: number): string => join(nodeFolder(dir, index), 'data');
export const logFile = (dir: string, index: number): string => join(nodeFolder(dir, index), 'log');
export const pidFile = (dir: string, index: number): string => join(nodeFolder(dir, index), 'pid');

const networkFile = (dir: string): string => join(dir, 'network.json');

export const httpUrl = ({ httpPort }: TestnetNode): string => `http://127.0.0.1:${httpPort}`;

export const hasNetwork = (dir: string): boolean => existsSync(networkFile(dir));

/** Throws CommandError: NO_TESTNET, NOT_A_TESTNET. */
export function readNetwork(dir: string): Network {
  if (!hasNetwork(dir)) {
    const message = existsSync(dir) ? `${dir} is not the folder of a testnet` : `there is no testnet in ${dir}`;
    const code = existsSync(dir) ? 'NOT_A_TESTNET' : 'NO_TESTNET';
    throw new CommandError(code, message, 'Make one with `trefoil testnet up`, or name its folder with --dir.');
  }
  const parsed = networkSchema.safeParse(parseJson(readFileSync(networkFile(dir), 'utf8')));
  if (parsed.success) return parsed.data;
  throw new CommandError(
    'NOT_A_TESTNET',
    `${networkFile(dir)} is damaged or of another version`,
    'Name another folder.',
  );
}

export function writeNetwork(dir: string, network: Network): void {
  writeWhole(networkFile(dir), `${JSON.stringify({ format: FORMAT, ...network }, null, 2)}\n`);
}

/** The file is there whole, or as it was before. */
export function writeWhole(path: string, text: string): void {
  const draft = `${path}.draft-${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, path);
}

/** Makes the folder for a new testnet. Throws NOT_A_TESTNET where it holds something else. */
export function claimFolder(dir: string): void {
  mkdirSync(dir, { recursive: true });
  if (hasNetwork(dir)) return;
  const strangers = readdirSync(dir).filter((name) => !name.includes('.lock'));
  if (strangers.length === 0) return;
  throw new CommandError(
    'NOT_A_TESTNET',
    `${dir} holds something else: ${strangers.slice(0, 3).join(', ')}`,
    'Name a folder that is empty or does not exist with --dir.',
  );
}

export function nodeOf(network: Network, index: number): TestnetNode {
  const node = network.nodes[index];
  if (node !== undefined) return node;
  const last = present(network.nodes.at(-1), 'the last node').index;
  throw new CommandError('NO_SUCH_NODE', `there is no validator ${index}`, `They are 0 to ${last}.`, EXIT.usage);
}

/** Removes what a testnet put there, and the folder if that was all. */
export function wipe(dir: string, network: Network): void {
  for (const { index } of network.nodes) rmSync(nodeFolder(dir, index), { recursive: true, force: true });
  rmSync(genesisFile(dir), { force: true });
  rmSync(lastTransactionFile(dir), { force: true });
  rmSync(networkFile(dir), { force: true });
  rmSync(changeLock(dir), { force: true });
  if (readdirSync(dir).length === 0) rmdirSync(dir);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
