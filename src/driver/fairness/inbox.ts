/**
 * Messages of peers that wait, as they came: nothing of them is decoded. Each peer has a queue for each lane, and no more
 * than its share of the room. They are taken in turn, by what they cost: one that floods us delays nobody but itself.
 */
import { present } from '../../base/invariant.ts';
import {
  HOLD_BULK_MS,
  HOLD_BYTES,
  INPUT_OVERHEAD_BYTES,
  INPUTS_MAX,
  PEER_INPUT_BYTES_MAX,
  TURN_QUANTUM_US,
} from '../limits.ts';
import { type Budgets, LANES } from './budgets.ts';
import type { Lane, PeerId } from '../ports.ts';
import { priceOfMessage } from './prices.ts';
import { laneOfBytes } from '../wire/wire.ts';

interface Waiting {
  readonly message: Uint8Array;
  /** To look at it. */
  readonly price: number;
}

/** A message whose turn it is. */
export interface Taken extends Waiting {
  readonly peer: PeerId;
  readonly lane: Lane;
}

interface Box {
  readonly lanes: Record<Lane, Queue>;
  messages: number;
  bytes: number;
  held: boolean;
  /** Ticks since then. */
  heldTicks: number;
}

interface InboxContext {
  readonly tickMs: number;
  readonly budgets: Budgets;
  /** Asks the network to read nothing more from the peer, or to go on. */
  readonly hold: (peer: PeerId, held: boolean) => void;
}

export class Inbox {
  readonly #context: InboxContext;
  readonly #boxes = new Map<PeerId, Box>();
  /** Who has something in the lane, in the order of their turns. */
  readonly #rings: Record<Lane, Set<PeerId>> = { consensus: new Set(), transactions: new Set(), sync: new Set() };
  /** Who cannot pay in this turn of the driver. */
  readonly #short: Record<Lane, Set<PeerId>> = { consensus: new Set(), transactions: new Set(), sync: new Set() };
  /** What the peer whose turn it is has spent of it. */
  #used = 0;
  #messages = 0;

  constructor(context: InboxContext) {
    this.#context = context;
  }

  /** Messages that wait. */
  get messages(): number {
    return this.#messages;
  }

  /** What it would cost to look at all that waits of a peer in a lane. */
  price(peer: PeerId, lane: Lane): number {
    return this.#boxes.get(peer)?.lanes[lane].price ?? 0;
  }

  /** Takes a message in. What is too much goes: the oldest of what was sent in bulk, and votes last. */
  put(peer: PeerId, message: Uint8Array): void {
    const lane = laneOfBytes(message);
    const box = this.#boxes.get(peer) ?? newBox();
    this.#boxes.set(peer, box);
    const waiting = { message, price: priceOfMessage(message) };
    box.lanes[lane].push(waiting);
    this.#count(box, 1, message.length);
    this.#rings[lane].add(peer);
    const messagesMax = Math.floor(INPUTS_MAX / this.#context.budgets.peers);
    while (box.messages > 1 && (box.messages > messagesMax || box.bytes > PEER_INPUT_BYTES_MAX)) this.#drop(peer, box);
    this.#hold(peer, box);
  }

  /** A tick went by. Who was held for long because of what it sent in bulk loses that: its votes wait behind it, out of our
   *  sight, and are not to wait until the bulk can be paid for. */
  tick(): void {
    for (const [peer, box] of this.#boxes) {
      if (!box.held) continue;
      box.heldTicks += 1;
      if (box.heldTicks * this.#context.tickMs < HOLD_BULK_MS) continue;
      while (box.bytes > HOLD_BYTES / 2 && box.messages > box.lanes.consensus.size) this.#drop(peer, box);
      this.#hold(peer, box);
    }
  }

  /** A turn of the driver begins: accounts may have been filled. */
  begin(): void {
    for (const lane of LANES) this.#short[lane].clear();
  }

  /** The next message that can be paid for. */
  next(): Taken | undefined {
    const { budgets } = this.#context;
    for (const lane of LANES) {
      const ring = this.#rings[lane];
      for (const peer of ring) {
        if (this.#short[lane].has(peer)) continue;
        if (!budgets.canPay(peer, lane)) {
          budgets.waits(peer, lane);
          this.#short[lane].add(peer);
          this.#used = 0;
          continue;
        }
        return { peer, lane, ...this.#take(peer, lane) };
      }
    }
    return undefined;
  }

  /** The next message of a peer about agreement, if it can be paid for. */
  nextOf(peer: PeerId): Taken | undefined {
    const lane = 'consensus';
    const { budgets } = this.#context;
    if (!this.#rings[lane].has(peer)) return undefined;
    if (budgets.canPay(peer, lane)) return { peer, lane, ...this.#take(peer, lane) };
    budgets.waits(peer, lane);
    return undefined;
  }

  /** The peer has left. */
  remove(peer: PeerId): void {
    const box = this.#boxes.get(peer);
    if (box === undefined) return;
    this.#messages -= box.messages;
    if (box.held) this.#context.hold(peer, false);
    this.#boxes.delete(peer);
    for (const lane of LANES) this.#rings[lane].delete(peer);
  }

  #take(peer: PeerId, lane: Lane): Waiting {
    const box = this.#boxes.get(peer) ?? newBox();
    const queue = box.lanes[lane];
    const waiting = queue.shift();
    this.#count(box, -1, -waiting.message.length);
    this.#used += waiting.price;
    const ring = this.#rings[lane];
    if (queue.size === 0 || this.#used >= TURN_QUANTUM_US) {
      this.#used = 0;
      ring.delete(peer);
      if (queue.size > 0) ring.add(peer);
    }
    this.#hold(peer, box);
    return waiting;
  }

  #drop(peer: PeerId, box: Box): void {
    const lane = LANES.findLast((each) => box.lanes[each].size > 0) ?? 'consensus';
    const { message, price } = box.lanes[lane].shift();
    if (box.lanes[lane].size === 0) this.#rings[lane].delete(peer);
    this.#count(box, -1, -message.length);
    this.#context.budgets.declined(peer, price);
  }

  #count(box: Box, messages: 1 | -1, bytes: number): void {
    box.messages += messages;
    box.bytes += bytes + messages * INPUT_OVERHEAD_BYTES;
    this.#messages += messages;
  }

  #hold(peer: PeerId, box: Box): void {
    const held = box.held ? box.bytes > HOLD_BYTES / 2 : box.bytes > HOLD_BYTES;
    if (held === box.held) return;
    box.held = held;
    box.heldTicks = 0;
    this.#context.hold(peer, held);
  }
}

const newBox = (): Box => ({
  lanes: { consensus: new Queue(), transactions: new Queue(), sync: new Queue() },
  messages: 0,
  bytes: 0,
  held: false,
  heldTicks: 0,
});

/** First in, first out; the head moves through an array that is cut now and then. */
class Queue {
  #items: (Waiting | undefined)[] = [];
  #head = 0;
  /** Of all that waits in it. */
  price = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(waiting: Waiting): void {
    this.#items.push(waiting);
    this.price += waiting.price;
  }

  shift(): Waiting {
    const waiting = present(this.#items[this.#head], 'the head of a queue');
    this.#items[this.#head] = undefined;
    this.#head += 1;
    this.price = this.size === 0 ? 0 : this.price - waiting.price;
    if (this.#head >= CUT && 2 * this.#head >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return waiting;
  }
}

const CUT = 256;
