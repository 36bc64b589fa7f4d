/**
 * The only loop. It takes inputs in turns, lets the pure core and the ledger answer, writes what has to be durable in one
 * batch, and only then lets anything leave. A node runs it over libp2p, LevelDB and the wall clock; the simulator over
 * virtual time. Nothing in it waits: answers of the world come back as inputs.
 */
import type { Address, Epoch, Hash, Height, ValidatorIndex } from '../base/brand.ts';
import type { Status } from '../consensus/messages.ts';
import { NO_ACCOUNT } from '../ledger/account.ts';
import type { Genesis } from '../ledger/genesis.ts';
import type { Evidence } from '../ledger/vote.ts';
import { Bodies } from './bodies/bodies.ts';
import { CatchUp } from './sync/catch-up.ts';
import { Chain } from './durability/chain.ts';
import { Dealings } from './fairness/dealings.ts';
import { Forwarding } from './transactions/forwarding.ts';
import { Intake, type SubmitOutcome } from './transactions/intake.ts';
import { Batch } from './durability/batch.ts';
import { type Buffers, INPUTS_MAX } from './limits.ts';
import { Loop } from './durability/loop.ts';
import { Mempool } from './transactions/mempool.ts';
import { Patience } from './transactions/patience.ts';
import type { AccountView, Clock, Observer, Lane, PeerId, Signer, Store, Transport, Verifier } from './ports.ts';
import { Outbox } from './peers/outbox.ts';
import { type Punish, punishing } from './peers/punish.ts';
import { Roster } from './peers/roster.ts';
import { Protocol } from './agreement/protocol.ts';
import { KEYS } from './durability/records.ts';
import type { RecoveredDriver } from './durability/recovery.ts';
import { Reception } from './reception.ts';
import { Server } from './sync/server.ts';
import { Submissions } from './transactions/submissions.ts';
import type { StrategyFactory } from './wire/strategy.ts';
import { laneOf } from './wire/wire.ts';

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
  readonly #roster: Roster;
  readonly #outbox: Outbox;
  readonly #punish: Punish;
  readonly #server: Server;
  readonly #protocol: Protocol;
  readonly #forwarding: Forwarding;
  readonly #dealings: Dealings;
  readonly #reception: Reception;
  readonly #submissions = new Submissions();
  #ticks = 0;

  constructor(options: DriverOptions) {
    this.#options = options;
    const { genesis, recovered, observer, clock } = options;
    const batch = new Batch();
    this.#loop = new Loop({
      ...options,
      batch,
      messages: () => this.#dealings.take((peer, message) => this.#reception.look(peer, message)),
      endTurn: () => this.#endTurn(),
      halted: (error) => observer.halted(error),
      ended: () => this.#submissions.end(),
    });
    const input = (run: () => void): void => this.#loop.input(run);
    this.#roster = new Roster(options);
    this.#punish = punishing(options, this.#roster);
    this.#dealings = this.#newDealings(input);
    this.#chain = new Chain(recovered, batch, observer);
    this.#mempool = new Mempool((sender) => this.#chain.state.accounts.get(sender) ?? NO_ACCOUNT, genesis.ledger);
    this.#outbox = new Outbox(options, this.#roster, batch, (...leaving) => this.#dealings.leaves(...leaving));
    this.#catchUp = new CatchUp({
      tickMs: genesis.consensus.tickMs,
      send: (to, message) => this.#outbox.sendTo(to, message),
      peers: () => [...this.#roster.peers()],
      isWeakQuorum: (peers) => this.#roster.isWeakQuorum(peers),
    });
    this.#bodies = new Bodies({
      genesis,
      clock,
      batch,
      authority: (epoch) => this.#protocol.authorityOf(epoch),
      headMs: () => this.#chain.state.head.header.timestampMs,
      roster: this.#roster,
      outbox: this.#outbox,
      voters: (height, hash) => this.#protocol.voters(height, hash),
      find: (id) => this.#mempool.get(id)?.item,
      isChecking: (id) => this.#intake.isChecking(id),
      executedHeight: () => this.#chain.executedHeight,
      executedBody: (height) => this.#chain.pendingBody(height),
    });
    this.#bodies.restore(recovered.bodies);
    this.#intake = this.#newIntake(input);
    this.#server = this.#newServer();
    const patience = new Patience(genesis, this.#mempool, this.#bodies.pool.carried);
    this.#protocol = new Protocol({
      ...options,
      verify: this.#dealings.signatures.verify,
      batch,
      chain: this.#chain,
      mempool: this.#mempool,
      patience,
      bodies: this.#bodies,
      roster: this.#roster,
      outbox: this.#outbox,
      catchUp: this.#catchUp,
      demand: () => this.#forwarding.demand,
      again: () => input(() => {}),
    });
    this.#forwarding = new Forwarding(
      options,
      this.#mempool,
      patience,
      this.#roster,
      this.#outbox,
      () => this.#protocol.primary,
    );
    this.#reception = this.#newReception();
    // The first turn writes what recovery promised.
    input(() => {});
  }

  #newDealings(input: (run: () => void) => void): Dealings {
    return new Dealings({
      ...this.#options,
      wake: () => this.#loop.message(),
      throttled: (peer) =>
        this.#options.observer.note({
          kind: 'misbehaviour',
          peer,
          validator: this.#roster.validatorOf(peer) ?? null,
          code: 'THROTTLED',
          message: 'it sends more than is of use, and waits for its turn',
        }),
      overdrawn: (peer) =>
        input(() => this.#punish(peer, 'OVERDRAWN', 'more useless work, for longer, than any node may ask for')),
    });
  }

  /** Whoever asked pays for the answer. */
  #newServer(): Server {
    const { store, budgets, given } = this.#dealings;
    const answer = (to: PeerId, lane: Lane, send: () => void): void =>
      this.#loop.input(() =>
        budgets.paying(to, lane, 0, () => {
          send();
          return false;
        }),
      );
    return new Server(store, this.#chain, this.#mempool, this.#bodies.pool, {
      message: (to, message, kept) =>
        answer(to, laneOf(message), () => {
          if (!this.#outbox.offer(to, message)) kept?.();
        }),
      encoded: (to, kind, bytes) => answer(to, 'sync', () => this.#outbox.sendEncoded(to, kind, bytes)),
      later: () => budgets.later(),
      given,
    });
  }

  #newReception(): Reception {
    return new Reception({
      roster: this.#roster,
      outbox: this.#outbox,
      intake: this.#intake,
      server: this.#server,
      bodies: this.#bodies,
      protocol: this.#protocol,
      catchUp: this.#catchUp,
      chain: this.#chain,
      observer: this.#options.observer,
      questions: this.#dealings.questions,
      punish: this.#punish,
    });
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
      forward: (transactions) => this.#outbox.broadcast({ kind: 'transactions', transactions }),
      rejected: (id, code) => observer.rejected(id, code),
      punish: this.#punish,
      charge: (peer, price) => this.#dealings.budgets.charge(peer, 'transactions', price),
      refund: (peer, price) => this.#dealings.budgets.refund(peer, 'transactions', price),
      wasAsked: (peer) => this.#dealings.questions.transaction(peer),
      validatorOf: (peer) => this.#roster.validatorOf(peer),
    });
  }

  /** Ends the loop after the turn that is being written; `done` when nothing more will happen. */
  stop(done: () => void): void {
    this.#loop.stop(done);
  }

  /** Call it every `tickMs` of the genesis. */
  tick(): void {
    this.#dealings.tick();
    this.#loop.tick(() => this.#onTick());
  }

  peerConnected(peer: PeerId): void {
    this.#loop.input(() => {
      this.#roster.connected(peer);
      this.#dealings.connected(peer);
      this.#protocol.reach();
      this.#outbox.sendTo(peer, { kind: 'status', status: this.#protocol.status });
      this.#forwarding.toPeer(peer);
    });
  }

  peerDisconnected(peer: PeerId): void {
    this.#loop.input(() => {
      this.#dealings.disconnected(peer, (from, message) => this.#reception.look(from, message));
      this.#roster.disconnected(peer);
      this.#protocol.reach();
      this.#catchUp.disconnected(peer);
    });
  }

  /** One message of a connected peer. It waits until it is paid for. When too many wait some are dropped; STATUS brings back
   *  what matters. */
  receive(peer: PeerId, message: Uint8Array): void {
    this.#dealings.receive(peer, message);
  }

  /** Whether what the peer says of the protocol now is looked at in the next turn: it owes us nothing. */
  isHeard(peer: PeerId): boolean {
    return this.#dealings.isHeard(peer);
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
      peers: this.#roster.statuses,
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
    return {
      ...this.#protocol.buffers(),
      verifying: this.#intake.checking,
      refused: this.#intake.refused,
      told: this.#intake.told,
      given: this.#dealings.given.size,
      waiting: this.#dealings.waiting,
      signatures: this.#dealings.signatures.size,
    };
  }

  /** What follows from all inputs of a turn together. */
  #endTurn(): void {
    this.#protocol.settle();
    const next = (this.#chain.executedHeight + 1) as Height;
    if (this.#bodies.isOverdue(next, (this.#chain.certified?.height ?? 0) >= next))
      this.#catchUp.overdue(next, this.#holders(next));
    // Blocks of the next epoch can be checked when this one's last certificate is here.
    if (this.#chain.executedHeight < this.#protocol.authority.lastHeight)
      this.#catchUp.pursue(this.#chain.executedHeight, this.#ticks);
    this.#bodies.fetch(this.#ticks);
    this.#intake.flush();
  }

  /** Who must have a block: who signed a certificate of it, or of one above it; who executed it and calls it final, since a liar
   *  may have kept us from the certificate. Others who lack the block may hold its certificate. */
  *#holders(height: Height): Generator<PeerId> {
    const { certified } = this.#chain;
    if (certified !== null && certified.height >= height)
      for (const signer of certified.signers.getTrueBitIndexes()) yield this.#roster.peerOf(signer as ValidatorIndex);
    for (const [peer, status] of this.#roster.statuses)
      if (status !== null && Math.min(status.stableHeight, status.executedHeight) >= height) yield peer;
  }

  #onTick(): void {
    this.#ticks += 1;
    this.#outbox.tick();
    this.#protocol.tick(this.#ticks);
    this.#forwarding.tick(this.#ticks, this.#options.clock.nowMs(), this.#chain.executedHeight);
  }
}
