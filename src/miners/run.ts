/** A run of mining threads, from the first hash to the comparison at its end. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Hash } from '../base/brand.ts';
import { invariant, present } from '../base/invariant.ts';
import type { Ed25519 } from '../crypto/ed25519.ts';
import { firstHeader, type PowBlock, readBlock } from '../pow/block.ts';
import { Chain, type ChainSettings } from '../pow/chain.ts';
import { headerId } from '../pow/header.ts';
import { Random } from '../base/random.ts';
import { History, type Sight } from './history.ts';
import { OVERTIME_MS, REHEARSAL_MS, TRANSFER_MS } from './limits.ts';
import type { Standing } from './messages.ts';
import { Miners, type Told } from './miners.ts';
import { bitsFor, castOf, chainSettings, clockS, Transfers, wallMs } from './network.ts';

export interface MiningSettings {
  readonly miners: number;
  readonly seconds: number;
  /** Decides who pays whom how much, and how long messages take. Who finds a block nothing decides. */
  readonly seed: number;
  readonly ed25519: Ed25519;
  /** Ends the run early. */
  readonly signal: AbortSignal;
  readonly see: (sight: MiningSight) => void;
}

export type MiningSight = { readonly atMs: number } & (
  | Sight
  /** Hashing begins: so many a second, by all miners together. */
  | { readonly kind: 'begins'; readonly hashesPerS: number }
  | {
      readonly kind: 'reorganised';
      readonly miner: number;
      readonly depth: number;
      readonly takenBack: readonly Hash[];
    }
  /** The time is up, and two branches are equally good: mining goes on until one is not. */
  | { readonly kind: 'overtime' }
);

export interface Reorganisation {
  /** Blocks that a miner undid. */
  readonly depth: number;
  /** Transactions in them that were in no block of its new branch, and waited again. */
  readonly undone: readonly Hash[];
}

export interface MiningOutcome {
  /** Blocks that were found, on whatever branch. */
  readonly blocks: number;
  /** Of the best chain. */
  readonly height: number;
  readonly forks: number;
  /** Of each miner, in the order in which they happened. */
  readonly reorganisations: readonly Reorganisation[];
  /** All miners hold the same best chain, and each has the state that replaying it gives. */
  readonly agreed: boolean;
  /** After replaying the best chain of the first miner. */
  readonly stateRoot: Hash;
  readonly tip: Hash;
  /** In blocks of the best chain. */
  readonly transactions: number;
  readonly hashes: number;
}

export async function runMiners(settings: MiningSettings): Promise<MiningOutcome> {
  const run = new MiningRun(settings);
  try {
    return await run.run();
  } finally {
    await run.stop();
  }
}

class MiningRun {
  readonly #settings: MiningSettings;
  readonly #originMs = wallMs();
  readonly #random: Random;
  readonly #miners: Miners;
  readonly #reorganisations: Reorganisation[] = [];
  #history: History | null = null;
  #startedMs = performance.now();
  /** Called with each block that is found. */
  #onBlock: () => void = () => undefined;

  constructor(settings: MiningSettings) {
    this.#settings = settings;
    this.#random = new Random(settings.seed);
    this.#miners = new Miners(this.#random.fork(), (miner, told) => this.#hear(miner, told));
  }

  async run(): Promise<MiningOutcome> {
    const { miners, seconds, ed25519, signal } = this.#settings;
    await this.#miners.start(miners, this.#originMs);
    const hashesPerS = Math.round(((await this.#miners.rehearse()) * 1000) / REHEARSAL_MS);
    const firstBits = bitsFor(hashesPerS);
    const cast = castOf(ed25519);
    const chain = chainSettings(ed25519, cast.genesis, firstBits);
    this.#history = new History(headerId(firstHeader(cast.genesis, firstBits)), miners);
    this.#miners.begin(firstBits);
    this.#startedMs = performance.now();
    this.#see({ kind: 'begins', hashesPerS });
    await this.#miners.mine(true);
    const transfers = new Transfers(ed25519, cast, this.#random.fork());
    const clients = setInterval(() => {
      // Everybody has a node that they trust.
      const { client, item } = transfers.next();
      this.#miners.give(client % miners, { kind: 'transaction', bytes: item.bytes });
    }, TRANSFER_MS);
    try {
      await Promise.race([delay(seconds * 1000, undefined, { signal }).catch(() => undefined), this.#miners.failed]);
    } finally {
      clearInterval(clients);
    }
    return this.#outcome(await this.#settle(), chain);
  }

  async stop(): Promise<void> {
    await this.#miners.stop();
  }

  /** Nobody mines, and nothing is on its way. Where miners then stand on branches with equal work, that is how it is: only another
   *  block decides. So they mine on until one is found, as often as it takes. */
  async #settle(): Promise<readonly Standing[]> {
    const endMs = performance.now() + OVERTIME_MS;
    for (let isFirst = true; ; isFirst = false) {
      await this.#miners.mine(false);
      await this.#miners.drain();
      const standings = await this.#miners.standings();
      const isDecided = new Set(standings.map(({ tip }) => tip)).size === 1;
      if (isDecided || performance.now() >= endMs) return standings;
      if (isFirst) this.#see({ kind: 'overtime' });
      const found = new Promise<void>((resolve) => {
        this.#onBlock = resolve;
      });
      await this.#miners.mine(true);
      await Promise.race([found, delay(endMs - performance.now(), undefined, { ref: false }), this.#miners.failed]);
    }
  }

  #outcome(standings: readonly Standing[], chain: ChainSettings): MiningOutcome {
    const history = present(this.#history, 'the history of a run');
    const { tip } = present(standings[0], 'a miner');
    const branch = history.branch(tip);
    const stateRoot = replay(chain, branch, clockS(this.#originMs));
    return {
      blocks: history.blocks,
      height: branch.length,
      forks: history.forks,
      reorganisations: this.#reorganisations,
      agreed: standings.every((standing) => standing.tip === tip && standing.stateRoot === stateRoot),
      stateRoot,
      tip,
      transactions: branch.reduce((sum, { transactions }) => sum + transactions.length, 0),
      hashes: standings.reduce((sum, standing) => sum + standing.hashes, 0),
    };
  }

  #hear(miner: number, told: Told): void {
    const history = present(this.#history, 'the history of a run');
    if (told.kind === 'found') {
      const block = readBlock(told.bytes);
      invariant(block.ok, 'a miner makes blocks that can be read');
      this.#see(history.found(block.value));
      this.#onBlock();
    } else if (told.kind === 'tip') {
      for (const sight of history.stands(miner, told.id)) this.#see(sight);
    } else {
      const { depth, takenBack } = told;
      this.#reorganisations.push({ depth, undone: takenBack });
      this.#see({ kind: 'reorganised', miner, depth, takenBack });
    }
  }

  #see(sight: Unstamped<MiningSight>): void {
    this.#settings.see({ atMs: performance.now() - this.#startedMs, ...sight });
  }
}

type Unstamped<T> = T extends unknown ? Omit<T, 'atMs'> : never;

/** The state's root after these blocks, by who has seen nothing else: each is checked and executed again. */
function replay(settings: ChainSettings, blocks: readonly PowBlock[], nowS: number): Hash {
  const chain = new Chain(settings);
  for (const block of blocks) {
    const verdict = chain.add(block, nowS);
    invariant(verdict.kind === 'tip', 'a block of the best chain is valid', { id: block.id, verdict: verdict.kind });
  }
  return chain.state.head.header.stateRoot;
}
