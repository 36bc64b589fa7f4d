/**
 * The only loop. It takes inputs in turns, lets the pure core and the ledger answer, writes what has to be durable in one
 * batch, and only then lets anything leave. A node runs it over libp2p, LevelDB and the wall clock; the simulator over
 * virtual time. Nothing in it waits: answers of the world come back as inputs.
 */
import type { Address, Epoch, Hash, Height, ValidatorIndex } from '../base/brand.ts';
import { authenticate } from '../consensus/authenticate.ts';
import type { Message, Status } from '../consensus/messages.ts';
import { NO_ACCOUNT } from '../ledger/account.ts';
import { type Body, bodyHash } from '../ledger/block.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { isWeakQuorum } from '../ledger/validators.ts';
import type { Evidence, SignedVote } from '../ledger/vote.ts';
import { Bodies } from './bodies.ts';
import { CatchUp } from './catch-up.ts';
import { Chain } from './chain.ts';
import { Forwarding } from './forwarding.ts';
import { Intake, type SubmitOutcome } from './intake.ts';
import { Journal } from './journal.ts';
import { type Buffers, EVIDENCE_COST, INPUTS_MAX, VIEW_MESSAGE_COST } from './limits.ts';
import { Loop } from './loop.ts';
import { Mempool } from './mempool.ts';
import { Patience } from './patience.ts';
import type { AccountView, Clock, Observer, PeerId, Signer, Store, Transport, Verifier } from './ports.ts';
import { Postman } from './postman.ts';
import { Protocol } from './protocol.ts';
import { KEYS } from './records.ts';
import type { RecoveredDriver } from './recovery.ts';
import { Server } from './server.ts';
import { Shares } from './shares.ts';
import { Submissions } from './submissions.ts';
import type { StrategyFactory } from './strategy.ts';
import { decodePeerMessage, type PeerMessage, type SyncBlock } from './wire.ts';

export interface DriverOptions {
  readonly genesis: Genesis;
  /** Which validator this node is; null for an observer. */
  readonly self: ValidatorIndex | null;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly store: Store;
  readonly verifier: Verifier;
  readonly signer: Signer;
  readonly observer: Observer;
  readonly recovered: RecoveredDriver;
  /** Makes this validator lie; development chains only. */
  readonly strategy?: StrategyFactory;
}

export interface DriverStatus {
  readonly epoch: Epoch;
  readonly view: number;
  readonly active: boolean;
  readonly primary: ValidatorIndex;
  readonly executedHeight: Height;
  readonly finalHeight: Height;
  readonly finalHash: Hash;
  /** Height that we are behind of and catch up to; null when we are not. */
  readonly catchingUpTo: Height | null;
  readonly mempool: { readonly size: number; readonly bytes: number };
  /** The primary owes a block: transactions wait, or it was silent for long. */
  readonly waiting: boolean;
  readonly peers: ReadonlyMap<PeerId, Status | null>;
  readonly halted: boolean;
}

export class Driver {
  readonly #options: DriverOptions;
  readonly #loop: Loop;
  readonly #chain: Chain;
  readonly #mempool: Mempool;
  readonly #intake: Intake;
  readonly #bodies: Bodies;
  readonly #catchUp: CatchUp;
  readonly #postman: Postman;
  readonly #server: Server;
  readonly #protocol: Protocol;
  readonly #forwarding: Forwarding;
  /** Connected peers, and where each last said it stands. */
  readonly #peers = new Map<PeerId, Status | null>();
  readonly #shares = new Shares();
  readonly #submissions = new Submissions();
  #ticks = 0;

  constructor(options: DriverOptions) {
    this.#options = options;
    const { genesis, recovered, observer, clock, store } = options;
    const journal = new Journal();
    this.#loop = new Loop({
      ...options,
      journal,
      endTurn: () => this.#endTurn(),
      halted: (error) => observer.halted(error),
      ended: () => this.#submissions.end(),
    });
    const input = (run: () => void): void => this.#loop.input(run);
    this.#chain = new Chain(recovered, journal, observer);
    this.#mempool = new Mempool((sender) => this.#chain.state.accounts.get(sender) ?? NO_ACCOUNT, genesis.ledger);
    this.#postman = new Postman(options, journal, () => this.#peers.keys());
    this.#catchUp = new CatchUp({
      send: (to, message) => this.#postman.sendTo(to, message),
      peers: () => [...this.#peers.keys()],
      isWeakQuorum: (peers) => isWeakQuorum(genesis.validators, this.#postman.powerOf(new Set(peers))),
    });
    this.#bodies = new Bodies({
      genesis,
      clock,
      journal,
      authority: (epoch) => this.#protocol.authorityOf(epoch),
      headMs: () => this.#chain.state.head.header.timestampMs,
      ask: (message, turn) => this.#postman.ask(message, turn),
      find: (id) => this.#mempool.get(id)?.item,
      isChecking: (id) => this.#intake.isChecking(id),
      executedHeight: () => this.#chain.executedHeight,
      executedBody: (height) => this.#chain.pendingBody(height),
    });
    this.#bodies.restore(recovered.bodies);
    this.#intake = this.#newIntake(input);
    this.#server = new Server(store, this.#chain, this.#mempool, this.#bodies.pool, (to, message) =>
      input(() => this.#postman.sendTo(to, message)),
    );
    const patience = new Patience(genesis, this.#mempool, this.#bodies.pool.carried);
    this.#protocol = new Protocol({
      ...options,
      journal,
      chain: this.#chain,
      mempool: this.#mempool,
      patience,
      bodies: this.#bodies,
      postman: this.#postman,
      catchUp: this.#catchUp,
      demand: () => this.#forwarding.demand,
      reach: () => this.#postman.reachesQuorum(),
      again: () => input(() => {}),
    });
    this.#forwarding = new Forwarding(options, this.#mempool, patience, this.#postman, () => this.#protocol.primary);
    // The first turn writes what recovery promised.
    input(() => {});
  }

  #newIntake(input: (run: () => void) => void): Intake {
    const { store, verifier, clock, observer } = this.#options;
    return new Intake({
      state: this.#chain.state,
      mempool: this.#mempool,
      bodies: this.#bodies.pool,
      verifier,
      clock,
      input,
      committed: (id, done) => store.read([KEYS.transaction(id)], ([value]) => input(() => done(value !== undefined))),
      forward: (transactions) => this.#postman.broadcast({ kind: 'transactions', transactions }),
      rejected: (id, code) => observer.rejected(id, code),
      punish: (peer, code, message) => this.#punish(peer, code, message),
    });
  }

  /** Ends the loop after the turn that is being written; `done` when nothing more will happen. */
  stop(done: () => void): void {
    this.#loop.stop(done);
  }

  /** Call it every `tickMs` of the genesis. */
  tick(): void {
    this.#loop.input(() => {
      this.#ticks += 1;
      this.#postman.tick();
      this.#server.tick();
      this.#protocol.tick(this.#ticks);
      this.#bodies.tick(this.#ticks);
      this.#forwarding.tick(this.#ticks, this.#options.clock.nowMs(), this.#chain.executedHeight);
    });
  }

  peerConnected(peer: PeerId): void {
    this.#loop.input(() => {
      this.#peers.set(peer, null);
      this.#protocol.reach();
      this.#postman.sendTo(peer, { kind: 'status', status: this.#protocol.status });
      this.#forwarding.toPeer(peer);
    });
  }

  peerDisconnected(peer: PeerId): void {
    this.#loop.input(() => {
      this.#peers.delete(peer);
      this.#protocol.reach();
      this.#catchUp.disconnected(peer);
    });
  }

  /** One message of a connected peer. When too many wait it is dropped; STATUS brings back what matters. */
  receive(peer: PeerId, message: Uint8Array): void {
    if (this.#loop.backlog >= INPUTS_MAX || !this.#shares.take(peer, message)) return;
    this.#loop.input(() => {
      this.#shares.free(peer, message);
      // It may have left while its message waited.
      if (!this.#peers.has(peer)) return;
      const decoded = decodePeerMessage(message);
      if (!decoded.ok) this.#punish(peer, decoded.error.code, decoded.error.message);
      else this.#onMessage(peer, decoded.value);
    });
  }

  /** A client's signed transaction. */
  submit(signedBytes: Uint8Array, done: (outcome: SubmitOutcome) => void): void {
    const answer = this.#submissions.open(done);
    if (answer === undefined) return;
    if (this.#loop.backlog >= INPUTS_MAX) return answer({ code: 'MEMPOOL_FULL', message: 'too many inputs wait' });
    this.#loop.input(() => this.#intake.submit(signedBytes, answer));
  }

  status(): DriverStatus {
    const { epoch, view, active } = this.#protocol.status;
    return {
      epoch,
      view,
      active,
      primary: this.#protocol.primary,
      executedHeight: this.#chain.executedHeight,
      finalHeight: this.#chain.finalHeight,
      finalHash: this.#chain.finalHash,
      catchingUpTo: this.#catchUp.target(this.#chain.executedHeight),
      mempool: { size: this.#mempool.size, bytes: this.#mempool.bytes },
      waiting: this.#protocol.isWaiting,
      peers: this.#peers,
      halted: this.#loop.ended,
    };
  }

  account(address: Address): AccountView {
    const { balance, nonce } = this.#chain.state.accounts.get(address) ?? NO_ACCOUNT;
    return { address, balance, nonce, pendingNonce: this.#mempool.pendingNonce(address) };
  }

  /** Whether the transaction waits here. */
  isPending(id: Hash): boolean {
    return this.#mempool.get(id) !== undefined || this.#intake.isChecking(id) || this.#bodies.pool.carried.has(id);
  }

  /** Proofs of offences that this node holds. */
  evidence(): readonly Evidence[] {
    return [...this.#protocol.accusations];
  }

  /** What peers made this driver hold; never more than `bufferLimits`. */
  buffers(): Buffers {
    return { ...this.#protocol.buffers(), verifying: this.#intake.checking, deferred: this.#server.deferred };
  }

  /** What follows from all inputs of a turn together. */
  #endTurn(): void {
    this.#protocol.settle();
    // Blocks of the next epoch can be checked when this one's last certificate is here.
    if (this.#chain.executedHeight < this.#protocol.authority.lastHeight)
      this.#catchUp.pursue(this.#chain.executedHeight, this.#ticks);
    this.#intake.flush();
  }

  #onMessage(peer: PeerId, message: PeerMessage): void {
    this.#postman.overhear(peer, message);
    switch (message.kind) {
      case 'transactions':
        return this.#intake.receive(peer, message.transactions);
      case 'fetch-transactions':
        return this.#server.transactions(peer, message.ids);
      case 'fetch-body':
        return this.#server.body(peer, message.height, message.hash);
      case 'fetch-blocks':
        return this.#server.blocks(peer, message.from, message.count);
      case 'body': {
        const refused = this.#bodies.answered(message.height, message.fullBody);
        if (!refused.ok) return this.#punish(peer, refused.error.code, refused.error.message);
        return refused.value ? this.#intake.receive(peer, message.fullBody.transactions) : undefined;
      }
      case 'blocks':
        return this.#onBlocks(peer, message.blocks);
      case 'evidence': {
        if (!this.#server.allows(peer, EVIDENCE_COST)) return;
        const told = this.#protocol.told(message.evidence);
        return told.ok ? undefined : this.#punish(peer, told.error.code, told.error.message);
      }
      case 'pre-prepare':
        return this.#onPrePrepare(peer, message.vote, message.body);
      case 'vote':
        return this.#onProtocol(peer, message.vote.voter, message);
      case 'view-change':
      case 'new-view':
        if (!this.#server.allows(peer, VIEW_MESSAGE_COST)) return;
        return this.#onProtocol(peer, this.#postman.validatorOf(peer), message);
      case 'certificate':
      case 'status': {
        const from = this.#postman.validatorOf(peer);
        if (from !== undefined) return this.#onProtocol(peer, from, message);
        if (message.kind === 'status' && this.#server.allows(peer))
          this.#server.helpObserver(peer, message.status, this.#protocol.authority.epoch);
      }
    }
  }

  #onPrePrepare(peer: PeerId, vote: SignedVote, body: Body): void {
    const { height, hash } = vote.vote;
    if (bodyHash(body) !== hash) return this.#punish(peer, 'BODY_MISMATCH', 'not the body of the PRE-PREPARE');
    this.#onProtocol(peer, vote.voter, { kind: 'vote', vote });
    // A primary can sign any number of bodies, for its later views too: only the one that counts is kept.
    if (!this.#protocol.isProposed(height, hash)) return;
    const offered = this.#bodies.offered(height, hash, body);
    if (!offered.ok) this.#punish(peer, offered.error.code, offered.error.message);
  }

  #onProtocol(peer: PeerId, from: ValidatorIndex | undefined, message: Message): void {
    if (from === undefined) return;
    if (message.kind === 'status') {
      this.#peers.set(peer, message.status);
      if (!this.#server.allows(peer)) return;
      this.#server.helpOutOfEpoch(peer, message.status, this.#protocol.authority.epoch);
    }
    if (!this.#protocol.isOfUse(message)) return;
    const checked = authenticate(this.#protocol.authority, message);
    if (checked.ok) return this.#protocol.step({ kind: 'message', from, message: checked.value });
    // Another epoch is no offence: one of us is behind.
    if (checked.error.code !== 'WRONG_EPOCH') this.#punish(peer, checked.error.code, checked.error.message);
  }

  #onBlocks(peer: PeerId, blocks: readonly SyncBlock[]): void {
    if (!this.#catchUp.accept(peer, blocks)) return;
    const fresh = blocks.filter(({ header }) => header.height > this.#chain.executedHeight);
    const checked = this.#bodies.range(this.#protocol.authority, this.#chain.state.head, fresh);
    if (!checked.ok) {
      this.#catchUp.refuted(peer);
      return this.#punish(peer, checked.error.code, checked.error.message);
    }
    const from = this.#chain.executedHeight;
    this.#protocol.follow(checked.value);
    const to = this.#chain.executedHeight;
    this.#options.observer.note(
      this.#catchUp.target(to) === null ? { kind: 'caught-up', height: to } : { kind: 'catching-up', from, to },
    );
  }

  #punish(peer: PeerId, code: string, message: string): void {
    const { transport, observer } = this.#options;
    observer.note({ kind: 'misbehaviour', peer, validator: this.#postman.validatorOf(peer) ?? null, code, message });
    transport.punish(peer, code, message);
  }
}
