/** What one node of proof of work shows as final: whatever has enough blocks on it, as long as it has. */
import type { Hash } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import type { PowBlock } from '../pow/block.ts';

interface Told {
  final(height: number, block: Hash, transactions: readonly Hash[]): void;
  reversed(transactions: readonly Hash[]): void;
}

export class Confirmations {
  readonly #needed: number;
  readonly #told: Told;
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
    if (buried !== undefined) this.#follow(buried);
  }

  /** Final up to this block, and nothing else. */
  #follow(last: PowBlock): void {
    const fresh: PowBlock[] = [];
    let block: PowBlock | undefined = last;
    while (block !== undefined && this.#final[block.coinbase.height - 1]?.id !== block.id) {
      fresh.unshift(block);
      block = this.#blocks.get(block.header.parent);
    }
    const kept = block?.coinbase.height ?? 0;
    const isShorter = last.coinbase.height < this.#final.length && fresh.length === 0;
    if (!isShorter) this.#take(this.#final.splice(kept));
    for (const each of fresh) {
      this.#final.push(each);
      this.#told.final(each.coinbase.height, each.id, idsOf(each));
    }
  }

  #take(undone: readonly PowBlock[]): void {
    if (undone.length > 0) this.#told.reversed(undone.flatMap(idsOf));
  }

  /** The block at a height, as far as it is final. */
  at(height: number): PowBlock {
    return present(this.#final[height - 1], 'a final block');
  }
}

const idsOf = ({ transactions }: PowBlock): readonly Hash[] => transactions.map(({ id }) => id);
