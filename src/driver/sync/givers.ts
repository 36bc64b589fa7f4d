/**
 * Whom to ask next. Liars claim blocks and are silent, or give one at a time: who gives fast comes first, and whoever gives
 * little waits until all others had their turn.
 */
import type { SyncBlock } from '../wire/wire.ts';
import { chooseNext } from '../bodies/fetching.ts';
import { SYNC_BLOCKS_MAX, SYNC_BYTES_MAX } from '../limits.ts';
import type { PeerId } from '../ports.ts';
import { isBare } from './proof.ts';

/** Ticks until somebody is asked again when all who may have the blocks were asked: who has none answers at once. */
const AGAIN_TICKS = 4;
/** A peer is fast if it gives a full answer's blocks in so many milliseconds, or its bytes, or a part of them in that part of the
 *  time. Who is fast is asked again before the others had their turn; who is slower waits for its own, or a liar that gives one
 *  block just in time would keep us behind for ever. No chain grows at that rate, so whoever follows a fast peer catches up. */
const BLOCKS_MS = 200;
const BYTES_MS = 800;
/** Part of what was asked for, or of the bytes that an answer holds, that is much. */
const MUCH = 0.5;

/** What the last answer was like of a peer, if there was one. */
type Giving = 'fast' | 'much' | 'little';

/** What a peer was like stays known when it leaves: else one that comes again whenever its time is over would be asked before all
 *  others, each time. There are no more peers than are admitted. */
export class Givers {
  readonly #giving = new Map<PeerId, Giving>();
  /** Asked since all who may have the blocks were. */
  readonly #tried = new Set<PeerId>();
  /** By peer: a number that grows with each question. */
  readonly #order = new Map<PeerId, number>();
  #questions = 0;
  /** When somebody was last asked; who gives need not wait to be asked for more. */
  #tick = Number.NEGATIVE_INFINITY;

  /** For what comes next: by turns, but for who gives fast; and last who owes an answer, since large ones take long on thin
   *  wires. Only those who are not awaited. */
  choose(holders: readonly PeerId[], owes: (peer: PeerId) => boolean, count: number, tick: number): readonly PeerId[] {
    const order = holders.toSorted((a, b) => this.#rank(a, owes) - this.#rank(b, owes));
    if (tick - this.#tick < AGAIN_TICKS && order.every((peer) => this.#tried.has(peer))) return [];
    return chooseNext(order, this.#tried, count);
  }

  /** For what comes later: only who is free, and of those who give little the one that waited longest, also for those who still
   *  answer. */
  chooseAhead(
    holders: readonly PeerId[],
    of: { readonly isFree: (peer: PeerId) => boolean; readonly isAwaited: (peer: PeerId) => boolean },
  ): PeerId | undefined {
    const eligible = holders.filter((peer) => {
      if (!of.isFree(peer)) return false;
      if (!this.givesLittle(peer)) return true;
      return holders.every(
        (other) => this.#turn(other) >= this.#turn(peer) || !(of.isFree(other) || of.isAwaited(other)),
      );
    });
    return eligible.toSorted(
      (a, b) => this.#rank(a, () => false) - this.#rank(b, () => false) || this.#turn(a) - this.#turn(b),
    )[0];
  }

  asked(peer: PeerId, tick: number): void {
    this.#tick = tick;
    this.#tried.add(peer);
    this.#questions += 1;
    this.#order.set(peer, this.#questions);
  }

  /** It answered a question for so many blocks, after so many milliseconds. True when they were much. */
  gave(peer: PeerId, asked: number, blocks: readonly SyncBlock[], ms: number): boolean {
    this.#tick = Number.NEGATIVE_INFINITY;
    const bare = blocks.findIndex(isBare);
    const whole = bare < 0 ? blocks : blocks.slice(0, bare);
    const bytes = whole.reduce((sum, { fullBody }) => sum + sumOf(fullBody.transactions), 0);
    const isFast = whole.length * BLOCKS_MS >= ms * SYNC_BLOCKS_MAX || bytes * BYTES_MS >= ms * SYNC_BYTES_MAX;
    const isMuch = whole.length >= MUCH * asked || bytes >= MUCH * SYNC_BYTES_MAX;
    this.#giving.set(peer, isFast ? 'fast' : isMuch ? 'much' : 'little');
    if (isFast) this.#tried.delete(peer);
    return isMuch;
  }

  /** Whether its last answer was little, late or none. */
  givesLittle(peer: PeerId): boolean {
    return this.#giving.get(peer) === 'little';
  }

  /** It gave nothing, or nothing in time. */
  failed(peer: PeerId): void {
    this.#giving.set(peer, 'little');
  }

  #turn(peer: PeerId): number {
    return this.#order.get(peer) ?? 0;
  }

  #rank(peer: PeerId, owes: (peer: PeerId) => boolean): number {
    if (owes(peer)) return 3;
    const giving = this.#giving.get(peer);
    return giving === 'fast' ? 0 : giving === 'little' ? 2 : 1;
  }
}

const sumOf = (transactions: readonly Uint8Array[]): number =>
  transactions.reduce((sum, { length }) => sum + length, 0);
