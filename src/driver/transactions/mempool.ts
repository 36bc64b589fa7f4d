/**
 * Verified transactions that wait for a block. A pure data structure: it is told the time and the accounts. Bounded for
 * each sender and in all; the same id is one entry. Every entry would pass `admission` now: when a block changes what a
 * sender can pay, entries are dropped. All nodes drop the same at the same height, so none waits for what another one
 * refuses.
 */
import type { Address, Hash, Height } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import { type Coded, fail, ok, type Result } from '../../base/result.ts';
import type { Account } from '../../ledger/account.ts';
import type { LedgerParameters } from '../../ledger/membership/parameters.ts';
import type { IdentifiedTransaction } from '../../ledger/transaction.ts';
import { type AdmissionCode, checkWaiting, feeOf, mostSpentBy } from '../../ledger/transaction-rules.ts';
import { weightOf } from '../../ledger/weight.ts';
import {
  MEMPOOL_BYTES_MAX,
  MEMPOOL_TRANSACTIONS_MAX,
  NONCE_GAP_HOLD_MS,
  NONCE_GAP_MAX,
  SENDER_BYTES_MAX,
  SENDER_TRANSACTIONS_MAX,
} from '../limits.ts';
import type { PeerId } from '../ports.ts';
import { Gapped } from './gapped.ts';
import { Rested } from './rested.ts';
import type { Room } from './room.ts';
import { select } from './selection.ts';
import { type Entry, type Held, SenderQueue } from './sender-queue.ts';

export type AddCode = 'MEMPOOL_FULL' | 'SENDER_LIMIT' | 'NONCE_TOO_HIGH' | 'NONCE_TAKEN';

/** What left without being asked to, and why. */
export interface Dropped {
  readonly entry: Entry;
  readonly code: AdmissionCode;
}

/** Where a transaction would be held, and what has to make room for it. */
interface Place {
  readonly queue: SenderQueue;
  readonly gapped: boolean;
  readonly giveWay: readonly Held[];
}

export class Mempool {
  readonly #accountOf: (sender: Address) => Account;
  #parameters: LedgerParameters;
  /** In the order of arrival, which is the order of service. */
  readonly #entries = new Map<Hash, Held>();
  readonly #senders = new Map<Address, SenderQueue>();
  /** Senders whose next transaction is here. */
  readonly #ready = new Set<Address>();
  /** Entries with a gap before them, those that have had it for longest first. */
  readonly #gapped = new Gapped();
  readonly #rested = new Rested();
  /** Entries by the last height at which they are valid. */
  readonly #expiring = new Map<number, Set<Held>>();
  #bytes = 0;
  #own = 0;

  /** `accountOf`: the sender's account by the executed state; asked of senders whose transactions are being let in. */
  constructor(accountOf: (sender: Address) => Account, parameters: LedgerParameters) {
    this.#accountOf = accountOf;
    this.#parameters = parameters;
  }

  get size(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Transactions here that a missing one keeps from being executed. */
  get gapped(): number {
    return this.#gapped.size;
  }

  /** Transactions here that clients of this node brought. */
  get own(): number {
    return this.#own;
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

  /** Since when it is the next of its sender; null while it is not. Until then its sender may have been unable to pay for it. */
  nextSinceMs({ item, asOfMs }: Entry): number | null {
    const { sender, nonce } = item.signed.transaction;
    const queue = this.#senders.get(sender);
    return queue?.start === nonce ? Math.max(asOfMs, queue.movedMs) : null;
  }

  /** The nonce after the sender's transactions that wait here without a gap; undefined where none waits. */
  pendingNonce(sender: Address): number | undefined {
    return this.#senders.get(sender)?.end;
  }

  /** Takes in a transaction that passed `admission`. Returns what had to make room for it: one that could be executed takes
   *  the place of one that could not. Errors: AddCode. */
  add(
    item: IdentifiedTransaction,
    sinceMs: number,
    from: PeerId | null,
    asOfMs: number = sinceMs,
  ): Result<readonly Dropped[], Coded<AddCode>> {
    if (this.#entries.has(item.id)) return ok([]);
    const place = this.placeFor(item);
    if (!place.ok) return place;
    const { queue, gapped, giveWay } = place.value;
    const { transaction } = item.signed;
    const { sender } = transaction;
    const dropped: Dropped[] = [];
    for (const entry of giveWay) this.#drop(entry, 'NONCE_TOO_HIGH', sinceMs, dropped);
    const weight = weightOf(transaction);
    const fee = feeOf(transaction, this.#parameters);
    const most = mostSpentBy(transaction, fee, this.#parameters);
    const entry: Held = { item, weight, fee, most, sinceMs, from, gapped, asOfMs };
    this.#entries.set(item.id, entry);
    if (from === null) this.#own += 1;
    this.#bytes += item.bytes.length;
    this.#senders.set(sender, queue);
    if (gapped) this.#gapped.add(entry);
    if (transaction.expiresAt !== 0) this.#expireAfter(transaction.expiresAt, entry);
    this.#join(queue.add(entry), sinceMs);
    if (transaction.nonce === queue.start) this.#rested.add(entry);
    this.#settle(sender, queue);
    return ok(dropped);
  }

  /** Whether there would be room for a transaction that is not here: what has to make room is told. Errors: AddCode. */
  placeFor(item: IdentifiedTransaction): Result<Place, Coded<AddCode>> {
    const { sender, nonce } = item.signed.transaction;
    const queue = this.#senders.get(sender) ?? new SenderQueue(this.#accountOf(sender));
    if (queue.get(nonce) !== undefined) return fail('NONCE_TAKEN', `another transaction with nonce ${nonce} waits`);
    const size = item.bytes.length;
    if (queue.size >= SENDER_TRANSACTIONS_MAX || queue.bytes + size > SENDER_BYTES_MAX)
      return fail('SENDER_LIMIT', `${queue.size} transactions of this sender wait, of ${queue.bytes} bytes`);
    if (nonce >= queue.start + NONCE_GAP_MAX)
      return fail('NONCE_TOO_HIGH', `nonce ${nonce}, the next is ${queue.start}`);
    const gapped = nonce > queue.end;
    // This refusal says which nonce is missing, and a transaction with that nonce is still let in.
    if (gapped && !this.#gapped.hasRoomFor(size))
      return fail('NONCE_TOO_HIGH', `nonce ${nonce}, ${queue.end} is missing, and too many wait for missing ones`);
    const giveWay = this.#roomFor(item, gapped);
    if (giveWay === null)
      return fail('MEMPOOL_FULL', `${this.#entries.size} transactions wait, of ${this.#bytes} bytes`);
    return ok({ queue, gapped, giveWay });
  }

  /** The next body at this height, see `select`. */
  select(inFlight: { has(id: Hash): boolean }, height: number, room: Room): readonly IdentifiedTransaction[] {
    const waiting = {
      entries: this.#entries.values(),
      rested: this.#rested.entries(),
      ofSender: (sender: Address, nonce: number) => this.#senders.get(sender)?.get(nonce),
      accountOf: (sender: Address) => present(this.#senders.get(sender), 'the queue of an entry').account,
    };
    return select(waiting, inFlight, height, room);
  }

  /** A block was executed: drops what can stand in no later block. `changed`: the accounts that it changed, as they are now. */
  prune(changed: Iterable<readonly [Address, Account]>, nextHeight: number, nowMs: number): readonly Dropped[] {
    const dropped: Dropped[] = [];
    for (const [sender, account] of changed) {
      const queue = this.#senders.get(sender);
      if (queue === undefined) continue;
      const { used, grown } = queue.advance(account, nowMs);
      for (const entry of used) {
        this.#forget(entry);
        dropped.push({ entry, code: 'NONCE_TOO_LOW' });
      }
      this.#join(grown, nowMs);
      for (const entry of queue.takeUnpayable(account.balance))
        this.#drop(entry, 'INSUFFICIENT_BALANCE', nowMs, dropped);
      this.#settle(sender, queue);
    }
    for (const entry of [...(this.#expiring.get(nextHeight - 1) ?? [])]) this.#drop(entry, 'EXPIRED', nowMs, dropped);
    return dropped;
  }

  /** A block was executed in which these accounts were made, or sent something. */
  acted(accounts: Iterable<Address>, nowMs: number): void {
    this.#rested.acted(accounts, nowMs);
  }

  /** The block that was executed had no room for what these make. They had their turn, and have the next one after all others that wait,
   *  with what follows on them: else they would fill one body after the other, and be skipped again. */
  turnAway(ids: Iterable<Hash>, nowMs: number): void {
    for (const id of ids) {
      const entry = this.#entries.get(id);
      if (entry === undefined || entry.gapped) continue;
      entry.asOfMs = nowMs;
      this.#rested.delete(entry);
      const queue = present(this.#senders.get(entry.item.signed.transaction.sender), 'the queue of an entry');
      for (let next: Held | undefined = entry; next !== undefined; ) {
        this.#entries.delete(next.item.id);
        this.#entries.set(next.item.id, next);
        next = queue.get(next.item.signed.transaction.nonce + 1);
      }
    }
  }

  /** Other rules count from this height on: all come in again by these, in their order, and what they do not let in is dropped. */
  enter(parameters: LedgerParameters, height: Height, nowMs: number): readonly Dropped[] {
    if (parameters === this.#parameters) return [];
    this.#parameters = parameters;
    const waiting = [...this.#entries.values()];
    const dropped: Dropped[] = [];
    for (const entry of waiting) this.#forget(entry);
    this.#ready.clear();
    for (const [sender, { account }] of this.#senders) this.#senders.set(sender, new SenderQueue(account));
    for (const entry of waiting) {
      const { transaction } = entry.item.signed;
      const { account } = present(this.#senders.get(transaction.sender), 'the queue of a sender');
      const checked = checkWaiting(transaction, account, height, parameters);
      const added = checked.ok ? this.add(entry.item, entry.sinceMs, entry.from, nowMs) : checked;
      if (checked.ok && added.ok) dropped.push(...added.value);
      else dropped.push({ entry, code: checked.ok ? 'NONCE_TOO_HIGH' : checked.error.code });
    }
    for (const [sender, { size }] of this.#senders) if (size === 0) this.#senders.delete(sender);
    return dropped;
  }

  /** Drops what was held too long for a missing one. */
  expire(nowMs: number): readonly Dropped[] {
    const dropped: Dropped[] = [];
    for (const entry of this.#gapped) {
      if (nowMs - entry.asOfMs <= NONCE_GAP_HOLD_MS) break;
      this.#drop(entry, 'NONCE_TOO_HIGH', nowMs, dropped);
    }
    return dropped;
  }

  /** What has to give way to it; null when there is no room all the same. */
  #roomFor({ bytes }: IdentifiedTransaction, gapped: boolean): readonly Held[] | null {
    let count = this.#entries.size + 1 - MEMPOOL_TRANSACTIONS_MAX;
    let size = this.#bytes + bytes.length - MEMPOOL_BYTES_MAX;
    if (count <= 0 && size <= 0) return [];
    if (gapped) return null;
    const found: Held[] = [];
    for (const entry of this.#gapped) {
      found.push(entry);
      count -= 1;
      size -= entry.item.bytes.length;
      if (count <= 0 && size <= 0) return found;
    }
    return null;
  }

  /** These follow on their account now. */
  #join(entries: readonly Held[], nowMs: number): void {
    for (const entry of entries) {
      this.#gapped.delete(entry);
      entry.gapped = false;
      entry.asOfMs = nowMs;
    }
  }

  /** Takes an entry out. Those behind it wait for another in its place now, as many as may. */
  #drop(entry: Held, code: AdmissionCode, nowMs: number, dropped: Dropped[]): void {
    if (!this.#entries.has(entry.item.id)) return;
    const { sender, nonce } = entry.item.signed.transaction;
    const queue = present(this.#senders.get(sender), 'the queue of an entry');
    const lost = queue.remove(nonce);
    this.#forget(entry);
    dropped.push({ entry, code });
    for (const each of lost) {
      each.gapped = true;
      each.asOfMs = nowMs;
      this.#gapped.add(each);
      if (this.#gapped.isOverfull) this.#drop(each, 'NONCE_TOO_HIGH', nowMs, dropped);
    }
    this.#settle(sender, queue);
  }

  #forget(entry: Held): void {
    const { id, bytes, signed } = entry.item;
    this.#entries.delete(id);
    this.#rested.delete(entry);
    if (entry.from === null) this.#own -= 1;
    this.#bytes -= bytes.length;
    if (entry.gapped) this.#gapped.delete(entry);
    const { expiresAt } = signed.transaction;
    if (expiresAt === 0) return;
    const expiring = this.#expiring.get(expiresAt);
    expiring?.delete(entry);
    if (expiring?.size === 0) this.#expiring.delete(expiresAt);
  }

  #expireAfter(height: number, entry: Held): void {
    const expiring = this.#expiring.get(height);
    if (expiring === undefined) this.#expiring.set(height, new Set([entry]));
    else expiring.add(entry);
  }

  #settle(sender: Address, queue: SenderQueue): void {
    if (queue.size === 0) this.#senders.delete(sender);
    if (queue.end > queue.start) this.#ready.add(sender);
    else this.#ready.delete(sender);
  }
}
