/** Clients: each has an account, submits transfers to nodes, and tries again elsewhere while nothing comes of it. */
import type { Hash, Height } from '../base/brand.ts';
import { present } from '../base/invariant.ts';
import type { Ed25519 } from '../crypto/ed25519.ts';
import type { SubmitOutcome } from '../driver/intake.ts';
import type { FinalizedBlock } from '../driver/ports.ts';
import type { Genesis } from '../ledger/genesis.ts';
import {
  signedTransactionCodec,
  type Transaction,
  transactionId,
  transactionSigningBytes,
} from '../ledger/transaction.ts';
import { shortHash } from './about.ts';
import type { SimulatedAccount } from './keys.ts';
import type { SimulatedNode } from './node.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

interface World {
  readonly scheduler: Scheduler;
  readonly genesis: Genesis;
  readonly nodes: readonly SimulatedNode[];
  note(what: string, ...details: readonly (string | number)[]): void;
}

export interface Submitted {
  readonly id: Hash;
  readonly bytes: Uint8Array;
  readonly account: number;
  /** An honest node said that it has it. */
  acknowledged: boolean;
  /** An honest node said that it is in the chain. */
  committed: boolean;
  /** Height of the first final block seen with it. */
  height: Height | null;
  /** A client waited for it and then gave up, because a crash took it. */
  triedAtMs: number;
}

/** Transactions of one account under way at once. */
const IN_FLIGHT_MAX = 4;
const RETRY_MS = 2000;

export class Clients {
  readonly transactions = new Map<Hash, Submitted>();
  readonly accounts: readonly SimulatedAccount[];
  readonly #world: World;
  readonly #scheme: Ed25519;
  readonly #random: Random;
  readonly #nonces: number[];
  readonly #open = new Set<Submitted>();
  #everyMs = 0;

  constructor(world: World, scheme: Ed25519, accounts: readonly SimulatedAccount[], random: Random) {
    this.#world = world;
    this.#scheme = scheme;
    this.#random = random;
    this.accounts = accounts;
    this.#nonces = accounts.map(() => 0);
  }

  /** Submitted and not yet final. */
  get open(): ReadonlySet<Submitted> {
    return this.#open;
  }

  /** Submits to random nodes, about one transaction in so many milliseconds; 0 ends it. */
  load(everyMs: number): void {
    const idle = this.#everyMs === 0;
    this.#everyMs = everyMs;
    if (idle && everyMs > 0) this.#next();
  }

  #next(): void {
    if (this.#everyMs === 0) return;
    this.#world.scheduler.after(this.#random.between(0, 2 * this.#everyMs), () => {
      if (this.#everyMs === 0) return;
      this.#work();
      this.#next();
    });
  }

  #work(): void {
    const now = this.#world.scheduler.nowMs;
    for (const submitted of this.#open)
      if (now - submitted.triedAtMs >= RETRY_MS) this.#offer(submitted, this.#random.pick(this.#world.nodes));
    const account = this.#random.int(0, this.accounts.length - 1);
    const waiting = [...this.#open].filter((submitted) => submitted.account === account).length;
    if (waiting < IN_FLIGHT_MAX) this.submit(account, this.#random.pick(this.#world.nodes));
  }

  /** Offers all that is open to a node again. */
  retry(node: SimulatedNode): void {
    for (const submitted of this.#open) this.#offer(submitted, node);
  }

  /** A new transfer of the account, to that node. */
  submit(account: number, node: SimulatedNode): Submitted {
    const nonce = present(this.#nonces[account], 'nonce');
    this.#nonces[account] = nonce + 1;
    const { address, secret } = present(this.accounts[account], 'account');
    const to = present(this.accounts[(account + 1) % this.accounts.length], 'account').address;
    const transaction: Transaction = {
      chainId: this.#world.genesis.chainId,
      sender: address,
      nonce,
      expiresAt: 0 as Height,
      maxFee: 1_000_000n,
      operations: [{ kind: 'transfer', to, amount: 1n }],
      memo: new Uint8Array(),
    };
    const signature = this.#scheme.sign(secret, transactionSigningBytes(transaction));
    const bytes = signedTransactionCodec.encode({ transaction, signature });
    const id = transactionId(bytes);
    const submitted: Submitted = {
      id,
      bytes,
      account,
      acknowledged: false,
      committed: false,
      height: null,
      triedAtMs: 0,
    };
    this.transactions.set(id, submitted);
    this.#open.add(submitted);
    this.#world.note('submitted', node.slot, shortHash(id), account, nonce);
    this.#offer(submitted, node);
    return submitted;
  }

  finalized({ body, record }: FinalizedBlock): void {
    if (this.#open.size === 0) return;
    for (const id of body.body.transactionIds) {
      const submitted = this.transactions.get(id);
      if (submitted === undefined || submitted.height !== null) continue;
      if (!record.receipts.some(({ transactionId: executed }) => executed === id)) continue;
      submitted.height = record.header.height;
      this.#open.delete(submitted);
    }
  }

  #offer(submitted: Submitted, node: SimulatedNode): void {
    submitted.triedAtMs = this.#world.scheduler.nowMs;
    node.input((driver) => driver.submit(submitted.bytes, (outcome) => this.#answered(submitted, node, outcome)));
  }

  #answered(submitted: Submitted, node: SimulatedNode, outcome: SubmitOutcome): void {
    if (node.isLiar) return;
    if ('status' in outcome) {
      submitted.acknowledged = true;
      if (outcome.status === 'committed') submitted.committed = true;
    }
    this.#world.note(
      'answered',
      node.slot,
      shortHash(submitted.id),
      'status' in outcome ? outcome.status : outcome.code,
    );
  }
}
