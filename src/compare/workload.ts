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
import type { SimulatedAccount } from '../simulator/keys.ts';
import { Random } from '../simulator/random.ts';
import type { Network } from './protocol.ts';
import { NODES, SUBMIT_MS } from './scenario.ts';

/** Milliseconds between two transactions, in the mean. */
const EVERY_MS = 1000;
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
  sign: (secret: Uint8Array, bytes: Uint8Array) => Uint8Array,
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
  const signature = sign(secret, transactionSigningBytes(transaction));
  return signedTransactionCodec.encode({ transaction, signature });
}

interface Open {
  readonly id: Hash;
  readonly bytes: Uint8Array;
  /** Where it goes next. */
  node: number;
}

export class Workload {
  readonly #network: Network;
  readonly #random: Random;
  readonly #nonces = new Map<Address, number>();
  readonly #submitted: (id: Hash, atMs: number) => void;
  readonly #isFinal: (id: Hash) => boolean;
  readonly #startMs: number;
  readonly #open: Open[] = [];

  constructor(
    network: Network,
    seed: number,
    submitted: (id: Hash, atMs: number) => void,
    isFinal: (id: Hash) => boolean,
  ) {
    this.#network = network;
    this.#random = new Random(seed);
    this.#submitted = submitted;
    this.#isFinal = isFinal;
    this.#startMs = network.scheduler.nowMs;
  }

  begin(): void {
    this.#next();
    this.#retry();
  }

  #next(): void {
    const { scheduler } = this.#network;
    scheduler.after(this.#random.between(0, 2 * EVERY_MS), () => {
      if (scheduler.nowMs - this.#startMs >= SUBMIT_MS) return;
      this.#submit();
      this.#next();
    });
  }

  #submit(): void {
    const { accounts, genesis, sign, scheduler } = this.#network;
    const from = this.#random.int(0, accounts.length - 1);
    const owner = present(accounts[from], 'account');
    const { address: sender } = owner;
    const to = present(accounts[(from + 1) % accounts.length], 'account').address;
    const nonce = this.#nonces.get(sender) ?? 0;
    this.#nonces.set(sender, nonce + 1);
    const bytes = signedTransfer(genesis, owner, nonce, to, 1n, sign);
    const open: Open = { id: transactionId(bytes), bytes, node: from % NODES };
    this.#open.push(open);
    this.#submitted(open.id, scheduler.nowMs - this.#startMs);
    this.#offer(open);
  }

  #retry(): void {
    this.#network.scheduler.after(RETRY_MS, () => {
      for (let at = this.#open.length - 1; at >= 0; at--)
        if (this.#isFinal(this.#open[at]?.id as Hash)) this.#open.splice(at, 1);
      for (const open of this.#open) this.#offer(open);
      this.#retry();
    });
  }

  #offer(open: Open): void {
    this.#network.offer(open.node, open.bytes, open.id);
    open.node = (open.node + 1) % NODES;
  }
}
