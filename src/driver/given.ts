/**
 * What each peer was given in bulk. The first time costs it the work that it is: any peer may lack anything once, also the whole
 * chain, and is to get it as fast as we can give. The same again is of little use to anybody honest, and the dearest thing on an
 * uplink that a few bytes can ask for: it costs so much that all peers together get only so much of it.
 */
import { ForgetfulMap } from '../base/bounded.ts';
import type { Hash, Height } from '../base/brand.ts';
import { GIVEN_BLOCKS_HOLD_MS, GIVEN_MAX } from './limits.ts';
import type { Lane, PeerId } from './ports.ts';

/** Only peers that are admitted ask: there are no more of these than the genesis and our operator name. */
interface Receiver {
  readonly bit: bigint;
  /** The highest block that it was given, and when it was given blocks last. */
  blocksTo: number;
  blocksTick: number;
}

interface GivenContext {
  readonly tickMs: number;
  /** The peer is given so many bytes again. */
  readonly again: (peer: PeerId, lane: Lane, bytes: number) => void;
}

export class Given {
  readonly #context: GivenContext;
  readonly #receivers = new Map<PeerId, Receiver>();
  /** By id, of transactions and bodies that are not long final: a bit for each peer. */
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

  transactions(peer: PeerId, given: readonly { readonly id: Hash; readonly bytes: Uint8Array }[]): void {
    let again = 0;
    for (const { id, bytes } of given) if (!this.#isFirst(peer, id)) again += bytes.length;
    if (again > 0) this.#context.again(peer, 'transactions', again);
  }

  /** A body. Of old ones there are more than could be remembered, and who lacks them asks for blocks. */
  body(peer: PeerId, hash: Hash, isOld: boolean, bytes: number): void {
    if (isOld || !this.#isFirst(peer, hash)) this.#context.again(peer, 'sync', bytes);
  }

  /** Blocks from one height to another. Who catches up asks for higher ones each time, and is not made to wait; so the highest is
   *  all that has to be remembered. Who lost everything is a newcomer after a while. */
  blocks(peer: PeerId, from: Height, to: Height, bytes: number): void {
    const receiver = this.#of(peer);
    const sinceMs = (this.#ticks - receiver.blocksTick) * this.#context.tickMs;
    const highest = sinceMs < GIVEN_BLOCKS_HOLD_MS ? receiver.blocksTo : 0;
    receiver.blocksTo = Math.max(highest, to);
    receiver.blocksTick = this.#ticks;
    if (from <= highest) this.#context.again(peer, 'sync', bytes);
  }

  #isFirst(peer: PeerId, id: Hash): boolean {
    const { bit } = this.#of(peer);
    const given = this.#things.get(id) ?? 0n;
    if ((given & bit) !== 0n) return false;
    this.#things.set(id, given | bit);
    return true;
  }

  #of(peer: PeerId): Receiver {
    const known = this.#receivers.get(peer);
    if (known !== undefined) return known;
    const receiver: Receiver = { bit: 1n << BigInt(this.#receivers.size), blocksTo: 0, blocksTick: this.#ticks };
    this.#receivers.set(peer, receiver);
    return receiver;
  }
}
