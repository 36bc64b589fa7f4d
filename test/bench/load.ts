/** The load: batches that were encoded before, sent to all validators as fast as the network commits them. */
import { BATCH_MEDIA_TYPE, batchCodec } from '../../src/api/batch.ts';
import { BATCH_TRANSACTIONS_MAX } from '../../src/api/limits.ts';
import { submitPath } from '../../src/api/routes.ts';
import type { BatchResponse } from '../../src/api/transaction.ts';
import type { Hash } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import type { BenchAccount } from './accounts.ts';
import type { Poster } from './post.ts';

/** Transactions that are accepted and not committed yet: two full blocks, one to be agreed on and one that fills. More only
 *  wait longer. */
const OUTSTANDING_MAX = 4_000;
/** Batches on their way to one validator, so that it always has one to work on. */
const BATCHES_AT_ONCE = 2;

export interface Batch {
  readonly bytes: Uint8Array;
  readonly transactions: number;
}

/** So many transfers, each account paying the next one, in batches for each validator. An account's transfers all go to one
 *  validator, in the order of their nonces. */
export function signBatches(
  accounts: readonly BenchAccount[],
  chainId: Hash,
  validators: number,
  transactions: number,
): readonly (readonly Batch[])[] {
  const each = Math.ceil(transactions / validators);
  return Array.from({ length: validators }, (_, validator) => {
    const batches: Batch[] = [];
    let signed: Uint8Array[] = [];
    for (let i = 0; i < each; i++) {
      const position = (validator + i * validators) % accounts.length;
      const account = present(accounts[position], 'an account');
      const { address } = present(accounts[(position + 1) % accounts.length], 'an account');
      signed.push(account.transfer(chainId, address));
      if (signed.length < BATCH_TRANSACTIONS_MAX && i < each - 1) continue;
      batches.push({ bytes: batchCodec.encode(signed), transactions: signed.length });
      signed = [];
    }
    return batches;
  });
}

/** Sends batches while there are some and the signal lets it, and keeps the books. */
export class Load {
  /** Transactions, so far. */
  accepted = 0;
  committed = 0;
  /** Refused transactions, by code. */
  readonly refused = new Map<string, number>();
  /** No batch is left for some validator. */
  exhausted = false;
  #sending = 0;
  #roomMade = Promise.withResolvers<void>();

  /** A block with so many transactions became final. */
  blockCommitted(transactions: number): void {
    this.committed += transactions;
    this.#roomMade.resolve();
    this.#roomMade = Promise.withResolvers();
  }

  /** Resolves when all answers are there. */
  async run(batches: readonly (readonly Batch[])[], posters: readonly Poster[], until: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => until.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.all(
      posters.flatMap((poster, validator) => {
        const queue = present(batches[validator], 'the batches of a validator').values();
        return Array.from({ length: BATCHES_AT_ONCE }, () => this.#send(queue, poster, until, stopped));
      }),
    );
  }

  async #send(queue: Iterator<Batch>, poster: Poster, until: AbortSignal, stopped: Promise<void>): Promise<void> {
    for (;;) {
      while (!until.aborted && this.#outstanding >= OUTSTANDING_MAX) {
        await Promise.race([this.#roomMade.promise, stopped]);
      }
      if (until.aborted) return;
      const next = queue.next();
      if (next.done === true) {
        this.exhausted = true;
        return;
      }
      const { bytes, transactions } = next.value;
      this.#sending += transactions;
      const answer = (await poster.post(submitPath(), BATCH_MEDIA_TYPE, bytes)) as BatchResponse;
      this.#sending -= transactions;
      for (const result of answer.results) this.#count(result);
    }
  }

  get #outstanding(): number {
    return this.accepted + this.#sending - this.committed;
  }

  #count(result: BatchResponse['results'][number]): void {
    if ('code' in result && !('status' in result)) {
      this.refused.set(result.code, (this.refused.get(result.code) ?? 0) + 1);
    } else {
      this.accepted += 1;
    }
  }
}
