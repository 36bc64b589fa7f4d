/** What of the state a node finds on its disk again, wherever the power went, and that nothing is left of what is pruned. */
import { describe, expect, test } from 'vitest';
import type { Address, Height } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import type { StoreOperation } from '../../src/driver/ports.ts';
import { isValue, KEYS } from '../../src/driver/stored/records.ts';
import { formatAddress } from '../../src/crypto/address.ts';
import { sha256 } from '../../src/crypto/sha256.ts';
import { ACCOUNTS } from '../../src/ledger/account.ts';
import { blockRecordCodec } from '../../src/ledger/block.ts';
import { stateKeyText } from '../../src/ledger/state/entry-kind.ts';
import type { Operation } from '../../src/ledger/transaction.ts';
import { proveKey } from '../../src/ledger/tree/proof.ts';
import { verifyTreeProof } from '../../src/ledger/tree/verify.ts';
import { ProofNodes } from '../../src/node/state/proof-nodes.ts';
import { StoreReads } from '../../src/node/state/store-reads.ts';
import {
  complaintsAboutState,
  entriesAt,
  keptHeights,
  type Records,
} from '../../src/simulator/checkers/state-on-disk.ts';
import { bystander } from '../../src/simulator/world/keys.ts';
import { stranger } from '../ledger/network.ts';
import { Cluster } from './cluster.ts';
import { storedAccount } from './stored-account.ts';

installNodeSha256();

const TINY = { entryBytes: 2_000, nodeBytes: 4_000 };
const ALL = Number.POSITIVE_INFINITY;
const PAYMENTS = 12;

/** One validator, who finalises alone, and enough accounts that the tree has some levels. */
function network(historyHeights: number): Cluster {
  const cluster = new Cluster(1, (genesis) => {
    for (let i = 0; i < 60; i++)
      genesis.accounts.push({ address: formatAddress(bystander(i), 'tre'), balance: '1000' });
  });
  cluster.keepHeights(historyHeights);
  cluster.cache = TINY;
  return cluster;
}

const payee = (nonce: number): Address => (nonce % 3 === 0 ? stranger(nonce) : bystander(nonce % 60));

/** Beside each payment: a namespace first, and then values of two keys that come, are leased, and go. */
function deed(nonce: number): Operation {
  if (nonce === 0) return { kind: 'create-namespace', name: 'docs', writers: [] };
  const named = { namespace: 'docs', key: `k${nonce % 2}`, condition: { kind: 'any' } } as const;
  const value = Uint8Array.of(nonce);
  return [
    { kind: 'put', ...named, value },
    { kind: 'put', ...named, value },
    { kind: 'lease', ...named, until: (nonce + 50) as Height },
    { kind: 'put', ...named, value: Uint8Array.of(1) },
    { kind: 'delete', ...named },
  ][nonce % 5] as Operation;
}

/** A block for each of these payments. */
function pay(cluster: Cluster, from: number, count: number): void {
  for (let nonce = from; nonce < from + count; nonce++) {
    const before = cluster.driver(0).status().finalHeight;
    const payment: Operation = { kind: 'transfer', to: payee(nonce), amount: 1n };
    cluster.submit(0, cluster.transaction(0, nonce, [payment, deed(nonce)]));
    expect(cluster.until(() => cluster.driver(0).status().finalHeight > before, 1000)).toBe(true);
  }
  cluster.run(50);
  expect(cluster.node(0).halted).toEqual([]);
}

/** Every batch that the node wrote in such a life. */
function batchesOf(cluster: Cluster, payments: number): (readonly StoreOperation[])[] {
  const batches: (readonly StoreOperation[])[] = [];
  cluster.node(0).disk.written = (batch) => batches.push(batch);
  cluster.startAll();
  cluster.run(50);
  pay(cluster, 0, payments);
  return batches;
}

/** All entries, as they are. */
function accountsOf(cluster: Cluster): ReadonlyMap<string, Uint8Array> {
  const { disk } = cluster.node(0);
  return new Map([...entriesAt(disk, cluster.driver(0).status().executedHeight)].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A disk that has these batches, and nothing of later ones. */
function diskAfter(batches: readonly (readonly StoreOperation[])[]): Map<string, Uint8Array> {
  const records = new Map<string, Uint8Array>();
  for (const operation of batches.flat()) {
    if (operation.kind === 'put') records.set(operation.key, operation.value);
    else records.delete(operation.key);
  }
  return records;
}

const recordsOf = (records: ReadonlyMap<string, Uint8Array>): Records => ({
  get: (key) => records.get(key),
  under: (prefix) => [...records].filter(([key]) => key.startsWith(prefix)),
});

describe.each([1, 2, 5])('of a node that keeps %s heights', (historyHeights) => {
  test('the disk holds all of them after each write, and nothing else', () => {
    const cluster = network(historyHeights);
    const batches = batchesOf(cluster, 25);
    const kept = [...batches.keys()].map((last) => {
      const records = recordsOf(diskAfter(batches.slice(0, last + 1)));
      expect([last, complaintsAboutState(records, cluster.genesis, ALL)]).toEqual([last, []]);
      return keptHeights(records);
    });
    expect([...diskAfter(batches).keys()].filter(isValue).length).toBeGreaterThan(0);
    const last = kept.at(-1);
    expect(last?.head).toBeGreaterThan(20);
    expect(last?.oldest).toBe((last?.head ?? 0) - historyHeights + 1);
    for (const each of kept)
      expect(each === undefined || each.head - each.oldest + 1 >= Math.min(each.head + 1, historyHeights)).toBe(true);
  });

  test('wherever the power went, it goes on from there', () => {
    const whole = network(historyHeights);
    const batches = batchesOf(whole, PAYMENTS);
    const expected = accountsOf(whole);
    for (let last = 0; last < batches.length; last++) {
      const cluster = network(historyHeights);
      const { disk } = cluster.node(0);
      for (const [key, value] of diskAfter(batches.slice(0, last + 1))) disk.damage(key, value);
      const head = keptHeights(disk)?.head ?? 0;
      // No clock runs back.
      cluster.run(whole.scheduler.nowMs - cluster.scheduler.nowMs);
      cluster.startAll();
      cluster.run(50);
      expect(cluster.driver(0).status().executedHeight).toBeGreaterThanOrEqual(head);
      const { nonce } = storedAccount(disk, present(cluster.accounts[0], 'account').address);
      pay(cluster, nonce, PAYMENTS - nonce);
      expect([last, complaintsAboutState(disk, cluster.genesis, ALL)]).toEqual([last, []]);
      expect(accountsOf(cluster)).toEqual(expected);
    }
  });
});

test('every entry can be read and proved at every height that is kept, and its absence where it was not there yet', async () => {
  const cluster = network(8);
  batchesOf(cluster, 30);
  const { disk } = cluster.node(0);
  const kept = keptHeights(disk);
  if (kept === undefined) throw new Error('no chain');
  const nodes = new ProofNodes(
    new StoreReads({ read: (keys, done) => done(keys.map((key) => disk.get(key))), scan: (_, done) => done([]) }),
  );
  const now = entriesAt(disk, kept.head);
  const texts = [...now.keys(), stateKeyText(ACCOUNTS.key(stranger(999)))];
  let absent = 0;
  for (let height = kept.oldest; height <= kept.head; height = (height + 1) as Height) {
    const record = blockRecordCodec.decode(disk.get(KEYS.block(height)) ?? new Uint8Array());
    if (!record.ok) throw new Error(record.error.message);
    const then = entriesAt(disk, height);
    for (const text of texts) {
      const key = new TextEncoder().encode(text);
      const source = await nodes.towards(sha256(key), record.value.header);
      if (!source.ok) throw new Error(source.error.message);
      const proof = proveKey(source.value, height, sha256(key));
      if (!proof.ok) throw new Error(proof.error.message);
      const claim = { root: record.value.header.stateRoot, key, value: then.get(text) };
      expect(verifyTreeProof(claim, proof.value)).toEqual({ ok: true });
      if (claim.value === undefined) absent += 1;
    }
  }
  expect(kept.head - kept.oldest).toBe(7);
  expect(absent).toBeGreaterThan(10);
});
