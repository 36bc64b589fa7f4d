/** A node of one process and no consensus: what it is sent waits until `seal` makes a final block of it. */
import {
  type Epoch,
  type Address,
  address,
  epoch,
  type Hash,
  height as toHeight,
  type Height,
  power,
  validatorIndex,
  view,
  ZERO_HASH,
} from '../../src/base/brand.ts';
import { ok } from '../../src/base/result.ts';
import { present } from '../../src/base/invariant.ts';
import type { ReadinessReason } from '../../src/api/status.ts';
import type { AccountView, FinalizedBlock } from '../../src/driver/ports.ts';
import type { Refusal, SubmitOutcome, TransactionState } from '../../src/driver/transactions/fate.ts';
import {
  type Body,
  blockHash,
  blockRecordCodec,
  bodyHash,
  fullBodyCodec,
  type Header,
  type Receipt,
  SKIPPED_BYTES,
} from '../../src/ledger/block.ts';
import {
  signedTransactionCodec,
  type SignedTransaction,
  type Transaction,
  transactionId,
} from '../../src/ledger/transaction.ts';
import type { SkipCode } from '../../src/ledger/transaction-rules.ts';
import type { HandOver } from '../../src/ledger/hand-over.ts';
import type { Evidence } from '../../src/ledger/evidence.ts';
import { SignersType, type Signers, type SignedVote } from '../../src/ledger/vote.ts';
import type { Gateway, NodeStatus } from '../../src/rpc/gateway.ts';
import { contain, type Trace } from '../../src/rpc/trace.ts';
import type { ReadableState, StateReadError } from '../../src/rpc/readable-state.ts';

export const PREFIX = 'tre';
export const ALICE: Address = address('aa'.repeat(32));
export const BOB: Address = address('bb'.repeat(32));
const START_BALANCE = 1_000_000n;

/** The n-th transfer of Alice to Bob. Nothing checks the signature here. */
export function transfer(nonce: number, over: Partial<Transaction> = {}): SignedTransaction {
  return {
    transaction: {
      chainId: ZERO_HASH,
      sender: ALICE,
      nonce,
      expiresAt: toHeight(0),
      maxFee: 0n,
      operations: [{ kind: 'transfer', to: BOB, amount: 5n }],
      memo: new Uint8Array(0),
      ...over,
    },
    signature: new Uint8Array(64).fill(7),
  };
}

export const bytesOf = (nonce: number): Uint8Array => signedTransactionCodec.encode(transfer(nonce));

interface Pending {
  readonly id: Hash;
  readonly signed: SignedTransaction;
  readonly bytes: Uint8Array;
}

/** A state that cannot be read, for this reason. */
export function unreadable(code: StateReadError['code']): ReadableState {
  const error: StateReadError = { code, message: `because of ${code}`, oldest: toHeight(7) };
  const refuse = () => Promise.resolve({ ok: false, error } as const);
  return { read: refuse, list: refuse, history: refuse };
}

/** A state in which nothing stands. */
export function emptyState(): ReadableState {
  const header = headerOf(toHeight(1), ZERO_HASH, 1000);
  return {
    read: () => Promise.resolve(ok({ header, value: undefined, apart: undefined })),
    list: () => Promise.resolve(ok({ height: header.height, entries: [], next: undefined })),
    history: () => Promise.resolve(ok({ height: header.height, versions: [], next: undefined })),
  };
}

export class MemoryGateway implements Gateway {
  state: ReadableState = unreadable('HEIGHT_UNKNOWN');
  readonly blocks = new Map<number, FinalizedBlock>();
  readonly handOvers = new Map<number, HandOver>();
  /** What `readMicros` says. */
  readingMicros = 0;
  /** How often a block was read. */
  reads = 0;
  /** How often one was searched for traces. */
  searches = 0;
  /** What `submit` says instead, when set. */
  refusal: Refusal | undefined;
  /** What `status` and `block` throw, when set. */
  failure: Error | undefined;
  reasons: ReadinessReason[] = [];
  evidence: Evidence[] = [];
  mode: NodeStatus['fixed']['mode'] = 'equal';
  /** Of the validators' nodes, where they have to be some. */
  peerIds: readonly string[] = [];
  /** How many `waitFor` are under way. */
  waits = 0;
  readonly #pending = new Map<Hash, Pending>();
  readonly #settled = new Map<Hash, TransactionState>();
  readonly #listeners = new Set<(block: FinalizedBlock) => void>();
  readonly #settling = new Set<() => void>();
  #height = 0;
  #committed = 0;

  get listeners(): number {
    return this.#listeners.size;
  }

  submit(signedBytes: readonly Uint8Array[]): Promise<readonly SubmitOutcome[]> {
    return Promise.resolve(signedBytes.map((bytes) => this.#admit(bytes)));
  }

  handOver(epoch: Epoch): Promise<HandOver | undefined> {
    return Promise.resolve(this.handOvers.get(epoch));
  }

  transaction(id: Hash): Promise<TransactionState> {
    return Promise.resolve(this.#state(id));
  }

  async waitFor(id: Hash, timeoutMs: number, signal: AbortSignal): Promise<TransactionState> {
    this.waits++;
    try {
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (this.#settled.has(id) || signal.aborted) finish();
        };
        const finish = (): void => {
          clearTimeout(timer);
          this.#settling.delete(look);
          signal.removeEventListener('abort', finish);
          resolve();
        };
        const timer = setTimeout(finish, timeoutMs);
        this.#settling.add(look);
        signal.addEventListener('abort', finish);
        look();
      });
    } finally {
      this.waits--;
    }
    return this.#state(id);
  }

  account(wanted: Address): Promise<AccountView> {
    const waiting = [...this.#pending.values()].filter(({ signed }) => signed.transaction.sender === wanted).length;
    const nonce = this.#nonce(wanted);
    const balance = wanted === ALICE ? START_BALANCE - 5n * BigInt(nonce) : 0n;
    return Promise.resolve({
      address: wanted,
      balance,
      nonce,
      pendingNonce: nonce + waiting,
      height: toHeight(this.#height),
    });
  }

  block(height: Height | 'latest'): Promise<FinalizedBlock | undefined> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.reads++;
    return Promise.resolve(this.blocks.get(height === 'latest' ? this.#height : height));
  }

  /** Looks at what the block is in bytes, as a node does. */
  async blockWith(height: Height, traces: readonly Trace[]): Promise<FinalizedBlock | 'without' | undefined> {
    this.searches++;
    const block = this.blocks.get(height);
    if (block === undefined) return undefined;
    const record = blockRecordCodec.encode(block.record);
    const body = fullBodyCodec.encode(block.body);
    const has = ({ bytes, within }: Trace): boolean =>
      contain(record, bytes) || (within === 'block' && contain(body, bytes));
    return traces.every(has) ? this.block(height) : 'without';
  }

  nextHeight(from: Height): Promise<Height | undefined> {
    const heights = [...this.blocks.keys()].filter((height) => height >= from);
    return Promise.resolve(heights.length === 0 ? undefined : toHeight(Math.min(...heights)));
  }

  readMicros(): number {
    return this.readingMicros;
  }

  status(): NodeStatus {
    const tip = this.blocks.get(this.#height);
    return {
      chainId: ZERO_HASH,
      name: 'memory',
      fixed: { mode: this.mode, window: 16, blockWeightMax: 4000 },
      dev: true,
      version: '0.0.0',
      upgrade: null,
      index: validatorIndex(0),
      peerId: 'peer0',
      epoch: epoch(0),
      view: view(0),
      active: true,
      primary: validatorIndex(0),
      height: toHeight(this.#height),
      finalHeight: toHeight(this.#height),
      blockHash: tip?.hash ?? ZERO_HASH,
      oldestHeight: toHeight(0),
      validators: [0, 1, 2, 3].map((index) => ({
        index: validatorIndex(index),
        name: `validator ${index}`,
        power: power(1n),
        peerId: this.peerIds[index] ?? `peer${index}`,
        connected: index !== 3,
        ...(index === 0 ? { height: toHeight(this.#height) } : {}),
      })),
      followers: [{ name: 'auditor', peerId: 'peer9', connected: true, height: toHeight(0) }],
      mempool: {
        size: this.#pending.size,
        bytes: [...this.#pending.values()].reduce((sum, { bytes }) => sum + bytes.length, 0),
      },
      misbehaviour: [{ validator: validatorIndex(3), code: 'BAD_SIGNATURE', count: 2, last: 'a PREPARE of height 7' }],
    };
  }

  readiness(): readonly ReadinessReason[] {
    return this.reasons;
  }

  offences(): readonly Evidence[] {
    return this.evidence;
  }

  subscribe(listener: (block: FinalizedBlock) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Makes a final block of all that is pending, and of `skipped` ids that are not executed. */
  seal(skipped: readonly Hash[] = []): FinalizedBlock {
    const height = toHeight(this.#height + 1);
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    const body: Body = {
      proposer: validatorIndex(0),
      timestampMs: 1000 * height,
      certificate: null,
      transactionIds: [...skipped, ...pending.map(({ id }) => id)],
      evidence: this.evidence,
    };
    const receipts = pending.map(({ id, signed }) => receiptOf(id, signed));
    const header = headerOf(height, bodyHash(body), body.timestampMs);
    const hash = blockHash(header);
    const block: FinalizedBlock = {
      hash,
      record: { header, executed: pending.map((_, index) => index + skipped.length), receipts },
      body: { body, transactions: [...skipped.map(() => SKIPPED_BYTES), ...pending.map(({ bytes }) => bytes)] },
      certificate: { epoch: epoch(0), height, blockHash: hash, signers: signers(0, 2, 3), signatures: threeSignatures },
    };
    this.#committed += receipts.length;
    for (const [index, receipt] of receipts.entries()) {
      this.#settled.set(receipt.transactionId, { status: 'committed', height, index, blockHash: hash, receipt });
    }
    this.publish(block);
    for (const look of this.#settling) look();
    return block;
  }

  /** A block that was made elsewhere is final. */
  publish(block: FinalizedBlock): void {
    const { height } = block.record.header;
    this.#height = height;
    this.blocks.set(height, block);
    for (const listener of this.#listeners) listener(block);
  }

  /** Gives up on a pending transaction. */
  reject(id: Hash, code: SkipCode): void {
    this.#pending.delete(id);
    this.#settled.set(id, { status: 'rejected', code });
    for (const look of this.#settling) look();
  }

  #admit(bytes: Uint8Array): SubmitOutcome {
    if (this.refusal !== undefined) return { ...this.refusal, id: transactionId(bytes) };
    const decoded = signedTransactionCodec.decode(bytes);
    if (!decoded.ok) return decoded.error;
    const id = transactionId(bytes);
    const state = this.#state(id);
    if (state.status === 'pending' || state.status === 'committed') return { id, status: state.status };
    const { sender, nonce } = decoded.value.transaction;
    if (nonce < this.#nonce(sender)) return { id, code: 'NONCE_TOO_LOW', message: `nonce ${nonce} was used` };
    this.#pending.set(id, { id, signed: decoded.value, bytes: Uint8Array.from(bytes) });
    return { id, status: 'pending' };
  }

  #state(id: Hash): TransactionState {
    return this.#settled.get(id) ?? { status: this.#pending.has(id) ? 'pending' : 'unknown' };
  }

  #nonce(sender: Address): number {
    return sender === ALICE ? this.#committed : 0;
  }
}

function receiptOf(transactionId: Hash, { transaction }: SignedTransaction): Receipt {
  const operation = present(transaction.operations[0], 'operation');
  if (operation.kind !== 'transfer') throw new Error(`no transfer: ${operation.kind}`);
  const { to, amount } = operation;
  return {
    transactionId,
    code: 'OK',
    feePaid: 0n,
    events: [{ kind: 'transfer', from: transaction.sender, to, amount }],
  };
}

function headerOf(height: Height, hash: Hash, timestampMs: number): Header {
  return {
    chainId: ZERO_HASH,
    height,
    epoch: epoch(0),
    parentHash: ZERO_HASH,
    bodyHash: hash,
    transactionsRoot: ZERO_HASH,
    receiptsRoot: ZERO_HASH,
    stateRoot: ZERO_HASH,
    historyRoot: ZERO_HASH,
    validatorsHash: ZERO_HASH,
    nextValidatorsHash: ZERO_HASH,
    timestampMs,
    proposer: validatorIndex(0),
  };
}

const threeSignatures = [1, 2, 3].map((fill) => new Uint8Array(64).fill(fill));

function signers(...indices: readonly number[]): Signers {
  const bits = SignersType.defaultValue();
  for (const index of indices) bits.set(index, true);
  return bits;
}

/** Two commits of validator 3 in one place. */
export function doubleCommit(): Evidence {
  const commit = (hash: Hash): SignedVote => ({
    vote: { kind: 'commit', epoch: epoch(0), view: view(1), height: toHeight(41), hash },
    voter: validatorIndex(3),
    signature: new Uint8Array(64).fill(9),
  });
  return { kind: 'equivocation', first: commit(ZERO_HASH), second: commit('11'.repeat(32) as Hash) };
}
