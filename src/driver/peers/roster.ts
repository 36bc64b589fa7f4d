/** Who is connected, which validator each peer is, and where each last said it stands. */
import type { ValidatorIndex } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import type { Status } from '../../consensus/messages.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import { isQuorum, isWeakQuorum } from '../../ledger/validators.ts';
import type { PeerId } from '../ports.ts';

export class Roster {
  readonly #genesis: Genesis;
  readonly #self: ValidatorIndex | null;
  readonly #indices: ReadonlyMap<PeerId, ValidatorIndex>;
  /** Connected peers; null where one has said nothing yet. */
  readonly #statuses = new Map<PeerId, Status | null>();

  constructor({ genesis, self }: { readonly genesis: Genesis; readonly self: ValidatorIndex | null }) {
    this.#genesis = genesis;
    this.#self = self;
    this.#indices = new Map(genesis.validators.validators.map(({ peerId, index }) => [peerId, index]));
  }

  connected(peer: PeerId): void {
    this.#statuses.set(peer, null);
  }

  disconnected(peer: PeerId): void {
    this.#statuses.delete(peer);
  }

  /** A connected peer says where it stands. */
  stands(peer: PeerId, status: Status): void {
    this.#statuses.set(peer, status);
  }

  /** Of connected peers; null where one has said nothing yet. */
  get statuses(): ReadonlyMap<PeerId, Status | null> {
    return this.#statuses;
  }

  /** Connected peers. */
  peers(): Iterable<PeerId> {
    return this.#statuses.keys();
  }

  isConnected(peer: PeerId): boolean {
    return this.#statuses.has(peer);
  }

  validatorOf(peer: PeerId): ValidatorIndex | undefined {
    return this.#indices.get(peer);
  }

  peerOf(validator: ValidatorIndex): PeerId {
    return present(this.#genesis.validators.validators[validator], 'validator').peerId;
  }

  /** Whether replicas of a quorum's power are connected: without one no primary can be blamed. */
  reachesQuorum(): boolean {
    const own = this.#self === null ? [] : [this.peerOf(this.#self)];
    return isQuorum(this.#genesis.validators, this.#powerOf(new Set([...own, ...this.peers()])));
  }

  /** Whether an honest validator is among these peers, unless liars hold more than the protocol stands. */
  isWeakQuorum(peers: Iterable<PeerId>): boolean {
    return isWeakQuorum(this.#genesis.validators, this.#powerOf(new Set(peers)));
  }

  #powerOf(peers: ReadonlySet<PeerId>): bigint {
    const { validators } = this.#genesis.validators;
    return validators.reduce((sum, { peerId, power }) => (peers.has(peerId) ? sum + power : sum), 0n);
  }
}
