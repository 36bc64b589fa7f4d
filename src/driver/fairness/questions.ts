/**
 * What we asked whom, until it answers. An answer that we asked for is paid by us, also when it comes too late to be of use;
 * one that nobody asked for is not even decoded.
 */
import type { Hash } from '../../base/brand.ts';
import { ForgetfulMap } from '../../base/bounded.ts';
import { TRANSACTION_BYTES_MAX } from '../../ledger/limits.ts';
import { ASKED_BYTES_MAX, FETCHED_BYTES_MAX, QUESTIONS_MAX, TRANSACTIONS_ASKED_MAX } from '../limits.ts';
import type { PeerId } from '../ports.ts';
import type { Leaving, PeerMessage } from '../wire/wire.ts';

interface Open {
  readonly bodies: ForgetfulMap<Hash, number>;
  /** By the first height that was asked for. */
  readonly blocks: ForgetfulMap<number, number>;
  /** Transactions, and the bytes that they may have: which ones is not remembered. */
  transactions: number;
  transactionBytes: number;
}

export class Questions {
  readonly #open = new Map<PeerId, Open>();

  asked(peer: PeerId, message: Leaving): void {
    if (message.kind === 'fetch-body') return count(this.#of(peer).bodies, message.hash);
    if (message.kind === 'fetch-blocks') return count(this.#of(peer).blocks, message.from);
    if (message.kind !== 'fetch-transactions') return;
    const open = this.#of(peer);
    const bytes = Math.min(message.ids.length * TRANSACTION_BYTES_MAX, FETCHED_BYTES_MAX);
    open.transactions = Math.min(open.transactions + message.ids.length, TRANSACTIONS_ASKED_MAX);
    open.transactionBytes = Math.min(open.transactionBytes + bytes, ASKED_BYTES_MAX);
  }

  disconnected(peer: PeerId): void {
    this.#open.delete(peer);
  }

  /** Whether a message of this kind is no answer, or one that is awaited. */
  awaits(peer: PeerId, kind: PeerMessage['kind'] | undefined): boolean {
    if (kind === 'body') return (this.#open.get(peer)?.bodies.size ?? 0) > 0;
    if (kind === 'blocks') return (this.#open.get(peer)?.blocks.size ?? 0) > 0;
    return true;
  }

  /** A body came: takes away one question for it. False when there is none. */
  takeBody(peer: PeerId, hash: Hash): boolean {
    return uncount(this.#open.get(peer)?.bodies, hash);
  }

  /** Blocks from this height on came. Undefined: the peer has none, which answers any question for blocks. */
  takeBlocks(peer: PeerId, from: number | undefined): boolean {
    const blocks = this.#open.get(peer)?.blocks;
    return uncount(blocks, from ?? blocks?.keys().next().value ?? 0);
  }

  /** A transaction of so many bytes came. What is longer than all that was asked for is no answer. */
  takeTransaction(peer: PeerId, bytes: number): boolean {
    const open = this.#open.get(peer);
    if (open === undefined || open.transactions === 0 || bytes > open.transactionBytes) return false;
    open.transactions -= 1;
    open.transactionBytes -= bytes;
    return true;
  }

  #of(peer: PeerId): Open {
    const known = this.#open.get(peer);
    if (known !== undefined) return known;
    const open: Open = {
      bodies: new ForgetfulMap(QUESTIONS_MAX),
      blocks: new ForgetfulMap(QUESTIONS_MAX),
      transactions: 0,
      transactionBytes: 0,
    };
    this.#open.set(peer, open);
    return open;
  }
}

function count<K>(map: ForgetfulMap<K, number>, key: K): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function uncount<K>(map: ForgetfulMap<K, number> | undefined, key: K): boolean {
  const times = map?.get(key);
  if (map === undefined || times === undefined) return false;
  if (times > 1) map.set(key, times - 1);
  else map.delete(key);
  return true;
}
