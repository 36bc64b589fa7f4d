/** The network of a testnet: made once, from keys that everybody knows, and found again later. */
import { readFileSync } from 'node:fs';
import { parseGenesis } from '../../ledger/genesis.ts';
import type { Liar } from '../arguments.ts';
import { CommandError, EXIT } from '../output.ts';
import { writeNodeFiles } from './configure.ts';
import { type FoundingRules, foundingOf } from './founding.ts';
import { genesisFile, hasNetwork, type Network, readNetwork, type TestnetNode, writeNetwork } from './layout.ts';
import { runningProcess } from './nodes.ts';
import { freePorts } from './ports.ts';

export interface NetworkRequest {
  /** Undefined: as many as there are, or four. */
  readonly size: number | undefined;
  /** One for each validator; power is stake then. Undefined: as it is, or one vote each. */
  readonly stakes: readonly bigint[] | undefined;
  /** Heights of an epoch. Undefined: as it is, or the usual one. */
  readonly epochLength: number | undefined;
  readonly liars: readonly Liar[];
}

/** Heights of an epoch where power is stake: under two minutes without any traffic. */
const STAKE_EPOCH_LENGTH = 20;

export interface PreparedNetwork {
  readonly network: Network;
  readonly resumed: boolean;
}

/** Makes the network in this folder, or finds it there, with a free port for each node that does not run. Throws
 *  CommandError: NOT_A_TESTNET, TESTNET_MISMATCH, NO_SUCH_NODE. */
export async function prepareNetwork(dir: string, request: NetworkRequest): Promise<PreparedNetwork> {
  const { liars } = request;
  const resumed = hasNetwork(dir);
  const before = resumed ? readNetwork(dir) : newNetwork(sizeOf(request), Date.now(), rulesOf(request));
  if (resumed) {
    checkRequest(dir, before, request);
    checkGenesis(dir, before);
  }
  const honest = before.nodes.map(honestly);
  const nodes = await withFreePorts(dir, liars.reduce(makeLie, honest), resumed);
  const network = { ...before, nodes };
  writeNetwork(dir, network);
  await writeNodeFiles(dir, network);
  return { network, resumed };
}

const sizeOf = ({ size, stakes }: NetworkRequest): number => size ?? stakes?.length ?? 4;

/** With stakes, epochs are short: whoever is punished loses its seat while somebody watches. */
const rulesOf = ({ stakes, epochLength }: NetworkRequest): FoundingRules => {
  const length = epochLength ?? (stakes && STAKE_EPOCH_LENGTH);
  return {
    ...(stakes && { stakes: stakes.map(String) }),
    ...(length !== undefined && { epochLength: length }),
  };
};

/** What was asked for has to be what is there. */
function checkRequest(dir: string, before: Network, { size, stakes, epochLength }: NetworkRequest): void {
  const there = `the testnet in ${dir} has`;
  if (size !== undefined && size !== before.nodes.length)
    throw mismatch(dir, `${there} ${before.nodes.length} validators, not ${size}`);
  if (stakes !== undefined && stakes.join() !== before.stakes?.join())
    throw mismatch(
      dir,
      `${there} ${before.stakes === undefined ? 'one vote each' : `the stakes ${before.stakes.join()}`}`,
    );
  if (epochLength !== undefined && epochLength !== before.epochLength)
    throw mismatch(dir, `${there} epochs of ${before.epochLength ?? 'the usual length'}, not ${epochLength}`);
}

/** The network with a new strategy for one node; undefined for an honest one. */
export async function changeStrategy(
  dir: string,
  network: Network,
  index: number,
  strategy: string | undefined,
): Promise<Network> {
  const others = network.nodes.map((node) => (node.index === index ? honestly(node) : node));
  const nodes = strategy === undefined ? others : makeLie(others, { index, strategy });
  const changed = { ...network, nodes: await withFreePorts(dir, nodes, true) };
  writeNetwork(dir, changed);
  await writeNodeFiles(dir, changed);
  return changed;
}

const honestly = ({ index, peerId, power, httpPort, p2pPort }: TestnetNode): TestnetNode => ({
  index,
  peerId,
  power,
  httpPort,
  p2pPort,
});

function newNetwork(size: number, foundedMs: number, rules: FoundingRules): Network {
  const { genesisText, accounts } = foundingOf(size, foundedMs, rules);
  const genesis = parseGenesis(genesisText);
  if (!genesis.ok) throw new Error(genesis.error.message);
  return {
    chainId: genesis.value.chainId,
    foundedMs,
    nodes: genesis.value.validators.members.map(({ index, peerId, power }) => ({
      index,
      peerId,
      power: String(power),
      // Picked when the nodes start.
      httpPort: 1,
      p2pPort: 1,
    })),
    accounts: accounts.map(({ name, addressText }) => ({ name, address: addressText })),
    ...rules,
  };
}

/** The folder may come from another version, whose development network was another one. */
function checkGenesis(dir: string, network: Network): void {
  const { nodes, foundedMs, stakes, epochLength } = network;
  const expected = newNetwork(nodes.length, foundedMs, { stakes, epochLength }).chainId;
  if (network.chainId !== expected) throw mismatch(dir, `the testnet in ${dir} was made by another version`);
  const genesis = parseGenesis(readGenesis(dir));
  // None: its making was interrupted, and is now completed.
  if (genesis.ok && genesis.value.chainId !== expected)
    throw mismatch(dir, `${genesisFile(dir)} is of another network`);
}

function readGenesis(dir: string): string {
  try {
    return readFileSync(genesisFile(dir), 'utf8');
  } catch {
    return '';
  }
}

function mismatch(dir: string, message: string): CommandError {
  const hint = `Use another --dir, or wipe this one: \`trefoil testnet down --wipe --dir ${dir}\`.`;
  return new CommandError('TESTNET_MISMATCH', message, hint);
}

function makeLie(nodes: readonly TestnetNode[], { index, strategy }: Liar): TestnetNode[] {
  if (index >= nodes.length) {
    throw new CommandError(
      'NO_SUCH_NODE',
      `there is no validator ${index}`,
      `They are 0 to ${nodes.length - 1}.`,
      EXIT.usage,
    );
  }
  return nodes.map((node) => (node.index === index ? { ...node, byzantine: strategy } : node));
}

/** A node keeps its ports while it runs, and takes them again later if nobody else has. */
async function withFreePorts(dir: string, nodes: readonly TestnetNode[], keep: boolean): Promise<TestnetNode[]> {
  const stopped = nodes.filter(({ index }) => runningProcess(dir, index) === undefined);
  const wishes = stopped.flatMap(({ httpPort, p2pPort }) => (keep ? [httpPort, p2pPort] : [undefined, undefined]));
  const ports = await freePorts(wishes);
  return nodes.map((node) => {
    const position = stopped.indexOf(node);
    const [httpPort, p2pPort] = ports.slice(2 * position, 2 * position + 2);
    if (position < 0 || httpPort === undefined || p2pPort === undefined) return node;
    return { ...node, httpPort, p2pPort };
  });
}
