/** The epochs of a simulated chain, as far as one of its nodes knows them: what checkers judge by. */
import type { Epoch, Height } from '../../base/brand.ts';
import { type Epochs, firstEpoch, type KnownEpoch } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';

export class WorldEpochs implements Epochs {
  /** From 0 on; nodes forget, and checkers ask of old ones too. */
  readonly #known: KnownEpoch[];
  readonly #nodes: () => readonly { readonly epochs: Epochs | null }[];

  constructor(genesis: Genesis, nodes: () => readonly { readonly epochs: Epochs | null }[]) {
    this.#known = [firstEpoch(genesis)];
    this.#nodes = nodes;
  }

  of(epoch: Epoch): KnownEpoch | undefined {
    while (this.#known.length <= epoch && this.#learn()) {}
    return this.#known[epoch];
  }

  at(height: Height): KnownEpoch | undefined {
    for (let epoch = this.#known.length - 1; ; epoch++) {
      const known = this.of(epoch as Epoch);
      if (known === undefined) return undefined;
      if (height <= known.lastHeight) break;
    }
    return this.#known.findLast(({ firstHeight, epoch }) => height >= firstHeight || epoch === 0);
  }

  /** The next one, where somebody knows it. */
  #learn(): boolean {
    const next = this.#known.length as Epoch;
    for (const { epochs } of this.#nodes()) {
      const known = epochs?.of(next);
      if (known === undefined) continue;
      this.#known.push(known);
      return true;
    }
    return false;
  }
}
