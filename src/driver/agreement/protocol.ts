/**
 * The core's side of the driver: gives inputs to one PBFT instance after another, and has its effects carried out. When
 * the core asks about a body or a block that is here, it has its answer within the same turn.
 */
import type { Epoch, Hash, Height, ValidatorIndex } from '../../base/brand.ts';
import { invariant, present } from '../../base/invariant.ts';
import { ok, type Result } from '../../base/result.ts';
import { authenticate, type Authority } from '../../consensus/authenticate.ts';
import type { Message, Status } from '../../consensus/messages.ts';
import { nextProposal } from '../../consensus/normal-case.ts';
import { nothingRecovered, recoverReplica } from '../../consensus/recovery.ts';
import { mark } from '../../consensus/marks.ts';
import { isOfUse } from '../../consensus/relevance.ts';
import { type Instance, primaryOfView, type Replica, stableHeight } from '../../consensus/replica.ts';
import { statusOf } from '../../consensus/status.ts';
import { supportersOf } from '../../consensus/tally.ts';
import { step } from '../../consensus/step.ts';
import type { Input } from '../../consensus/transition.ts';
import { blockHash } from '../../ledger/block.ts';
import { accountsOf, actingIn } from '../../ledger/account.ts';
import { crowdedOut, type ExecutedBlock } from '../../ledger/execute.ts';
import type { EpochSet, KnownEpoch } from '../../ledger/epoch.ts';
import type { Genesis } from '../../ledger/genesis.ts';
import type { Evidence } from '../../ledger/evidence.ts';
import type { SignedVote } from '../../ledger/vote.ts';
import { upgradeBefore } from '../../ledger/upgrade.ts';
import { Accusations } from './accusations.ts';
import { Censorship } from './censorship.ts';
import { Effects } from './effects.ts';
import type { Bodies, ReadyBody } from '../bodies/bodies.ts';
import type { CatchUp } from '../sync/catch-up.ts';
import type { ProvedRange } from '../sync/proof.ts';
import type { Chain } from '../durability/chain.ts';
import type { Batch } from '../stored/batch.ts';
import { EXECUTED_BYTES_PER_TURN, EXECUTED_PER_TURN } from '../limits.ts';
import { bytesOf, type IdentifiedTransaction } from '../../ledger/transaction.ts';
import type { Forwarding } from '../transactions/forwarding.ts';
import type { Mempool } from '../transactions/mempool.ts';
import type { ToldTransactions } from '../transactions/told-transactions.ts';
import type { Clock, Observer, Signer } from '../ports.ts';
import type { Outbox } from '../peers/outbox.ts';
import type { StateFetching } from '../state/state-fetching.ts';
import { keysTouched } from '../../ledger/touched.ts';
import type { StrategyFactory } from '../wire/strategy.ts';
import type { Roster } from '../peers/roster.ts';
import { keepLie } from '../durability/hearsay.ts';
import { PromiseKeys } from '../durability/promise-keys.ts';
import { foreignVoteIn, silenced } from './own-key.ts';
import { enterRules, tellOfUpgrade } from './rules.ts';
import { Proposer } from './proposer.ts';
import { KnownRules } from './known-rules.ts';
import { type RecoveredDriver, runningEpoch } from '../durability/recovery.ts';

interface ProtocolContext {
  readonly genesis: Genesis;
  readonly clock: Clock;
  readonly signer: Signer;
  /** Who may sign what in an epoch. */
  readonly authority: (epoch: EpochSet) => Authority;
  readonly observer: Observer;
  readonly recovered: RecoveredDriver;
  readonly batch: Batch;
  readonly chain: Chain;
  readonly stateFetching: StateFetching;
  readonly mempool: Mempool;
  readonly told: ToldTransactions;
  readonly bodies: Bodies;
  readonly roster: Roster;
  readonly outbox: Outbox;
  readonly catchUp: CatchUp;
  readonly forwarding: Forwarding;
  /** Asks for another turn. */
  readonly again: () => void;
  /** Of a validator that lies. */
  readonly strategy?: StrategyFactory | undefined;
}

export class Protocol {
  /** Proofs of offences. */
  readonly accusations: Accusations;
  readonly #context: ProtocolContext;
  readonly #proposer: Proposer;
  readonly #promiseKeys: PromiseKeys;
  readonly #censorship: Censorship;
  readonly #knownRules: KnownRules;
  readonly #effects: Effects;
  #replica: Replica;
  #silenced = false;
  #authority: Authority;

  constructor(context: ProtocolContext) {
    const { genesis, recovered, chain, clock, mempool, bodies, batch } = context;
    this.#context = context;
    this.#proposer = new Proposer(genesis, clock, mempool, bodies.pool, chain);
    this.accusations = new Accusations({ ...context, pool: bodies.pool });
    this.#promiseKeys = new PromiseKeys(batch, recovered.promises);
    this.#knownRules = new KnownRules(context);
    this.#censorship = new Censorship({ ...context, attention: bodies.attention, accusations: this.accusations });
    this.#effects = new Effects(context, this.#promiseKeys, this.accusations, this.#censorship);
    const running = runningEpoch(recovered);
    const instance = this.#instance(running);
    tellOfUpgrade(this.#context.observer, running);
    this.#authority = context.authority(instance);
    this.accusations.enter(instance.epoch);
    const { replica, effects } = recoverReplica(instance, {
      stable: recovered.certified?.epoch === instance.epoch ? recovered.certified : null,
      blocks: recovered.blocks.filter(({ height }) => height >= instance.firstHeight),
      executedHeight: chain.executedHeight,
      records: recovered.promises.map(({ record }) => record),
    });
    this.#replica = replica;
    this.#effects.carryOut(effects, instance);
    this.reach();
  }

  get status(): Status {
    return statusOf(this.#replica);
  }

  get primary(): ValidatorIndex {
    return primaryOfView(this.#replica, this.#replica.view);
  }

  /** To be looked at, not changed. */
  get replica(): Replica {
    return this.#replica;
  }

  /** Whether the primary owes a block. */
  get isWaiting(): boolean {
    const { chain, forwarding } = this.#context;
    const next = (chain.executedHeight + 1) as Height;
    return forwarding.demands(this.primary) || this.accusations.demand || this.#proposer.idleBlockDue(next);
  }

  get authority(): Authority {
    return this.#authority;
  }

  /** Whether this body is the one that the primary of our view proposed for the height. */
  isProposed(height: Height, bodyHash: Hash): boolean {
    return this.#replica.slots.get(height)?.prePrepare?.vote.hash === bodyHash;
  }

  /** Who proposed this body in our view, and who voted for it: a PREPARE is cast for a complete body only. */
  *voters(height: Height, bodyHash: Hash): Generator<ValidatorIndex> {
    const slot = this.#replica.slots.get(height);
    if (slot !== undefined) yield* supportersOf(slot, bodyHash);
  }

  /** A message of the validator `from`, looked at when it could change anything. True when it told something new: anybody can
   *  say at any time where it stands. Errors: those of `authenticate`, but WRONG_EPOCH, since one of us may be behind. */
  receive(from: ValidatorIndex, message: Message): Result<boolean> {
    // A liar knows why its key signs what its core did not cast, and goes on.
    const foreign = this.#context.strategy === undefined && foreignVoteIn(this.#replica, this.#authority, message);
    if (foreign) {
      this.#silence(foreign);
      return ok(true);
    }
    if (!isOfUse(this.#replica, message)) return ok(false);
    const checked = authenticate(this.#authority, message);
    if (!checked.ok) {
      if (message.kind === 'new-view') keepLie(this.#context.batch, this.#authority, message.newView);
      return checked.error.code === 'WRONG_EPOCH' ? ok(false) : checked;
    }
    this.step({ kind: 'message', from, message: checked.value });
    return ok(message.kind !== 'status');
  }

  /** For the rest of the epoch we follow (P7). */
  #silence({ vote }: SignedVote): void {
    mark('P7');
    const { observer, roster, chain } = this.#context;
    observer.note({ kind: 'key-in-use', epoch: vote.epoch, height: vote.height, vote: vote.kind });
    const { instance, replica, effects } = silenced(this.#replica, chain.executedHeight);
    this.#silenced = true;
    this.#replica = replica;
    this.#effects.carryOut(effects, instance);
    this.step({ kind: 'reach', quorum: roster.reachesQuorum() });
  }

  /** Whether our votes are withheld until the epoch ends: somebody else casts them, or promises were lost. */
  get isSilenced(): boolean {
    return this.#silenced;
  }

  step(input: Input): void {
    this.#effects.carryOut(step(this.#replica, input), this.#replica.instance);
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
    this.#knownRules.endWhereOutdated();
    this.accusations.flush(`${this.#replica.instance.epoch}/${this.#replica.view}`, this.primary);
  }

  /** A peer passed evidence on. Errors: as `Accusations.told`. */
  told(evidence: readonly Evidence[]): Result<true> {
    return this.accusations.told(evidence, this.#authority.epoch, this.#context.authority);
  }

  /** Executes blocks that certificates prove. */
  follow({ blocks, proof }: ProvedRange): void {
    if (proof !== null) this.step({ kind: 'proved', certificate: proof });
    for (const { header, body, transactions, certificate } of blocks) {
      if (upgradeBefore(this.#context.chain.state.epochs, header.height) !== null) break;
      const block = this.#context.chain.execute(body, transactions, false);
      invariant(block.hash === blockHash(header), 'our execution gives the certified block', {
        height: header.height,
      });
      this.#clearUpAfter(block);
      if (certificate !== null) this.step({ kind: 'synced', certificate });
      else if (proof !== null)
        this.step({ kind: 'block-executed', height: block.header.height, blockHash: block.hash });
    }
  }

  /** A block was executed: what it used up leaves the mempool and the pool of bodies. */
  #clearUpAfter(block: ExecutedBlock): void {
    const { observer, mempool, told, bodies, clock } = this.#context;
    const { height, bodyHash } = block.header;
    this.accusations.recorded(block.offences);
    const included = new Set(block.record.receipts.map(({ transactionId }) => transactionId));
    // What execution skipped is not counted: its place was the primary's choice, and a later block may still execute
    // it.
    const nowMs = clock.nowMs();
    mempool.acted(actingIn(block.delta), nowMs);
    mempool.turnAway(crowdedOut(block), nowMs);
    for (const { entry, code } of mempool.prune(accountsOf(block.delta), height + 1, nowMs))
      if (!included.has(entry.item.id)) observer.rejected(entry.item.id, code);
    bodies.drop(height, bodyHash);
    told.forgetGone();
    this.#proposer.blockExecuted();
  }

  /** Answers to check-body and execute, as far as bodies are here; each answer can bring the next question. */
  #settleBodies(): void {
    const { bodies, chain, stateFetching } = this.#context;
    const { epochs } = chain.state;
    for (let [executed, executedBytes] = [0, 0]; ; ) {
      const checked = bodies.verdicts.take();
      if (checked !== undefined) {
        const body = checked.valid ? bodies.complete(checked.height, checked.bodyHash) : undefined;
        if (body !== undefined)
          stateFetching.expect(() => keysTouched(epochs, checked.height, body.body, body.transactions));
        this.step({ kind: 'body-checked', ...checked });
        continue;
      }
      // The CHECKPOINT of a block leaves at the end of the turn. So that it leaves soon, a second large body waits for
      // the next turn.
      if (executed > EXECUTED_PER_TURN || executedBytes > EXECUTED_BYTES_PER_TURN) return this.#context.again();
      const next = (chain.executedHeight + 1) as Height;
      const ready = upgradeBefore(epochs, next) === null ? bodies.nextExecutable(next) : undefined;
      if (ready !== undefined) {
        if (!stateFetching.isReady(() => keysTouched(epochs, next, ready.body, ready.transactions))) return;
        executed += ready.transactions.length;
        executedBytes += bytesOf(ready.transactions);
        const block = chain.execute(ready.body, ready.transactions, ready.stored);
        const favoured = this.#censorship.favoured(ready);
        // Where its certificate came first, the body was made long ago, perhaps before the primary was told: it proves
        // nothing.
        const late = (chain.certified?.height ?? 0) >= block.header.height;
        this.#clearUpAfter(block);
        this.step({ kind: 'block-executed', height: block.header.height, blockHash: block.hash });
        if (!late) this.#blame(block, ready, favoured);
        continue;
      }
      if (!this.#nextEpoch()) return;
    }
  }

  #blame(block: ExecutedBlock, ready: ReadyBody, favoured: ReadonlySet<IdentifiedTransaction>): void {
    const leftOut = this.#censorship.leftOut(block, ready, favoured);
    if (leftOut === null) return;
    const reason = `${leftOut} left out at height ${block.header.height}`;
    this.#context.observer.note({ kind: 'suspected', primary: this.primary, reason });
    this.step({ kind: 'censored', view: this.#replica.view });
  }

  #propose(): void {
    const { bodies, chain, stateFetching } = this.#context;
    for (;;) {
      const next = nextProposal(this.#replica);
      if (next === null || upgradeBefore(chain.state.epochs, next.height) !== null) return;
      const proposal = this.#proposer.body(this.#replica, next.height, this.accusations.choose());
      if (proposal === null) return;
      const bodyHash = bodies.proposed(next.height, proposal.body, proposal.transactions);
      stateFetching.expect(() => keysTouched(chain.state.epochs, next.height, proposal.body, proposal.transactions));
      this.step({ kind: 'propose', ...next, bodyHash });
      this.#settleBodies();
    }
  }

  /** The epoch's last block is final and executed: the next instance begins. False while it is not. */
  #nextEpoch(): boolean {
    const { instance } = this.#replica;
    const settled = Math.min(stableHeight(this.#replica), this.#context.chain.executedHeight);
    if (settled < instance.lastHeight) return false;
    const { roster, chain, authority } = this.#context;
    const epoch = present(chain.state.epochs.of((instance.epoch + 1) as Epoch), 'the epoch after this one');
    roster.enter(epoch);
    const next = this.#instance(epoch);
    this.#silenced = false;
    this.#promiseKeys.forgetAll();
    this.#authority = authority(next);
    this.accusations.enter(next.epoch);
    this.#censorship.viewEntered();
    enterRules(this.#context, epoch);
    tellOfUpgrade(this.#context.observer, epoch);
    const { replica, effects } = recoverReplica(next, nothingRecovered(next));
    this.#replica = replica;
    this.#effects.carryOut(effects, next);
    this.step({ kind: 'reach', quorum: roster.reachesQuorum() });
    return true;
  }

  #instance(epoch: KnownEpoch): Instance {
    const { genesis, roster, signer } = this.#context;
    const { baseTimeoutTicks, timeoutCapTicks } = epoch.parameters.consensus;
    return {
      ...epoch,
      chainId: genesis.chainId,
      self: roster.self,
      window: genesis.consensus.window,
      baseTimeoutTicks,
      timeoutCapTicks,
      sign: (bytes) => signer.sign(bytes),
    };
  }
}
