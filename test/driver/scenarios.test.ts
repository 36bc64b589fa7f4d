/** Whole networks of production drivers in virtual time: crashes, restarts, epochs, and what clients are told. */
import { afterEach, describe, expect, test } from 'vitest';
import { transactionId } from '../../src/ledger/transaction.ts';
import { Cluster, type GenesisText } from './cluster.ts';

const BASE_TIMEOUT_MS = 2000;
const small = ({ consensus }: GenesisText) => Object.assign(consensus, { epochLength: 3, idleBlockMs: 100, window: 2 });

let cluster: Cluster;

function begin(change?: (genesis: GenesisText) => void, observers = 0, count = 4): void {
  cluster = new Cluster(count, change, observers);
  cluster.startAll();
  expect(cluster.until(() => cluster.heights().every((height) => (height ?? 0) >= 1), BASE_TIMEOUT_MS)).toBe(true);
}

const alive = () => cluster.nodes.filter(({ driver }) => driver !== null);
const heightOf = (index: number): number => cluster.node(index).driver?.status().finalHeight ?? 0;
const highest = (): number => Math.max(...cluster.heights().map((height) => height ?? 0));
const everywhere = (height: number): boolean => alive().every(({ index }) => heightOf(index) >= height);
const has = (index: number, bytes: Uint8Array): boolean =>
  cluster.driver(index).account(cluster.accounts[0]!.address).nonce > nonceOf(bytes);
const nonces = new Map<string, number>();
const nonceOf = (bytes: Uint8Array): number => nonces.get(transactionId(bytes)) ?? -1;
function transfer(nonce: number): Uint8Array {
  const bytes = cluster.transfer(0, 1, nonce);
  nonces.set(transactionId(bytes), nonce);
  return bytes;
}
const committedBy = (bytes: Uint8Array, ms: number): boolean =>
  cluster.until(() => alive().every(({ index }) => has(index, bytes)), ms);

// Whatever happened: no honest node stopped, accused or punished another, all agree on every height, and a transaction
// stands in one block.
afterEach(() => {
  for (const { halted, punished, offences } of cluster.nodes) {
    const problems = [...halted, ...punished, ...offences];
    if (problems.length > 0) throw new Error('an honest node stopped, punished or accused', { cause: problems });
  }
  const hashes = new Map<number, string>();
  const heights = new Map<string, number>();
  for (const { hash, record } of cluster.nodes.flatMap(({ blocks }) => blocks)) {
    const { height } = record.header;
    if ((hashes.get(height) ?? hash) !== hash) throw new Error(`two blocks at height ${height}`);
    hashes.set(height, hash);
    for (const { transactionId: id } of record.receipts) {
      if ((heights.get(id) ?? height) !== height) throw new Error(`${id} stands in two blocks`);
      heights.set(id, height);
    }
  }
});

describe('crashes', () => {
  test('of the primary cost one view change', () => {
    begin();
    cluster.crash(0);
    const bytes = transfer(0);
    cluster.submit(1, bytes);
    expect(committedBy(bytes, 2 * BASE_TIMEOUT_MS)).toBe(true);
    cluster.start(0);
    expect(committedBy(bytes, 2 * BASE_TIMEOUT_MS)).toBe(true);
  });

  test('of the primary right after its proposal lose nothing', () => {
    for (const ms of [0.5, 1, 1.5, 2, 2.5, 3, 4]) {
      begin();
      const bytes = transfer(0);
      cluster.submit(0, bytes);
      cluster.run(ms);
      cluster.crash(0);
      cluster.run(10);
      cluster.start(0);
      const again = transfer(0);
      cluster.submit(1, again);
      expect([ms, committedBy(bytes, 2 * BASE_TIMEOUT_MS)]).toEqual([ms, true]);
    }
  });

  test('of all at any moment lose nothing that was final, and the network goes on', () => {
    for (let ms = 0; ms <= 6; ms += 0.5) {
      begin();
      const bytes = transfer(0);
      cluster.submit(0, bytes);
      cluster.run(ms);
      const before = cluster.nodes.map(({ blocks }) => blocks.at(-1)?.record.header.height ?? 0);
      for (const { index } of cluster.nodes) cluster.crash(index);
      cluster.run(100);
      for (const { index } of cluster.nodes) cluster.start(index);
      expect(cluster.until(() => alive().length === 4, 100)).toBe(true);
      expect(cluster.nodes.every(({ index }) => heightOf(index) >= (before[index] ?? 0))).toBe(true);
      cluster.submit(2, bytes);
      expect([ms, committedBy(bytes, 2 * BASE_TIMEOUT_MS)]).toEqual([ms, true]);
    }
  });

  test('of all, for longer than clocks may differ, with a height under way', () => {
    begin();
    // Prepared by two: not enough to commit.
    cluster.link = (from, to) => from < 2 && to < 2;
    cluster.submit(0, transfer(0));
    cluster.run(100);
    for (const { index } of cluster.nodes) cluster.crash(index);
    cluster.run(60_000);
    cluster.link = () => true;
    for (const { index } of cluster.nodes) cluster.start(index);
    cluster.run(10);
    const bytes = transfer(0);
    cluster.submit(3, bytes);
    expect(committedBy(bytes, 2 * BASE_TIMEOUT_MS)).toBe(true);
  });

  test('of two stop commits; one of them back is enough', () => {
    begin();
    cluster.crash(2);
    cluster.crash(3);
    const bytes = transfer(0);
    cluster.submit(0, bytes);
    cluster.run(60_000);
    expect(alive().some(({ index }) => has(index, bytes))).toBe(false);
    expect(cluster.driver(0).status().view).toBe(0);
    cluster.start(3);
    expect(committedBy(bytes, 2 * BASE_TIMEOUT_MS)).toBe(true);
  });

  test('in a view change do not stick: all restart between VIEW-CHANGE and NEW-VIEW', () => {
    begin();
    cluster.crash(0);
    cluster.submit(2, transfer(0));
    // NEW-VIEWs are lost until everybody was restarted.
    cluster.link = (_from, _to, message) => message[0] !== 3;
    expect(cluster.until(() => alive().every(({ driver }) => driver?.status().active === false), 4000)).toBe(true);
    for (const index of [1, 2, 3]) cluster.crash(index);
    cluster.run(100);
    cluster.link = () => true;
    for (const index of [1, 2, 3]) cluster.start(index);
    cluster.run(10);
    const bytes = transfer(0);
    cluster.submit(3, bytes);
    expect(committedBy(bytes, 4 * BASE_TIMEOUT_MS)).toBe(true);
  });

  test('with nothing executed anywhere final: CHECKPOINTs lost, then a new primary', () => {
    begin();
    cluster.link = (_from, _to, message) => !(message[0] === 0 && message[1] === 3) && message[0] !== 11;
    for (let nonce = 0; nonce < 4; nonce++) {
      cluster.submit(0, transfer(nonce));
      cluster.run(20);
    }
    expect(cluster.heights()).toEqual([1, 1, 1, 1]);
    expect(cluster.driver(3).status().executedHeight).toBeGreaterThan(1);
    cluster.crash(0);
    const bytes = transfer(4);
    cluster.submit(1, bytes);
    cluster.link = () => true;
    expect(committedBy(bytes, 2 * BASE_TIMEOUT_MS)).toBe(true);
    expect(cluster.until(() => everywhere(5), BASE_TIMEOUT_MS)).toBe(true);
  });
});

describe('a node that was away', () => {
  test('catches up over many ranges and epochs, and takes part again', () => {
    begin(small);
    cluster.crash(3);
    cluster.run(12_000);
    const before = highest();
    expect(before).toBeGreaterThan(30);
    cluster.start(3);
    expect(cluster.until(() => heightOf(3) >= before + 3, 3 * BASE_TIMEOUT_MS)).toBe(true);
    cluster.crash(2);
    const bytes = transfer(0);
    cluster.submit(3, bytes);
    expect(committedBy(bytes, 4 * BASE_TIMEOUT_MS)).toBe(true);
  });

  test('as an observer follows, answers readers and passes on transactions', () => {
    begin(small, 1);
    const bytes = transfer(0);
    const answers = cluster.submit(4, bytes);
    expect(committedBy(bytes, BASE_TIMEOUT_MS)).toBe(true);
    expect(answers).toEqual([{ id: transactionId(bytes), status: 'pending' }]);
    cluster.crash(4);
    cluster.run(5000);
    const before = highest();
    cluster.start(4);
    expect(cluster.until(() => heightOf(4) >= before + 3, 3 * BASE_TIMEOUT_MS)).toBe(true);
    expect(cluster.driver(4).status()).toMatchObject({ halted: false });
  });
});

describe('epochs', () => {
  test('follow one another, each in view 0 with another primary', () => {
    begin(small);
    expect(cluster.until(() => everywhere(13), 10_000)).toBe(true);
    const proposers = cluster
      .node(0)
      .blocks.slice(0, 12)
      .map(({ record }) => record.header.proposer);
    expect(proposers).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]);
  });

  test('of one height work', () => {
    begin((genesis) => Object.assign(genesis.consensus, { epochLength: 1, window: 1, idleBlockMs: 100 }));
    expect(cluster.until(() => everywhere(8), 10_000)).toBe(true);
  });

  test.each([0, 1, 2, 3])('go on when node %d crashes at each of their borders and comes back', (index) => {
    begin(small);
    for (let round = 1; round <= 3; round++) {
      const border = Math.ceil((highest() + 1) / 3) * 3;
      expect(cluster.until(() => cluster.driver(index).status().executedHeight >= border, 10_000)).toBe(true);
      cluster.crash(index);
      cluster.submit((index + 1) % 4, transfer(round - 1));
      cluster.run(50);
      cluster.start(index);
      expect(cluster.until(() => everywhere(border + 2), 4 * BASE_TIMEOUT_MS)).toBe(true);
    }
  });

  test('go on when all crash at a border', () => {
    for (let ms = 0; ms < 8; ms++) {
      begin(small);
      expect(cluster.until(() => cluster.driver(0).status().executedHeight >= 3, 10_000)).toBe(true);
      cluster.run(ms / 2);
      for (const { index } of cluster.nodes) cluster.crash(index);
      cluster.run(10);
      for (const { index } of cluster.nodes) cluster.start(index);
      cluster.run(10);
      const bytes = transfer(0);
      cluster.submit(1, bytes);
      expect([ms, committedBy(bytes, 4 * BASE_TIMEOUT_MS)]).toEqual([ms, true]);
    }
  });
});

describe('other sizes', () => {
  test.each([1, 2, 3, 5, 6, 7])('%d validators commit', (count) => {
    begin(undefined, 0, count);
    const bytes = transfer(0);
    cluster.submit(count - 1, bytes);
    expect(committedBy(bytes, BASE_TIMEOUT_MS)).toBe(true);
  });

  test('6 validators stop with 4, exactly two thirds, and go on with 5', () => {
    begin(undefined, 0, 6);
    cluster.crash(4);
    cluster.crash(5);
    const bytes = transfer(0);
    cluster.submit(0, bytes);
    cluster.run(10_000);
    expect(has(0, bytes)).toBe(false);
    cluster.start(5);
    expect(committedBy(bytes, 2 * BASE_TIMEOUT_MS)).toBe(true);
  });

  test('one heavy validator alone is the quorum', () => {
    begin((genesis) => {
      genesis.consensus['mode'] = 'stake';
      for (const [index, validator] of genesis.validators.entries()) validator['power'] = index === 1 ? '97' : '1';
    });
    for (const index of [0, 2, 3]) cluster.crash(index);
    const bytes = transfer(0);
    cluster.submit(1, bytes);
    expect(committedBy(bytes, 2 * BASE_TIMEOUT_MS)).toBe(true);
  });
});

describe('submitting', () => {
  const answer = (index: number, bytes: Uint8Array) => {
    const answers = cluster.submit(index, bytes);
    expect(cluster.until(() => answers.length > 0, 1000)).toBe(true);
    return answers[0];
  };

  test('the same bytes again is answered alike, at every node and after they are committed', () => {
    begin();
    const bytes = transfer(0);
    const id = transactionId(bytes);
    const first = [cluster.submit(0, bytes), cluster.submit(0, bytes), cluster.submit(2, bytes)];
    cluster.run(1);
    expect(first.map(([each]) => each)).toEqual(first.map(() => ({ id, status: 'pending' })));
    expect(committedBy(bytes, BASE_TIMEOUT_MS)).toBe(true);
    for (const index of [0, 1, 3]) expect(answer(index, bytes)).toEqual({ id, status: 'committed' });
  });

  test('another transaction with a used nonce is told so', () => {
    begin();
    const bytes = transfer(0);
    cluster.submit(0, bytes);
    committedBy(bytes, BASE_TIMEOUT_MS);
    expect(answer(1, cluster.transfer(0, 1, 0, 9n))).toMatchObject({ code: 'NONCE_TOO_LOW' });
  });

  test.each([
    ['garbage', () => new Uint8Array([1, 2, 3]), 'MALFORMED'],
    ['nothing', () => new Uint8Array(), 'MALFORMED'],
    ['too much', () => new Uint8Array(100_000), 'TOO_LARGE'],
    ['a flipped signature', () => flipped(cluster.transfer(0, 1, 0)), 'BAD_SIGNATURE'],
    ['a far nonce', () => cluster.transfer(0, 1, 256), 'NONCE_TOO_HIGH'],
    ['the last nonce there is', () => cluster.transfer(0, 1, Number.MAX_SAFE_INTEGER), 'NONCE_TOO_HIGH'],
  ])('%s is refused', (_, bytes, code) => {
    begin();
    expect(answer(0, bytes())).toMatchObject({ code });
  });

  test('a transaction ahead of its predecessor waits for it', () => {
    begin();
    const [first, second] = [transfer(0), transfer(1)];
    expect(answer(0, second)).toMatchObject({ status: 'pending' });
    cluster.run(500);
    expect(has(0, second)).toBe(false);
    cluster.submit(2, first);
    expect(committedBy(second, BASE_TIMEOUT_MS)).toBe(true);
  });
});

const flipped = (bytes: Uint8Array): Uint8Array => bytes.with(10, (bytes[10] ?? 0) ^ 1);
