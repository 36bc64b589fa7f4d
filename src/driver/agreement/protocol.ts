/**
 * The core's side of the driver: feeds one PBFT instance after another, and carries out its effects. The answers to its
 * questions about bodies and blocks are given within the same turn, where they are here.
 */
import type { Epoch, Hash, Height, ValidatorIndex } from '../../base/brand.ts';
import { invariant, present } from '../../base/invariant.ts';
import type { Result } from '../../base/result.ts';
import type { Authority } from '../../consensus/authenticate.ts';
import type { Message, Status } from '../../consensus/messages.ts';
import { nextProposal } from '../../consensus/normal-case.ts';
import { nothingRecovered, recoverReplica } from '../../consensus/recovery.ts';
import { isOfUse } from '../../consensus/relevance.ts';
import { type Instance, primaryOfView, type Replica, stableHeight } from '../../consensus/replica.ts';
import { statusOf } from '../../consensus/status.ts';
import { step } from '../../consensus/step.ts';
import type { Effect, Input } from '../../consensus/transition.ts';
import { blockHash } from '../../ledger/block.ts';
import type { ExecutedBlock } from '../../ledger/execute.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { Evidence } from '../../ledger/vote.ts';
import { Accusations } from './accusations.ts';
import type { Bodies, ReadyBody } from '../bodies/bodies.ts';
import type { CatchUp, ProvedRange } from '../sync/catch-up.ts';
import type { Chain } from '../durability/chain.ts';
import type { Batch } from '../durability/batch.ts';
import { type Buffers, EXECUTED_PER_TURN } from '../limits.ts';
import type { Mempool } from '../transactions/mempool.ts';
import type { Patience } from '../transactions/patience.ts';
import type { Clock, Observer, Signer } from '../ports.ts';
import type { Outbox } from '../peers/outbox.ts';
import type { Roster } from '../peers/roster.ts';
import { PromiseKeys } from '../durability/promise-keys.ts';
import { hasRoom, Proposer } from './proposer.ts';
import { instanceEpoch, type RecoveredDriver } from '../durability/recovery.ts';

interface ProtocolContext {
  readonly genesis: Genesis;
  readonly self: ValidatorIndex | null;
  readonly clock: Clock;
  readonly signer: Signer;
  /** The ed25519 predicate. */
  readonly verify: Authority['verify'];
  readonly observer: Observer;
  readonly recovered: RecoveredDriver;
  readonly batch: Batch;
  readonly chain: Chain;
  readonly mempool: Mempool;
  readonly patience: Patience;
  readonly bodies: Bodies;
  readonly roster: Roster;
  readonly outbox: Outbox;
  readonly catchUp: CatchUp;
  /** Whether the primary owes a body for transactions. */
  readonly demand: () => boolean;
  /** Asks for another turn. */
  readonly again: () => void;
}

export class Protocol {
  /** Proofs of offences. */
  readonly accusations: Accusations;
  readonly #context: ProtocolContext;
  readonly #proposer: Proposer;
  readonly #promiseKeys: PromiseKeys;
  #replica: Replica;
  #authority: Authority;
  /** When the current view began here. */
  #viewSinceMs: number;

  constructor(context: ProtocolContext) {
    const { genesis, recovered, chain, clock, mempool, bodies, batch } = context;
    this.#context = context;
    this.#proposer = new Proposer(genesis, clock, mempool, bodies.pool, chain);
    this.accusations = new Accusations({ ...context, state: chain.state, pool: bodies.pool });
    this.#promiseKeys = new PromiseKeys(batch, recovered.promises);
    const instance = this.#instance(instanceEpoch(genesis, chain.executedHeight, recovered.certified));
    this.#authority = this.authorityOf(instance.epoch);
    this.accusations.enter(instance.epoch);
    this.#viewSinceMs = clock.nowMs();
    const { replica, effects } = recoverReplica(instance, {
      stable: recovered.certified?.epoch === instance.epoch ? recovered.certified : null,
      blocks: recovered.blocks.filter(({ height }) => height >= instance.firstHeight),
      executed: chain.executedHeight,
      records: recovered.promises.map(({ record }) => record),
    });
    this.#replica = replica;
    this.#carryOut(effects);
    this.reach();
  }

  get status(): Status {
    return statusOf(this.#replica);
  }

  get primary(): ValidatorIndex {
    return primaryOfView(this.#replica, this.#replica.view);
  }

  /** The primary owes a block. */
  get isWaiting(): boolean {
    const { chain, demand } = this.#context;
    const next = (chain.executedHeight + 1) as Height;
    return demand() || this.accusations.demand || this.#proposer.idleBlockDue(next);
  }

  get authority(): Authority {
    return this.#authority;
  }

  /** What peers made us hold, as far as it is the protocol's. */
  buffers(): Omit<Buffers, 'verifying' | 'waiting' | 'refused' | 'told' | 'given' | 'signatures'> {
    const { mempool, bodies, catchUp } = this.#context;
    const { slots, checkpoints, viewChanges, lacking, promises, reported } = this.#replica;
    const slotVotes = [...slots.values()].map(({ prepares, commits }) => prepares.size + commits.size);
    return {
      transactions: mempool.size,
      transactionBytes: mempool.bytes,
      gapped: mempool.gapped,
      bodies: bodies.pool.size,
      collectedBytes: bodies.collectedBytes,
      claims: catchUp.claims,
      evidence: this.accusations.size,
      slots: slots.size,
      slotVotes: Math.max(0, ...slotVotes),
      checkpoints: [...checkpoints.values()].reduce((sum, votes) => sum + votes.size, 0),
      viewChanges: viewChanges.size,
      promises: promises.votes.size,
      reported: reported.size,
      lacking: lacking.view.size + lacking.certificate.size,
    };
  }

  /** Whether this body is the one that the primary of our view proposed for the height. */
  isProposed(height: Height, bodyHash: Hash): boolean {
    return this.#replica.slots.get(height)?.prePrepare?.vote.hash === bodyHash;
  }

  /** Who proposed this body in our view, and who voted for it: a PREPARE is cast for a complete body only. */
  *voters(height: Height, bodyHash: Hash): Generator<ValidatorIndex> {
    const slot = this.#replica.slots.get(height);
    if (slot === undefined) return;
    const votes = [slot.prePrepare, ...slot.commits.values(), ...slot.prepares.values()];
    for (const signed of votes) if (signed?.vote.hash === bodyHash) yield signed.voter;
    if (slot.prepared?.bodyHash === bodyHash)
      for (const voter of slot.prepared.prepares.getTrueBitIndexes()) yield voter as ValidatorIndex;
  }

  /** Whether a message could change anything, were it genuine. */
  isOfUse(message: Message): boolean {
    return isOfUse(this.#replica, message);
  }

  step(input: Input): void {
    this.#carryOut(step(this.#replica, input));
  }

  tick(ticks: number): void {
    this.step({ kind: 'tick' });
    const { genesis, mempool, observer, clock } = this.#context;
    if (ticks % Math.ceil(genesis.consensus.baseTimeoutTicks / 2) !== 0) return;
    for (const { entry, code } of mempool.expire(clock.nowMs())) observer.rejected(entry.item.id, code);
    this.accusations.again(this.primary);
  }

  /** Peers came or went. */
  reach(): void {
    const { roster, bodies, clock } = this.#context;
    const quorum = roster.reachesQuorum();
    if (quorum && !this.#replica.timer.reach) bodies.attention.quorumReturned(clock.nowMs());
    this.step({ kind: 'reach', quorum });
  }

  /** What follows from the inputs of a turn: answers, then a proposal. */
  settle(): void {
    this.#settleBodies();
    this.step({ kind: 'demand', waiting: this.isWaiting });
    this.#propose();
    this.accusations.flush(`${this.#replica.instance.epoch}/${this.#replica.view}`, this.primary);
  }

  /** A peer passed evidence on. Errors: as `Accusations.told`. */
  told(evidence: readonly Evidence[]): Result<true> {
    return this.accusations.told(evidence, this.#authority.epoch, (epoch) => this.authorityOf(epoch));
  }

  /** Executes blocks that certificates prove. */
  follow({ blocks, proof }: ProvedRange): void {
    if (proof !== null) this.step({ kind: 'proved', certificate: proof });
    for (const { header, body, transactions, certificate } of blocks) {
      const block = this.#context.chain.execute(body, transactions, false);
      invariant(block.hash === blockHash(header), 'our execution differs from the certified one', {
        height: header.height,
      });
      this.#executed(block);
      if (certificate !== null) this.step({ kind: 'synced', certificate });
      else if (proof !== null) this.step({ kind: 'executed', height: block.header.height, blockHash: block.hash });
    }
  }

  /** A block was executed: what it used up leaves the mempool and the pool of bodies. */
  #executed(block: ExecutedBlock): void {
    const { observer, mempool, bodies, clock } = this.#context;
    const { height, bodyHash } = block.header;
    this.accusations.recorded(block.offences);
    const included = new Set(block.record.receipts.map(({ transactionId }) => transactionId));
    // Not what the body lists and execution skipped: the primary chose its place, and it may be executed yet.
    for (const { entry, code } of mempool.executed(block.changes.keys(), height + 1, clock.nowMs()))
      if (!included.has(entry.item.id)) observer.rejected(entry.item.id, code);
    bodies.drop(height, bodyHash);
    this.#proposer.executed();
  }

  /** Until stake can move, every epoch has the validators of the genesis. */
  authorityOf(epoch: Epoch): Authority {
    return { ...this.#instance(epoch), verify: this.#context.verify };
  }

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) this.#effect(effect);
  }

  #effect(effect: Effect): void {
    const { observer, roster, outbox, bodies, chain, catchUp, clock } = this.#context;
    switch (effect.kind) {
      case 'persist':
        return this.#promiseKeys.keep(this.#replica.instance.epoch, effect.record);
      case 'send':
        return outbox.deliver(effect.to, effect.message, ({ vote }) => bodies.pool.get(vote.height, vote.hash)?.body);
      case 'check-body':
        return bodies.check(effect);
      case 'execute':
        return bodies.execute(effect.height, effect.bodyHash);
      case 'certified': {
        const passed = (effect.certificate.height - this.#replica.instance.window) as Height;
        chain.certify(effect.certificate);
        bodies.attention.blockFinal(clock.nowMs());
        bodies.passed(passed);
        return this.#promiseKeys.forget(passed);
      }
      case 'certified-late':
        return chain.keepCertificate(effect.certificate);
      case 'behind':
        return catchUp.behind(effect.height, effect.peer === null ? null : roster.peerOf(effect.peer));
      case 'evidence':
        return this.accusations.caught(effect.evidence);
      case 'view-change-started':
        return observer.note({ kind: 'view-change-started', view: effect.view, reason: effect.reason });
      case 'view-entered':
        this.#viewSinceMs = clock.nowMs();
        bodies.viewEntered();
        return observer.note({ kind: 'view-entered', view: effect.view, primary: effect.primary });
    }
  }

  /** Answers to check-body and execute, as far as bodies are here; each answer can bring the next question. */
  #settleBodies(): void {
    const { bodies, chain, patience, clock } = this.#context;
    for (let executed = 0; ; ) {
      const checked = bodies.nextChecked();
      if (checked !== undefined) {
        this.step({ kind: 'body-checked', ...checked });
        continue;
      }
      // The CHECKPOINT of a block leaves at the end of the turn: a second large body waits for the next one.
      if (executed > EXECUTED_PER_TURN) return this.#context.again();
      const ready = bodies.nextExecutable((chain.executedHeight + 1) as Height);
      if (ready !== undefined) {
        executed += ready.transactions.length;
        const block = chain.execute(ready.body, ready.transactions, ready.stored);
        const favours = patience.holdsNewcomers(ready.transactions, clock.nowMs());
        // Its certificate came first: it was made long before, and perhaps before the primary was told.
        const late = (chain.certified?.height ?? 0) >= block.header.height;
        this.#executed(block);
        this.step({ kind: 'executed', height: block.header.height, blockHash: block.hash });
        if (!late) this.#watchForCensorship(block, ready, favours);
        continue;
      }
      if (!this.#nextEpoch()) return;
    }
  }

  /** What a body carried and execution skipped took no room: a primary may not fill it with what nobody pays for. */
  #watchForCensorship(block: ExecutedBlock, { transactions }: ReadyBody, favours: boolean): void {
    const { genesis, clock, observer, patience, bodies } = this.#context;
    const { header, record } = block;
    const sinceMs = Math.max(this.#viewSinceMs, bodies.attention.orderingSinceMs);
    const executed = record.executed.map((position) => present(transactions[position], 'an executed transaction'));
    const mayHold = favours || hasRoom(executed, genesis.ledger.blockWeightMax);
    const leftOut =
      mayHold && patience.overlooked(clock.nowMs(), sinceMs)
        ? 'transactions'
        : this.accusations.overlooked(block.offences.length, sinceMs)
          ? 'evidence'
          : null;
    if (leftOut === null) return;
    observer.note({
      kind: 'suspected',
      primary: this.primary,
      reason: `${leftOut} left out at height ${header.height}`,
    });
    this.step({ kind: 'censored', view: this.#replica.view });
  }

  #propose(): void {
    const { bodies } = this.#context;
    for (;;) {
      const next = nextProposal(this.#replica);
      if (next === null) return;
      const proposal = this.#proposer.body(this.#replica, next.height, this.accusations.choose());
      if (proposal === null) return;
      const bodyHash = bodies.proposed(next.height, proposal.body, proposal.transactions);
      this.step({ kind: 'propose', ...next, bodyHash });
      this.#settleBodies();
    }
  }

  /** The epoch's last block is final and executed: the next instance begins. False while it is not. */
  #nextEpoch(): boolean {
    const { instance } = this.#replica;
    const settled = Math.min(stableHeight(this.#replica), this.#context.chain.executedHeight);
    if (settled < instance.lastHeight) return false;
    const next = this.#instance((instance.epoch + 1) as Epoch);
    this.#promiseKeys.forgetAll();
    this.#authority = this.authorityOf(next.epoch);
    this.accusations.enter(next.epoch);
    this.#viewSinceMs = this.#context.clock.nowMs();
    const { replica, effects } = recoverReplica(next, nothingRecovered(next));
    this.#replica = replica;
    this.#carryOut(effects);
    this.step({ kind: 'reach', quorum: this.#context.roster.reachesQuorum() });
    return true;
  }

  #instance(epoch: Epoch): Instance {
    const { genesis, self, signer } = this.#context;
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
}
