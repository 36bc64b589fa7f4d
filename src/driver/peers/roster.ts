/** Who is connected, which validator each peer is in the epoch that runs, which one we are, and where each last said it stands. */
import type { ValidatorIndex } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import type { Status } from '../../consensus/messages.ts';
import type { KnownEpoch } from '../../ledger/epoch.ts';
import {
  isQuorum,
  isWeakQuorum,
  powerOf,
  validatorAt,
  validatorOfKey,
  validatorOfPeer,
  type ValidatorSet,
} from '../../ledger/validators.ts';
import type { Batch } from '../stored/batch.ts';
import { type RecoveredDriver, runningEpoch } from '../durability/recovery.ts';
import type { PeerId, Transport } from '../ports.ts';

interface RosterContext {
  /** The key that we sign votes with: it decides which validator we are. Null for an observer. */
  readonly publicKey: Uint8Array | null;
  readonly transport: Pick<Transport, 'admit'>;
  readonly recovered: Pick<RecoveredDriver, 'state' | 'certified'>;
}

export class Roster {
  readonly #context: RosterContext;
  readonly #batch: Pick<Batch, 'after'>;
  #validators: ValidatorSet;
  #self: ValidatorIndex | null;
  /** Connected peers; null where one has said nothing yet. */
  readonly #statuses = new Map<PeerId, Status | null>();

  /** Of the epoch that runs when the node starts. The network admits its nodes already. */
  constructor(context: RosterContext, batch: Pick<Batch, 'after'>) {
    const { validators } = runningEpoch(context.recovered);
    this.#context = context;
    this.#batch = batch;
    this.#validators = validators;
    this.#self = selfIn(validators, context.publicKey);
  }

  /** An epoch begins. Who is not admitted any more is let go after what this turn sends. */
  enter(epoch: KnownEpoch): void {
    const { publicKey, transport } = this.#context;
    this.#validators = epoch.validators;
    this.#self = selfIn(epoch.validators, publicKey);
    this.#batch.after(() => transport.admit?.(admittedIn(epoch)));
  }

  /** Which validator we are; null while we are none, and follow. */
  get self(): ValidatorIndex | null {
    return this.#self;
  }

  get validators(): ValidatorSet {
    return this.#validators;
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

  /** Undefined for an observer. */
  validatorOf(peer: PeerId): ValidatorIndex | undefined {
    return validatorOfPeer(this.#validators, peer)?.index;
  }

  peerOf(validator: ValidatorIndex): PeerId {
    return present(validatorAt(this.#validators, validator), 'validator').peerId;
  }

  /** Whether replicas of a quorum's power are connected: without one no primary can be blamed. */
  reachesQuorum(): boolean {
    const own = this.#self === null ? [] : [this.#self];
    return isQuorum(this.#validators, powerOf(this.#validators, [...own, ...this.#indices(this.peers())]));
  }

  /** Whether an honest validator is among these peers, unless liars hold more than the protocol stands. */
  isWeakQuorum(peers: Iterable<PeerId>): boolean {
    return isWeakQuorum(this.#validators, powerOf(this.#validators, this.#indices(peers)));
  }

  *#indices(peers: Iterable<PeerId>): Generator<ValidatorIndex> {
    for (const peer of peers) {
      const index = this.validatorOf(peer);
      if (index !== undefined) yield index;
    }
  }
}

/** Whom the network admits in this epoch: its validators, and who follows. */
export const admittedIn = ({ validators, observers, followers }: KnownEpoch): ReadonlySet<PeerId> =>
  new Set([...validators.members, ...observers, ...followers].map(({ peerId }) => peerId));

const selfIn = (validators: ValidatorSet, publicKey: Uint8Array | null): ValidatorIndex | null =>
  publicKey === null ? null : (validatorOfKey(validators, publicKey)?.index ?? null);
