/**
 * How transactions come in: from clients and peers, each decoded once, its signature checked once and off this thread,
 * then into the mempool, to the bodies that wait for it, and on to the other validators.
 */
import type { Address, Hash } from '../../base/brand.ts';
import type { Result } from '../../base/result.ts';
import { fromHex } from '../../codec/hex.ts';
import { ACCOUNTS } from '../../ledger/account.ts';
import type { LedgerState } from '../../ledger/state/ledger-state.ts';
import {
  type IdentifiedTransaction,
  identifyTransaction,
  signedMessage,
  transactionId,
} from '../../ledger/transaction.ts';
import { admission, checkTransactionStateless } from '../../ledger/transaction-rules.ts';
import type { BodyPool } from '../bodies/body-pool.ts';
import { BUNDLE_BYTES_MAX, BUNDLE_TRANSACTIONS_MAX, VERIFYING_BYTES_MAX, VERIFYING_MAX } from '../limits.ts';
import type { Answer, Refusal, SubmitOutcome } from './fate.ts';
import type { Loop } from '../durability/loop.ts';
import type { Budgets } from '../fairness/budgets.ts';
import type { Questions } from '../fairness/questions.ts';
import type { Outbox } from '../peers/outbox.ts';
import type { StateFetching } from '../state/state-fetching.ts';
import type { Punish } from '../peers/punish.ts';
import type { Roster } from '../peers/roster.ts';
import type { Mempool } from './mempool.ts';
import type { Clock, Observer, PeerId, Verifier } from '../ports.ts';
import { PRICE_OF_SENDER, PRICE_OF_SENDERS, priceOfPlace, priceOfTransaction } from '../fairness/prices.ts';
import { Refusals } from './refusals.ts';
import { Tellers } from './tellers.ts';

/** A transaction that is being looked at: its sender's account is fetched, then its signature is checked. */
interface Checking {
  readonly item: IdentifiedTransaction;
  /** Clients of this node that wait for the verdict; none for one that a peer passed on. */
  readonly answers: Answer[];
  readonly peer: PeerId | null;
  /** What each peer paid that told it meanwhile, for the first time: they get it back when it is of use. */
  readonly paid: Map<PeerId, number>;
}

interface IntakeContext {
  readonly state: LedgerState;
  readonly mempool: Mempool;
  readonly bodies: BodyPool;
  /** An account is asked for before a transaction of it is looked at. */
  readonly stateFetching: Pick<StateFetching, 'withEntry'>;
  /** Whether that has to be read first. */
  readonly isInMemory: (sender: Address) => boolean;
  readonly verifier: Verifier;
  readonly clock: Clock;
  /** Runs the rest of an input. */
  readonly loop: Pick<Loop, 'input'>;
  readonly outbox: Pick<Outbox, 'broadcast'>;
  readonly roster: Pick<Roster, 'validatorOf'>;
  readonly observer: Pick<Observer, 'rejected'>;
  /** A peer pays for a transaction that it sent, and gets it back when it was of use. */
  readonly budgets: Pick<Budgets, 'charge' | 'refund'>;
  /** Transactions that peers were asked for: those are paid by us. */
  readonly questions: Pick<Questions, 'takeTransaction'>;
  readonly punish: Punish;
  /** Is this id in a block? Answered later. */
  readonly committed: (id: Hash, done: (yes: boolean) => void) => void;
}

export class Intake {
  readonly #context: IntakeContext;
  readonly #checking = new Map<Hash, Checking>();
  #checkingBytes = 0;
  /** Not yet handed to the verifier; goes in one batch at the end of the turn. */
  #queued: Checking[] = [];
  readonly #refusals = new Refusals();
  readonly #tellers = new Tellers();
  /** Verified in this turn and new from our own clients. */
  #fresh: Uint8Array[] = [];

  constructor(context: IntakeContext) {
    this.#context = context;
  }

  /** Transactions that are being looked at. */
  get checking(): number {
    return this.#checking.size;
  }

  /** Bytes of them. */
  get checkingBytes(): number {
    return this.#checkingBytes;
  }

  /** Transactions that are remembered as refused. */
  get refused(): number {
    return this.#refusals.size;
  }

  /** Transactions of which is remembered who told them. */
  get told(): number {
    return this.#tellers.size;
  }

  isChecking(id: Hash): boolean {
    return this.#checking.has(id);
  }

  /** A client's transaction. The answer comes once its fate here is known; the same bytes again get the same answer. */
  submit(bytes: Uint8Array, answer: Answer): void {
    const { state, mempool } = this.#context;
    const identified = identifyTransaction(bytes);
    if (!identified.ok) return answer(identified.error);
    const item = identified.value;
    const { id } = item;
    if (mempool.get(id) !== undefined) return answer({ id, status: 'pending' });
    const checking = this.#checking.get(id);
    if (checking !== undefined) {
      checking.answers.push(answer);
      return;
    }
    const stateless = checkTransactionStateless(item.signed, state.genesis);
    if (!stateless.ok) return answer({ id, ...stateless.error });
    if (this.#isCrowded(item))
      return answer({ id, code: 'MEMPOOL_FULL', message: `${this.#checking.size} transactions are being looked at` });
    this.#look({ item, answers: [answer], peer: null, paid: new Map() });
  }

  /** A used nonce may be this very transaction's: then it is committed, and the answer says so. */
  #refuse({ id }: IdentifiedTransaction, error: Refusal, answers: readonly Answer[]): void {
    if (error.code !== 'NONCE_TOO_LOW') return answerAll(answers, { id, ...error });
    this.#context.committed(id, (yes) => answerAll(answers, yes ? { id, status: 'committed' } : { id, ...error }));
  }

  /** Transactions that a peer passed on, or sent because we asked. */
  receive(peer: PeerId, bundle: readonly Uint8Array[]): void {
    const { state, mempool, bodies, punish, budgets, questions } = this.#context;
    let reads = false;
    for (const bytes of bundle) {
      const id = transactionId(bytes);
      const asked = questions.takeTransaction(peer, bytes.length);
      const place = priceOfPlace(bytes.length);
      if (asked) budgets.refund(peer, 'transactions', place);
      const wanted = bodies.wants(id);
      const known = mempool.get(id);
      if (known !== undefined) {
        if (wanted) bodies.supply(known.item);
        if (!asked) this.#giveBack(peer, id, place);
        continue;
      }
      const checking = this.#checking.get(id);
      if (checking !== undefined) {
        if (!asked && !checking.paid.has(peer)) checking.paid.set(peer, place);
        continue;
      }
      // The same bytes again: a hash was all that they cost.
      if (!wanted && this.#refusals.has(id, state.head.header.height)) {
        if (!asked) this.#giveBack(peer, id, place);
        continue;
      }
      const price = asked ? 0 : priceOfTransaction(bytes.length);
      budgets.charge(peer, 'transactions', price);
      const identified = identifyTransaction(bytes, id);
      if (!identified.ok) return punish(peer, identified.error.code, identified.error.message);
      const item = identified.value;
      const stateless = checkTransactionStateless(item.signed, state.genesis);
      if (!stateless.ok) return punish(peer, stateless.error.code, stateless.error.message);
      const paid = new Map(asked ? [] : [[peer, price + place]]);
      if (wanted) {
        this.#check({ item, answers: [], peer, paid });
      } else if (this.#isCrowded(item)) {
        if (!asked) this.#giveBack(peer, id, price + place);
      } else {
        if (!asked && !this.#context.isInMemory(item.signed.transaction.sender)) {
          const reading = PRICE_OF_SENDER + (reads ? 0 : PRICE_OF_SENDERS);
          reads = true;
          budgets.charge(peer, 'transactions', reading);
          paid.set(peer, price + place + reading);
        }
        this.#look({ item, answers: [], peer, paid });
      }
    }
  }

  /** It may be of use: looks whether it could stand in a block, and then at its signature. */
  #look(checking: Checking): void {
    const { item, answers, paid } = checking;
    this.#hold(checking);
    this.#withSender(item, () => {
      const admitted = answers.length > 0 ? admission(this.#context.state, item.signed) : this.#letIn(item);
      // A body that lacks it may have come meanwhile.
      if (admitted.ok || this.#context.bodies.wants(item.id)) return this.#check(checking);
      this.#release(item);
      if (answers.length > 0) this.#refuse(item, admitted.error, answers);
      // It may have been here, and have been executed since.
      for (const [peer, price] of paid) this.#giveBack(peer, item.id, price);
    });
  }

  /** Too much is being looked at already. */
  #isCrowded({ bytes }: IdentifiedTransaction): boolean {
    return this.#checking.size >= VERIFYING_MAX || this.#checkingBytes + bytes.length > VERIFYING_BYTES_MAX;
  }

  /** Runs it when the sender's account is in memory: now, or in a turn to come. */
  #withSender({ signed }: IdentifiedTransaction, run: () => void): void {
    this.#context.stateFetching.withEntry(ACCOUNTS.key(signed.transaction.sender), run);
  }

  /** What a validator paid for a transaction that others told before it. */
  #giveBack(peer: PeerId, id: Hash, price: number): void {
    const { roster, budgets } = this.#context;
    const validator = roster.validatorOf(peer);
    if (validator !== undefined && this.#tellers.note(id, validator)) budgets.refund(peer, 'transactions', price);
  }

  /** It is of use: whoever told it while it was checked did not know that, and has it back. */
  #useful(id: Hash, paid: ReadonlyMap<PeerId, number>): void {
    const { roster, budgets } = this.#context;
    this.#tellers.add(id);
    for (const [peer, price] of paid) {
      budgets.refund(peer, 'transactions', price);
      const validator = roster.validatorOf(peer);
      if (validator !== undefined) this.#tellers.note(id, validator);
    }
  }

  /** Whether it is let in if its signature is right. Else it is refused, and remembered as such, before that is looked at. */
  #letIn(item: IdentifiedTransaction): Result<unknown, Refusal> {
    const { state, mempool } = this.#context;
    const admitted = admission(state, item.signed);
    const placed = admitted.ok ? mempool.placeFor(item) : admitted;
    if (!placed.ok) this.#refusals.add(item.id, placed.error.code, state.head.header.height);
    return placed;
  }

  #check(checking: Checking): void {
    this.#hold(checking);
    this.#queued.push(checking);
  }

  #hold(checking: Checking): void {
    const { id, bytes } = checking.item;
    if (this.#checking.has(id)) return;
    this.#checking.set(id, checking);
    this.#checkingBytes += bytes.length;
  }

  #release({ id, bytes }: IdentifiedTransaction): void {
    if (this.#checking.delete(id)) this.#checkingBytes -= bytes.length;
  }

  /** Ends the turn: hands signatures to the verifier, and passes on what our clients brought. */
  flush(): void {
    this.#forwardFresh();
    const batch = this.#queued;
    if (batch.length === 0) return;
    this.#queued = [];
    const checks = batch.map(({ item }) => ({
      publicKey: fromHex(item.signed.transaction.sender),
      message: signedMessage(item),
      signature: item.signed.signature,
    }));
    this.#context.verifier.checkBatch(checks, (verdicts) =>
      this.#context.loop.input(() => {
        for (const [position, checking] of batch.entries()) this.#checked(checking, verdicts[position] === true);
      }),
    );
  }

  #checked(checking: Checking, valid: boolean): void {
    const { bodies, punish } = this.#context;
    const { item, peer } = checking;
    const { id } = item;
    if (!valid) {
      this.#release(item);
      if (peer !== null) punish(peer, 'BAD_SIGNATURE', `transaction ${id}`);
      return answerAll(checking.answers, { id, code: 'BAD_SIGNATURE', message: 'the signature is not the sender’s' });
    }
    const wanted = bodies.wants(id);
    bodies.supply(item);
    // The account may have been forgotten meanwhile.
    this.#withSender(item, () => this.#verified(checking, wanted));
  }

  /** `wanted`: a body waited for it. */
  #verified(checking: Checking, wanted: boolean): void {
    const { state, mempool, bodies, clock, observer } = this.#context;
    const { item, answers, peer, paid } = checking;
    const { id } = item;
    this.#release(item);
    const stillWanted = wanted || bodies.wants(id);
    bodies.supply(item);
    const admitted = admission(state, item.signed);
    const added = admitted.ok ? mempool.add(item, clock.nowMs(), answers.length > 0 ? null : peer) : admitted;
    if (stillWanted || added.ok) this.#useful(id, paid);
    if (!added.ok) {
      this.#refusals.add(id, added.error.code, state.head.header.height);
      return answers.length > 0 ? this.#refuse(item, added.error, answers) : undefined;
    }
    for (const { entry, code } of added.value) observer.rejected(entry.item.id, code);
    if (answers.length > 0) this.#fresh.push(item.bytes);
    answerAll(checking.answers, { id, status: 'pending' });
  }

  #forwardFresh(): void {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const bundle of bundles(fresh)) this.#context.outbox.broadcast({ kind: 'transactions', transactions: bundle });
  }
}

function answerAll(answers: readonly Answer[], outcome: SubmitOutcome): void {
  for (const answer of answers) answer(outcome);
}

/** Cuts a list of transactions into bundles that fit the wire. */
export function* bundles(transactions: Iterable<Uint8Array>): Generator<readonly Uint8Array[]> {
  let bundle: Uint8Array[] = [];
  let size = 0;
  for (const bytes of transactions) {
    if (bundle.length >= BUNDLE_TRANSACTIONS_MAX || (bundle.length > 0 && size + bytes.length > BUNDLE_BYTES_MAX)) {
      yield bundle;
      bundle = [];
      size = 0;
    }
    bundle.push(bytes);
    size += bytes.length;
  }
  if (bundle.length > 0) yield bundle;
}
