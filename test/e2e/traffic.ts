/** Clients of a testnet that pay one another all the time, and know what was promised to them. */
import { setTimeout as delay } from 'node:timers/promises';
import { BATCH_MEDIA_TYPE, batchCodec } from '../../src/api/batch.ts';
import { submitPath } from '../../src/api/routes.ts';
import type { BatchResponse } from '../../src/api/transaction.ts';
import type { Hash, Height } from '../../src/base/brand.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import type { Ed25519 } from '../../src/crypto/ed25519.ts';
import { signedTransactionCodec, type Transaction, transactionSigningBytes } from '../../src/ledger/transaction.ts';
import { type DevelopmentAccount, developmentNetwork } from '../../src/node/development.ts';

const BATCH_TRANSACTIONS = 4;
/** Between the commit of one batch and the next of the same account. */
const PAUSE_MS = 50;
const WAIT_MS = 10_000;
/** A batch that is not committed by then never will be. */
const COMMIT_MS = 60_000;

interface TrafficOptions {
  readonly chainId: Hash;
  /** HTTP ports of the nodes to submit to. */
  readonly urls: readonly string[];
  readonly ed25519: Ed25519;
  /** Nodes may be killed and started meanwhile: a client whose node does not answer turns to the next. */
  readonly nodesFall?: boolean;
}

/** Ten accounts, each with one client that submits a batch, waits until it is committed, and submits the next. */
export class Traffic {
  /** Ids of committed transactions, as nodes said. */
  readonly committed = new Set<Hash>();
  /** Longest time in which no client heard of a commit, in milliseconds. */
  longestGapMs = 0;
  readonly #options: TrafficOptions;
  readonly #accounts: readonly DevelopmentAccount[] = developmentNetwork(4).accounts;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #lastMs = performance.now();

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#running = this.#run();
    // Whoever stops the load gets to know.
    this.#running.catch(() => undefined);
  }

  /** Resolves when everything submitted is committed; rejects when something is not. */
  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#running;
  }

  /** Resolves when something that is submitted from now on is committed. */
  async progress(): Promise<void> {
    // The first to come may have been submitted before.
    const enough = this.committed.size + (this.#accounts.length + 1) * BATCH_TRANSACTIONS;
    for (const deadline = performance.now() + COMMIT_MS; this.committed.size < enough; ) {
      invariant(performance.now() < deadline, 'commits go on', { committed: this.committed.size });
      await Promise.race([delay(20), this.#failed()]);
    }
  }

  #failed(): Promise<void> {
    return this.#running.then(() => invariant(false, 'the load is still running'));
  }

  async #run(): Promise<void> {
    try {
      await Promise.all(this.#accounts.map((account, number) => this.#pay(account, number)));
    } finally {
      this.#stopping.abort();
    }
  }

  async #pay(account: DevelopmentAccount, number: number): Promise<void> {
    const { urls } = this.#options;
    let position = number % urls.length;
    const url = present(urls[position], 'a node');
    const to = present(this.#accounts[(number + 1) % this.#accounts.length], 'an account');
    const answer = await fetch(`${url}/v1/accounts/${account.address}`);
    let { nonce } = (await answer.json()) as { nonce: number };
    while (!this.#stopping.signal.aborted) {
      const batch = Array.from({ length: BATCH_TRANSACTIONS }, (_, i) => this.#sign(account, to, nonce + i));
      nonce += BATCH_TRANSACTIONS;
      position = await this.#commit(position, batchCodec.encode(batch));
      await delay(PAUSE_MS);
    }
  }

  /** The same bytes again and again, until all of them are committed; at the next node when one does not answer. Returns which
   *  node answered. */
  async #commit(first: number, body: Uint8Array): Promise<number> {
    const { urls } = this.#options;
    let position = first;
    for (const deadline = performance.now() + COMMIT_MS; ; ) {
      const url = present(urls[position], 'a node');
      const answer = await this.#post(url, body);
      if (answer !== undefined && this.#isCommitted(url, answer)) return position;
      invariant(performance.now() < deadline, 'a transaction commits', {
        url,
        results: JSON.stringify(answer?.results),
      });
      if (answer !== undefined) continue;
      position = (position + 1) % urls.length;
      await delay(PAUSE_MS);
    }
  }

  #isCommitted(url: string, { results }: BatchResponse): boolean {
    for (const result of results) {
      if (!('status' in result) || result.status === 'rejected') {
        invariant(false, 'a good transaction is taken in', { url, result: JSON.stringify(result) });
      } else if (result.status === 'committed') this.#note(result.id);
    }
    return results.every((result) => 'status' in result && result.status === 'committed');
  }

  /** Undefined when the node is gone, or starting or stopping. */
  async #post(url: string, body: Uint8Array): Promise<BatchResponse | undefined> {
    try {
      const answer = await fetch(url + submitPath(WAIT_MS), {
        method: 'POST',
        headers: { 'content-type': BATCH_MEDIA_TYPE },
        body: Buffer.from(body),
      });
      if (answer.ok) return (await answer.json()) as BatchResponse;
      await answer.body?.cancel();
      const isPassing = this.#options.nodesFall === true && answer.status === 503;
      invariant(isPassing, 'a batch is answered', { url, status: answer.status });
    } catch (error) {
      // How fetch tells that nobody answers, or that the connection broke.
      if (this.#options.nodesFall !== true || !(error instanceof TypeError)) throw error;
    }
    return undefined;
  }

  #note(id: Hash): void {
    this.committed.add(id);
    const now = performance.now();
    this.longestGapMs = Math.max(this.longestGapMs, now - this.#lastMs);
    this.#lastMs = now;
  }

  #sign({ secret, address }: DevelopmentAccount, to: DevelopmentAccount, nonce: number): Uint8Array {
    const { chainId, ed25519 } = this.#options;
    const transaction: Transaction = {
      chainId,
      sender: address,
      nonce,
      expiresAt: 0 as Height,
      maxFee: 0n,
      operations: [{ kind: 'transfer', to: to.address, amount: 1n }],
      memo: new Uint8Array(),
    };
    const signature = ed25519.sign(secret, transactionSigningBytes(transaction));
    return signedTransactionCodec.encode({ transaction, signature });
  }
}
