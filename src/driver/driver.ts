/**
 * The only loop. It takes inputs in turns, lets the pure core and the ledger answer, writes what has to be durable in one
 * batch, and only then lets anything leave. A node runs it over libp2p, LevelDB and the wall clock; the simulator over
 * virtual time. Nothing in it waits: answers of the world come back as inputs.
 */
import type { Address, Epoch, Hash, Height, ValidatorIndex } from '../base/brand.ts';
import { invariant } from '../base/invariant.ts';
import { type Authority, authenticate } from '../consensus/authenticate.ts';
import type { Message, Status } from '../consensus/messages.ts';
import { nextProposal } from '../consensus/normal-case.ts';
import { nothingRecovered, recoverReplica } from '../consensus/recovery.ts';
import { type Instance, primaryOfView, type Replica, stableHeight, windowEnd } from '../consensus/replica.ts';
import { statusOf } from '../consensus/status.ts';
import { step } from '../consensus/step.ts';
import type { Effect, Input } from '../consensus/transition.ts';
import { NO_ACCOUNT } from '../ledger/account.ts';
import { bodyHash } from '../ledger/block.ts';
import type { ExecutedBlock } from '../ledger/execute.ts';
import type { Genesis } from '../ledger/genesis.ts';
import { TRANSACTION_WEIGHT_MAX } from '../ledger/limits.ts';
import { offenceKey, offenceOf } from '../ledger/offence.ts';
import { weightOf } from '../ledger/transaction-rules.ts';
import { isQuorum } from '../ledger/validators.ts';
import { type Evidence, evidenceCodec, type SignedVote } from '../ledger/vote.ts';
import { Bodies, type ReadyBody } from './bodies.ts';
import { CatchUp } from './catch-up.ts';
import { Chain } from './chain.ts';
import { bundles, Intake, type SubmitOutcome } from './intake.ts';
import { Journal } from './journal.ts';
import { INPUTS_MAX, PENDING_EVIDENCE_MAX } from './limits.ts';
import { Mempool } from './mempool.ts';
import { overlooked } from './patience.ts';
import type { AccountView, Clock, Observer, PeerId, Signer, Store, Transport, Verifier } from './ports.ts';
import { Postman } from './postman.ts';
import { PromiseKeys } from './promise-keys.ts';
import { Proposer } from './proposer.ts';
import { KEYS } from './records.ts';
import { instanceEpoch, type RecoveredDriver } from './recovery.ts';
import { Server } from './server.ts';
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
  readonly peers: ReadonlyMap<PeerId, Status | null>;
  readonly halted: boolean;
}

export class Driver {
  readonly #options: DriverOptions;
  readonly #journal = new Journal();
  readonly #chain: Chain;
  readonly #mempool: Mempool;
  readonly #intake: Intake;
  readonly #bodies: Bodies;
  readonly #catchUp: CatchUp;
  readonly #proposer: Proposer;
  readonly #postman: Postman;
  readonly #server: Server;
  readonly #promiseKeys: PromiseKeys;
  readonly #peers = new Map<PeerId, Status | null>();
  readonly #evidence = new Map<string, Evidence>();
  #replica: Replica;
  #authority: Authority;
  #inputs: (() => void)[] = [];
  #ticks = 0;
  /** When the current view began here. */
  #viewSinceMs: number;
  #scheduled = false;
  #writing = false;
  #halted = false;
  #stopping: (() => void) | null = null;

  constructor(options: DriverOptions) {
    this.#options = options;
    const { genesis, recovered, observer, clock, store, verifier } = options;
    this.#chain = new Chain(recovered, this.#journal, observer);
    const { state } = this.#chain;
    this.#viewSinceMs = clock.nowMs();
    this.#mempool = new Mempool((sender) => (state.accounts.get(sender) ?? NO_ACCOUNT).nonce);
    this.#postman = new Postman(options, this.#journal, () => this.#peers.keys());
    this.#bodies = new Bodies({
      genesis,
      clock,
      journal: this.#journal,
      authority: (epoch) => this.#authorityOf(epoch),
      ask: (message, tried) => this.#ask(message, tried),
      find: (id) => this.#mempool.get(id)?.item,
      isChecking: (id) => this.#intake.isChecking(id),
    });
    this.#intake = new Intake({
      state,
      mempool: this.#mempool,
      bodies: this.#bodies.pool,
      verifier,
      clock,
      observer,
      input: (run) => this.#input(run),
      committed: (id, done) =>
        store.read([KEYS.transaction(id)], ([value]) => this.#input(() => done(value !== undefined))),
      forward: (transactions) => this.#postman.broadcast({ kind: 'transactions', transactions }),
      punish: (peer, code, message) => this.#punish(peer, code, message),
    });
    this.#catchUp = new CatchUp({
      send: (to, message) => this.#postman.sendTo(to, message),
      peers: () => [...this.#peers.keys()],
    });
    this.#server = new Server(store, this.#chain, this.#mempool, this.#bodies.pool, (to, message) =>
      this.#input(() => this.#postman.sendTo(to, message)),
    );
    this.#proposer = new Proposer(genesis, clock, this.#mempool, this.#bodies.pool, this.#chain);
    this.#promiseKeys = new PromiseKeys(this.#journal, recovered.promises);
    for (const evidence of recovered.evidence) this.#evidence.set(offenceKey(offenceOf(evidence)), evidence);
    this.#bodies.restore(recovered.bodies);
    const instance = this.#instance(instanceEpoch(genesis, this.#chain.executedHeight, recovered.certified));
    this.#authority = this.#authorityOf(instance.epoch);
    const stable = recovered.certified?.epoch === instance.epoch ? recovered.certified : null;
    const { replica, effects } = recoverReplica(instance, {
      stable,
      blocks: recovered.blocks.filter(({ height }) => height >= instance.firstHeight),
      executed: this.#chain.executedHeight,
      records: recovered.promises.map(({ record }) => record),
    });
    this.#replica = replica;
    this.#input(() => this.#carryOut(effects));
  }

  /** Ends the loop after the turn that is being written; `done` when nothing more will happen. */
  stop(done: () => void): void {
    this.#stopping = done;
    if (!this.#writing) this.#finish();
  }

  #finish(): void {
    const done = this.#stopping;
    if (done === null) return;
    this.#halted = true;
    this.#stopping = null;
    done();
  }

  /** Call it every `tickMs` of the genesis. */
  tick(): void {
    this.#input(() => this.#onTick());
  }

  peerConnected(peer: PeerId): void {
    this.#input(() => {
      this.#peers.set(peer, null);
      this.#reach();
      this.#postman.sendTo(peer, { kind: 'status', status: statusOf(this.#replica) });
      const local = [...this.#mempool.entries()].filter((entry) => entry.local).map(({ item }) => item.bytes);
      for (const transactions of bundles(local)) this.#postman.sendTo(peer, { kind: 'transactions', transactions });
    });
  }

  peerDisconnected(peer: PeerId): void {
    this.#input(() => {
      this.#peers.delete(peer);
      this.#reach();
      this.#catchUp.disconnected(peer);
    });
  }

  /** One message of a connected peer. When too many wait it is dropped; STATUS brings back what matters. */
  receive(peer: PeerId, message: Uint8Array): void {
    if (this.#inputs.length >= INPUTS_MAX) return;
    this.#input(() => {
      const decoded = decodePeerMessage(message);
      if (!decoded.ok) this.#punish(peer, decoded.error.code, decoded.error.message);
      else this.#onMessage(peer, decoded.value);
    });
  }

  /** A client's signed transaction. */
  submit(signedBytes: Uint8Array, done: (outcome: SubmitOutcome) => void): void {
    if (this.#halted) return done({ code: 'NODE_HALTED', message: 'the node has stopped' });
    if (this.#inputs.length >= INPUTS_MAX) return done({ code: 'MEMPOOL_FULL', message: 'too many inputs wait' });
    this.#input(() => this.#intake.submit(signedBytes, done));
  }

  status(): DriverStatus {
    const replica = this.#replica;
    return {
      epoch: replica.instance.epoch,
      view: replica.view,
      active: replica.active,
      primary: primaryOfView(replica, replica.view),
      executedHeight: this.#chain.executedHeight,
      finalHeight: this.#chain.finalHeight,
      finalHash: this.#chain.finalHash,
      catchingUpTo: this.#catchUp.target,
      mempool: { size: this.#mempool.size, bytes: this.#mempool.bytes },
      peers: this.#peers,
      halted: this.#halted,
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
    return [...this.#evidence.values()];
  }

  // The loop.

  #input(run: () => void): void {
    this.#inputs.push(run);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled || this.#writing || this.#halted) return;
    this.#scheduled = true;
    this.#options.clock.soon(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    if (this.#halted || this.#writing) return;
    try {
      const inputs = this.#inputs;
      this.#inputs = [];
      for (const input of inputs) input();
      this.#endTurn();
      this.#write();
    } catch (error) {
      this.#halt(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** What follows from all inputs of the turn together. */
  #endTurn(): void {
    this.#settleBodies();
    this.#step({ kind: 'demand', waiting: this.#mempool.demand });
    this.#propose();
    this.#catchUp.pursue(this.#chain.executedHeight, this.#ticks);
    this.#intake.flush();
  }

  /** Persist before send: what the turn wants to say leaves when what it wrote is durable. */
  #write(): void {
    const { operations, after } = this.#journal.take();
    if (operations.length === 0) {
      for (const action of after) action();
      return;
    }
    this.#writing = true;
    this.#options.store.write(operations, (error) => {
      this.#writing = false;
      if (error !== undefined) return this.#halt(error);
      if (this.#halted) return;
      try {
        for (const action of after) action();
      } catch (failure) {
        return this.#halt(failure instanceof Error ? failure : new Error(String(failure)));
      }
      if (this.#stopping !== null) this.#finish();
      else if (this.#inputs.length > 0) this.#schedule();
    });
  }

  #halt(error: Error): void {
    if (this.#halted) return;
    this.#halted = true;
    this.#inputs = [];
    this.#options.observer.halted(error);
    this.#finish();
  }

  // Inputs.

  #onTick(): void {
    this.#ticks += 1;
    this.#server.tick();
    this.#step({ kind: 'tick' });
    this.#bodies.tick(this.#ticks);
    const { genesis, clock, observer } = this.#options;
    const { baseTimeoutTicks, tickMs } = genesis.consensus;
    if (this.#ticks % Math.ceil(baseTimeoutTicks / 2) !== 0) return;
    for (const { entry, code } of this.#mempool.expire(this.#chain.executedHeight + 1, clock.nowMs()))
      observer.rejected(entry.item.id, code);
    // Bundles can be lost with a connection: what our clients gave us and still waits is passed on again.
    const stale = clock.nowMs() - (baseTimeoutTicks / 2) * tickMs;
    const local = [...this.#mempool.entries()].filter((entry) => entry.local && entry.sinceMs < stale);
    for (const transactions of bundles(local.map(({ item }) => item.bytes)))
      this.#postman.broadcast({ kind: 'transactions', transactions });
  }

  /** Tells the core whether a quorum is connected: without one no primary can be blamed. */
  #reach(): void {
    const { genesis, self } = this.#options;
    const { validators } = genesis.validators;
    const power = validators.reduce(
      (sum, { index, peerId, power: each }) => (index === self || this.#peers.has(peerId) ? sum + each : sum),
      0n,
    );
    this.#step({ kind: 'reach', quorum: isQuorum(genesis.validators, power) });
  }

  #onMessage(peer: PeerId, message: PeerMessage): void {
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
      case 'pre-prepare':
        return this.#onPrePrepare(peer, message.vote, message);
      default:
        return this.#onProtocol(peer, message);
    }
  }

  #onPrePrepare(peer: PeerId, vote: SignedVote, { body }: Extract<PeerMessage, { kind: 'pre-prepare' }>): void {
    if (bodyHash(body) !== vote.vote.hash)
      return this.#punish(peer, 'BODY_MISMATCH', 'not the body of the PRE-PREPARE');
    const { height } = vote.vote;
    const checked = authenticate(this.#authority, { kind: 'vote', vote });
    if (!checked.ok) return this.#refuse(peer, checked.error);
    if (
      height > stableHeight(this.#replica) &&
      height <= windowEnd(this.#replica) &&
      height > this.#chain.executedHeight
    ) {
      const added = this.#bodies.offered(height, vote.vote.hash, body);
      if (!added.ok) return this.#punish(peer, added.error.code, added.error.message);
    }
    this.#step({ kind: 'message', from: vote.voter, message: checked.value });
  }

  #onProtocol(peer: PeerId, message: Message): void {
    const from = this.#postman.validatorOf(peer);
    if (from === undefined) return;
    if (message.kind === 'status') {
      this.#peers.set(peer, message.status);
      if (!this.#server.allows(peer)) return;
    }
    const checked = authenticate(this.#authority, message);
    if (!checked.ok) return this.#refuse(peer, checked.error);
    this.#step({ kind: 'message', from, message: checked.value });
  }

  #refuse(peer: PeerId, { code, message }: { readonly code: string; readonly message: string }): void {
    // Another epoch is no offence: one of us is behind.
    if (code !== 'WRONG_EPOCH') this.#punish(peer, code, message);
  }

  #onBlocks(peer: PeerId, blocks: readonly SyncBlock[]): void {
    if (!this.#catchUp.accept(peer, blocks)) return;
    const fresh = blocks.filter(({ header }) => header.height > this.#chain.executedHeight);
    const checked = this.#bodies.range(this.#authority, this.#chain.state.head, fresh);
    if (!checked.ok) {
      this.#catchUp.refuted(peer);
      return this.#punish(peer, checked.error.code, checked.error.message);
    }
    const from = this.#chain.executedHeight;
    for (const { header, body, transactions, certificate } of checked.value) {
      const block = this.#chain.execute(body, transactions, false);
      invariant(
        block.header.bodyHash === header.bodyHash && block.header.stateRoot === header.stateRoot,
        'our execution differs from the certified one',
        { height: header.height },
      );
      this.#executed(block);
      if (certificate !== null) this.#step({ kind: 'synced', certificate });
    }
    const to = this.#chain.executedHeight;
    this.#options.observer.note(
      to >= (this.#catchUp.target ?? 0) ? { kind: 'caught-up', height: to } : { kind: 'catching-up', from, to },
    );
  }

  // The core and its effects.

  #step(input: Input): void {
    this.#carryOut(step(this.#replica, input));
  }

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) this.#effect(effect);
  }

  #effect(effect: Effect): void {
    const { observer } = this.#options;
    switch (effect.kind) {
      case 'persist':
        return this.#promiseKeys.keep(this.#replica.instance.epoch, effect.record);
      case 'send':
        return this.#postman.deliver(
          effect.to,
          effect.message,
          (vote) => this.#bodies.pool.get(vote.vote.height, vote.vote.hash)?.body,
        );
      case 'check-body':
        return this.#bodies.check(effect);
      case 'execute':
        return this.#bodies.execute(effect.height, effect.bodyHash);
      case 'certified':
        return this.#onCertified(effect);
      case 'certified-late':
        return this.#chain.keepCertificate(effect.certificate);
      case 'behind':
        return this.#catchUp.behind(effect.height, effect.peer === null ? null : this.#postman.peerOf(effect.peer));
      case 'evidence':
        return this.#accuse(effect.evidence);
      case 'view-change-started':
        return observer.note({ kind: 'view-change-started', view: effect.view, reason: effect.reason });
      case 'view-entered':
        this.#viewSinceMs = this.#options.clock.nowMs();
        return observer.note({ kind: 'view-entered', view: effect.view, primary: effect.primary });
    }
  }

  #onCertified({ certificate }: Extract<Effect, { kind: 'certified' }>): void {
    this.#chain.certify(certificate);
    this.#promiseKeys.forget((certificate.height - this.#replica.instance.window) as Height);
  }

  #accuse(evidence: Evidence): void {
    const key = offenceKey(offenceOf(evidence));
    if (this.#evidence.has(key) || this.#evidence.size >= PENDING_EVIDENCE_MAX) return;
    this.#evidence.set(key, evidence);
    this.#journal.put(KEYS.evidence(key), evidenceCodec.encode(evidence));
    this.#options.observer.offence(evidence);
  }

  /** Answers to check-body and execute, as far as bodies are here; each answer can bring the next question. */
  #settleBodies(): void {
    for (;;) {
      const checked = this.#bodies.nextChecked();
      if (checked !== undefined) {
        this.#step({ kind: 'body-checked', ...checked });
        continue;
      }
      const ready = this.#bodies.nextExecutable((this.#chain.executedHeight + 1) as Height);
      if (ready !== undefined) {
        const block = this.#chain.execute(ready.body, ready.transactions, ready.stored);
        this.#executed(block);
        this.#step({ kind: 'executed', height: block.header.height, blockHash: block.hash });
        this.#watchForCensorship(block.header.height, ready);
        continue;
      }
      if (!this.#nextEpoch()) return;
    }
  }

  /** A block was executed: what it used up leaves the mempool and the pool of bodies. */
  #executed(block: ExecutedBlock): void {
    const { observer } = this.#options;
    const included = new Set(block.record.receipts.map(({ transactionId }) => transactionId));
    for (const { id, code } of block.skipped) if (this.#mempool.remove(id) !== undefined) observer.rejected(id, code);
    for (const { item } of this.#mempool.advanced(block.changes.keys()))
      if (!included.has(item.id)) observer.rejected(item.id, 'NONCE_TOO_LOW');
    this.#bodies.drop(block.header.height, block.header.bodyHash);
    this.#proposer.executed();
  }

  #watchForCensorship(height: Height, { transactions }: ReadyBody): void {
    const replica = this.#replica;
    const { genesis, clock, observer } = this.#options;
    const weight = transactions.reduce((sum, { signed }) => sum + weightOf(signed.transaction), 0);
    const room = genesis.ledger.blockWeightMax - weight >= TRANSACTION_WEIGHT_MAX;
    if (!room || !overlooked(this.#mempool, this.#bodies.pool.carried, genesis, clock.nowMs(), this.#viewSinceMs))
      return;
    const primary = primaryOfView(replica, replica.view);
    observer.note({ kind: 'suspected', primary, reason: `transactions left out at height ${height}` });
    this.#step({ kind: 'censored', view: replica.view });
  }

  #propose(): void {
    for (;;) {
      const next = nextProposal(this.#replica);
      if (next === null) return;
      const body = this.#proposer.body(this.#replica, next.height, this.#evidence.values());
      if (body === null) return;
      const hash = this.#bodies.proposed(next.height, body.body, body.transactions);
      this.#step({ kind: 'propose', ...next, bodyHash: hash });
      this.#settleBodies();
    }
  }

  /** The epoch's last block is final and executed: the next instance begins. False while it is not. */
  #nextEpoch(): boolean {
    const { instance } = this.#replica;
    if (stableHeight(this.#replica) < instance.lastHeight || this.#chain.executedHeight < instance.lastHeight)
      return false;
    const next = this.#instance((instance.epoch + 1) as Epoch);
    this.#promiseKeys.forgetAll();
    this.#authority = this.#authorityOf(next.epoch);
    const { replica, effects } = recoverReplica(next, nothingRecovered(next));
    this.#replica = replica;
    this.#carryOut(effects);
    this.#reach();
    return true;
  }

  #instance(epoch: Epoch): Instance {
    const { genesis, self, signer } = this.#options;
    const { epochLength, window, baseTimeoutTicks, timeoutCapTicks } = genesis.consensus;
    return {
      chainId: genesis.chainId,
      epoch,
      validators: genesis.validators,
      self,
      firstHeight: (epoch * epochLength + 1) as Height,
      lastHeight: ((epoch + 1) * epochLength) as Height,
      window,
      baseTimeoutTicks,
      timeoutCapTicks,
      sign: (bytes) => signer.sign(bytes),
    };
  }

  /** Until stake can move, every epoch has the validators of the genesis. */
  #authorityOf(epoch: Epoch): Authority {
    const { verifier } = this.#options;
    return {
      ...this.#instance(epoch),
      verify: (publicKey, message, signature) => verifier.check({ publicKey, message, signature }),
    };
  }

  #ask(message: PeerMessage, tried: number): void {
    const peers = [...this.#peers.keys()];
    const peer = peers[tried % Math.max(1, peers.length)];
    if (peer !== undefined) this.#postman.sendTo(peer, message);
  }

  #punish(peer: PeerId, code: string, message: string): void {
    const { transport, observer } = this.#options;
    const validator = this.#postman.validatorOf(peer) ?? null;
    observer.note({ kind: 'misbehaviour', peer, validator, code, message });
    transport.punish(peer, code, message);
  }
}
