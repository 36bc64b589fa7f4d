/** What one node of proof of work shows as final: whatever has enough blocks on it, as long as it has. */
import type { Hash } from '../base/brand.ts';
import type { PowBlock } from '../pow/block.ts';

interface Told {
  final(height: number, block: Hash, transactions: readonly Hash[]): void;
  reversed(transactions: readonly Hash[]): void;
}

export class Confirmations {
  readonly #needed: number;
  readonly #told: Told;
  /** All of the run. */
  readonly #blocks = new Map<Hash, PowBlock>();
  /** By height, from 1 on. */
  readonly #final: PowBlock[] = [];

  /** `needed`: 1 when the block with the transaction is enough. */
  constructor(needed: number, told: Told) {
    this.#needed = needed;
    this.#told = told;
  }

  /** The node has a block; `isTip`: it is the best. */
  connected(block: PowBlock, isTip: boolean): void {
    this.#blocks.set(block.id, block);
    if (!isTip) return;
    let buried: PowBlock | undefined = block;
    for (let count = 1; count < this.#needed; count++) buried = buried && this.#blocks.get(buried.header.parent);
    this.#follow(buried);
  }

  /** Final up to this block, and nothing else: a shorter branch with more work takes away confirmations. */
  #follow(last: PowBlock | undefined): void {
    const fresh: PowBlock[] = [];
    let block = last;
    while (block !== undefined && this.#final[block.coinbase.height - 1]?.id !== block.id) {
      fresh.unshift(block);
      block = this.#blocks.get(block.header.parent);
    }
    const undone = this.#final.splice(block?.coinbase.height ?? 0);
    // What stands on the new branch too, as deep, was never taken back.
    const again = new Set(fresh.flatMap(idsOf));
    const reversed = undone.flatMap(idsOf).filter((id) => !again.has(id));
    if (reversed.length > 0) this.#told.reversed(reversed);
    for (const each of fresh) {
      this.#final.push(each);
      this.#told.final(each.coinbase.height, each.id, idsOf(each));
    }
  }
}

const idsOf = ({ transactions }: PowBlock): readonly Hash[] => transactions.map(({ id }) => id);
