/** Takes what the driver sends to the transport, after the turn is durable, and through the strategy of a liar. */
import type { ValidatorIndex } from '../../base/brand.ts';
import type { Message } from '../../consensus/messages.ts';
import type { Body } from '../../ledger/block.ts';
import type { Epochs } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { placesIn } from '../../ledger/validators.ts';
import type { SignedVote } from '../../ledger/vote.ts';
import type { Batch } from '../stored/batch.ts';
import type { Dealings } from '../fairness/dealings.ts';
import type { PeerId, Signer, Transport } from '../ports.ts';
import type { Roster } from './roster.ts';
import type { Outgoing, Strategy, StrategyFactory } from '../wire/strategy.ts';
import { type AnswerKind, decodePeerMessage, encodePeerMessage, laneOf, type PeerMessage } from '../wire/wire.ts';

interface OutboxOptions {
  readonly genesis: Genesis;
  readonly recovered: { readonly state: { readonly epochs: Epochs } };
  readonly transport: Transport;
  readonly signer: Signer;
  readonly strategy?: StrategyFactory;
}

export class Outbox {
  readonly #transport: Transport;
  readonly #roster: Roster;
  readonly #batch: Batch;
  readonly #strategy: Strategy | null;
  readonly #dealings: Pick<Dealings, 'leaves'>;

  constructor(options: OutboxOptions, roster: Roster, batch: Batch, dealings: Pick<Dealings, 'leaves'>) {
    const { genesis, recovered, signer, strategy } = options;
    const { epochs } = recovered.state;
    this.#transport = options.transport;
    this.#roster = roster;
    this.#batch = batch;
    this.#dealings = dealings;
    const self = roster.self ?? this.#observer;
    const validators = () => roster.validators;
    this.#strategy = strategy === undefined ? null : strategy({ genesis, epochs, validators, self, signer });
  }

  /** To one connected peer, another with each number. */
  ask(message: PeerMessage, turn: number): void {
    const peers = [...this.#roster.peers()];
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
    else this.sendTo(this.#roster.peerOf(to), outgoing);
  }

  broadcast(message: PeerMessage): void {
    this.#send([...this.#roster.peers()], message);
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
    if (!this.#dealings.leaves(peer, { kind }, bytes)) return;
    if (this.#strategy === null) return this.#batch.after(() => this.#transport.send(peer, 'sync', bytes));
    const decoded = decodePeerMessage(bytes);
    if (decoded.ok) this.#lie(this.#strategy, peer, decoded.value);
  }

  /** A message came: a liar listens. */
  overhear(peer: PeerId, message: PeerMessage): void {
    const from = this.#roster.validatorOf(peer);
    if (from !== undefined) this.#strategy?.incoming?.(from, message);
  }

  /** A tick: a liar says what it wants to say by itself. */
  tick(): void {
    for (const each of this.#strategy?.tick?.() ?? [])
      for (const peer of this.#peersOf(each.to)) this.#tell(peer, each);
  }

  /** Those of this index that are connected: of observers there may be several. */
  #peersOf(index: ValidatorIndex): readonly PeerId[] {
    return [...this.#roster.peers()].filter((peer) => this.#indexOf(peer) === index);
  }

  /** What a strategy calls those who are no validator: the one after the last. */
  get #observer(): ValidatorIndex {
    return placesIn(this.#roster.validators) as ValidatorIndex;
  }

  #indexOf(peer: PeerId): ValidatorIndex {
    return this.#roster.validatorOf(peer) ?? this.#observer;
  }

  /** Returns to how many it leaves. */
  #send(peers: readonly PeerId[], message: PeerMessage): number {
    if (peers.length === 0) return 0;
    const bytes = encodePeerMessage(message);
    const receivers = peers.filter((peer) => this.#dealings.leaves(peer, message, bytes));
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
    const to = this.#indexOf(peer);
    if (to === this.#roster.self) return;
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
