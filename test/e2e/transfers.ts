/** Many transfers in batches through the HTTP ports of all nodes. */
import { BATCH_TRANSACTIONS_MAX } from '../../src/api/limits.ts';
import { invariant, present } from '../../src/base/invariant.ts';
import type { Client } from '../../src/client/client.ts';
import type { SignedBytes } from '../../src/client/wallet.ts';
import { Random } from '../../src/base/random.ts';
import { History, requireSame } from './history.ts';
import type { Town } from './people.ts';
import { primaryOf, requireExactly } from './scenarios.ts';
import { ALL, allBut, type Validators } from './validators.ts';
import { FinalityWatch } from './watch.ts';

/** Every such batch goes to two nodes: a transaction is committed once however often it arrives. */
const TWICE_EVERY = 5;
const AMOUNT_MAX = 1_000;
const COMMIT_MS = 30_000;

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
  await Promise.all(ALL.map((index) => submitAll(validators.only(index), batchesFor(batches, index))));
  const history = await untilCommitted(validators, town);
  return { blocks: history.height, perSecond: (1000 * count) / (history.lastTransactionMs - startMs) };
}

/** The same with the primary killed in the middle, and started again at the end. What its clients were told to be pending went
 *  with it, so they submit everything again elsewhere. `gapMs`: the longest time without a final block on the others. */
export async function killInBurst(
  validators: Validators,
  town: Town,
  count: number,
  seed: number,
): Promise<{ readonly gapMs: number }> {
  const batches = signBatches(town, count, seed);
  const victim = await primaryOf(validators);
  const watches = allBut(victim).map((index) => new FinalityWatch(validators.only(index)));
  const submitting = Promise.all(ALL.map((index) => submitAll(validators.from(index), batchesFor(batches, index))));
  // It is looked at later.
  submitting.catch(() => undefined);
  await validators.until(
    'the first blocks of the burst',
    () => Promise.resolve(Math.min(...watches.map(({ heard }) => heard.length))),
    (blocks) => blocks > 0,
  );
  const killedMs = performance.now();
  await validators.kill([victim]);
  await submitting;
  for (const index of allBut(victim)) await submitAll(validators.from(index), batches);
  const newest = present(batches.at(-1)?.at(-1), 'a transfer').id;
  for (const index of allBut(victim)) await validators.only(index).waitFor(newest, COMMIT_MS);
  const endMs = performance.now();
  await Promise.all(watches.map((watch) => watch.stop()));
  await validators.start(victim);
  await untilCommitted(validators, town);
  return { gapMs: Math.max(...watches.map((watch) => watch.longestGap(killedMs, endMs))) };
}

/** Waits until all that was signed is committed on every node, and looks at what became of it. */
async function untilCommitted(validators: Validators, town: Town): Promise<History> {
  const { ids } = town.books;
  const [first, ...others] = await Promise.all(
    ALL.map((index) => History.read(`node ${index}`, validators.only(index), ({ places }) => places.size >= ids.size)),
  );
  const history = present(first, 'a history');
  for (const [position, other] of others.entries()) requireSame(history, other, position + 1);
  requireExactly(history, town.books);
  await town.books.requireBalances(validators, town.supply);
  return history;
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

async function submitAll(client: Client, batches: readonly (readonly SignedBytes[])[]): Promise<void> {
  for (const batch of batches) {
    const results = await client.submitBatch(batch.map(({ bytes }) => bytes));
    for (const result of results) {
      const isTaken = 'status' in result && (result.status === 'pending' || result.status === 'committed');
      invariant(isTaken, 'a transfer was refused', { result: JSON.stringify(result) });
    }
  }
}
