/**
 * How transactions come in: from clients and peers, each decoded once, its signature checked once and off this thread,
 * then into the mempool, to the bodies that wait for it, and on to the other validators.
 */
import type { Hash } from '../../base/brand.ts';
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
import type { Refusal } from './fate.ts';
import type { Loop } from '../durability/loop.ts';
import type { Budgets } from '../fairness/budgets.ts';
import type { Questions } from '../fairness/questions.ts';
import type { Outbox } from '../peers/outbox.ts';
import type { StateFetching } from '../state/state-fetching.ts';
import type { Punish } from '../peers/punish.ts';
import type { Roster } from '../peers/roster.ts';
import type { Mempool } from './mempool.ts';
import type { Clock, Observer, PeerId, Verifier } from '../ports.ts';
import { priceOfPlace, priceOfTransaction } from '../fairness/prices.ts';
import { Refusals } from './refusals.ts';
import type { Answer } from './submissions.ts';
import { Tellers } from './tellers.ts';

/** A transaction whose signature is being checked. */
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
  readonly stateFetching: Pick<StateFetching, 'withEntry' | 'waiting'>;
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
  /** Transactions whose senders are being looked up. */
  #awaiting = 0;
  /** Of transactions that are being looked at. */
  #heldBytes = 0;
  /** Not yet handed to the verifier; goes in one batch at the end of the turn. */
  #queued: Checking[] = [];
  readonly #refusals = new Refusals();
  readonly #tellers = new Tellers();
  /** Verified in this turn and new from our own clients. */
  #fresh: Uint8Array[] = [];

  constructor(context: IntakeContext) {
    this.#context = context;
  }

  /** Transactions whose sender is looked up, or whose signature is being checked. */
  get checking(): number {
    return this.#checking.size + this.#awaiting;
  }

  /** Bytes of them, and of those that wait for their senders' accounts. */
  get checkingBytes(): number {
    return this.#heldBytes;
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
    const stateless = checkTransactionStateless(item.signed, state.genesis);
    if (!stateless.ok) return answer({ id, ...stateless.error });
    if (!this.#mayTake(item))
      return answer({ id, code: 'MEMPOOL_FULL', message: `${this.checking} transactions are being looked at` });
    this.#withSender(item, () => this.#submitted(item, answer));
  }

  #submitted(item: IdentifiedTransaction, answer: Answer): void {
    const { state, mempool } = this.#context;
    const { id } = item;
    if (mempool.get(id) !== undefined) return answer({ id, status: 'pending' });
    const checking = this.#checking.get(id);
    if (checking !== undefined) {
      checking.answers.push(answer);
      return;
    }
    const admitted = admission(state, item.signed);
    if (!admitted.ok) return this.#refuse(item, admitted.error, answer);
    this.#check({ item, answers: [answer], peer: null, paid: new Map() });
  }

  /** A used nonce may be this very transaction's: then it is committed, and the answer says so. */
  #refuse({ id }: IdentifiedTransaction, error: Refusal, answer: Answer): void {
    if (error.code !== 'NONCE_TOO_LOW') return answer({ id, ...error });
    this.#context.committed(id, (yes) => answer(yes ? { id, status: 'committed' } : { id, ...error }));
  }

  /** Transactions that a peer passed on, or sent because we asked. */
  receive(peer: PeerId, bundle: readonly Uint8Array[]): void {
    const { state, mempool, bodies, punish, budgets, questions } = this.#context;
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
      if (wanted) this.#check({ item, answers: [], peer, paid });
      else if (this.#mayTake(item)) this.#withSender(item, () => this.#told(peer, item, paid));
    }
  }

  /** A transaction that no body here lacks. */
  #told(peer: PeerId, item: IdentifiedTransaction, paid: Map<PeerId, number>): void {
    const { id } = item;
    // It may have come meanwhile, or have been here, and have been executed since.
    if (this.#context.mempool.get(id) === undefined && !this.#checking.has(id) && this.#letIn(item))
      return this.#check({ item, answers: [], peer, paid });
    const price = paid.get(peer);
    if (price !== undefined) this.#giveBack(peer, id, price);
  }

  /** Whether there is room to look at one more: until its sender's account is in memory and its signature checked, it is held here. */
  #mayTake({ bytes }: IdentifiedTransaction): boolean {
    return this.checking < VERIFYING_MAX && this.#heldBytes + bytes.length <= VERIFYING_BYTES_MAX;
  }

  /** Runs it when the sender's account is in memory: now, or in a turn to come. */
  #withSender({ signed, bytes }: IdentifiedTransaction, run: () => void): void {
    this.#awaiting += 1;
    this.#heldBytes += bytes.length;
    this.#context.stateFetching.withEntry(ACCOUNTS.key(signed.transaction.sender), () => {
      this.#awaiting -= 1;
      this.#heldBytes -= bytes.length;
      run();
    });
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

  /** True when it is let in if its signature is right. Else it is refused, and remembered as such, before that is
   *  looked at. */
  #letIn(item: IdentifiedTransaction): boolean {
    const { state, mempool } = this.#context;
    const admitted = admission(state, item.signed);
    const refused = admitted.ok ? mempool.placeFor(item) : admitted;
    if (!refused.ok) this.#refusals.add(item.id, refused.error.code, state.head.header.height);
    return refused.ok;
  }

  #check(checking: Checking): void {
    this.#checking.set(checking.item.id, checking);
    this.#heldBytes += checking.item.bytes.length;
    this.#queued.push(checking);
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
    this.#checking.delete(id);
    this.#heldBytes -= item.bytes.length;
    const answer = answerAll(checking);
    if (!valid) {
      if (peer !== null) punish(peer, 'BAD_SIGNATURE', `transaction ${id}`);
      return answer({ id, code: 'BAD_SIGNATURE', message: 'the signature is not the sender’s' });
    }
    const wanted = bodies.wants(id);
    bodies.supply(item);
    this.#withSender(item, () => this.#verified(checking, wanted));
  }

  /** `wanted`: a body waited for it. */
  #verified(checking: Checking, wanted: boolean): void {
    const { state, mempool, clock, observer } = this.#context;
    const { item, answers, peer, paid } = checking;
    const { id } = item;
    const answer = answerAll(checking);
    const admitted = admission(state, item.signed);
    const added = admitted.ok ? mempool.add(item, clock.nowMs(), answers.length > 0 ? null : peer) : admitted;
    if (wanted || added.ok) this.#useful(id, paid);
    if (!added.ok) {
      this.#refusals.add(id, added.error.code, state.head.header.height);
      return answers.length > 0 ? this.#refuse(item, added.error, answer) : undefined;
    }
    for (const { entry, code } of added.value) observer.rejected(entry.item.id, code);
    if (answers.length > 0) this.#fresh.push(item.bytes);
    answer({ id, status: 'pending' });
  }

  #forwardFresh(): void {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const bundle of bundles(fresh)) this.#context.outbox.broadcast({ kind: 'transactions', transactions: bundle });
  }
}

const answerAll =
  ({ answers }: Checking): Answer =>
  (outcome) => {
    for (const each of answers) each(outcome);
  };

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
