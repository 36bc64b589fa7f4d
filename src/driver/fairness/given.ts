/**
 * What each peer was given in bulk. The first time it is charged only for the work: any peer may lack anything once,
 * even the whole chain, and should get it as fast as we can give it. To be given the same again is of little use to
 * anybody honest, and nothing else that a few bytes can ask for takes as much of our uplink. So it is charged more, and
 * all peers together get only so much.
 */
import { ForgetfulMap } from '../../base/bounded.ts';
import type { Hash, Height } from '../../base/brand.ts';
import { GIVEN_GAPS_MAX, GIVEN_HOLD_MS, GIVEN_MAX, GIVEN_OLD_BYTES_MAX, REPEATED_BYTES_PER_S } from '../limits.ts';
import type { Lane, PeerId } from '../ports.ts';

/** Only peers that are admitted ask: there are no more of these than the genesis and our operator name. */
interface Receiver {
  readonly bit: bigint;
  /** The highest block that it was given, and what it was not given below: of peers that are asked at once for different ranges
   *  each has gaps. And when it was given blocks last. */
  blocksTo: number;
  gaps: readonly Gap[];
  blocksTick: number;
  /** Bytes of blocks that it was given for the first time, since when. */
  blocksBytes: number;
  blocksSince: number;
  /** The same of old bodies. */
  oldBytes: number;
  oldSince: number;
}

interface Gap {
  readonly from: number;
  readonly to: number;
}

interface GivenContext {
  readonly tickMs: number;
  /** The peer is given so many bytes again. */
  readonly again: (peer: PeerId, lane: Lane, bytes: number) => void;
}

export class Given {
  readonly #context: GivenContext;
  readonly #receivers = new Map<PeerId, Receiver>();
  /** By id, of transactions and bodies: a bit for each peer. */
  readonly #things = new ForgetfulMap<Hash, bigint>(GIVEN_MAX);
  #ticks = 0;

  constructor(context: GivenContext) {
    this.#context = context;
  }

  /** Transactions and bodies that are remembered. */
  get size(): number {
    return this.#things.size;
  }

  tick(): void {
    this.#ticks += 1;
  }

  /** Transactions, paid for at once, or a turn full of questions would be answered before the first is. Returns those that it is
   *  given for the first time. */
  transactions(peer: PeerId, given: readonly { readonly id: Hash; readonly bytes: Uint8Array }[]): ReadonlySet<Hash> {
    const first = new Set<Hash>();
    let again = 0;
    for (const { id, bytes } of given)
      if (this.#give(peer, id)) first.add(id);
      else again += bytes.length;
    if (again > 0) this.#context.again(peer, 'transactions', again);
    return first;
  }

  /** What `transactions` returned did not leave after all: it counts as given for the first time when it does. */
  kept(peer: PeerId, first: readonly { readonly id: Hash }[]): void {
    const { bit } = this.#of(peer);
    for (const { id } of first) {
      const others = (this.#things.get(id) ?? 0n) & ~bit;
      if (others === 0n) this.#things.delete(id);
      else this.#things.set(id, others);
    }
  }

  /** A peer is given a body. Which old bodies it had is not remembered, there are too many: some bytes of them an hour
   *  cost nothing, enough for a peer that went away with ordered bodies missing and came back. Who lacks more asks for
   *  blocks. */
  body(peer: PeerId, hash: Hash, isOld: boolean, bytes: number): void {
    const receiver = this.#of(peer);
    if (isOld && this.#msSince(receiver.oldSince) >= GIVEN_HOLD_MS) {
      receiver.oldSince = this.#ticks;
      receiver.oldBytes = 0;
    }
    const isFree = (!isOld || receiver.oldBytes < GIVEN_OLD_BYTES_MAX) && this.#give(peer, hash);
    if (!isFree) this.#context.again(peer, 'sync', bytes);
    else if (isOld) receiver.oldBytes += bytes;
  }

  /** A peer is given blocks. Who catches up asks one peer for higher ones each time, and for what others did not give in
   *  between, and is not made to wait; so the highest is remembered, and the gaps below it. Who lost everything counts as
   *  new after a while. This while is longer the more it was given, so that nobody gets a long chain again and again in
   *  this way, faster than by paying for what it was given before. */
  blocks(peer: PeerId, from: Height, to: Height, bytes: number): void {
    const receiver = this.#of(peer);
    const holdMs = (1000 * receiver.blocksBytes) / REPEATED_BYTES_PER_S;
    if (this.#msSince(receiver.blocksTick) >= GIVEN_HOLD_MS && this.#msSince(receiver.blocksSince) >= holdMs) {
      receiver.blocksTo = 0;
      receiver.gaps = [];
      receiver.blocksBytes = 0;
      receiver.blocksSince = this.#ticks;
    }
    const isFirst = from > receiver.blocksTo || receiver.gaps.some((gap) => gap.from <= from && to <= gap.to);
    const gaps = receiver.gaps.flatMap((gap) => without(gap, from, to));
    if (from > receiver.blocksTo + 1) gaps.push({ from: receiver.blocksTo + 1, to: from - 1 });
    receiver.gaps = gaps.slice(-GIVEN_GAPS_MAX);
    receiver.blocksTo = Math.max(receiver.blocksTo, to);
    receiver.blocksTick = this.#ticks;
    if (isFirst) receiver.blocksBytes += bytes;
    else this.#context.again(peer, 'sync', bytes);
  }

  #msSince(tick: number): number {
    return (this.#ticks - tick) * this.#context.tickMs;
  }

  /** Notes that a peer is given something. True when it is for the first time. */
  #give(peer: PeerId, id: Hash): boolean {
    const { bit } = this.#of(peer);
    const given = this.#things.get(id) ?? 0n;
    if ((given & bit) !== 0n) return false;
    this.#things.set(id, given | bit);
    return true;
  }

  #of(peer: PeerId): Receiver {
    const known = this.#receivers.get(peer);
    if (known !== undefined) return known;
    const [blocksTick, blocksSince, oldSince] = [this.#ticks, this.#ticks, this.#ticks];
    const bit = 1n << BigInt(this.#receivers.size);
    const receiver: Receiver = {
      bit,
      blocksTo: 0,
      gaps: [],
      blocksTick,
      blocksBytes: 0,
      blocksSince,
      oldBytes: 0,
      oldSince,
    };
    this.#receivers.set(peer, receiver);
    return receiver;
  }
}

/** What is left of a gap when these were given. */
function without(gap: Gap, from: number, to: number): readonly Gap[] {
  if (to < gap.from || gap.to < from) return [gap];
  const parts = [
    { from: gap.from, to: from - 1 },
    { from: to + 1, to: gap.to },
  ];
  return parts.filter((part) => part.from <= part.to);
}
