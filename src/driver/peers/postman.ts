/** Takes what the driver sends to the transport, after the turn is durable, and through the strategy of a liar. */
import type { ValidatorIndex } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import type { Message } from '../../consensus/messages.ts';
import type { Body } from '../../ledger/block.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { isQuorum } from '../../ledger/validators.ts';
import type { SignedVote } from '../../ledger/vote.ts';
import type { Batch } from '../durability/batch.ts';
import type { PeerId, Signer, Transport } from '../ports.ts';
import type { Outgoing, Strategy, StrategyFactory } from '../wire/strategy.ts';
import {
  type AnswerKind,
  decodePeerMessage,
  encodePeerMessage,
  laneOf,
  type Leaving,
  type PeerMessage,
} from '../wire/wire.ts';

/** A message is about to leave; false when it may not. */
type Leaves = (to: PeerId, message: Leaving, bytes: Uint8Array) => boolean;

interface PostmanOptions {
  readonly genesis: Genesis;
  readonly self: ValidatorIndex | null;
  readonly transport: Transport;
  readonly signer: Signer;
  readonly strategy?: StrategyFactory;
}

export class Postman {
  readonly #transport: Transport;
  readonly #batch: Batch;
  readonly #genesis: Genesis;
  readonly #self: ValidatorIndex | null;
  readonly #strategy: Strategy | null;
  readonly #indices: ReadonlyMap<PeerId, ValidatorIndex>;
  readonly #connected: ReadonlyMap<PeerId, unknown>;
  readonly #leaves: Leaves;

  constructor(options: PostmanOptions, batch: Batch, connected: ReadonlyMap<PeerId, unknown>, leaves: Leaves) {
    const { genesis, self, signer, strategy } = options;
    this.#transport = options.transport;
    this.#batch = batch;
    this.#genesis = genesis;
    this.#self = self;
    this.#connected = connected;
    this.#leaves = leaves;
    this.#indices = new Map(genesis.validators.validators.map(({ peerId, index }) => [peerId, index]));
    const observer = genesis.validators.validators.length as ValidatorIndex;
    this.#strategy = strategy === undefined ? null : strategy({ genesis, self: self ?? observer, signer });
  }

  validatorOf(peer: PeerId): ValidatorIndex | undefined {
    return this.#indices.get(peer);
  }

  peerOf(validator: ValidatorIndex): PeerId {
    return present(this.#genesis.validators.validators[validator], 'validator').peerId;
  }

  /** Connected peers. */
  peers(): Iterable<PeerId> {
    return this.#connected.keys();
  }

  isConnected(peer: PeerId): boolean {
    return this.#connected.has(peer);
  }

  /** Whether replicas of a quorum's power are connected: without one no primary can be blamed. */
  reachesQuorum(): boolean {
    const own = this.#self === null ? [] : [this.peerOf(this.#self)];
    return isQuorum(this.#genesis.validators, this.powerOf(new Set([...own, ...this.#connected.keys()])));
  }

  powerOf(peers: ReadonlySet<PeerId>): bigint {
    const { validators } = this.#genesis.validators;
    return validators.reduce((sum, { peerId, power }) => (peers.has(peerId) ? sum + power : sum), 0n);
  }

  /** To one connected peer, another with each number. */
  ask(message: PeerMessage, turn: number): void {
    const peers = [...this.#connected.keys()];
    const peer = peers[turn % Math.max(1, peers.length)];
    if (peer !== undefined) this.sendTo(peer, message);
  }

  /** A message of the core. A PRE-PREPARE goes with its body, where it is here. */
  deliver(to: ValidatorIndex | 'all', message: Message, bodyOf: (vote: SignedVote) => Body | undefined): void {
    let outgoing: PeerMessage = message;
    if (message.kind === 'vote' && message.vote.vote.kind === 'pre-prepare') {
      const body = bodyOf(message.vote);
      if (body !== undefined) outgoing = { kind: 'pre-prepare', vote: message.vote, body };
    }
    if (to === 'all') this.broadcast(outgoing);
    else this.sendTo(this.peerOf(to), outgoing);
  }

  broadcast(message: PeerMessage): void {
    this.#send([...this.#connected.keys()], message);
  }

  sendTo(peer: PeerId, message: PeerMessage): void {
    this.#send([peer], message);
  }

  /** The same. False when the pace at which we send does not let it leave. */
  offer(peer: PeerId, message: PeerMessage): boolean {
    return this.#send([peer], message) > 0;
  }

  /** An answer that is encoded already. A liar looks at it all the same. */
  sendEncoded(peer: PeerId, kind: AnswerKind, bytes: Uint8Array): void {
    if (!this.#leaves(peer, { kind }, bytes)) return;
    if (this.#strategy === null) return this.#batch.after(() => this.#transport.send(peer, 'sync', bytes));
    const decoded = decodePeerMessage(bytes);
    if (decoded.ok) this.#lie(this.#strategy, peer, decoded.value);
  }

  /** A message came: a liar listens. */
  overhear(peer: PeerId, message: PeerMessage): void {
    const from = this.validatorOf(peer);
    if (from !== undefined) this.#strategy?.incoming?.(from, message);
  }

  /** A tick: a liar says what it wants to say by itself. */
  tick(): void {
    for (const each of this.#strategy?.tick?.() ?? [])
      for (const peer of this.#peersOf(each.to)) this.#tell(peer, each);
  }

  /** Those of this index that are connected: of observers there may be several. */
  #peersOf(index: ValidatorIndex): readonly PeerId[] {
    const observer = this.#genesis.validators.validators.length;
    return [...this.#connected.keys()].filter((peer) => (this.#indices.get(peer) ?? observer) === index);
  }

  /** Returns to how many it leaves. */
  #send(peers: readonly PeerId[], message: PeerMessage): number {
    if (peers.length === 0) return 0;
    const bytes = encodePeerMessage(message);
    const receivers = peers.filter((peer) => this.#leaves(peer, message, bytes));
    if (this.#strategy !== null) {
      for (const peer of receivers) this.#lie(this.#strategy, peer, message);
      return receivers.length;
    }
    const lane = laneOf(message);
    this.#batch.after(() => {
      for (const peer of receivers) this.#transport.send(peer, lane, bytes);
    });
    return receivers.length;
  }

  #lie(strategy: Strategy, peer: PeerId, message: PeerMessage): void {
    const observer = this.#genesis.validators.validators.length as ValidatorIndex;
    const to = this.#indices.get(peer) ?? observer;
    if (to === this.#self) return;
    const outgoing: Outgoing = { to, message };
    for (const each of strategy.outgoing(outgoing))
      for (const receiver of each.to === to ? [peer] : this.#peersOf(each.to)) this.#tell(receiver, each);
  }

  #tell(receiver: PeerId, { message }: Outgoing): void {
    const bytes = message.kind === 'bytes' ? message.bytes : encodePeerMessage(message);
    const lane = message.kind === 'bytes' ? 'consensus' : laneOf(message);
    this.#batch.after(() => this.#transport.send(receiver, lane, bytes));
  }
}
