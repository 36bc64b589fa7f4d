/** What waits of one sender, by nonce: the run that follows on its account, one after the other, and what lies beyond a gap. */
import type { Account } from '../../ledger/account.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import { NONCE_GAP_MAX } from '../limits.ts';
import type { PeerId } from '../ports.ts';

export interface Entry {
  readonly item: IdentifiedTransaction;
  readonly weight: number;
  readonly fee: bigint;
  /** The most by which it can lower its sender's balance, the fee included. */
  readonly most: bigint;
  /** When it came, by the driver's clock. */
  readonly sinceMs: number;
  /** Who passed it on; null where a client of this node brought it, which then has to pass it on. */
  readonly from: PeerId | null;
  /** A transaction before it is missing: it could not be executed, whatever a primary did. */
  readonly gapped: boolean;
  /** When `gapped` last changed: since then it is so. */
  readonly asOfMs: number;
}

/** An entry as its owner sees it. */
export interface Held extends Entry {
  gapped: boolean;
  asOfMs: number;
}

const NONE: readonly Held[] = [];

export class SenderQueue {
  readonly #byNonce = new Map<number, Held>();
  #account: Account;
  #bytes = 0;
  /** The run goes from the account's nonce to the first nonce that is missing. */
  #end: number;
  /** When the account's nonce last moved here. */
  #movedMs = Number.NEGATIVE_INFINITY;
  /** An upper bound of the fees that wait here. It is not lowered when the transaction with the highest leaves. */
  #dearest = 0n;

  /** `account`: the sender's, by the executed state. */
  constructor(account: Account) {
    this.#account = account;
    this.#end = account.nonce;
  }

  /** The sender's, by the executed state. */
  get account(): Account {
    return this.#account;
  }

  get size(): number {
    return this.#byNonce.size;
  }

  /** Of all that waits here. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The account's nonce. */
  get start(): number {
    return this.#account.nonce;
  }

  /** Since when the transaction with the account's nonce is the sender's next one. */
  get movedMs(): number {
    return this.#movedMs;
  }

  /** The first nonce that is missing. */
  get end(): number {
    return this.#end;
  }

  get(nonce: number): Held | undefined {
    return this.#byNonce.get(nonce);
  }

  /** Takes it in. Returns what joined the run behind it. */
  add(entry: Held): readonly Held[] {
    const { nonce } = entry.item.signed.transaction;
    this.#byNonce.set(nonce, entry);
    this.#bytes += entry.item.bytes.length;
    if (entry.fee > this.#dearest) this.#dearest = entry.fee;
    if (nonce !== this.#end) return NONE;
    this.#end += 1;
    return this.#grow();
  }

  /** Takes out what waits with this nonce. Returns what the run lost behind it, in the order of nonces. */
  remove(nonce: number): readonly Held[] {
    this.#forget(nonce);
    if (nonce < this.start || nonce >= this.#end) return [];
    const lost = this.#between(nonce + 1, this.#end);
    this.#end = nonce;
    return lost;
  }

  /** The account is another now; its nonce can only have risen. Takes out what is used, and returns it with what joined the run. */
  advance(account: Account, nowMs: number): { readonly used: readonly Held[]; readonly grown: readonly Held[] } {
    const { nonce } = account;
    const used = this.#between(this.start, Math.min(nonce, this.start + NONCE_GAP_MAX));
    for (const { item } of used) this.#forget(item.signed.transaction.nonce);
    if (nonce > this.start) this.#movedMs = nowMs;
    this.#account = account;
    this.#end = Math.max(this.#end, nonce);
    return { used, grown: this.#grow() };
  }

  /** What costs more than the balance, and has to be removed. Looks through the queue only where something may cost so
   *  much. */
  takeUnpayable(balance: bigint): readonly Held[] {
    if (this.#dearest <= balance) return [];
    this.#dearest = balance;
    return [...this.#byNonce.values()].filter(({ fee }) => fee > balance);
  }

  #forget(nonce: number): void {
    this.#bytes -= this.#byNonce.get(nonce)?.item.bytes.length ?? 0;
    this.#byNonce.delete(nonce);
  }

  #grow(): readonly Held[] {
    if (!this.#byNonce.has(this.#end)) return NONE;
    const from = this.#end;
    while (this.#byNonce.has(this.#end)) this.#end += 1;
    return this.#between(from, this.#end);
  }

  #between(from: number, to: number): Held[] {
    const found: Held[] = [];
    for (let nonce = from; nonce < to; nonce++) {
      const entry = this.#byNonce.get(nonce);
      if (entry !== undefined) found.push(entry);
    }
    return found;
  }
}

/** What a sender has left at least after its transaction, whether its operations succeed or not. Bodies are filled by
 *  this: a transaction that could not pay after those before it would be skipped, and would have taken room for
 *  nothing. */
export function leftAfter({ most }: Pick<Entry, 'most'>, balance: bigint): bigint {
  return balance > most ? balance - most : 0n;
}
