/**
 * How transactions come in: from clients and peers, each decoded once, its signature checked once and off this thread,
 * then into the mempool, to the bodies that wait for it, and on to the other validators.
 */
import type { Hash } from '../base/brand.ts';
import { fromHex } from '../codec/hex.ts';
import type { LedgerState } from '../ledger/state.ts';
import { type IdentifiedTransaction, identifyTransaction, signedMessage } from '../ledger/transaction.ts';
import { admission, checkTransactionStateless } from '../ledger/transaction-rules.ts';
import type { BodyPool } from './body-pool.ts';
import { BUNDLE_BYTES_MAX, BUNDLE_TRANSACTIONS_MAX, VERIFYING_MAX } from './limits.ts';
import type { Mempool } from './mempool.ts';
import type { Clock, PeerId, Verifier } from './ports.ts';

export type SubmitOutcome =
  | { readonly id: Hash; readonly status: 'pending' | 'committed' }
  | { readonly code: string; readonly message: string; readonly id?: Hash };

type Answer = (outcome: SubmitOutcome) => void;

/** A transaction whose signature is being checked. */
interface Checking {
  readonly item: IdentifiedTransaction;
  /** Clients of this node that wait for the verdict; none for one that a peer passed on. */
  readonly answers: Answer[];
  readonly peer: PeerId | null;
}

interface IntakeContext {
  readonly state: LedgerState;
  readonly mempool: Mempool;
  readonly bodies: BodyPool;
  readonly verifier: Verifier;
  readonly clock: Clock;
  /** Runs the rest of an input in the driver's loop. */
  readonly input: (run: () => void) => void;
  /** Is this id in a block? Answered later. */
  readonly committed: (id: Hash, done: (yes: boolean) => void) => void;
  /** To all other validators. */
  readonly forward: (transactions: readonly Uint8Array[]) => void;
  /** A transaction had to make room for another. */
  readonly rejected: (id: Hash, code: string) => void;
  readonly punish: (peer: PeerId, code: string, message: string) => void;
}

export class Intake {
  readonly #context: IntakeContext;
  readonly #checking = new Map<Hash, Checking>();
  /** Not yet handed to the verifier; goes in one batch at the end of the turn. */
  #queued: Checking[] = [];
  /** Verified in this turn and new from our own clients. */
  #fresh: Uint8Array[] = [];

  constructor(context: IntakeContext) {
    this.#context = context;
  }

  /** Transactions whose signatures are being checked. */
  get checking(): number {
    return this.#checking.size;
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
    const stateless = checkTransactionStateless(item.signed, state.genesis.chainId);
    if (!stateless.ok) return answer({ id, ...stateless.error });
    const admitted = admission(state, item.signed);
    if (!admitted.ok) return this.#refuse(item, admitted.error, answer);
    if (this.#checking.size >= VERIFYING_MAX)
      return answer({ id, code: 'MEMPOOL_FULL', message: `${this.#checking.size} signatures are being checked` });
    this.#check({ item, answers: [answer], peer: null });
  }

  /** A used nonce may be this very transaction's: then it is committed, and the answer says so. */
  #refuse(
    item: IdentifiedTransaction,
    error: { readonly code: string; readonly message: string },
    answer: Answer,
  ): void {
    const { id } = item;
    if (error.code !== 'NONCE_TOO_LOW') return answer({ id, ...error });
    this.#context.committed(id, (yes) => answer(yes ? { id, status: 'committed' } : { id, ...error }));
  }

  /** Transactions that a peer passed on, or sent because we asked. */
  receive(peer: PeerId, bundle: readonly Uint8Array[]): void {
    const { state, mempool, bodies, punish } = this.#context;
    for (const bytes of bundle) {
      const identified = identifyTransaction(bytes);
      if (!identified.ok) return punish(peer, identified.error.code, identified.error.message);
      const item = identified.value;
      const wanted = bodies.wants(item.id);
      const known = mempool.get(item.id);
      if (known !== undefined) {
        if (wanted) bodies.supply(known.item);
        continue;
      }
      if (this.#checking.has(item.id)) continue;
      const stateless = checkTransactionStateless(item.signed, state.genesis.chainId);
      if (!stateless.ok) return punish(peer, stateless.error.code, stateless.error.message);
      if (!wanted && (!admission(state, item.signed).ok || this.#checking.size >= VERIFYING_MAX)) continue;
      this.#check({ item, answers: [], peer });
    }
  }

  #check(checking: Checking): void {
    this.#checking.set(checking.item.id, checking);
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
      this.#context.input(() => {
        for (const [position, checking] of batch.entries()) this.#checked(checking, verdicts[position] === true);
      }),
    );
  }

  #checked({ item, answers, peer }: Checking, valid: boolean): void {
    const { state, mempool, bodies, clock, punish, rejected } = this.#context;
    const { id } = item;
    this.#checking.delete(id);
    const answer: Answer = (outcome) => {
      for (const each of answers) each(outcome);
    };
    if (!valid) {
      if (peer !== null) punish(peer, 'BAD_SIGNATURE', `transaction ${id}`);
      return answer({ id, code: 'BAD_SIGNATURE', message: 'the signature is not the sender’s' });
    }
    bodies.supply(item);
    const admitted = admission(state, item.signed);
    if (!admitted.ok) return this.#refuse(item, admitted.error, answer);
    const added = mempool.add(item, clock.nowMs(), answers.length > 0 ? null : peer);
    if (!added.ok) return answer({ id, ...added.error });
    for (const { entry, code } of added.value) rejected(entry.item.id, code);
    if (answers.length > 0) this.#fresh.push(item.bytes);
    answer({ id, status: 'pending' });
  }

  #forwardFresh(): void {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const bundle of bundles(fresh)) this.#context.forward(bundle);
  }
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
