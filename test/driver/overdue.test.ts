/** How soon a node has a block that it lacks, where all liars claim to have it and give nothing. */
import { describe, expect, test } from 'vitest';
import { kindOfBytes } from '../../src/driver/wire/wire.ts';
import { transactionId } from '../../src/ledger/transaction.ts';
import { Cluster, proposal } from './cluster.ts';

const N = 16;
const LIARS = 5;
const PRIMARY = 0;
const LACKING = 15;
const ANSWERS = ['body', 'blocks', 'transactions'];

/** Milliseconds from when all others have the second block, which has a transaction that was skipped, until one has it that could
 *  not collect it. Liars keep every answer to themselves. Or it hears nothing of the block before all others have it. */
function lag(liars: readonly number[], isCut: boolean, most: number): number {
  const cluster = new Cluster(N);
  cluster.startAll();
  expect(cluster.until(() => cluster.heights().every((height) => height === 1), 4000)).toBe(true);
  cluster.run(300);
  let cut = isCut;
  cluster.link = (from, to, message) => {
    const kind = kindOfBytes(message) ?? '';
    if (to !== LACKING) return true;
    return !cut && kind !== 'transactions' && !(liars.includes(from) && ANSWERS.includes(kind));
  };
  const some = [cluster.transfer(0, 1, 7), cluster.transfer(0, 1, 0)];
  const message = proposal(cluster, PRIMARY, 0, 2, { transactionIds: some.map((bytes) => transactionId(bytes)) });
  for (let to = 0; to < N; to++) {
    const from = to === PRIMARY ? 1 : PRIMARY;
    cluster.inject(from, to, message);
    if (to !== LACKING) cluster.inject(from, to, { kind: 'transactions', transactions: some });
  }
  const others = () => cluster.heights().every((height, index) => index === LACKING || (height ?? 0) >= 2);
  expect(cluster.until(others, 2000)).toBe(true);
  cut = false;
  const since = cluster.scheduler.nowMs;
  expect(cluster.until(() => (cluster.heights()[LACKING] ?? 0) >= 2, most)).toBe(true);
  expect(cluster.nodes.flatMap(({ punished, halted }) => [...punished, ...halted])).toEqual([]);
  return cluster.scheduler.nowMs - since;
}

describe.each([
  ['that it ordered', false],
  ['of which it heard nothing', true],
])('a block %s', (_, isCut) => {
  test('of which sixteen have it and five of them keep it to themselves, is here within two seconds', () => {
    const lags = Array.from({ length: N - 1 }, (_liar, first) =>
      Math.round(
        lag(
          Array.from({ length: LIARS }, (_next, i) => (first + i) % (N - 1)),
          isCut,
          20_000,
        ),
      ),
    );
    expect(Math.max(...lags)).toBeLessThan(2000);
  });
});
