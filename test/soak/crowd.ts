/** One client that pays as fast as it may, from as many senders as it takes: addresses that nobody had before, or its own. */
import { BATCH_MEDIA_TYPE, batchCodec } from '../../src/api/batch.ts';
import { BATCH_TRANSACTIONS_MAX } from '../../src/api/limits.ts';
import { submitPath } from '../../src/api/routes.ts';
import type { BatchResponse } from '../../src/api/transaction.ts';
import type { Address, Hash } from '../../src/base/brand.ts';
import { toAddress } from '../../src/codec/hex.ts';
import { Client } from '../../src/client/client.ts';
import type { Ed25519 } from '../../src/crypto/ed25519.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import { OPERATIONS_MAX } from '../../src/ledger/limits.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { BenchAccount, makeAccounts } from '../bench/accounts.ts';
import type { Poster } from '../bench/post.ts';

/** Senders of the crowd: what one of them may make in a block, all of them together may make many times over. */
const CROWD = 64;
/** Numbers of their accounts: no other bench account has them. */
const CROWD_FIRST = 10_000_000;
/** Senders of one batch: each has sixteen transactions in it, and these make all that one may make in a block of the development network. */
const BATCH_SENDERS = BATCH_TRANSACTIONS_MAX / OPERATIONS_MAX;
const WAIT_MS = 30_000;
/** New accounts of one of those who pay them, in a block: few enough for any network. */
const NEW_MAX = 32;

export const crowd = (ed25519: Ed25519): readonly BenchAccount[] => makeAccounts(CROWD, ed25519, CROWD_FIRST);

/** Pays so much to each of these, from the accounts of the development network, and waits until they have it. */
export async function fund(
  chainId: Hash,
  addresses: readonly Address[],
  amount: bigint,
  poster: Poster,
  client: Client,
  ed25519: Ed25519,
): Promise<void> {
  const rich = developmentNetwork(1).accounts.map(({ secret }) => new BenchAccount(secret, ed25519));
  for (const account of rich) account.resume((await client.account(account.address)).nonce);
  for (let at = 0; at < addresses.length; at += rich.length * NEW_MAX) {
    const signed = rich.flatMap((account, i) => {
      const own = addresses.slice(at + i * NEW_MAX, at + (i + 1) * NEW_MAX);
      return inTransactions(own).map((to) => account.pay(chainId, to, amount));
    });
    const results = await post(poster, signed);
    const failed = results.find((result) => !isDone(result));
    if (failed !== undefined) throw new Error(`an account of the trial was not paid: ${JSON.stringify(failed)}`);
  }
}

type Result = BatchResponse['results'][number];

const isDone = (result: Result): boolean =>
  'status' in result && result.status === 'committed' && result.receipt.code === 'OK';

const inTransactions = (addresses: readonly Address[]): readonly (readonly Address[])[] =>
  Array.from({ length: Math.ceil(addresses.length / OPERATIONS_MAX) }, (_, i) =>
    addresses.slice(i * OPERATIONS_MAX, (i + 1) * OPERATIONS_MAX),
  );

/** What became of each, once it is known. */
async function post(poster: Poster, signed: readonly Uint8Array[]): Promise<readonly Result[]> {
  const batches = Array.from({ length: Math.ceil(signed.length / BATCH_TRANSACTIONS_MAX) }, (_, i) =>
    signed.slice(i * BATCH_TRANSACTIONS_MAX, (i + 1) * BATCH_TRANSACTIONS_MAX),
  );
  const answers = await Promise.all(
    batches.map((batch) => poster.post(submitPath(WAIT_MS), BATCH_MEDIA_TYPE, batchCodec.encode(batch))),
  );
  return answers.flatMap((answer) => (answer as BatchResponse).results);
}

/** Pays until it is over. */
export class Crowd {
  /** Payments that were final, sixteen in a transaction. */
  paid = 0;
  sentBytes = 0;
  readonly #chainId: Hash;
  readonly #poster: Poster;
  readonly #client: Client;
  readonly #senders: readonly BenchAccount[];
  readonly #whom: 'strangers' | 'itself';
  #strangers = 0;

  /** `whom`: addresses that nobody paid before, or senders of the crowd. */
  constructor(chainId: Hash, url: string, poster: Poster, ed25519: Ed25519, whom: 'strangers' | 'itself') {
    this.#whom = whom;
    this.#chainId = chainId;
    this.#poster = poster;
    this.#client = new Client({ urls: [url] });
    this.#senders = crowd(ed25519);
  }

  /** Each group of senders sends its next batch when it knows what became of the last. */
  async run(isOver: () => boolean): Promise<void> {
    const groups = Array.from({ length: CROWD / BATCH_SENDERS }, (_, i) =>
      this.#senders.slice(i * BATCH_SENDERS, (i + 1) * BATCH_SENDERS),
    );
    await Promise.all(
      groups.map(async (group) => {
        while (!isOver()) await this.#batch(group);
      }),
    );
  }

  async #batch(group: readonly BenchAccount[]): Promise<void> {
    const signed = group.flatMap((sender) =>
      Array.from({ length: BATCH_TRANSACTIONS_MAX / BATCH_SENDERS }, () =>
        sender.pay(this.#chainId, this.#payees(), 1n),
      ),
    );
    this.sentBytes += signed.reduce((sum, { length }) => sum + length, 0);
    const results = await post(this.#poster, signed).catch(() => []);
    this.paid += OPERATIONS_MAX * results.filter(isDone).length;
    if (results.length === signed.length && results.every(isDone)) return;
    // Some were refused, or come later.
    for (const sender of group) sender.resume((await this.#client.account(sender.address)).nonce);
  }

  #payees(): readonly Address[] {
    if (this.#whom === 'itself') return this.#senders.slice(0, OPERATIONS_MAX).map(({ address }) => address);
    return Array.from({ length: OPERATIONS_MAX }, () => {
      this.#strangers += 1;
      return toAddress(sha256(new TextEncoder().encode(`trefoil stranger ${this.#strangers}`)));
    });
  }
}
