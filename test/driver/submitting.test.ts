/** What clients are told of what they submit. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { transactionId } from '../../src/ledger/transaction.ts';
import { Cluster } from './cluster.ts';
import { storedAccount } from './stored-account.ts';

const BASE_TIMEOUT_MS = 2000;

let cluster: Cluster;

beforeEach(() => {
  cluster = new Cluster(4);
  cluster.startAll();
  if (!cluster.until(() => cluster.heights().every((height) => (height ?? 0) >= 1), BASE_TIMEOUT_MS))
    throw new Error('no first block');
});

afterEach(() => {
  const problems = cluster.nodes.flatMap(({ halted, punished, offences }) => [...halted, ...punished, ...offences]);
  if (problems.length > 0) throw new Error('an honest node stopped, punished or accused', { cause: problems });
});

/** Transactions of the first account that the node executed. */
const nonceAt = (index: number): number =>
  storedAccount(cluster.node(index).disk, present(cluster.accounts[0], 'account').address).nonce;
/** Whether all come to have executed so many. */
const isExecuted = (count: number): boolean =>
  cluster.until(() => cluster.nodes.every(({ index }) => nonceAt(index) >= count), BASE_TIMEOUT_MS);

describe('submitting', () => {
  const answer = (index: number, bytes: Uint8Array) => {
    const answers = cluster.submit(index, bytes);
    expect(cluster.until(() => answers.length > 0, 1000)).toBe(true);
    return answers[0];
  };

  test('the same bytes again is answered alike, at every node and after they are committed', () => {
    const bytes = cluster.transfer(0, 1, 0);
    const id = transactionId(bytes);
    const first = [cluster.submit(0, bytes), cluster.submit(0, bytes), cluster.submit(2, bytes)];
    cluster.run(1);
    expect(first.map(([each]) => each)).toEqual(first.map(() => ({ id, status: 'pending' })));
    expect(isExecuted(1)).toBe(true);
    for (const index of [0, 1, 3]) expect(answer(index, bytes)).toEqual({ id, status: 'committed' });
  });

  test('another transaction with a used nonce is told so', () => {
    const bytes = cluster.transfer(0, 1, 0);
    cluster.submit(0, bytes);
    expect(isExecuted(1)).toBe(true);
    expect(answer(1, cluster.transfer(0, 1, 0, 9n))).toMatchObject({ code: 'NONCE_TOO_LOW' });
  });

  test.each([
    ['garbage', () => new Uint8Array([1, 2, 3]), 'MALFORMED'],
    ['nothing', () => new Uint8Array(), 'MALFORMED'],
    ['too much', () => new Uint8Array(140_000), 'TOO_LARGE'],
    ['a flipped signature', () => flipped(cluster.transfer(0, 1, 0)), 'BAD_SIGNATURE'],
    ['a far nonce', () => cluster.transfer(0, 1, 256), 'NONCE_TOO_HIGH'],
    ['the last nonce there is', () => cluster.transfer(0, 1, Number.MAX_SAFE_INTEGER), 'NONCE_TOO_HIGH'],
  ])('%s is refused', (_, bytes, code) => {
    expect(answer(0, bytes())).toMatchObject({ code });
  });

  test('a transaction ahead of its predecessor waits for it', () => {
    const [first, second] = [cluster.transfer(0, 1, 0), cluster.transfer(0, 1, 1)];
    expect(answer(0, second)).toMatchObject({ status: 'pending' });
    cluster.run(500);
    expect(nonceAt(0)).toBe(0);
    cluster.submit(2, first);
    expect(isExecuted(2)).toBe(true);
  });
});

const flipped = (bytes: Uint8Array): Uint8Array => bytes.with(10, (bytes[10] ?? 0) ^ 1);
