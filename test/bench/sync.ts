/** How fast a node catches up: three validators have a chain, and the fourth starts with an empty folder. */
import { setTimeout as delay } from 'node:timers/promises';
import { dataFolder } from '../../src/cli/testnet/layout.ts';
import { nodeFailed, runningProcess, spawnNode } from '../../src/cli/testnet/nodes.ts';
import { clientOfNode } from '../../src/cli/testnet/observe.ts';
import { present } from '../../src/base/invariant.ts';
import { selectEd25519 } from '../../src/crypto/select-ed25519.ts';
import { TRANSACTION_WEIGHT_MIN } from '../../src/ledger/weight.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { openLevelStore } from '../../src/storage/level-store.ts';
import { makeAccounts } from './accounts.ts';
import { type LaidNetwork, layNetwork, untilReady } from './network.ts';
import { storeChain } from './stored-chain.ts';
import { cpuMicrosOf, peakMemoryOf } from './usage.ts';

const ACCOUNTS = 100;
/** Milliseconds between two looks at the height: a few of them are a small part of what is measured. */
const POLL_MS = 20;
/** Milliseconds without a block after which something is broken. */
const STALLED_MS = 30_000;

export interface SyncFigures {
  readonly what: string;
  readonly blocks: number;
  /** From the first look at a node that runs to the last block. */
  readonly seconds: number;
  readonly blocksPerSecond: number;
  readonly transactionsPerSecond: number;
  /** Processor time that it took meanwhile, in µs for each block: other programs do not count, or hardly. */
  readonly cpuMicrosPerBlock: number;
  /** Bytes of memory that it had at most. */
  readonly memoryPeakBytes: number;
}

interface SyncBenchOptions {
  /** Of one transfer each. */
  readonly blocks: number;
  /** As heavy as blocks may be. */
  readonly fullBlocks: number;
  readonly signal: AbortSignal;
  readonly progress: (line: string) => void;
}

/** Throws CommandError NODE_FAILED, the signal's reason. Nothing is left, whatever happens. */
export async function runSyncBench(options: SyncBenchOptions): Promise<readonly SyncFigures[]> {
  const figures: SyncFigures[] = [];
  if (options.blocks > 0) figures.push(await measure('small blocks', options.blocks, () => 1, options));
  const full = (weightMax: number) => Math.floor(weightMax / TRANSACTION_WEIGHT_MIN);
  if (options.fullBlocks > 0) figures.push(await measure('full blocks', options.fullBlocks, full, options));
  return figures;
}

async function measure(
  what: string,
  blocks: number,
  transactionsOf: (blockWeightMax: number) => number,
  { signal, progress }: SyncBenchOptions,
): Promise<SyncFigures> {
  await using cleanup = new AsyncDisposableStack();
  const ed25519 = await selectEd25519();
  const accounts = makeAccounts(ACCOUNTS, ed25519);
  const laid = await layNetwork(accounts.map(({ address }) => address));
  cleanup.defer(() => laid.stop());
  const { dir, network, genesis } = laid;
  const transactionsPerBlock = transactionsOf(genesis.ledger.blockWeightMax);
  progress(`Making ${blocks} ${what} of ${transactionsPerBlock} transfers …`);
  const having = network.nodes.slice(0, -1);
  const stores = await Promise.all(having.map(({ index }) => openLevelStore(dataFolder(dir, index))));
  try {
    const secrets = developmentNetwork(network.nodes.length).validators.map(({ validatorSecret }) => validatorSecret);
    await storeChain(stores, { genesis, blocks, transactionsPerBlock, accounts, secrets, ed25519 }, signal);
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
  progress('Starting the validators that have them …');
  for (const { index } of having) spawnNode(dir, index);
  await untilReady(dir, { ...network, nodes: having }, blocks, signal);
  progress('Starting the one that has none …');
  const { seconds, cpuMicros, memoryPeakBytes } = await catchUp(laid, blocks, signal);
  const blocksPerSecond = blocks / seconds;
  const transactionsPerSecond = blocksPerSecond * transactionsPerBlock;
  const cpuMicrosPerBlock = cpuMicros / blocks;
  return { what, blocks, seconds, blocksPerSecond, transactionsPerSecond, cpuMicrosPerBlock, memoryPeakBytes };
}

interface CaughtUp {
  readonly seconds: number;
  readonly cpuMicros: number;
  readonly memoryPeakBytes: number;
}

/** From when the last node answers until it has all blocks; what it had by then does not count. */
async function catchUp({ dir, network }: LaidNetwork, blocks: number, signal: AbortSignal): Promise<CaughtUp> {
  const node = present(network.nodes.at(-1), 'the last node');
  const { pid } = spawnNode(dir, node.index);
  const client = clientOfNode(node);
  let begun: { readonly height: number; readonly ms: number; readonly cpuMicros: number } | null = null;
  let [last, lastMs] = [0, performance.now()];
  for (;;) {
    signal.throwIfAborted();
    const height = await client.status().then(
      (status) => status.height,
      () => -1,
    );
    const nowMs = performance.now();
    if (height >= 0) begun ??= { height, ms: nowMs, cpuMicros: cpuMicrosOf(pid) };
    if (begun !== null && height >= blocks) {
      const part = blocks / Math.max(1, blocks - begun.height);
      const cpuMicros = (cpuMicrosOf(pid) - begun.cpuMicros) * part;
      return { seconds: ((nowMs - begun.ms) / 1000) * part, cpuMicros, memoryPeakBytes: peakMemoryOf(pid) };
    }
    if (height > last) [last, lastMs] = [height, nowMs];
    if (runningProcess(dir, node.index) === undefined) throw nodeFailed(dir, node.index, 'stopped');
    if (nowMs - lastMs > STALLED_MS) throw nodeFailed(dir, node.index, `does not get on from height ${last}`);
    await delay(POLL_MS);
  }
}

export function syncReport(figures: readonly SyncFigures[]): { readonly json: object; readonly text: string } {
  const lines = figures.map((each) =>
    [
      `${each.blocks} ${each.what}: ${each.blocksPerSecond.toFixed(0)} blocks/s`,
      `${each.transactionsPerSecond.toFixed(0)} transactions/s (${each.seconds.toFixed(1)} s)`,
      `${each.cpuMicrosPerBlock.toFixed(0)} µs of processor time per block`,
      `${(each.memoryPeakBytes / 2 ** 20).toFixed(0)} MiB at most`,
    ].join(', '),
  );
  return { json: { sync: figures }, text: lines.join('\n') };
}
