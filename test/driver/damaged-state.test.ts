/** A node whose disk has not the state that the head binds: it notices when it needs it, and signs nothing that follows from it. */
import type { Epoch } from '../../src/base/brand.ts';
import { toHex } from '../../src/codec/hex.ts';
import { EPOCHS } from '../../src/ledger/membership/epoch-record.ts';
import { type StateKey, treeKeyOf } from '../../src/ledger/state/entry-kind.ts';
import { describe, expect, test } from 'vitest';
import { present } from '../../src/base/invariant.ts';
import { formatAddress } from '../../src/crypto/address.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { KEYS } from '../../src/driver/stored/records.ts';
import { decodePeerMessage } from '../../src/driver/wire/wire.ts';
import { ACCOUNTS } from '../../src/ledger/account.ts';
import { bystander } from '../../src/simulator/world/keys.ts';
import { Cluster, type SimulatedDisk } from './cluster.ts';

installNodeSha256();

/** Whose disk is damaged: a backup. */
const NODE = 1;

/** Four validators with a few blocks, and enough accounts that the tree has some levels. NODE is off. */
function network(): Cluster {
  const cluster = new Cluster(4, (genesis) => {
    for (let i = 0; i < 100; i++)
      genesis.accounts.push({ address: formatAddress(bystander(i), 'tre'), balance: '1000' });
  });
  cluster.keepHeights(4);
  cluster.startAll();
  cluster.until(() => cluster.heights().every((height) => height !== null), 100);
  for (let nonce = 0; nonce < 3; nonce++) {
    cluster.submit(0, cluster.pay(0, bystander(nonce), nonce));
    expect(cluster.until(() => cluster.heights().every((height) => (height ?? 0) >= nonce + 1), 2000)).toBe(true);
  }
  cluster.run(200);
  cluster.crash(NODE);
  return cluster;
}

/** Starts it, has all pay 0 to `to`, and tells what came of it: why it halted, and which heights it signed since. */
function pay(cluster: Cluster, to: number): { readonly halted: readonly string[]; readonly signed: readonly number[] } {
  const before = cluster.driver(0).status().executedHeight;
  const signed: number[] = [];
  cluster.link = (from, _to, message) => {
    const decoded = decodePeerMessage(message);
    const vote = decoded.ok && decoded.value.kind === 'vote' ? decoded.value.vote.vote : undefined;
    if (from === NODE && vote?.kind === 'checkpoint' && vote.height > before) signed.push(vote.height);
    return true;
  };
  cluster.start(NODE);
  cluster.run(200);
  expect(cluster.node(NODE).halted).toEqual([]);
  cluster.submit(0, cluster.pay(0, bystander(to), 3));
  expect(cluster.until(() => cluster.driver(0).status().finalHeight > before, 2000)).toBe(true);
  cluster.run(500);
  return { halted: cluster.node(NODE).halted.map(({ message }) => message), signed };
}

const entryOf = (number: number): string => KEYS.entry(ACCOUNTS.key(bystander(number)));
const nodesOf = (disk: SimulatedDisk): string[] => [...disk.under('node/')].map(([key]) => key);
const OLD = KEYS.node({ version: 0 as never, path: '' });
/** Somebody on the way to whom lies a node that leads to no epoch. */
const FAR = 51;
const placeOf = (key: StateKey): string => toHex(treeKeyOf(key));
/** The nodes below the root on the way to an account that no block has replaced, and that lie on the way to no epoch: a node reads its
 *  epochs when it starts. */
function oldNodes(disk: SimulatedDisk): string[] {
  const paths = nodesOf(disk).flatMap((key) => (key.startsWith(OLD) ? [key.slice(OLD.length)] : []));
  const epochs = [0, 1].map((epoch) => placeOf(EPOCHS.key(epoch as Epoch)));
  const found = paths.filter(
    (path) =>
      path !== '' &&
      placeOf(ACCOUNTS.key(bystander(FAR))).startsWith(path) &&
      !epochs.some((epoch) => epoch.startsWith(path)),
  );
  expect(found).not.toEqual([]);
  return found.map((path) => OLD + path);
}

const eachOld = (disk: SimulatedDisk, damage: (bytes: Uint8Array) => Uint8Array | undefined): void => {
  for (const key of oldNodes(disk)) disk.damage(key, damage(present(disk.get(key), key)));
};

test('a disk that is sound is no reason to halt', () => {
  const { halted, signed } = pay(network(), 50);
  expect(halted).toEqual([]);
  expect(new Set(signed).size).toBe(1);
});

describe('a node halts before it signs, where it needs', () => {
  test.each<[string, (disk: SimulatedDisk) => void]>([
    ['an entry that is gone', (disk) => disk.damage(entryOf(FAR), undefined)],
    ['an entry that is torn', (disk) => disk.damage(entryOf(FAR), present(disk.get(entryOf(FAR)), 'it').slice(1))],
    [
      'an entry with another value',
      (disk) => disk.damage(entryOf(FAR), ACCOUNTS.codec.encode({ balance: 5n, nonce: 0 })),
    ],
    ['a node that is gone', (disk) => eachOld(disk, () => undefined)],
    ['a node that is torn', (disk) => eachOld(disk, (bytes) => bytes.slice(1))],
    [
      'a node that is another',
      (disk) => {
        const [, root] = [...disk.under('node/')].find(([key]) => key.length === 'node/'.length + 12) ?? [];
        for (const key of oldNodes(disk)) disk.damage(key, root);
      },
    ],
  ])('%s', (_, damage) => {
    const cluster = network();
    damage(cluster.node(NODE).disk);
    const { halted, signed } = pay(cluster, FAR);
    expect(halted).toEqual([expect.stringContaining('what the disk has of the state')]);
    expect(signed).toEqual([]);
  });

  test('an entry as it was before the last block that changed it', () => {
    const cluster = network();
    const { disk } = cluster.node(NODE);
    disk.damage(entryOf(2), ACCOUNTS.codec.encode({ balance: 1000n, nonce: 0 }));
    expect(pay(cluster, 2)).toEqual({
      halted: [expect.stringContaining('what the disk has of the state')],
      signed: [],
    });
  });

  test('an entry that nobody wrote', () => {
    const cluster = network();
    cluster.node(NODE).disk.damage(entryOf(500), ACCOUNTS.codec.encode({ balance: 1n, nonce: 0 }));
    expect(pay(cluster, 500)).toEqual({
      halted: [expect.stringContaining('what the disk has of the state')],
      signed: [],
    });
  });

  test.each(['stale/', 'replaced/'])('a list under %s that is gone', (prefix) => {
    const cluster = network();
    const { disk } = cluster.node(NODE);
    const [first = ''] = [...disk.under(prefix)].map(([key]) => key).sort();
    disk.damage(first, undefined);
    const { halted } = pay(cluster, 50);
    expect(halted).toEqual([expect.stringContaining('a list of what each block replaced')]);
  });
});

test('what no block needs is not looked at', () => {
  const cluster = network();
  cluster.node(NODE).disk.damage(entryOf(70), undefined);
  expect(pay(cluster, 50).halted).toEqual([]);
});
