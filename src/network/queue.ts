/** What waits to be written to one peer: a bounded queue for each lane, emptied in the order of the lanes. Pure data. */
import { invariant, present } from '../base/invariant.ts';
import type { Lane } from '../driver/ports.ts';
import { framedBytes } from './frames.ts';
import type { LaneLimits } from './limits.ts';

/** By priority: agreement first, then what it is to agree on, then those who are behind. */
export const LANES: readonly Lane[] = ['consensus', 'transactions', 'sync'];

export interface LaneState {
  readonly messages: number;
  readonly bytes: number;
  /** Messages dropped so far because the lane was full. */
  readonly dropped: number;
}

export class SendQueue {
  readonly #lanes: Readonly<Record<Lane, BoundedLane>>;

  constructor(limits: Readonly<Record<Lane, LaneLimits>>) {
    this.#lanes = {
      consensus: new BoundedLane(limits.consensus),
      transactions: new BoundedLane(limits.transactions),
      sync: new BoundedLane(limits.sync),
    };
  }

  get empty(): boolean {
    return LANES.every((lane) => this.#lanes[lane].messages === 0);
  }

  /** Queues a message; makes room by dropping the lane's oldest. */
  push(lane: Lane, message: Uint8Array): void {
    this.#lanes[lane].push(message);
  }

  /** Takes the next batch: at most `messagesMax` messages and, as framed, `bytesMax` bytes, but always one if there is one. */
  take(bytesMax: number, messagesMax: number): Uint8Array[] {
    const batch: Uint8Array[] = [];
    let bytes = 0;
    for (const name of LANES) {
      const lane = this.#lanes[name];
      for (let head = lane.head(); head !== undefined; head = lane.head()) {
        bytes += framedBytes(head);
        if (batch.length > 0 && (bytes > bytesMax || batch.length === messagesMax)) return batch;
        batch.push(lane.shift());
      }
    }
    return batch;
  }

  state(): Readonly<Record<Lane, LaneState>> {
    const { consensus, transactions, sync } = this.#lanes;
    return { consensus: consensus.state(), transactions: transactions.state(), sync: sync.state() };
  }
}

/** First in, first out; the head moves through an array that is cut now and then. */
class BoundedLane {
  readonly #limits: LaneLimits;
  #items: Uint8Array[] = [];
  #head = 0;
  #bytes = 0;
  #dropped = 0;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  get messages(): number {
    return this.#items.length - this.#head;
  }

  push(message: Uint8Array): void {
    const { messagesMax, bytesMax } = this.#limits;
    invariant(message.length <= bytesMax, 'a message fits into its lane', { length: message.length, bytesMax });
    while (this.messages === messagesMax || this.#bytes + message.length > bytesMax) {
      this.shift();
      this.#dropped++;
    }
    this.#items.push(message);
    this.#bytes += message.length;
  }

  head(): Uint8Array | undefined {
    return this.#items[this.#head];
  }

  shift(): Uint8Array {
    const message = present(this.head(), 'the head of the lane');
    this.#items[this.#head] = NOTHING;
    this.#head++;
    this.#bytes -= message.length;
    if (this.#head >= CUT && 2 * this.#head >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return message;
  }

  state(): LaneState {
    return { messages: this.messages, bytes: this.#bytes, dropped: this.#dropped };
  }
}

const NOTHING = new Uint8Array(0);
const CUT = 256;
