/** Blocks for tests: found at once, on whatever block one likes, with the bits and a time that the rules want. */
import type { Hash, Height, ValidatorIndex } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import type { Genesis } from '../../src/ledger/genesis.ts';
import type { IdentifiedTransaction } from '../../src/ledger/transaction.ts';
import { blockOf, firstHeader, type PowBlock, type PowRules, rootOf } from '../../src/pow/block.ts';
import { Chain, type ChainSettings } from '../../src/pow/chain.ts';
import { earliestTime, firstLineage, type Lineage, nextBits, nextLineage } from '../../src/pow/difficulty.ts';
import { headerId, type PowHeader, VERSION } from '../../src/pow/header.ts';
import { bitsOf, targetOfWork } from '../../src/pow/target.ts';
import { accountOf, makeGenesis, makeTransaction, transfer } from '../ledger/network.ts';

export const GENESIS: Genesis = makeGenesis(1);
/** Of the first block, in seconds. */
export const START_S = Math.floor(GENESIS.timestampMs / 1000);
/** A clock at which no time of these tests is too far ahead. */
export const LATE_S = START_S + 1_000_000_000;

export const RULES: PowRules = {
  limitBits: bitsOf(targetOfWork(16n)),
  retargetBlocks: 1000,
  periodS: 10_000,
  futureS: 7200,
  proof: 'stand-in',
};
export const FIRST_BITS: number = bitsOf(targetOfWork(256n));

export const settings = (fields: Partial<ChainSettings> = {}): ChainSettings => ({
  genesis: GENESIS,
  firstBits: FIRST_BITS,
  rules: RULES,
  isSigned: () => true,
  ...fields,
});

export const newChain = (fields: Partial<ChainSettings> = {}): Chain => new Chain(settings(fields));

/** A transfer of 1 from the account at this position of the genesis to the next. */
export const pay = (from: number, nonce: number, amount = 1n): IdentifiedTransaction =>
  makeTransaction({
    chainId: GENESIS.chainId,
    sender: accountOf(GENESIS, from),
    nonce,
    operations: [transfer(accountOf(GENESIS, from + 1), amount)],
    expiresAt: 0 as Height,
  });

interface Wanted {
  readonly time?: number;
  readonly miner?: number;
  readonly transactions?: readonly IdentifiedTransaction[];
  readonly height?: number;
  readonly header?: Partial<PowHeader>;
}

export class Quarry {
  readonly first: Hash;
  readonly #rules: PowRules;
  readonly #lineages = new Map<Hash, Lineage>();
  #made = 0;

  constructor(rules: PowRules = RULES, firstBits: number = FIRST_BITS) {
    const first = firstHeader(GENESIS, firstBits);
    this.first = headerId(first);
    this.#rules = rules;
    this.#lineages.set(this.first, firstLineage(first));
  }

  lineage(id: Hash): Lineage {
    return present(this.#lineages.get(id), 'a block of this quarry');
  }

  /** A block on top of another; each is unlike all others. */
  block(parent: Hash, { time, miner = 0, transactions = [], height, header: fields }: Wanted = {}): PowBlock {
    const lineage = this.lineage(parent);
    this.#made += 1;
    const coinbase = {
      height: height ?? lineage.height + 1,
      miner: miner as ValidatorIndex,
      extraNonce: this.#made,
    };
    const header: PowHeader = {
      version: VERSION,
      parent,
      root: rootOf(
        coinbase,
        transactions.map(({ id }) => id),
      ),
      time: time ?? earliestTime(lineage, this.#rules),
      bits: nextBits(lineage, this.#rules),
      nonce: 0,
      ...fields,
    };
    const block = blockOf({ header, coinbase, transactions }, 0);
    this.#lineages.set(block.id, nextLineage(lineage, header, this.#rules));
    return block;
  }

  /** So many blocks, one on the other. `gapS`: seconds between them. */
  chain(parent: Hash, count: number, gapS = 10): PowBlock[] {
    const blocks: PowBlock[] = [];
    let at = parent;
    for (let i = 0; i < count; i++) {
      const before = this.lineage(at).times.at(-1) ?? 0;
      const block = this.block(at, { time: before + gapS });
      blocks.push(block);
      at = block.id;
    }
    return blocks;
  }
}
