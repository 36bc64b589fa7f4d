/** Many transfers in batches through the HTTP ports of all nodes. */
import { BATCH_TRANSACTIONS_MAX } from '../../src/api/limits.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import type { SignedBytes } from '../../src/client/wallet.ts';
import { Random } from '../../src/simulator/random.ts';
import { History, requireSame } from './history.ts';
import type { Town } from './people.ts';
import { requireExactly } from './scenarios.ts';
import { ALL, type Validators } from './validators.ts';

/** Every such batch goes to two nodes: a transaction is committed once however often it arrives. */
const TWICE_EVERY = 5;
const AMOUNT_MAX = 1_000;

export interface Transferred {
  readonly blocks: number;
  readonly perSecond: number;
}

/** Signs so many transfers between random people, sends them, and looks at what became of them on every node. */
export async function transferMany(
  validators: Validators,
  town: Town,
  count: number,
  seed: number,
): Promise<Transferred> {
  const batches = signBatches(town, count, seed);
  const startMs = performance.now();
  await Promise.all(ALL.map((index) => submitAll(validators, batchesFor(batches, index), index)));
  const { ids } = town.books;
  const [first, ...others] = await Promise.all(
    ALL.map((index) => History.read(`node ${index}`, validators.only(index), ({ places }) => places.size >= ids.size)),
  );
  const history = present(first, 'a history');
  const perSecond = (1000 * count) / (history.lastTransactionMs - startMs);
  for (const [position, other] of others.entries()) requireSame(history, other, position + 1);
  requireExactly(history, town.books);
  await town.books.requireBalances(validators, town.supply);
  return { blocks: history.height, perSecond };
}

/** Everybody pays in turn, so that the transfers of one person go through all nodes. */
function signBatches({ books, people }: Town, count: number, seed: number): readonly (readonly SignedBytes[])[] {
  const random = new Random(seed);
  const signed = Array.from({ length: count }, (_, number) => {
    const payer = present(people[number % people.length], 'a payer');
    const payee = random.pick(people);
    return books.pay(payer, payee.address, BigInt(random.int(1, AMOUNT_MAX)));
  });
  return Array.from({ length: Math.ceil(count / BATCH_TRANSACTIONS_MAX) }, (_, batch) =>
    signed.slice(batch * BATCH_TRANSACTIONS_MAX, (batch + 1) * BATCH_TRANSACTIONS_MAX),
  );
}

/** Batches go to the nodes in turn. */
const batchesFor = (batches: readonly (readonly SignedBytes[])[], index: number): readonly (readonly SignedBytes[])[] =>
  batches.filter((_, number) => {
    const node = number % ALL.length;
    return node === index || (number % TWICE_EVERY === 0 && (node + 1) % ALL.length === index);
  });

async function submitAll(
  validators: Validators,
  batches: readonly (readonly SignedBytes[])[],
  index: number,
): Promise<void> {
  const client = validators.only(index);
  for (const batch of batches) {
    const results = await client.submitBatch(batch.map(({ bytes }) => bytes));
    for (const result of results) {
      const isTaken = 'status' in result && (result.status === 'pending' || result.status === 'committed');
      invariant(isTaken, 'a transfer was refused', { index, result: JSON.stringify(result) });
    }
  }
}
