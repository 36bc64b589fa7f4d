/** A ledger as an application sees it, through one or several of its nodes. Runs in browsers too. */
import { batchCodec, BATCH_MEDIA_TYPE, SSZ_MEDIA_TYPE } from '../api/batch.ts';
import { accountSchema, type BlockJson, blockSchema, type OffenceJson, offencesSchema } from '../api/block.ts';
import { type EventName, formatEventId } from '../api/events.ts';
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
import { type Account, accountFromJson, type AccountOptions, verifyAccount } from './account.ts';
import { badProof, badResponse, ClientError, noGenesis } from './errors.ts';
import { followEvents, type LedgerEvent } from './events.ts';
import type { TrustedNetwork } from './state-proof.ts';

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
  readonly #genesis: TrustedNetwork | undefined;

  constructor(options: ClientOptions) {
    this.#genesis = options.genesis;
    this.#endpoint = new Endpoint({
      urls: options.urls,
      fetch: options.fetch ?? ((input, init) => fetch(input, init)),
      timeoutMs: options.timeoutMs ?? ATTEMPT_MS,
      rounds: options.rounds ?? ROUNDS,
    });
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
  async account(address: string, options: AccountOptions = {}): Promise<Account> {
    const { height, time, proof } = options;
    const genesis = this.#genesis;
    if (proof === true && genesis === undefined) throw noGenesis();
    const timeMs = time instanceof Date ? time.getTime() : time;
    const answer = await this.#get(accountPath(address, { height, time: timeMs, proof }));
    const account = accountFromJson(read(accountSchema, answer));
    if (typeof height === 'number') requireSame(answer, 'height', account.height, height);
    if (timeMs !== undefined && (account.timestampMs ?? timeMs + 1) > timeMs)
      throw badResponse(answer.url, `the answer is not for a time up to ${timeMs}`);
    if (proof !== true || genesis === undefined) return account;
    const proved = verifyAccount(genesis, address, account);
    if (!proved.ok) throw badProof(answer.url, proved.error);
    if (timeMs !== undefined && (proved.value.nextTimestampMs ?? timeMs + 1) <= timeMs)
      throw badProof(answer.url, { code: 'WRONG_BLOCK', message: 'a later block is not after that time either' });
    return account;
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
    const types = options.types ?? ['block', 'transaction'];
    yield* followEvents(this.#endpoint, types, options.after ?? (await this.#now()), options.signal);
  }

  /** Id of the newest event. Known before the first connection, so that not even its loss leaves a gap. */
  async #now(): Promise<string> {
    try {
      const { height, transactions } = await this.block('latest');
      return formatEventId(height, transactions.length);
    } catch (error) {
      if (error instanceof ClientError && error.code === 'BLOCK_NOT_FOUND') return formatEventId(0, 0);
      throw error;
    }
  }

  #get(path: string): Promise<Answer> {
    return this.#endpoint.request({ method: 'GET', path: () => path });
  }
}

export interface EventsOptions {
  readonly types?: readonly EventName[];
  readonly after?: string;
  readonly signal?: AbortSignal;
}

interface Schema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false; error: { message: string } };
}

function read<T>(schema: Schema<T>, { url, body }: Answer): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw badResponse(url, `the answer is not what the interface says: ${parsed.error.message}`);
  return parsed.data;
}

function requireSame<T extends string | number>({ url }: Answer, what: string, got: T, asked: T): void {
  if (got !== asked) throw badResponse(url, `the answer is for another ${what}: ${got}`);
}
