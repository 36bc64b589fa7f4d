/** Blocks through a node's own parts over a store, one after the other: fetched, executed, written, pruned, forgotten. */
import { validatorIndex } from '../../src/base/brand.ts';
import { signersOf } from '../../src/consensus/tally.ts';
import { Chain } from '../../src/driver/durability/chain.ts';
import { Seals } from '../../src/driver/durability/seals.ts';
import type { Height } from '../../src/base/brand.ts';
import type { ResidentState } from '../../src/driver/state/resident-state.ts';
import { Pruning } from '../../src/driver/state/pruning.ts';
import { StateFetching } from '../../src/driver/state/state-fetching.ts';
import { Batch } from '../../src/driver/stored/batch.ts';
import type { Genesis } from '../../src/ledger/genesis.ts';
import { keysTouched } from '../../src/ledger/touched.ts';
import type { IdentifiedTransaction } from '../../src/ledger/transaction.ts';
import type { LevelStore } from '../../src/storage/level-store.ts';
import { recoverFrom, UNHEARD, written } from './stored-chain.ts';

/** Nobody checks the signatures of certificates here. */
const QUORUM = [0, 1, 2].map((index) => ({ signer: validatorIndex(index), signature: new Uint8Array(64) }));

/** Milliseconds on the clock, and how often a block had to wait for the disk. */
export interface Spent {
  readonly fetchMs: number;
  readonly executeMs: number;
  readonly writeMs: number;
  readonly rounds: number;
}

export class StateRun {
  readonly #store: LevelStore;
  readonly #genesis: Genesis;
  readonly #resident: ResidentState;
  readonly #batch = new Batch();
  readonly #chain: Chain;
  readonly #seals: Seals;
  readonly #pruning: Pruning;
  readonly #fetching: StateFetching;
  /** What waits for the next input. */
  #wake: () => void = () => undefined;

  static async recover(store: LevelStore, genesis: Genesis): Promise<StateRun> {
    return new StateRun(store, genesis, await recoverFrom(store, genesis, () => true));
  }

  private constructor(store: LevelStore, genesis: Genesis, recovered: Awaited<ReturnType<typeof recoverFrom>>) {
    this.#store = store;
    this.#genesis = genesis;
    this.#resident = recovered.state.source;
    this.#seals = new Seals(recovered.sealed);
    this.#chain = new Chain(recovered, this.#batch, UNHEARD);
    const input = (run: () => void): void => {
      run();
      this.#wake();
    };
    this.#fetching = new StateFetching({ store, resident: this.#resident, input });
    const historyHeights = () => genesis.ledger.historyHeights;
    const finalHeight = () => this.#chain.finalHeight;
    this.#pruning = new Pruning({ store, batch: this.#batch, input, historyHeights, finalHeight, recovered });
  }

  get height(): number {
    return this.#chain.executedHeight;
  }

  get residentBytes(): number {
    return this.#resident.bytes;
  }

  async execute(blocks: readonly (readonly IdentifiedTransaction[])[]): Promise<Spent> {
    const spent = { fetchMs: 0, executeMs: 0, writeMs: 0, rounds: 0 };
    for (const transactions of blocks) {
      const body = this.#bodyOf(transactions);
      const beganMs = performance.now();
      while (
        !this.#fetching.isReady(() =>
          keysTouched(this.#chain.state.epochs, (this.height + 1) as Height, body, transactions),
        )
      ) {
        this.#fetching.flush();
        spent.rounds += 1;
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
      const fetchedMs = performance.now();
      const { header, hash, skipped } = this.#chain.execute(body, transactions, false);
      if (skipped[0] !== undefined) throw new Error(`a transaction was skipped: ${skipped[0].code}`);
      this.#chain.certify({
        epoch: header.epoch,
        height: header.height,
        blockHash: hash,
        signers: signersOf(QUORUM.map(({ signer }) => signer)),
        signatures: QUORUM.map(({ signature }) => signature),
      });
      this.#pruning.step();
      const executedMs = performance.now();
      const { operations, after } = this.#batch.take();
      await written(this.#store, this.#seals.seal(operations));
      for (const action of after) action();
      this.#resident.forget();
      spent.fetchMs += fetchedMs - beganMs;
      spent.executeMs += executedMs - fetchedMs;
      spent.writeMs += performance.now() - executedMs;
    }
    return spent;
  }

  #bodyOf(transactions: readonly IdentifiedTransaction[]) {
    return {
      proposer: validatorIndex(0),
      timestampMs: this.#genesis.timestampMs + this.height + 1,
      certificate: null,
      transactionIds: transactions.map(({ id }) => id),
      evidence: [],
    };
  }
}
