/** A ledger as an application sees it, through one or several of its nodes. Runs in browsers too. */
import { batchCodec, BATCH_MEDIA_TYPE, SSZ_MEDIA_TYPE } from '../api/batch.ts';
import { accountSchema, type BlockJson, blockSchema, type OffenceJson, offencesSchema } from '../api/block.ts';
import { type EventName, endOfHeight } from '../api/events.ts';
import { BATCH_BYTES_MAX, BATCH_TRANSACTIONS_MAX, WAIT_MS_MAX } from '../api/limits.ts';
import { accountPath, blockPath, ROUTES, submitPath, transactionPath } from '../api/routes.ts';
import { type Readiness, readinessSchema, type StatusJson, statusSchema } from '../api/status.ts';
import {
  batchResponseSchema,
  type RefusedTransaction,
  type TransactionStatus,
  transactionStatusSchema,
} from '../api/transaction.ts';
import type { Hash } from '../base/brand.ts';
import { invariant } from '../base/invariant.ts';
import { transactionId } from '../ledger/transaction.ts';
import { sleep } from './backoff.ts';
import { Endpoint, type Answer } from './endpoint.ts';
import { type Account, accountFromJson, verifyAccount } from './account.ts';
import { read, requireSame } from './answers.ts';
import { DataReads } from './data.ts';
import { badResponse } from './errors.ts';
import { type EventsFilter, followEvents, type LedgerEvent } from './events.ts';
import { MembershipReads } from './membership.ts';
import type { TrustedNetwork } from './state-proof.ts';
import { type ReadOptions, StateReads } from './state-reads.ts';

/** Milliseconds for one attempt of a request. */
const ATTEMPT_MS = 10_000;
/** About two seconds of waiting. */
const ROUNDS = 5;
/** `waitFor` asks often at first, since most transactions are final within milliseconds, and less and less. */
const FIRST_POLL_MS = 10;
const POLL_MS_MAX = 1_000;

export interface ClientOptions {
  /** Base URLs of nodes of one network. The first is asked first; the others when it does not answer. */
  readonly urls: readonly string[];
  readonly fetch?: typeof fetch;
  /** Milliseconds for one attempt of a request. */
  readonly timeoutMs?: number;
  /** How often all nodes are tried before giving up; 1 for not again. */
  readonly rounds?: number;
  /** What is trusted of the network, for proofs: its genesis. */
  readonly genesis?: TrustedNetwork;
}

/** All methods throw ClientError: a node's refusal with its problem, UNREACHABLE, TIMED_OUT or BAD_RESPONSE. */
export class Client {
  readonly #endpoint: Endpoint;
  readonly #reads: StateReads;
  /** What stands in namespaces. */
  readonly data: DataReads;
  /** Validators, the epoch that runs, proposals. */
  readonly membership: MembershipReads;

  constructor(options: ClientOptions) {
    this.#endpoint = new Endpoint({
      urls: options.urls,
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
      timeoutMs: options.timeoutMs ?? ATTEMPT_MS,
      rounds: options.rounds ?? ROUNDS,
    });
    this.#reads = new StateReads(this.#endpoint, options.genesis);
    this.data = new DataReads(this.#reads);
    this.membership = new MembershipReads(this.#reads);
  }

  /**
   * Submits the signed bytes of a transaction. With `waitMs` (at most a minute) the answer comes when it is final;
   * `pending` means that it was not by then. Submitting the same bytes again is always safe.
   */
  async submit(signed: Uint8Array, waitMs?: number): Promise<TransactionStatus> {
    const deadline = waitMs === undefined ? undefined : Date.now() + Math.min(waitMs, WAIT_MS_MAX);
    const answer = await this.#endpoint.request({
      method: 'POST',
      path: () => submitPath(deadline === undefined ? undefined : Math.max(1, deadline - Date.now())),
      headers: { 'content-type': SSZ_MEDIA_TYPE },
      body: new Uint8Array(signed),
      extraMs: waitMs ?? 0,
    });
    const status = read(transactionStatusSchema, answer);
    requireSame(answer, 'transaction id', status.id, transactionId(signed));
    return status;
  }

  /** Submits up to 256 signed transactions, of half a megabyte together at most. One result for each, in their order; a refused one has no `status`. */
  async submitBatch(signed: readonly Uint8Array[]): Promise<readonly (TransactionStatus | RefusedTransaction)[]> {
    const bytes = signed.reduce((sum, { length }) => sum + 4 + length, 0);
    const keeps = signed.length <= BATCH_TRANSACTIONS_MAX && bytes <= BATCH_BYTES_MAX;
    invariant(keeps, 'a batch keeps to its limits', { length: signed.length, bytes });
    const answer = await this.#endpoint.request({
      method: 'POST',
      path: () => submitPath(),
      headers: { 'content-type': BATCH_MEDIA_TYPE },
      body: new Uint8Array(batchCodec.encode(signed)),
    });
    const { results } = read(batchResponseSchema, answer);
    if (results.length !== signed.length) throw badResponse(answer.url, 'not one result for each transaction');
    for (const [position, result] of results.entries()) {
      const bytes = signed[position];
      if (bytes !== undefined && result.id !== undefined) {
        requireSame(answer, 'transaction id', result.id, transactionId(bytes));
      }
    }
    return results;
  }

  async transaction(id: Hash): Promise<TransactionStatus> {
    const answer = await this.#get(transactionPath(id));
    const status = read(transactionStatusSchema, answer);
    requireSame(answer, 'transaction id', status.id, id);
    return status;
  }

  /** Waits until the transaction is committed or rejected. At the timeout: whatever is known then. */
  async waitFor(id: Hash, timeoutMs: number, signal?: AbortSignal): Promise<TransactionStatus> {
    const deadline = Date.now() + timeoutMs;
    for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(POLL_MS_MAX, pollMs * 1.5)) {
      const status = await this.transaction(id);
      if (status.status === 'committed' || status.status === 'rejected') return status;
      const remainingMs = deadline - Date.now();
      if (remainingMs <= 0) return status;
      await sleep(Math.min(pollMs, remainingMs), signal);
    }
  }

  /** `address`: bech32m, or 64 hexadecimal digits. Without options: as executed at the node that answers. Throws also BAD_PROOF: what the
   *  node said is not what it proved; NO_GENESIS: a proof is asked for, and nothing to check it by. */
  account(address: string, options: ReadOptions = {}): Promise<Account> {
    const reading = {
      path: (query: Parameters<typeof accountPath>[1]) => accountPath(address, query),
      schema: accountSchema,
      of: accountFromJson,
      verify: (network: TrustedNetwork, account: Account) => verifyAccount(network, address, account),
    };
    return this.#reads.read(reading, options);
  }

  async block(height: number | 'latest'): Promise<BlockJson> {
    const answer = await this.#get(blockPath(height));
    const block = read(blockSchema, answer);
    if (height !== 'latest') requireSame(answer, 'height', block.height, height);
    return block;
  }

  async status(): Promise<StatusJson> {
    return read(statusSchema, await this.#get(ROUTES.status));
  }

  /** Whether the node can commit now, and why not. */
  async ready(): Promise<Readiness> {
    const answer = await this.#endpoint.request({ method: 'GET', path: () => ROUTES.readyz, accept: [503] });
    return read(readinessSchema, answer);
  }

  /** What validators were caught at, each with both signed messages. */
  async offences(): Promise<readonly OffenceJson[]> {
    return read(offencesSchema, await this.#get(ROUTES.offences)).offences;
  }

  /**
   * Final blocks and their transactions, in order, each once, without a gap: from `after` (an event id) on, or from now.
   * Reconnects, to another node if need be, until the signal or the end of the loop that reads it.
   */
  async *events(options: EventsOptions = {}): AsyncGenerator<LedgerEvent, void, undefined> {
    const { types = ['block', 'transaction'], after, signal, ...filter } = options;
    yield* followEvents(this.#endpoint, { types, filter }, after ?? (await this.#now()), signal);
  }

  /**
   * What happens to a namespace, to keys of it with a prefix, or to an account: the transactions, in order, each once, those of a
   * namespace with what they changed there (`transaction.changes`). Goes on as `events` does. Whoever keeps the id of each event with
   * what comes of it, and gives the last one as `from`, misses nothing and sees nothing twice, however it ended. While nothing happens
   * there is a `progress` event now and then, whose id to keep saves the nodes from looking through the same blocks again.
   */
  async *watch({ from, ...options }: WatchOptions): AsyncGenerator<WatchEvent, void, undefined> {
    const after = from ?? (await this.#now());
    for await (const event of this.events({ ...options, after, types: ['transaction'] })) {
      if (event.kind !== 'block') yield event;
    }
  }

  /** A place after all events so far. Known before the first connection, so that not even its loss leaves a gap. */
  async #now(): Promise<string> {
    return endOfHeight((await this.status()).certifiedHeight);
  }

  #get(path: string): Promise<Answer> {
    return this.#endpoint.request({ method: 'GET', path: () => path });
  }
}

export interface EventsOptions extends EventsFilter {
  readonly types?: readonly EventName[];
  readonly after?: string;
  readonly signal?: AbortSignal;
}

export type WatchEvent = Exclude<LedgerEvent, { readonly kind: 'block' }>;

export interface WatchOptions extends EventsFilter {
  /** Id of the last event that was seen; without it, from now on. */
  readonly from?: string;
  readonly signal?: AbortSignal;
}
