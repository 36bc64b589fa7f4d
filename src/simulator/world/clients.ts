/**
 * Clients: each has an account, submits transactions to nodes, and tries again elsewhere while nothing comes of it. Some of what
 * they send is bad, and checkers hold blocks to what the ledger's rules say of it.
 */
import type { Address, Hash, Height } from '../../base/brand.ts';
import { present, unreachable } from '../../base/invariant.ts';
import type { Ed25519 } from '../../crypto/ed25519.ts';
import type { SubmitOutcome } from '../../driver/transactions/fate.ts';
import type { BlockRecord, ReceiptCode } from '../../ledger/block.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import {
  type IdentifiedTransaction,
  signedTransactionCodec,
  type Transaction,
  transactionId,
  transactionSigningBytes,
} from '../../ledger/transaction.ts';
import { shortHash } from './about.ts';
import { type SimulatedAccount, type SimulatedKeys, unpaid } from './keys.ts';
import type { SimulatedNode } from './node.ts';
import type { Owners, OwnersRequest } from './owners.ts';
import type { Random } from '../../base/random.ts';
import type { Scheduler } from './scheduler.ts';
import { MAX_FEE, Workload } from './workload.ts';

interface World {
  readonly scheduler: Scheduler;
  readonly genesis: Genesis;
  readonly nodes: readonly SimulatedNode[];
  readonly operations: OperationsUsed;
  note(what: string, ...details: readonly (string | number)[]): void;
}

export interface Submitted extends IdentifiedTransaction {
  readonly sender: Address;
  readonly nonce: number;
  /** What its receipt has to say; null where no block may have it. `depends`: that follows from what was executed before it. */
  readonly expected: ReceiptCode | 'depends' | null;
  /** An honest node said that it is in the chain. */
  committed: boolean;
  /** Height of the block with it, once that is final on an honest disk. */
  height: Height | null;
  /** When it was last offered to a node. */
  triedAtMs: number;
}

/** Why no block may have a transaction. `again`: it has it already. */
const FLAWS = ['again', 'used nonce', 'far nonce', 'expired', 'low fee', 'bad signature'] as const;
/** Where clients use all operations. */
const ALL_FLAWS = [...FLAWS, 'unpaid sender'] as const;
type Flaw = (typeof ALL_FLAWS)[number];
/** Which operations clients use: transfers alone, or all that there are. */
export const OPERATIONS_USED = ['all', 'transfers'] as const;
export type OperationsUsed = (typeof OPERATIONS_USED)[number];
/** Part of all submissions that is bad, and part of the others that a block takes and charges for in vain. */
const BAD = 0.05;
const VAIN = 0.02;
/** Part of all submissions that owners of validators make, where sets change. */
const OWNED = 0.5;
/** No account gets so far. */
const FAR_NONCE = 1_000_000;

/** Transactions of one account under way at once. */
const IN_FLIGHT_MAX = 4;
const RETRY_MS = 2000;

export class Clients {
  readonly transactions = new Map<Hash, Submitted>();
  readonly accounts: readonly SimulatedAccount[];
  /** These, and after them owners of validators. */
  readonly #senders: readonly SimulatedAccount[];
  /** Null where sets never change. */
  readonly #owners: Owners | null;
  readonly #requests = new Map<Submitted, OwnersRequest>();
  readonly #world: World;
  readonly #scheme: Ed25519;
  readonly #random: Random;
  readonly #nonces: number[];
  readonly #open = new Set<Submitted>();
  readonly #settled: Submitted[] = [];
  /** In its name goes what is bad with a nonce that may come: at a node that is behind, it could keep out what is good. */
  readonly #outcast: SimulatedAccount;
  /** Null where transfers are all. */
  readonly #workload: Workload | null;
  readonly #flaws: readonly Flaw[];
  #everyMs = 0;

  constructor(
    world: World,
    scheme: Ed25519,
    { accounts, owners: owning }: Pick<SimulatedKeys, 'accounts' | 'owners'>,
    random: Random,
    owners: Owners | null,
  ) {
    this.#world = world;
    this.#scheme = scheme;
    this.#random = random;
    this.accounts = accounts.slice(0, -1);
    this.#outcast = present(accounts.at(-1), 'the last account');
    this.#senders = [...this.accounts, ...owning];
    this.#owners = owners;
    this.#nonces = this.#senders.map(() => 0);
    const { genesis, operations } = world;
    const addresses = this.accounts.map(({ address }) => address);
    this.#workload = operations === 'all' ? new Workload(random.fork(), genesis, addresses) : null;
    // Where nothing costs anything no fee is too low.
    this.#flaws = (this.#workload === null ? FLAWS : ALL_FLAWS).filter(
      (flaw) => flaw !== 'low fee' || genesis.ledger.weightPrice > 0n,
    );
  }

  /** Submitted and not yet final. */
  get open(): ReadonlySet<Submitted> {
    return this.#open;
  }

  get settledCount(): number {
    return this.#settled.length;
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
    const node = this.#random.pick(this.#world.nodes);
    if (this.#random.chance(BAD)) return this.#misbehave(node);
    if (this.#owners !== null && this.#random.chance(OWNED)) return this.#own(this.#owners, node);
    const account = this.#random.int(0, this.accounts.length - 1);
    if (this.#isBusy(account)) return;
    if (this.#workload === null) this.submit(account, node, this.#amount());
    else this.send(account, node, this.#workload.next(present(this.accounts[account], 'account').address));
  }

  /** Whether enough of its transactions wait. */
  #isBusy(account: number): boolean {
    const address = this.#senders[account]?.address;
    return [...this.#open].filter(({ sender }) => sender === address).length >= IN_FLIGHT_MAX;
  }

  #own(owners: Owners, node: SimulatedNode): void {
    const request = owners.next();
    if (request === null) return;
    const submitted = this.send(this.accounts.length + request.owner, node, { operations: [request.operation] });
    this.#requests.set(submitted, request);
  }

  #amount(): bigint {
    if (!this.#random.chance(VAIN)) return 1n;
    return this.#random.pick([0n, this.#world.genesis.supply + 1n]);
  }

  /** Offers all that is open to a node again. */
  retry(node: SimulatedNode): void {
    for (const submitted of this.#open) this.#offer(submitted, node);
  }

  /** A new transfer of the account, to that node. */
  submit(account: number, node: SimulatedNode, amount = 1n): Submitted {
    return this.#hand(account, node, (nonce) => this.sign(account, nonce, amount));
  }

  /** A new transaction of the account, to that node. */
  send(
    account: number,
    node: SimulatedNode,
    asked: Pick<Transaction, 'operations'> & Partial<Pick<Transaction, 'maxFee'>>,
  ): Submitted {
    const sender = present(this.#senders[account], 'account');
    return this.#hand(account, node, (nonce) => this.#signed(sender, { nonce, ...asked }, 'depends'));
  }

  #hand(account: number, node: SimulatedNode, sign: (nonce: number) => Submitted): Submitted {
    const nonce = present(this.#nonces[account], 'nonce');
    this.#nonces[account] = nonce + 1;
    const submitted = sign(nonce);
    this.#open.add(submitted);
    this.#world.note('submitted', node.slot, shortHash(submitted.id), account, nonce);
    this.#offer(submitted, node);
    return submitted;
  }

  /** A transfer that nobody has submitted yet, and somebody else may. */
  sign(account: number, nonce: number, amount = 1n): Submitted {
    const to = present(this.accounts[(account + 1) % this.accounts.length], 'account').address;
    const { supply } = this.#world.genesis;
    const expected = amount === 0n ? 'AMOUNT_ZERO' : amount > supply ? 'INSUFFICIENT_BALANCE' : 'OK';
    const sender = present(this.accounts[account], 'account');
    return this.#signed(sender, { nonce, operations: [{ kind: 'transfer', to, amount }] }, expected);
  }

  settled(record: BlockRecord): void {
    const { header, receipts } = record;
    this.#workload?.learn(record);
    this.#owners?.learn(record);
    for (const { transactionId: id } of receipts) {
      const submitted = this.transactions.get(id);
      if (submitted === undefined || submitted.height !== null) continue;
      submitted.height = header.height;
      const request = this.#requests.get(submitted);
      if (request !== undefined) this.#owners?.settled(request, header.height);
      for (const each of this.#open)
        if (each.sender === submitted.sender && each.nonce === submitted.nonce) this.#open.delete(each);
      this.#settled.push(submitted);
    }
  }

  /** Something that no block may have, or not again. */
  #misbehave(node: SimulatedNode): void {
    const flaw = this.#random.pick(this.#flaws);
    if (this.#settled.length === 0) return;
    const earlier = this.#random.pick(this.#settled);
    const submitted = flaw === 'again' ? earlier : this.#bad(flaw, earlier);
    this.#world.note('misbehaved', node.slot, shortHash(submitted.id), flaw);
    this.#offer(submitted, node);
  }

  /** `earlier` is final. */
  #bad(flaw: Exclude<Flaw, 'again'>, earlier: Submitted): Submitted {
    const outcast = this.#outcast;
    switch (flaw) {
      case 'used nonce': {
        const owner = present(
          this.#senders.find(({ address }) => address === earlier.sender),
          'the owner',
        );
        return this.#signed(owner, { nonce: earlier.nonce }, null);
      }
      case 'far nonce':
        return this.#signed(outcast, { nonce: FAR_NONCE }, null);
      case 'expired':
        return this.#signed(outcast, { expiresAt: present(earlier.height, 'its height') }, null);
      case 'low fee':
        return this.#signed(outcast, { maxFee: 0n }, null);
      case 'bad signature':
        return this.#signed(outcast, {}, null, { flip: true });
      case 'unpaid sender':
        return this.#signed(unpaid(this.#scheme), {}, null);
      default:
        return unreachable(flaw);
    }
  }

  /** A transfer from the first of the sender's nonces, with these changes; no two are the same. */
  #signed(
    { address, secret }: SimulatedAccount,
    change: Partial<Transaction>,
    expected: Submitted['expected'],
    { flip } = { flip: false },
  ): Submitted {
    const transaction: Transaction = {
      chainId: this.#world.genesis.chainId,
      sender: address,
      nonce: 0,
      expiresAt: 0 as Height,
      maxFee: MAX_FEE,
      // Each of what is bad moves another amount.
      operations: [{ kind: 'transfer', to: address, amount: BigInt(this.transactions.size + 1) }],
      memo: new Uint8Array(),
      ...change,
    };
    const signature = this.#scheme.sign(secret, transactionSigningBytes(transaction));
    if (flip) signature[0] = (signature[0] ?? 0) ^ 1;
    const signed = { transaction, signature };
    const bytes = signedTransactionCodec.encode(signed);
    const id = transactionId(bytes);
    const { nonce } = transaction;
    const submitted: Submitted = {
      id,
      bytes,
      sender: address,
      nonce,
      signed,
      expected,
      committed: false,
      height: null,
      triedAtMs: 0,
    };
    this.transactions.set(id, submitted);
    return submitted;
  }

  #offer(submitted: Submitted, node: SimulatedNode): void {
    submitted.triedAtMs = this.#world.scheduler.nowMs;
    node.input((driver) => driver.submit(submitted.bytes, (outcome) => this.#answered(submitted, node, outcome)));
  }

  /** The price rose: the same again, for as much as it takes. One of the two gets in. */
  #offerMore({ sender, nonce, expected, signed: { transaction } }: Submitted): void {
    const account = present(
      this.#senders.find(({ address }) => address === sender),
      'the sender',
    );
    const { operations } = transaction;
    this.#open.add(this.#signed(account, { nonce, operations }, expected));
  }

  #answered(submitted: Submitted, node: SimulatedNode, outcome: SubmitOutcome): void {
    if (node.isLiar) return;
    if ('status' in outcome && outcome.status === 'committed') submitted.committed = true;
    if ('code' in outcome && outcome.code === 'FEE_TOO_LOW' && this.#open.delete(submitted)) this.#offerMore(submitted);
    this.#world.note(
      'answered',
      node.slot,
      shortHash(submitted.id),
      'status' in outcome ? outcome.status : outcome.code,
    );
  }
}
