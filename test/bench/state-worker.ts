/** A process that makes a stored state of so many accounts, or starts from it and runs blocks. It obeys one order, and ends. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Address, address, type Height } from '../../src/base/brand.ts';
import { Random } from '../../src/base/random.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { sha256Hash } from '../../src/crypto/sha256.ts';
import { type Genesis, parseGenesis } from '../../src/ledger/genesis.ts';
import { NEW_ENTRIES_MAX, OPERATIONS_MAX } from '../../src/ledger/limits.ts';
import {
  type IdentifiedTransaction,
  identifyTransaction,
  signedTransactionCodec,
} from '../../src/ledger/transaction.ts';
import { openLevelStore } from '../../src/storage/level-store.ts';
import { benchGenesis } from './network.ts';
import { StateRun } from './state-run.ts';

export interface StateOrder {
  readonly kind: 'make' | 'measure';
  readonly dir: string;
  readonly accounts: number;
  /** Transfers of a block. */
  readonly block: number;
  readonly blocks: number;
  /** `historyHeights` of the genesis. */
  readonly history: number;
  /** Whether accounts come block by block. */
  readonly grow: boolean;
}

/** Of a state that is made, or of one that is measured. */
export interface StateFigures {
  readonly accounts: number;
  /** Missing where it was made before. */
  readonly make?: { readonly ms: number; readonly rssBytes: number };
  readonly start?: {
    readonly ms: number;
    readonly genesisMs: number;
    readonly storeMs: number;
    readonly stateMs: number;
    readonly rssBytes: number;
    readonly diskBytes: number;
  };
  /** Of the first block after the start, of which nothing is in memory. */
  readonly firstBlockMs?: number;
  readonly run?: {
    /** Of a transaction, of all threads. */
    readonly cpuMicros: number;
    /** Of a transaction, on the clock. */
    readonly fetchMicros: number;
    readonly executeMicros: number;
    readonly writeMicros: number;
    /** Of fetching, for a block. */
    readonly rounds: number;
    /** Of a transaction. */
    readonly diskBytes: number;
    readonly rssBytes: number;
    readonly residentBytes: number;
  };
}

/** Transactions of a block that makes accounts. */
const GROWING = 1_000;
/** What a new account is paid: enough to send some thousand transfers. */
const PAID = 50n;
const TELL_EVERY = 500_000;

const genesisPath = (dir: string): string => join(dir, 'genesis.json');
const storePath = (dir: string): string => join(dir, 'data');
const addressOf = (number: number): Address => address(sha256Hash(new TextEncoder().encode(`account ${number}`)));
/** Of accounts that have sent something. */
const noncesPath = (dir: string): string => join(dir, 'nonces.json');
const rssBytes = (): number => process.memoryUsage.rss();

/** LevelDB removes files at any moment. */
function diskBytes(dir: string): number {
  let bytes = 0;
  for (const name of readdirSync(storePath(dir)))
    bytes += statSync(join(storePath(dir), name), { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}

async function make(order: StateOrder): Promise<StateFigures> {
  const { dir, accounts, history, grow } = order;
  if (existsSync(storePath(dir))) return { accounts };
  const addresses = Array.from({ length: grow ? 1 : accounts }, (_, number) => addressOf(number));
  const ledger = { newEntriesMax: NEW_ENTRIES_MAX, historyHeights: history };
  const { genesis, genesisText } = benchGenesis(addresses, ledger);
  writeFileSync(genesisPath(dir), genesisText);
  const from = performance.now();
  const store = await openLevelStore(storePath(dir));
  const run = await StateRun.recover(store, genesis);
  const nonces = new Map<Address, number>();
  for (let number = addresses.length; number < accounts; ) {
    const block: IdentifiedTransaction[] = [];
    for (; block.length < GROWING && number < accounts; number += OPERATIONS_MAX) {
      const count = Math.min(OPERATIONS_MAX, accounts - number);
      const paid = Array.from({ length: count }, (_, i) => addressOf(number + i));
      block.push(transfer(genesis, nonces, addressOf(0), paid, PAID));
    }
    await run.execute([block]);
    if (number % TELL_EVERY < GROWING * OPERATIONS_MAX)
      process.stderr.write(
        `${number} accounts after ${((performance.now() - from) / 1000).toFixed(0)} s, ${(diskBytes(dir) / 1e9).toFixed(1)} GB\n`,
      );
  }
  await store.close();
  writeFileSync(noncesPath(dir), JSON.stringify([...nonces]));
  return { accounts, make: { ms: performance.now() - from, rssBytes: rssBytes() } };
}

async function measure({ dir, accounts, block, blocks }: StateOrder): Promise<StateFigures> {
  const beganMs = performance.now();
  const parsed = parseGenesis(readFileSync(genesisPath(dir), 'utf8'));
  if (!parsed.ok) throw new Error(parsed.error.message);
  const genesis = parsed.value;
  const parsedMs = performance.now();
  const store = await openLevelStore(storePath(dir));
  const openedMs = performance.now();
  const run = await StateRun.recover(store, genesis);
  const startedMs = performance.now();
  const start = {
    ms: startedMs - beganMs,
    genesisMs: parsedMs - beganMs,
    storeMs: openedMs - parsedMs,
    stateMs: startedMs - openedMs,
    rssBytes: rssBytes(),
    diskBytes: diskBytes(dir),
  };
  const nonces = new Map(JSON.parse(readFileSync(noncesPath(dir), 'utf8')) as [Address, number][]);
  const random = new Random(run.height);
  const anybody = (): Address => addressOf(random.int(0, accounts - 1));
  const made = Array.from({ length: blocks }, () =>
    Array.from({ length: block }, () => transfer(genesis, nonces, anybody(), [anybody()], 1n)),
  );
  const firstMs = performance.now();
  await run.execute(made.slice(0, 1));
  const firstBlockMs = performance.now() - firstMs;
  await run.execute(made.slice(1, blocks / 2));
  const half = made.slice(blocks / 2);
  const before = diskBytes(dir);
  const cpu = process.cpuUsage();
  const { rounds, ...wall } = await run.execute(half);
  const { user, system } = process.cpuUsage(cpu);
  const transactions = half.length * block;
  const figures = {
    cpuMicros: (user + system) / transactions,
    fetchMicros: (1000 * wall.fetchMs) / transactions,
    executeMicros: (1000 * wall.executeMs) / transactions,
    writeMicros: (1000 * wall.writeMs) / transactions,
    rounds: rounds / half.length,
    diskBytes: (diskBytes(dir) - before) / transactions,
    rssBytes: rssBytes(),
    residentBytes: run.residentBytes,
  };
  await store.close();
  writeFileSync(noncesPath(dir), JSON.stringify([...nonces]));
  return { accounts, start, firstBlockMs, run: figures };
}

/** The sender's next transaction, which pays each of these. Unsigned: nobody checks it here. */
function transfer(
  { chainId }: Genesis,
  nonces: Map<Address, number>,
  sender: Address,
  to: readonly Address[],
  amount: bigint,
): IdentifiedTransaction {
  const operations = to.map((each) => ({ kind: 'transfer' as const, to: each, amount }));
  const memo = new Uint8Array();
  const nonce = nonces.get(sender) ?? 0;
  nonces.set(sender, nonce + 1);
  const transaction = { chainId, sender, nonce, expiresAt: 0 as Height, maxFee: 0n, operations, memo };
  const identified = identifyTransaction(signedTransactionCodec.encode({ transaction, signature: new Uint8Array(64) }));
  if (!identified.ok) throw new Error(identified.error.message);
  return identified.value;
}

process.once('message', (order: StateOrder) => {
  installNodeSha256();
  // A failure is thrown where nobody catches it, and ends the process.
  void (order.kind === 'make' ? make(order) : measure(order)).then((figures) => {
    process.send?.(figures);
    process.disconnect();
  });
});
