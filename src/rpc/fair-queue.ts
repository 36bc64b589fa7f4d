/** Who waits for a turn: one item of each client after the other, however many a client has. */
import type { Socket } from 'node:net';

/** Whoever shares a turn: a host, and on this machine, where all have the same address, a connection. */
export type Client = Socket | string;

/** The last 64 bits of an IPv6 address are its owner's to choose (RFC 4291, 2.5.1). */
const NETWORK_GROUPS = 4;

export function clientOf(socket: Socket): Client {
  const address = (socket.remoteAddress ?? '').replace(/^::ffff:/i, '');
  if (address === '' || address === '::1' || address.startsWith('127.')) return socket;
  return address.includes('.') ? address : address.split(':').slice(0, NETWORK_GROUPS).join(':');
}

export class FairQueue<T> {
  readonly #max: number;
  /** In the order of their turns; none is empty. */
  readonly #queues = new Map<Client, T[]>();
  #size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  /** Puts the item behind those of its client. Where that is one too many, returns which has to go: the newest of the client
   *  that has most, which may be this one. */
  push(client: Client, item: T): T | undefined {
    let dropped: T | undefined;
    if (this.#size >= this.#max) {
      const longest = this.#longest();
      const own = this.#queues.get(client)?.length ?? 0;
      if (longest === undefined || own + 1 >= longest.length) return item;
      dropped = longest.pop();
      this.#size -= 1;
    }
    const queue = this.#queues.get(client);
    if (queue === undefined) this.#queues.set(client, [item]);
    else queue.push(item);
    this.#size += 1;
    return dropped;
  }

  /** Whose turn it is. */
  peek(): T | undefined {
    return this.#queues.values().next().value?.[0];
  }

  shift(): T | undefined {
    const first = this.#queues.entries().next().value;
    if (first === undefined) return undefined;
    const [client, queue] = first;
    const item = queue.shift();
    this.#size -= 1;
    this.#queues.delete(client);
    if (queue.length > 0) this.#queues.set(client, queue);
    return item;
  }

  #longest(): T[] | undefined {
    let longest: T[] | undefined;
    for (const queue of this.#queues.values()) if (queue.length > (longest?.length ?? 1)) longest = queue;
    return longest;
  }
}
