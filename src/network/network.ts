/**
 * The peers of a node: who is admitted, found, connected, and what is said to whom. Implements the driver's Transport.
 */
import { randomBytes } from 'node:crypto';
import type { Libp2p } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Hash } from '../base/brand.ts';
import { invariant } from '../base/invariant.ts';
import type { Lane, PeerId, Transport } from '../driver/ports.ts';
import { parseAddress } from './addresses.ts';
import { Admission, type Refusal } from './admission.ts';
import { Door } from './door.ts';
import { EventLog, type NetworkEvent } from './events.ts';
import { INCARNATION_BYTES, PROTOCOL_VERSION } from './hello.ts';
import { Finder } from './finder.ts';
import { createHost, type ListenAddress } from './host.ts';
import { type NodeIdentity, nodeIdentity } from './identity.ts';
import { DIAL_MS_MAX, MESSAGE_BYTES_MAX, TICK_MS } from './limits.ts';
import type { LaneState } from './queue.ts';
import type { NetworkHandlers } from './handlers.ts';
import type { Traffic } from './session.ts';
import { Sessions } from './sessions.ts';

export interface NetworkOptions {
  /** 32-byte ed25519 seed of the node key. */
  readonly nodeKey: Uint8Array;
  readonly chainId: Hash;
  /** Peers that may connect until `transport.admit` says otherwise. */
  readonly admitted: ReadonlySet<PeerId>;
  /** Peers that may always connect: the operator says so. */
  readonly configured: ReadonlySet<PeerId>;
  readonly listen: ListenAddress;
  /** Known addresses, `/ip4/…/tcp/…/p2p/…`. Wrong ones are told to the log and otherwise ignored. */
  readonly bootstrap: readonly string[];
  /** Find and be found on the local network. */
  readonly mdns: boolean;
  readonly log: (event: NetworkEvent) => void;
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
    hold: (peer, held) => queueMicrotask(() => this.#sessions.openWith(peer)?.hold(held)),
    admit: (peers) => this.#admit(new Set([...peers, ...this.#options.configured])),
  };
  readonly #options: NetworkOptions;
  readonly #identity: NodeIdentity;
  readonly #log: EventLog;
  readonly #admission: Admission;
  readonly #finder: Finder;
  readonly #door: Door;
  readonly #sessions: Sessions;
  #handlers: NetworkHandlers | undefined;
  #node: Libp2p | undefined;
  #ticking: NodeJS.Timeout | undefined;

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#identity = nodeIdentity(options.nodeKey);
    this.#log = new EventLog(options.log);
    this.#admission = new Admission(new Set([...options.admitted, ...options.configured]), this.#log);
    this.#finder = new Finder({
      wanted: (peer) => this.#sessions.of(peer).length === 0 && this.#admission.refusal(peer, 0) === undefined,
      dial: (address) => this.#dial(address),
    });
    this.#sessions = new Sessions({
      peerId: this.#identity.peerId,
      hello: { version: PROTOCOL_VERSION, chainId: options.chainId, incarnation: randomBytes(INCARNATION_BYTES) },
      admission: this.#admission,
      finder: this.#finder,
      log: this.#log,
      handlers: () => this.#handlers,
      punish: (peer, code, message) => this.#punish(peer, code, message),
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
        admits: (peer) => this.#admission.decide(peer, this.#sessions.of(peer).length),
        connected: (connection) => this.#sessions.begin(connection),
        streamed: (connection, stream) => this.#sessions.streamed(connection, stream),
        announced: (address) => this.#finder.announced(address),
      },
    );
    await this.#node.start();
    this.#log.state({ level: 'info', code: 'LISTENING', message: this.addresses().join(' ') });
    this.#ticking = setInterval(() => this.#sessions.tick(), TICK_MS);
    this.#dialAdmitted();
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticking);
    for (const session of this.#sessions.all()) session.end('STOPPED', 'this node stops');
    this.#admit(new Set());
    this.#door.close();
    await this.#node?.stop();
  }

  addresses(): readonly string[] {
    return this.#node?.getMultiaddrs().map((address) => address.toString()) ?? [];
  }

  peers(): readonly PeerState[] {
    return [...this.#sessions.open()].map((session) => ({
      peer: session.peer,
      connectedAtMs: session.connectedAtMs,
      sent: { ...session.sent },
      received: { ...session.received },
      queued: session.queued(),
    }));
  }

  counts(): NetworkCounts {
    return { refused: this.#admission.refused, ended: new Map(this.#sessions.ended) };
  }

  /** Replaces the admitted peers; those no longer among them are disconnected. */
  #admit(peers: ReadonlySet<PeerId>): void {
    const former = this.#admission.peers;
    this.#admission.replace(peers);
    for (const peer of former) {
      if (peers.has(peer)) continue;
      this.#finder.remove(peer);
      for (const session of this.#sessions.of(peer)) session.end('NOT_ADMITTED', 'the peer is no longer admitted');
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

  #send(to: PeerId, lane: Lane, message: Uint8Array): void {
    const { length } = message;
    invariant(
      length > 0 && length <= MESSAGE_BYTES_MAX,
      'a message that is sent has bytes, and no more than the limit',
      { length },
    );
    this.#sessions.openWith(to)?.send(lane, message);
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
    for (const session of this.#sessions.of(peer)) session.end(code, message);
  }
}
