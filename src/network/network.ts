/**
 * The peers of a node: who is admitted, found, connected, and what is said to whom. Implements the driver's Transport.
 */
import { randomBytes } from 'node:crypto';
import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Hash } from '../base/brand.ts';
import { invariant, present } from '../base/invariant.ts';
import { equalBytes } from '../codec/codec.ts';
import type { Lane, PeerId, Transport } from '../driver/ports.ts';
import { parseAddress } from './addresses.ts';
import { Admission, type Refusal } from './admission.ts';
import { MuxFrameError } from './bounded-yamux.ts';
import { Door } from './door.ts';
import { EventLog, type NetworkEvent } from './events.ts';
import { type Hello, INCARNATION_BYTES, PROTOCOL_VERSION } from './hello.ts';
import { Finder } from './finder.ts';
import { createHost, type ListenAddress, STREAM_PROTOCOL } from './host.ts';
import { type NodeIdentity, nodeIdentity } from './identity.ts';
import {
  CLOSE_MS_MAX,
  DIAL_MS_MAX,
  HANDSHAKE_TICKS_MAX,
  LASTING_TICKS,
  MESSAGE_BYTES_MAX,
  TICK_MS,
  TWIN_TICKS,
} from './limits.ts';
import type { LaneState } from './queue.ts';
import { type Ending, Session, type Traffic } from './session.ts';
import { attach } from './stream-wire.ts';

export interface NetworkOptions {
  /** 32-byte ed25519 seed of the node key. */
  readonly nodeKey: Uint8Array;
  readonly chainId: Hash;
  /** Peers that may connect until `transport.admit` says otherwise. */
  readonly admitted: ReadonlySet<PeerId>;
  readonly listen: ListenAddress;
  /** Known addresses, `/ip4/…/tcp/…/p2p/…`. Wrong ones are told to the log and otherwise ignored. */
  readonly bootstrap: readonly string[];
  /** Find and be found on the local network. */
  readonly mdns: boolean;
  readonly log: (event: NetworkEvent) => void;
}

/** Called for admitted peers that have proved their chain. `punish`, `admit` and `stop` call `disconnected` before they
 *  return. */
export interface NetworkHandlers {
  connected(peer: PeerId): void;
  disconnected(peer: PeerId): void;
  /** The bytes are the receiver's to keep. */
  received(peer: PeerId, message: Uint8Array): void;
}

export interface PeerState {
  readonly peer: PeerId;
  /** Milliseconds since 1970. */
  readonly connectedAtMs: number;
  /** Since the connection. */
  readonly sent: Readonly<Traffic>;
  readonly received: Readonly<Traffic>;
  readonly queued: Readonly<Record<Lane, LaneState>>;
}

/** Since the start, for metrics. */
export interface NetworkCounts {
  /** Connections refused when their peer was known. */
  readonly refused: Readonly<Record<Refusal, number>>;
  /** Sessions that ended, by code. */
  readonly ended: ReadonlyMap<string, number>;
}

export interface Network {
  readonly peerId: PeerId;
  readonly transport: Transport;
  /** Listens and dials. Rejects when the address cannot be listened on. Once only. */
  start(handlers: NetworkHandlers): Promise<void>;
  stop(): Promise<void>;
  /** Where this node listens, in the form that `bootstrap` takes. */
  addresses(): readonly string[];
  /** The connected peers. */
  peers(): readonly PeerState[];
  counts(): NetworkCounts;
}

export function createNetwork(options: NetworkOptions): Network {
  return new PeerNetwork(options);
}

class PeerNetwork implements Network {
  readonly transport: Transport = {
    send: (to, lane, message) => this.#send(to, lane, message),
    punish: (peer, code, message) => this.#punish(peer, code, message),
    // Not from within an event of the stream: what it still has would come out of order.
    hold: (peer, held) => queueMicrotask(() => this.#open.get(peer)?.hold(held)),
    admit: (peers) => this.#admit(peers),
  };
  readonly #options: NetworkOptions;
  readonly #identity: NodeIdentity;
  readonly #hello: Hello;
  readonly #log: EventLog;
  readonly #admission: Admission;
  readonly #finder: Finder;
  readonly #door: Door;
  /** All connections, whether their session is open or not yet. */
  readonly #sessions = new Map<Connection, Session>();
  /** The session in use for each connected peer. */
  readonly #open = new Map<PeerId, Session>();
  readonly #ended = new Map<string, number>();
  #handlers: NetworkHandlers | undefined;
  #node: Libp2p | undefined;
  #ticking: NodeJS.Timeout | undefined;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#identity = nodeIdentity(options.nodeKey);
    const incarnation = randomBytes(INCARNATION_BYTES);
    this.#hello = { version: PROTOCOL_VERSION, chainId: options.chainId, incarnation };
    this.#log = new EventLog(options.log);
    this.#admission = new Admission(options.admitted, this.#log);
    this.#finder = new Finder({
      wanted: (peer) => this.#sessionsOf(peer).length === 0 && this.#admission.refusal(peer, 0) === undefined,
      dial: (address) => this.#dial(address),
    });
    this.#door = new Door((host) => this.#finder.isKnownHost(host));
  }

  get peerId(): PeerId {
    return this.#identity.peerId;
  }

  async start(handlers: NetworkHandlers): Promise<void> {
    invariant(this.#handlers === undefined, 'a network starts once');
    this.#handlers = handlers;
    for (const text of this.#options.bootstrap) this.#configure(text);
    const { chainId, listen, mdns } = this.#options;
    this.#node = await createHost(
      { identity: this.#identity, chainId, listen, mdns },
      {
        door: this.#door,
        admits: (peer) => this.#admission.decide(peer, this.#sessionsOf(peer).length),
        connected: (connection) => this.#begin(connection),
        streamed: (connection, stream) => this.#streamed(connection, stream),
        announced: (address) => this.#finder.announced(address),
      },
    );
    await this.#node.start();
    this.#log.state({ level: 'info', code: 'LISTENING', message: this.addresses().join(' ') });
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
    this.#dialAdmitted();
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticking);
    for (const session of [...this.#sessions.values()]) session.end('STOPPED', 'this node stops');
    this.#admit(new Set());
    this.#door.close();
    await this.#node?.stop();
  }

  addresses(): readonly string[] {
    return this.#node?.getMultiaddrs().map((address) => address.toString()) ?? [];
  }

  peers(): readonly PeerState[] {
    return [...this.#open.values()].map((session) => ({
      peer: session.peer,
      connectedAtMs: session.connectedAtMs,
      sent: { ...session.sent },
      received: { ...session.received },
      queued: session.queued(),
    }));
  }

  counts(): NetworkCounts {
    return { refused: this.#admission.refused, ended: new Map(this.#ended) };
  }

  /** Replaces the admitted peers; those no longer among them are disconnected. */
  #admit(peers: ReadonlySet<PeerId>): void {
    const former = this.#admission.peers;
    this.#admission.replace(peers);
    for (const peer of former) {
      if (peers.has(peer)) continue;
      this.#finder.remove(peer);
      for (const session of this.#sessionsOf(peer)) session.end('NOT_ADMITTED', 'the peer is no longer admitted');
    }
    if (this.#ticking !== undefined) this.#dialAdmitted();
  }

  #dialAdmitted(): void {
    for (const peer of this.#admission.peers) if (peer !== this.peerId) this.#finder.add(peer);
  }

  #configure(text: string): void {
    const parsed = parseAddress(text);
    if (!parsed.ok) {
      const { code: reason, message } = parsed.error;
      this.#log.state({ level: 'warn', code: 'ADDRESS_IGNORED', reason, message });
    } else if (parsed.value.peer !== this.peerId) {
      this.#finder.configure(parsed.value);
    }
  }

  async #dial(address: Multiaddr): Promise<boolean> {
    try {
      // By force: each dial is a connection and a session of its own, never one that is being settled.
      await this.#node?.dial(address, { force: true, signal: AbortSignal.timeout(DIAL_MS_MAX) });
      return true;
    } catch {
      // Nobody there yet, or somebody else.
      return false;
    }
  }

  #sessionsOf(peer: PeerId): Session[] {
    return [...this.#sessions.values()].filter((session) => session.peer === peer);
  }

  #begin(connection: Connection): void {
    const peer = connection.remotePeer.toString();
    // Since the gater was asked the set, or the number of connections, may have changed.
    if (!this.#admission.decide(peer, this.#sessionsOf(peer).length)) return cut(connection, 'refused');
    const session = new Session(peer, this.peerId < peer, this.#hello, {
      elect: (candidate) => this.#elect(candidate),
      opened: (opened) => this.#opened(opened, connection),
      received: (message) => this.#handlers?.received(peer, message),
      ended: (ending) => this.#finish(connection, session, ending),
    });
    this.#sessions.set(connection, session);
    connection.addEventListener('close', ({ error }) => {
      const offence = error instanceof MuxFrameError;
      session.end(offence ? 'MUX_FRAME_TOO_LARGE' : 'CLOSED', error?.message ?? 'closed by the peer', { offence });
    });
    if (connection.direction === 'outbound') void this.#openStream(connection, session);
  }

  /** The side that dialled opens the stream. */
  async #openStream(connection: Connection, session: Session): Promise<void> {
    try {
      const signal = AbortSignal.timeout(HANDSHAKE_TICKS_MAX * TICK_MS);
      attach(session, await connection.newStream(STREAM_PROTOCOL, { signal }));
    } catch (error) {
      session.end('CLOSED', error instanceof Error ? error.message : String(error));
    }
  }

  #streamed(connection: Connection, stream: Stream): void {
    const session = this.#sessions.get(connection);
    if (session === undefined) stream.abort(new Error('unexpected stream'));
    else attach(session, stream);
  }

  #elect(candidate: Session): boolean {
    const current = this.#open.get(candidate.peer);
    if (current === undefined || current.age >= TWIN_TICKS) return true;
    return !equalBytes(incarnationOf(current), incarnationOf(candidate));
  }

  #opened(session: Session, connection: Connection): void {
    this.#finder.met(session.peer, connection);
    this.#open.get(session.peer)?.end('REPLACED', 'the peer has a newer connection');
    this.#open.set(session.peer, session);
    this.#log.state({ level: 'info', code: 'PEER_CONNECTED', peer: session.peer, message: 'connected' });
    this.#handlers?.connected(session.peer);
  }

  #finish(connection: Connection, session: Session, ending: Ending): void {
    const { peer } = session;
    const { code: reason, message } = ending;
    this.#sessions.delete(connection);
    this.#ended.set(reason, (this.#ended.get(reason) ?? 0) + 1);
    if (ending.gently) void closeGently(connection);
    else cut(connection, reason);
    if (session.age >= LASTING_TICKS) this.#finder.lost(peer);
    if (this.#open.get(peer) === session) {
      this.#open.delete(peer);
      this.#log.state({ level: 'info', code: 'PEER_DISCONNECTED', peer, reason, message });
      this.#handlers?.disconnected(peer);
    } else {
      this.#log.trouble({ code: 'HANDSHAKE_FAILED', peer, reason, message });
    }
    if (ending.offence) this.#punish(peer, reason, message);
  }

  #send(to: PeerId, lane: Lane, message: Uint8Array): void {
    const { length } = message;
    invariant(
      length > 0 && length <= MESSAGE_BYTES_MAX,
      'a message that is sent has bytes, and no more than the limit',
      { length },
    );
    this.#open.get(to)?.send(lane, message);
  }

  #punish(peer: PeerId, code: string, message: string): void {
    const awayMs = this.#admission.punish(peer);
    this.#log.state({
      level: 'warn',
      code: 'PEER_PUNISHED',
      peer,
      reason: code,
      message: `${message}; kept away for ${awayMs / 1000} s`,
    });
    for (const session of this.#sessionsOf(peer)) session.end(code, message);
  }

  #tick(): void {
    for (const session of [...this.#sessions.values()]) session.tick();
  }
}

const incarnationOf = (session: Session): Uint8Array => present(session.incarnation, 'the incarnation after a HELLO');

async function closeGently(connection: Connection): Promise<void> {
  try {
    await connection.close({ signal: AbortSignal.timeout(CLOSE_MS_MAX) });
  } catch {
    cut(connection, 'the goodbye took too long');
  }
}

/** Cuts the connection as soon as libp2p is done with its present event: from within, it would go on to write to what is
 *  closed, and throw where nobody catches. */
function cut(connection: Connection, reason: string): void {
  queueMicrotask(() => {
    try {
      connection.abort(new Error(reason));
    } catch {
      // A layer of the connection was closed already, and the layers below it then are too.
    }
  });
}
