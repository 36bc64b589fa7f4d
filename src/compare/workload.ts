/** The clients: seeded transfers at random times, each given to one node, and to another while it is not final. */
import type { Address, Hash, Height } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import type { Genesis } from '../ledger/genesis.ts';
import {
  signedTransactionCodec,
  type Transaction,
  transactionId,
  transactionSigningBytes,
} from '../ledger/transaction.ts';
import type { SimulatedAccount } from '../simulator/world/keys.ts';
import { Random } from '../base/random.ts';
import { aside, clientSign } from './hashes.ts';
import type { Network } from './protocol.ts';
import { NODES } from './scenario.ts';

/** Milliseconds between two transactions, in the mean. */
const EVERY_MS = 1000;
/** Until nodes are connected, and the first leader is elected. */
export const START_UP_MS = 5000;
/** A client whose transaction is not final by then asks another node. */
const RETRY_MS = 5000;
/** Whoever holds this much may send it. */
const MAX_FEE = 1_000_000n;

export function signedTransfer(
  { chainId }: Genesis,
  { address: sender, secret }: SimulatedAccount,
  nonce: number,
  to: Address,
  amount: bigint,
): Uint8Array {
  const transaction: Transaction = {
    chainId,
    sender,
    nonce,
    expiresAt: 0 as Height,
    maxFee: MAX_FEE,
    operations: [{ kind: 'transfer', to, amount }],
    memo: new Uint8Array(),
  };
  const signature = clientSign(secret, transactionSigningBytes(transaction));
  return signedTransactionCodec.encode({ transaction, signature });
}

export class Workload {
  readonly #network: Network;
  readonly #random: Random;
  readonly #nonces = new Map<Address, number>();
  readonly #submitted: (id: Hash, atMs: number) => void;
  readonly #isFinal: (id: Hash) => boolean;
  readonly #startMs: number;
  readonly #submitMs: number;

  /** `submitMs`: so long, from now on. */
  constructor(
    network: Network,
    seed: number,
    submitMs: number,
    submitted: (id: Hash, atMs: number) => void,
    isFinal: (id: Hash) => boolean,
  ) {
    this.#network = network;
    this.#random = new Random(seed);
    this.#submitted = submitted;
    this.#isFinal = isFinal;
    this.#startMs = network.scheduler.nowMs;
    this.#submitMs = submitMs;
  }

  begin(): void {
    this.#network.scheduler.after(START_UP_MS, () => this.#next());
  }

  #next(): void {
    const { scheduler } = this.#network;
    scheduler.after(this.#random.between(0, 2 * EVERY_MS), () => {
      if (scheduler.nowMs - this.#startMs >= this.#submitMs) return;
      this.#submit();
      this.#next();
    });
  }

  #submit(): void {
    const { accounts, genesis, scheduler } = this.#network;
    const from = this.#random.int(0, accounts.length - 1);
    const owner = present(accounts[from], 'account');
    const { address: sender } = owner;
    const to = present(accounts[(from + 1) % accounts.length], 'account').address;
    const nonce = this.#nonces.get(sender) ?? 0;
    this.#nonces.set(sender, nonce + 1);
    const bytes = signedTransfer(genesis, owner, nonce, to, 1n);
    const id = aside(() => transactionId(bytes));
    this.#submitted(id, scheduler.nowMs - this.#startMs);
    this.#offer(id, bytes, from % NODES);
  }

  #offer(id: Hash, bytes: Uint8Array, node: number): void {
    this.#network.offer(node, bytes, id);
    this.#network.scheduler.after(RETRY_MS, () => {
      if (!this.#isFinal(id)) this.#offer(id, bytes, (node + 1) % NODES);
    });
  }
}
