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

interface Sized<T> {
  readonly item: T;
  readonly size: number;
}

interface Line<T> {
  readonly items: Sized<T>[];
  size: number;
}

export class FairQueue<T> {
  readonly #max: number;
  /** In the order of their turns; none is empty. */
  readonly #lines = new Map<Client, Line<T>>();
  #size = 0;

  /** `max`: of the sizes of all that waits. */
  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#size;
  }

  /** Puts the item behind those of its client. Where that is too much, returns what has to go: the newest of the client that has
   *  most, as many as make room, or this one where its client would have most. One alone may wait, however large it is. */
  push(client: Client, item: T, size = 1): readonly T[] {
    const own = this.#lines.get(client)?.size ?? 0;
    const dropped: { readonly line: Line<T>; readonly last: Sized<T> }[] = [];
    while (this.#size > 0 && this.#size + size > this.#max) {
      const largest = this.#largest();
      const last = largest === undefined || own + size >= largest.size ? undefined : largest.items.at(-1);
      if (largest === undefined || last === undefined) {
        for (const each of dropped.reverse()) this.#add(each.line, each.last);
        return [item];
      }
      largest.items.pop();
      largest.size -= last.size;
      this.#size -= last.size;
      dropped.push({ line: largest, last });
    }
    const line = this.#lines.get(client) ?? { items: [], size: 0 };
    this.#lines.set(client, line);
    this.#add(line, { item, size });
    return dropped.map(({ last }) => last.item);
  }

  #add(line: Line<T>, sized: Sized<T>): void {
    line.items.push(sized);
    line.size += sized.size;
    this.#size += sized.size;
  }

  /** Whose turn it is. */
  peek(): T | undefined {
    return this.#lines.values().next().value?.items[0]?.item;
  }

  shift(): T | undefined {
    const first = this.#lines.entries().next().value;
    if (first === undefined) return undefined;
    const [client, line] = first;
    const next = line.items.shift();
    if (next === undefined) return undefined;
    line.size -= next.size;
    this.#size -= next.size;
    this.#lines.delete(client);
    if (line.items.length > 0) this.#lines.set(client, line);
    return next.item;
  }

  /** Of those that have more than one item, since everybody may have one. */
  #largest(): Line<T> | undefined {
    let largest: Line<T> | undefined;
    for (const line of this.#lines.values())
      if (line.items.length > 1 && line.size > (largest?.size ?? 0)) largest = line;
    return largest;
  }
}
