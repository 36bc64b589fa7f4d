/** The network of a bench: four validators as four processes, as `trefoil testnet up` starts them, and many accounts. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Address, Hash } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { writeNodeFiles } from '../../src/cli/testnet/configure.ts';
import {
  dataFolder,
  genesisFile,
  httpUrl,
  type Network,
  type TestnetNode,
  writeNetwork,
  writeWhole,
} from '../../src/cli/testnet/layout.ts';
import { nodeFailed, spawnNode, stopNodes } from '../../src/cli/testnet/nodes.ts';
import { agreed, type Observation, observe } from '../../src/cli/testnet/observe.ts';
import { freePorts } from '../../src/cli/testnet/ports.ts';
import { formatAddress } from '../../src/crypto/address.ts';
import { type Genesis, parseGenesis } from '../../src/ledger/genesis.ts';
import type { LedgerParameters } from '../../src/ledger/membership/parameters.ts';
import { developmentNetwork } from '../../src/node/development.ts';

const VALIDATORS = 4;
const BALANCE = '1000000000';
/** Milliseconds until the first block has to be final everywhere. */
const READY_MS = 60_000;
/** Accounts of the genesis that are founded in a millisecond, at least. */
const ACCOUNTS_PER_MS = 8;
const POLL_MS = 100;

export interface BenchNetwork {
  readonly chainId: Hash;
  readonly nodes: readonly { readonly url: string; readonly pid: number }[];
  /** Whether all validators have the same block at the lowest certified height. */
  agreed(): Promise<boolean>;
  /** Bytes that each validator has on disk. */
  diskBytes(): number;
  /** Stops a validator, and starts it again: milliseconds from its start until it answers clients. */
  restart(index: number): Promise<number>;
  /** Stops all validators and removes what they wrote. */
  stop(): Promise<void>;
}

/** A network whose nodes do not run yet. */
export interface LaidNetwork {
  readonly dir: string;
  readonly network: Network;
  readonly genesis: Genesis;
  /** Stops all validators and removes what they wrote. */
  readonly stop: () => Promise<void>;
}

/** Writes all that its nodes start from, in a temporary folder. */
export async function layNetwork(accounts: readonly Address[]): Promise<LaidNetwork> {
  const { genesis, genesisText } = benchGenesis(accounts);
  const nodes = await withPorts(genesis);
  const network: Network = { chainId: genesis.chainId, foundedMs: Date.now(), nodes, accounts: [] };
  const dir = mkdtempSync(join(tmpdir(), 'trefoil-bench-'));
  const stop = async () => {
    await stopNodes(
      dir,
      nodes.map(({ index }) => index),
    );
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    writeNetwork(dir, network);
    await writeNodeFiles(dir, network);
    // In the place of the development network's, whose validators it has.
    writeWhole(genesisFile(dir), genesisText);
    return { dir, network, genesis, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts it in a temporary folder and waits until height 1 is final on every node. Throws CommandError NODE_FAILED, the
 *  signal's reason; nothing is left then. */
export async function startNetwork(accounts: readonly Address[], signal: AbortSignal): Promise<BenchNetwork> {
  const { dir, network, genesis, stop } = await layNetwork(accounts);
  try {
    const records = network.nodes.map(({ index }) => spawnNode(dir, index));
    await untilReady(dir, network, 1, signal, READY_MS + accounts.length / ACCOUNTS_PER_MS);
    return {
      chainId: genesis.chainId,
      nodes: network.nodes.map((node, position) => ({ url: httpUrl(node), pid: records[position]?.pid ?? 0 })),
      diskBytes: () => folderBytes(dataFolder(dir, 0)),
      restart: async (index) => {
        await stopNodes(dir, [index]);
        const from = performance.now();
        spawnNode(dir, index);
        const url = httpUrl(present(network.nodes[index], 'a node'));
        for (const deadline = Date.now() + READY_MS; Date.now() < deadline; await delay(POLL_MS / 4)) {
          const answer = await fetch(`${url}/v1/status`).catch(() => undefined);
          if (answer?.ok === true) return performance.now() - from;
        }
        throw nodeFailed(dir, index, 'does not answer after its restart');
      },
      agreed: async () => agreed(await observe(dir, network)),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The development network's validators and rules with other accounts, and what is told of the ledger's parameters. */
export function benchGenesis(
  accounts: readonly Address[],
  ledger: Partial<LedgerParameters> = {},
): {
  readonly genesis: Genesis;
  readonly genesisText: string;
} {
  const development = JSON.parse(developmentNetwork(VALIDATORS).genesisText) as {
    readonly addressPrefix: string;
    readonly ledger: object;
  };
  const genesisText = JSON.stringify({
    ...development,
    name: 'trefoil-bench',
    ledger: { ...development.ledger, ...ledger },
    accounts: accounts.map((address) => ({
      address: formatAddress(address, development.addressPrefix),
      balance: BALANCE,
    })),
  });
  const genesis = parseGenesis(genesisText);
  if (!genesis.ok) throw new Error(genesis.error.message);
  return { genesis: genesis.value, genesisText };
}

/** LevelDB removes files at any moment. */
function folderBytes(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder)) bytes += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}

async function withPorts(genesis: Genesis): Promise<TestnetNode[]> {
  const { members: validators } = genesis.validators;
  const ports = await freePorts(validators.flatMap(() => [undefined, undefined]));
  return validators.map(({ index, peerId, power }) => {
    const [httpPort = 0, p2pPort = 0] = ports.slice(2 * index);
    return { index, peerId, power: String(power), httpPort, p2pPort };
  });
}

/** Waits until this height is final on all of these nodes, and each sees a quorum. Throws CommandError NODE_FAILED. */
export async function untilReady(
  dir: string,
  network: Network,
  height: number,
  signal: AbortSignal,
  readyMs = READY_MS,
): Promise<void> {
  for (const deadline = Date.now() + readyMs; ; ) {
    signal.throwIfAborted();
    const observations = await observe(dir, network);
    const dead = observations.find(({ running }) => !running);
    if (dead !== undefined) throw nodeFailed(dir, dead.node.index, 'stopped while it was starting');
    const waiting = observations.find((observation) => !isReady(observation, height));
    if (waiting === undefined) return;
    if (Date.now() > deadline) throw nodeFailed(dir, waiting.node.index, 'is not ready');
    await delay(POLL_MS);
  }
}

const isReady = ({ status }: Observation, height: number): boolean =>
  status !== undefined && status.certifiedHeight >= height && status.quorum.met;
