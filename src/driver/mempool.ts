/**
 * Verified transactions that wait for a block. A pure data structure: time and account nonces are told to it. Bounded per
 * sender and in all; the same id is one entry; a transaction whose predecessor is missing is held for a while.
 */
import type { Address, Hash } from '../base/brand.ts';
import { fail, ok, type Result } from '../base/result.ts';
import type { IdentifiedTransaction } from '../ledger/transaction.ts';
import { weightOf } from '../ledger/transaction-rules.ts';
import {
  GAPPED_TRANSACTIONS_MAX,
  MEMPOOL_BYTES_MAX,
  MEMPOOL_TRANSACTIONS_MAX,
  NONCE_GAP_HOLD_MS,
  NONCE_GAP_MAX,
  SENDER_TRANSACTIONS_MAX,
} from './limits.ts';

export interface Entry {
  readonly item: IdentifiedTransaction;
  readonly weight: number;
  /** When it came, by the driver's clock. */
  readonly sinceMs: number;
  /** It came from a client of this node, which has to pass it on. */
  readonly local: boolean;
  /** It came before its predecessor. */
  readonly gapped: boolean;
}

export type AddCode = 'MEMPOOL_FULL' | 'SENDER_LIMIT' | 'NONCE_TOO_HIGH' | 'NONCE_TAKEN';

export interface Selection {
  readonly items: readonly IdentifiedTransaction[];
  readonly weight: number;
}

export class Mempool {
  readonly #nonceOf: (sender: Address) => number;
  /** In the order of arrival, which is the order of service. */
  readonly #entries = new Map<Hash, Entry>();
  readonly #senders = new Map<Address, Map<number, Hash>>();
  /** Senders whose next transaction is here. */
  readonly #ready = new Set<Address>();
  #bytes = 0;
  #gapped = 0;

  /** `nonceOf`: the sender's next nonce by the executed state. */
  constructor(nonceOf: (sender: Address) => number) {
    this.#nonceOf = nonceOf;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Transactions here that came before their predecessors. */
  get gapped(): number {
    return this.#gapped;
  }

  /** Something here could be executed now. */
  get demand(): boolean {
    return this.#ready.size > 0;
  }

  get(id: Hash): Entry | undefined {
    return this.#entries.get(id);
  }

  entries(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  /** The nonce after the sender's transactions that wait here without a gap. */
  pendingNonce(sender: Address): number {
    let nonce = this.#nonceOf(sender);
    const queue = this.#senders.get(sender);
    while (queue?.has(nonce) === true) nonce += 1;
    return nonce;
  }

  /** Takes in a transaction that passed `admission`. Errors: AddCode. */
  add(item: IdentifiedTransaction, sinceMs: number, local: boolean): Result<Entry, { code: AddCode; message: string }> {
    const known = this.#entries.get(item.id);
    if (known !== undefined) return ok(known);
    const { sender, nonce } = item.signed.transaction;
    const queue = this.#senders.get(sender) ?? new Map<number, Hash>();
    const next = this.#nonceOf(sender);
    if (queue.has(nonce)) return fail('NONCE_TAKEN', `another transaction with nonce ${nonce} waits`);
    if (queue.size >= SENDER_TRANSACTIONS_MAX)
      return fail('SENDER_LIMIT', `${queue.size} transactions of this sender wait`);
    if (nonce >= next + NONCE_GAP_MAX) return fail('NONCE_TOO_HIGH', `nonce ${nonce}, the next is ${next}`);
    if (this.#entries.size >= MEMPOOL_TRANSACTIONS_MAX || this.#bytes + item.bytes.length > MEMPOOL_BYTES_MAX)
      return fail('MEMPOOL_FULL', `${this.#entries.size} transactions wait`);
    const gapped = nonce > next && !queue.has(nonce - 1);
    if (gapped && this.#gapped >= GAPPED_TRANSACTIONS_MAX)
      return fail('MEMPOOL_FULL', `${this.#gapped} transactions wait for earlier ones`);
    if (gapped) this.#gapped += 1;
    const entry = { item, weight: weightOf(item.signed.transaction), sinceMs, local, gapped };
    this.#entries.set(item.id, entry);
    this.#bytes += item.bytes.length;
    queue.set(nonce, item.id);
    this.#senders.set(sender, queue);
    this.#settle(sender);
    return ok(entry);
  }

  /** The next body: in the order of arrival, each sender's by nonce, leaving out what is in flight already. */
  select(inFlight: { has(id: Hash): boolean }, weightMax: number, countMax: number, bytesMax: number): Selection {
    const items: IdentifiedTransaction[] = [];
    const next = new Map<Address, number>();
    let weight = 0;
    let bytes = 0;
    let full = false;
    const take = (id: Hash): boolean => {
      const entry = this.#entries.get(id);
      if (entry === undefined) return false;
      const { sender, nonce } = entry.item.signed.transaction;
      if (nonce !== (next.get(sender) ?? this.#nonceOf(sender))) return false;
      if (!inFlight.has(id)) {
        const size = entry.item.bytes.length + 36;
        if (items.length >= countMax || weight + entry.weight > weightMax || bytes + size > bytesMax) {
          full = true;
          return false;
        }
        items.push(entry.item);
        weight += entry.weight;
        bytes += size;
      }
      next.set(sender, nonce + 1);
      return true;
    };
    for (const [id, entry] of this.#entries) {
      if (full) break;
      if (!take(id)) continue;
      // Successors that came before it were passed over.
      const queue = this.#senders.get(entry.item.signed.transaction.sender);
      for (let nonce = entry.item.signed.transaction.nonce + 1; !full; nonce++) {
        const successor = queue?.get(nonce);
        if (successor === undefined || !take(successor)) break;
      }
    }
    return { items, weight };
  }

  /** Transactions that could be executed now, the longest waiting first. */
  *executable(): Generator<Entry> {
    for (const entry of this.#entries.values()) {
      const { sender, nonce } = entry.item.signed.transaction;
      if (this.#nonceOf(sender) === nonce) yield entry;
    }
  }

  /** Account nonces moved: drops what can never be executed any more. Returns it. */
  advanced(senders: Iterable<Address>): readonly Entry[] {
    const dropped: Entry[] = [];
    for (const sender of senders) {
      const queue = this.#senders.get(sender);
      if (queue === undefined) continue;
      const next = this.#nonceOf(sender);
      for (const [nonce, id] of queue) {
        if (nonce >= next) continue;
        const entry = this.remove(id);
        if (entry !== undefined) dropped.push(entry);
      }
      this.#settle(sender);
    }
    return dropped;
  }

  /** Drops what expired by height, and what was held too long for a predecessor. Returns it with the reason. */
  expire(
    nextHeight: number,
    nowMs: number,
  ): readonly { readonly entry: Entry; readonly code: 'EXPIRED' | 'NONCE_TOO_HIGH' }[] {
    const dropped: { entry: Entry; code: 'EXPIRED' | 'NONCE_TOO_HIGH' }[] = [];
    for (const entry of this.#entries.values()) {
      const { sender, nonce, expiresAt } = entry.item.signed.transaction;
      if (expiresAt !== 0 && nextHeight > expiresAt) dropped.push({ entry, code: 'EXPIRED' });
      else if (nowMs - entry.sinceMs > NONCE_GAP_HOLD_MS && nonce > this.pendingNonce(sender))
        dropped.push({ entry, code: 'NONCE_TOO_HIGH' });
    }
    for (const { entry } of dropped) this.remove(entry.item.id);
    return dropped;
  }

  remove(id: Hash): Entry | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const { sender, nonce } = entry.item.signed.transaction;
    this.#entries.delete(id);
    this.#bytes -= entry.item.bytes.length;
    if (entry.gapped) this.#gapped -= 1;
    const queue = this.#senders.get(sender);
    queue?.delete(nonce);
    if (queue?.size === 0) this.#senders.delete(sender);
    this.#settle(sender);
    return entry;
  }

  #settle(sender: Address): void {
    if (this.#senders.get(sender)?.has(this.#nonceOf(sender)) === true) this.#ready.add(sender);
    else this.#ready.delete(sender);
  }
}
