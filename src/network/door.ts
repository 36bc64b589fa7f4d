/**
 * Who gets as far as a handshake. Anybody can open sockets, say nothing or begin a handshake and stop, and until a peer has
 * proved who it is nothing but its host tells it from a stranger. So a socket stays outside libp2p until its first byte is
 * there, which every honest peer sends at once, and until it is its turn; strangers have a share of the room, and known hosts
 * the rest; and of those in a handshake the one that has had its time makes room for the next.
 */
import { Server, type Socket } from 'node:net';
import { type TCPComponents, tcp } from '@libp2p/tcp';
import type { Listener, Transport } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { Allowance } from '../base/allowance.ts';
import { invariant } from '../base/invariant.ts';
import {
  GREETING_LIMITS,
  KNOWN_HANDSHAKES_PER_SECOND,
  LOOK_AGAIN_MS,
  OUTSIDE_LIMITS,
  type RoomLimits,
  STRANGERS_HANDSHAKES_PER_SECOND,
  UPGRADE_MS_MAX,
} from './limits.ts';

interface Guest {
  readonly socket: Socket;
  readonly host: string;
  /** A peer was there before, or the operator says that one is. */
  readonly known: boolean;
  readonly sinceMs: number;
  /** Its first bytes are there. */
  speaks: boolean;
  /** Hands it over to libp2p. */
  readonly enter: () => void;
}

export class Door {
  readonly #isKnown: (host: string) => boolean;
  readonly #outside = new Room(OUTSIDE_LIMITS);
  /** Whom libp2p has, and whose identity is not known yet. */
  readonly #greeting = new Room(GREETING_LIMITS);
  readonly #handshakes = {
    known: new Allowance(KNOWN_HANDSHAKES_PER_SECOND, KNOWN_HANDSHAKES_PER_SECOND / 4),
    strangers: new Allowance(STRANGERS_HANDSHAKES_PER_SECOND, STRANGERS_HANDSHAKES_PER_SECOND / 4),
  };
  #looking: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(isKnown: (host: string) => boolean) {
    this.#isKnown = isKnown;
  }

  /** A socket was accepted; `enter` takes it as soon as it has something to say and there is room for it. */
  knock(socket: Socket, enter: () => void): void {
    const host = hostOf(socket.remoteAddress);
    // It would be thrown.
    socket.on('error', () => socket.destroy());
    if (this.#closed || host === undefined) return void socket.destroy();
    const known = this.#isKnown(host);
    const guest: Guest = { socket, host, known, sinceMs: performance.now(), speaks: false, enter };
    if (!this.#outside.admit(guest)) return void socket.destroy();
    socket.setTimeout(UPGRADE_MS_MAX, () => socket.destroy());
    socket.once('close', () => {
      this.#outside.leave(guest);
      this.#greeting.leave(guest);
    });
    socket.once('readable', () => {
      // Without a byte it is the end of the stream.
      if (socket.readableLength === 0) return void socket.destroy();
      guest.speaks = true;
      this.#look();
    });
  }

  /** The peer at this address has proved who it is. */
  identified(address: Multiaddr): void {
    const { host, port } = placeOf(address);
    this.#greeting.leaveFrom(({ socket, host: from }) => from === host && socket.remotePort === port);
  }

  /** Nobody enters any more; whoever is outside goes. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#looking);
    this.#outside.clear();
  }

  /** Lets in whom there is room for: known hosts first, and of each kind in the order in which they came. */
  #look(): void {
    clearTimeout(this.#looking);
    const speaking = [...this.#outside.guests].filter(({ speaks }) => speaks);
    const nowMs = performance.now();
    for (const guest of [...speaking.filter(({ known }) => known), ...speaking.filter(({ known }) => !known)]) {
      const handshakes = guest.known ? this.#handshakes.known : this.#handshakes.strangers;
      if (handshakes.left(nowMs) < 1 || !this.#greeting.admit({ ...guest, sinceMs: nowMs })) continue;
      handshakes.spend(1, nowMs);
      this.#outside.leave(guest);
      guest.socket.removeAllListeners('timeout');
      guest.enter();
    }
    const waits = [...this.#outside.guests].some(({ speaks }) => speaks);
    if (waits && !this.#closed) this.#looking = setTimeout(() => this.#look(), LOOK_AGAIN_MS);
  }
}

/** Guests of one kind, oldest first. */
class Room {
  readonly #limits: RoomLimits;
  readonly #guests = new Set<Guest>();

  get guests(): Iterable<Guest> {
    return this.#guests;
  }

  constructor(limits: RoomLimits) {
    this.#limits = limits;
  }

  /** Whether there is room, if need be because another one goes. */
  admit(guest: Guest): boolean {
    const nowMs = performance.now();
    this.#forget(nowMs);
    const rivals = this.#rivalsOf(guest);
    if (rivals !== undefined) {
      const { graceMs } = this.#limits;
      const hadTime = ({ sinceMs, known }: Guest): boolean => nowMs - sinceMs >= graceMs || (guest.known && !known);
      const rival = rivals.find(hadTime);
      if (rival === undefined) return false;
      this.#guests.delete(rival);
      rival.socket.destroy();
    }
    this.#guests.add(guest);
    return true;
  }

  leave({ socket }: Guest): void {
    this.leaveFrom((guest) => guest.socket === socket);
  }

  leaveFrom(which: (guest: Guest) => boolean): void {
    for (const guest of this.#guests) if (which(guest)) this.#guests.delete(guest);
  }

  clear(): void {
    for (const { socket } of this.#guests) socket.destroy();
    this.#guests.clear();
  }

  /** Those of whom one has to go, in the order in which they do; undefined while there is room. */
  #rivalsOf({ known, host }: Guest): readonly Guest[] | undefined {
    const guests = [...this.#guests];
    const strangers = guests.filter((guest) => !guest.known);
    if (!known) {
      const neighbours = strangers.filter((guest) => guest.host === host);
      if (neighbours.length >= this.#limits.hostMax) return neighbours;
      if (strangers.length >= this.#limits.strangersMax) return strangers;
    }
    if (guests.length < this.#limits.max) return undefined;
    return known ? [...strangers, ...guests.filter((guest) => guest.known)] : strangers;
  }

  /** Whoever is here for longer than anybody may be has gone without our noticing. */
  #forget(nowMs: number): void {
    for (const guest of this.#guests) if (nowMs - guest.sinceMs > 2 * UPGRADE_MS_MAX) this.#guests.delete(guest);
  }
}

/** An IPv4 address that came by IPv6 is the same host (RFC 4291, 2.5.5.2). */
const hostOf = (address: string | undefined): string | undefined => address?.replace(/^::ffff:(?=[0-9.]+$)/i, '');

/** Host and port of an address. The host may be a name. */
export function placeOf(address: Multiaddr): { readonly host: string | undefined; readonly port: number } {
  const components = address.getComponents();
  const port = components.find(({ name }) => name === 'tcp')?.value;
  return { host: hostOf(components[0]?.value), port: Number(port) };
}

/** TCP with this door in front of what listens. */
export function tcpBehind(door: Door): (components: TCPComponents) => Transport {
  const create = tcp();
  return (components) => {
    const transport = create(components);
    const listenerOf = transport.createListener.bind(transport);
    transport.createListener = (options) => guarded(listenerOf(options), door);
    return transport;
  };
}

function guarded(listener: Listener, door: Door): Listener {
  const server = 'server' in listener ? listener.server : undefined;
  invariant(server instanceof Server, 'the TCP library has the server that it had');
  const listeners = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    door.knock(socket, () => {
      for (const each of listeners) each.call(server, socket);
    });
  });
  return listener;
}
