/** Votes on the chain change who validates while it runs: somebody joins, somebody leaves, keys are replaced, an observer comes. */
import { describe, expect, test } from 'vitest';
import type { Height, ValidatorIndex } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import type { Change } from '../../src/ledger/membership/change.ts';
import { developmentNetwork } from '../../src/node/development.ts';
import { Cluster } from './cluster.ts';

const EPOCH_LENGTH = 6;
const NEWCOMER = 4;
const everybody = developmentNetwork(8);
const keysOf = (index: number) => present(everybody.validators[index], 'validator');
/** The accounts of people come before those of the validators. */
const accountOf = (validator: number): number => (validator < 4 ? 10 + validator : validator);

/** Four that run, and more who wait outside. */
class ChangingCluster extends Cluster {
  readonly #nonces = new Map<number, number>();
  #proposals = 0;

  constructor(outsiders: number) {
    super(4, (text) => Object.assign(text.consensus, { epochLength: EPOCH_LENGTH }), outsiders);
    this.isClosed = true;
    for (let index = 4; index < 4 + outsiders; index++) this.publicKeys[index] = keysOf(index).publicKey;
    this.startAll();
    this.#holds(this.reach(1, [0, 1, 2, 3]), 'a first block');
  }

  reach(height: number, nodes: readonly number[]): boolean {
    return this.until(() => nodes.every((index) => (this.heights()[index] ?? 0) >= height), 300_000);
  }

  top(): number {
    return Math.max(...this.heights().map((height) => height ?? 0));
  }

  /** Proposed by validator 0, and accepted by two more. Returns the first height of the epoch after that. */
  decide(change: Change, voters: readonly number[] = [0, 2, 3]): number {
    const proposal = this.#proposals++;
    const [proposer, ...others] = voters.map((index) => index as ValidatorIndex);
    const expires = (this.top() + 500) as Height;
    this.#say(present(proposer, 'a proposer'), { kind: 'propose', validator: proposer, change, expires } as never);
    for (const validator of others) this.#say(validator, { kind: 'vote', proposal, validator, approve: true } as never);
    return (Math.floor((this.top() - 1) / EPOCH_LENGTH) + 1) * EPOCH_LENGTH + 1;
  }

  /** Submits it, and waits until it is in a block. */
  #say(validator: ValidatorIndex, operation: never): void {
    const nonce = this.#nonces.get(validator) ?? 0;
    this.#nonces.set(validator, nonce + 1);
    const before = this.#said();
    const answers = this.submit(0, this.transaction(accountOf(validator), nonce, [operation]));
    this.#holds(
      this.until(() => this.#said() > before, 100_000),
      `the block of a transaction: ${JSON.stringify(answers)}`,
    );
  }

  /** Transactions in blocks, all of which did what they said. */
  #said(): number {
    const receipts = this.node(0).blocks.flatMap(({ record }) => record.receipts);
    for (const { code } of receipts) this.#holds(code === 'OK', `success instead of ${code}`);
    return receipts.length;
  }

  #holds(isTrue: boolean, what: string): void {
    if (!isTrue) throw new Error(`there is not ${what}`);
  }

  get troubles(): readonly unknown[] {
    return this.nodes.flatMap(({ halted, punished, offences }) => [...halted, ...punished, ...offences]);
  }
}

const admitNewcomer = (cluster: Cluster): Change => {
  const { name, publicKey, peerId } = keysOf(NEWCOMER);
  return { kind: 'admit-validator', name, account: present(cluster.accounts[4], 'account').address, publicKey, peerId };
};

const indices = (cluster: Cluster, node: number): readonly number[] =>
  cluster
    .driver(node)
    .status()
    .validators.members.map(({ index }) => index);

describe('while the chain runs', () => {
  test('a validator that is admitted follows for one epoch, and votes in the next', () => {
    const cluster = new ChangingCluster(1);
    expect(cluster.driver(NEWCOMER).status().peers.size).toBe(0);
    const first = cluster.decide(admitNewcomer(cluster));
    expect(cluster.reach(first, [0, 1, 2, 3])).toBe(true);
    expect(cluster.reach(first, [NEWCOMER])).toBe(true);
    expect([cluster.driver(NEWCOMER).status().self, indices(cluster, 0)]).toEqual([null, [0, 1, 2, 3]]);
    expect(cluster.reach(first + EPOCH_LENGTH, [0, 1, 2, 3, NEWCOMER])).toBe(true);
    expect([cluster.driver(NEWCOMER).status().self, indices(cluster, 0)]).toEqual([NEWCOMER, [0, 1, 2, 3, 4]]);
    // Four of five are needed: with one of the others away, its vote is.
    cluster.crash(1);
    expect(cluster.reach(first + 4 * EPOCH_LENGTH, [0, 2, 3, NEWCOMER])).toBe(true);
    const proposers = new Set(cluster.node(0).blocks.map(({ record }) => record.header.proposer));
    expect(proposers.has(NEWCOMER as ValidatorIndex)).toBe(true);
    expect(cluster.troubles).toEqual([]);
  });

  test('one leaves, and learns that it has', () => {
    const cluster = new ChangingCluster(1);
    const joined = cluster.decide(admitNewcomer(cluster)) + EPOCH_LENGTH;
    expect(cluster.reach(joined, [0, 1, 2, 3, NEWCOMER])).toBe(true);
    const left = cluster.decide({ kind: 'remove-validator', validator: 1 as ValidatorIndex }, [0, 2, 3, NEWCOMER]);
    expect(cluster.reach(left, [0, 1, 2, 3, NEWCOMER])).toBe(true);
    expect([cluster.driver(1).status().self, indices(cluster, 0)]).toEqual([null, [0, 2, 3, NEWCOMER]]);
    expect(cluster.reach(left + EPOCH_LENGTH, [0, 2, 3, NEWCOMER])).toBe(true);
    expect([cluster.driver(1).status().peers.size, cluster.top()]).toEqual([0, cluster.heights()[0]]);
    expect(cluster.troubles).toEqual([]);
  });

  test('a validator votes with another key when its epoch has come, and not before', () => {
    const cluster = new ChangingCluster(0);
    const { publicKey } = keysOf(7);
    const first = cluster.decide({
      kind: 'rotate-validator',
      validator: 2 as ValidatorIndex,
      publicKey,
      peerId: null,
    });
    // It is started with the new key already, and follows until that is the validator's.
    cluster.crash(2);
    cluster.publicKeys[2] = publicKey;
    cluster.start(2);
    expect(cluster.until(() => cluster.node(2).driver !== null, 1000)).toBe(true);
    expect(cluster.driver(2).status().self).toBe(null);
    expect(cluster.reach(first, [0, 1, 2, 3])).toBe(true);
    expect(cluster.driver(2).status().self).toBe(2);
    cluster.crash(1);
    expect(cluster.reach(first + 3 * EPOCH_LENGTH, [0, 2, 3])).toBe(true);
    expect(cluster.troubles).toEqual([]);
  });

  test("a validator's node is another one, and the one before follows for an epoch", () => {
    const cluster = new ChangingCluster(1);
    const { peerId } = cluster.node(NEWCOMER);
    const first = cluster.decide({
      kind: 'rotate-validator',
      validator: 2 as ValidatorIndex,
      publicKey: null,
      peerId,
    });
    cluster.publicKeys[NEWCOMER] = null;
    expect(cluster.reach(first, [0, 1, 2, 3])).toBe(true);
    expect([...(cluster.admits.get(0) ?? [])]).toEqual(expect.arrayContaining([peerId, cluster.node(2).peerId]));
    // The same validator on another machine: with its key, and an empty folder.
    cluster.crash(2);
    cluster.crash(NEWCOMER);
    cluster.publicKeys[NEWCOMER] = cluster.publicKeys[2] ?? null;
    cluster.start(NEWCOMER);
    expect(cluster.reach(first + 2 * EPOCH_LENGTH, [0, 1, 3, NEWCOMER])).toBe(true);
    expect(cluster.driver(NEWCOMER).status().self).toBe(2);
    cluster.crash(1);
    expect(cluster.reach(first + 4 * EPOCH_LENGTH, [0, 3, NEWCOMER])).toBe(true);
  });

  test('an observer that is listed follows', () => {
    const cluster = new ChangingCluster(1);
    cluster.publicKeys[NEWCOMER] = null;
    const first = cluster.decide({ kind: 'admit-observer', name: 'auditor', peerId: cluster.node(NEWCOMER).peerId });
    expect(cluster.reach(first + EPOCH_LENGTH, [0, 1, 2, 3, NEWCOMER])).toBe(true);
    const last = cluster.decide({ kind: 'remove-observer', name: 'auditor' });
    expect(cluster.reach(last + 1, [0, 1, 2, 3])).toBe(true);
    expect(cluster.driver(0).status().peers.has(cluster.node(NEWCOMER).peerId)).toBe(false);
    expect(cluster.troubles).toEqual([]);
  });

  test('epochs become longer, and nodes that were away know when each began', () => {
    const cluster = new ChangingCluster(0);
    const first = cluster.decide({ kind: 'set-parameter', name: 'epochLength', value: 20n });
    cluster.crash(3);
    expect(cluster.reach(first + 45, [0, 1, 2])).toBe(true);
    cluster.start(3);
    expect(cluster.reach(first + 50, [0, 1, 2, 3])).toBe(true);
    const began = new Map(
      cluster.node(3).blocks.map(({ record: { header } }) => [header.height, header.epoch] as const),
    );
    const epoch = present(began.get(first as Height), 'an epoch');
    const heights = [first + 19, first + 20, first + 40].map((height) => began.get(height as Height));
    expect(heights).toEqual([epoch, epoch + 1, epoch + 2]);
    expect(cluster.troubles).toEqual([]);
  });

  test('a node stops before rules that it does not know, when the last block that it knows them for is final', () => {
    const cluster = new ChangingCluster(0);
    const height = (cluster.top() + 3 * EPOCH_LENGTH) as Height;
    cluster.decide({ kind: 'upgrade', version: 2, height });
    expect(cluster.until(() => cluster.nodes.every(({ halted }) => halted.length > 0), 300_000)).toBe(true);
    expect(cluster.heights()).toEqual([0, 1, 2, 3].map(() => height - 1));
    expect(cluster.nodes.map(({ halted }) => halted.map((error) => [error.name, error.message]))).toEqual(
      [0, 1, 2, 3].map(() => [
        ['UpgradeNeeded', `from height ${height} on the chain follows rules of version 2; this software knows 1`],
      ]),
    );
    for (const { notes } of cluster.nodes) expect(notes).toContainEqual({ kind: 'upgrade-needed', version: 2, height });
    // Started again it says so again, and executes nothing.
    cluster.crash(0);
    cluster.node(0).halted.length = 0;
    cluster.start(0);
    expect(cluster.until(() => cluster.node(0).halted.length > 0, 10_000)).toBe(true);
    expect(cluster.heights()[0]).toBe(height - 1);
  });
});
