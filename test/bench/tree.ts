/** `node test/bench/tree.ts [LEAVES …]`: what the changes of a block cost in the state tree, with all nodes in memory. */
import { type Height, height } from '../../src/base/brand.ts';
import { present } from '../../src/base/invariant.ts';
import { Random } from '../../src/base/random.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { installedSha256, installSha256, sha256 } from '../../src/crypto/sha256.ts';
import type { Difference, StoredNodes, TreeNode } from '../../src/ledger/tree/node.ts';
import { proveKey } from '../../src/ledger/tree/proof.ts';
import { decodeTreeProof, encodeTreeProof } from '../../src/ledger/tree/proof-codec.ts';
import type { LeafChange } from '../../src/ledger/tree/sorted-changes.ts';
import { type TreeUpdate, updateTree } from '../../src/ledger/tree/update.ts';
import { verifyTreeProof } from '../../src/ledger/tree/verify.ts';
import { microsOf } from './stopwatch.ts';

/** As many leaves are added at a time while the tree is built. */
const BUILD = 100_000;
/** Different lists of changes, done in turn. */
const LISTS = 20;

const numbered = (number: number, salt: number): Uint8Array => sha256(keyOf(number, salt));
const keyOf = (number: number, salt: number): Uint8Array =>
  Uint8Array.of(salt, number >>> 24, number >>> 16, number >>> 8, number);
const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const size = (nodes: Iterable<Uint8Array>): number => [...nodes].reduce((sum, { length }) => sum + length, 0);

/** The nodes of the newest version, by path. */
class NewestNodes implements StoredNodes {
  readonly nodes = new Map<string, TreeNode>();
  readonly #differences = new Map<string, Difference | undefined>();
  version: Height | undefined;

  get({ path }: { readonly path: string }): TreeNode | undefined {
    return this.nodes.get(path);
  }

  differenceOf({ path }: { readonly path: string }): Difference | undefined {
    return this.#differences.get(path);
  }

  update(changes: readonly LeafChange[]): TreeUpdate {
    return updateTree(this, { from: this.version, to: height((this.version ?? 0) + 1) }, changes);
  }

  keep({ nodes, stale }: TreeUpdate): void {
    for (const { path } of stale) this.nodes.delete(path);
    for (const { key, bytes, difference } of nodes) {
      this.nodes.set(key.path, bytes.slice() as TreeNode);
      this.#differences.set(key.path, difference);
    }
    this.version = nodes.at(-1)?.key.version;
  }
}

/** Distinct changes: a number of the leaves, or new ones. */
function listOf(count: number, number: () => number, salt: number): LeafChange[] {
  const numbers = new Set<number>();
  while (numbers.size < count) numbers.add(number());
  return [...numbers].map((number) => ({ key: numbered(number, 0), value: numbered(number, salt) }));
}

async function measureChanges(
  tree: NewestNodes,
  name: string,
  makeList: (salt: number) => LeafChange[],
): Promise<void> {
  const lists = Array.from({ length: LISTS }, (_, i) => makeList(5 + i));
  const [first] = lists;
  let update = tree.update([]);
  const hashes = countHashes(() => {
    update = tree.update(first ?? []);
  });
  let next = 0;
  const micros = await microsOf(() => tree.update(lists[next++ % LISTS] ?? []));
  const nodes = update.nodes.map(({ bytes }) => bytes);
  const bytes = (size(nodes) / 1000).toFixed(0);
  print(`  ${name}: ${(micros / 1000).toFixed(3)} ms, ${hashes} hashes, ${nodes.length} nodes, ${bytes} kB`);
}

async function measureProofs(tree: NewestNodes, leaves: number, random: Random): Promise<void> {
  const version = tree.version ?? height(0);
  const { root } = updateTree(tree, { from: version, to: height(version + 1) }, []);
  const prove = (number: number) => proveKey(tree, version, numbered(number, 0));
  const made = await microsOf(() => prove(random.int(0, leaves - 1)));
  const proofs = Array.from({ length: 100 }, (_, i) => {
    const proof = prove(i);
    if (!proof.ok) throw new Error(proof.error.message);
    return encodeTreeProof(proof.value);
  });
  let next = 0;
  const checked = await microsOf(() => {
    const number = next++ % proofs.length;
    const proof = decodeTreeProof(present(proofs[number], 'proof'));
    const claim = { root, key: keyOf(number, 0), value: keyOf(number % BUILD, 1) };
    if (!proof.ok || !verifyTreeProof(claim, proof.value).ok) throw new Error('a proof does not hold');
  });
  const bytes = (size(proofs) / proofs.length).toFixed(0);
  print(`  a proof: ${bytes} bytes, made in ${made.toFixed(0)} us, checked in ${checked.toFixed(0)} us`);
}

function countHashes(run: () => void): number {
  const plain = installedSha256();
  let count = 0;
  const counting = (bytes: Uint8Array, target: Uint8Array, at: number): void => {
    count += 1;
    plain.write(bytes, target, at);
  };
  installSha256({ ...plain, write: counting });
  count = 0;
  run();
  installSha256(plain);
  return count;
}

async function measure(leaves: number): Promise<void> {
  const tree = new NewestNodes();
  const random = new Random(leaves);
  const began = performance.now();
  for (let first = 0; first < leaves; first += BUILD) {
    const numbers = Array.from({ length: Math.min(BUILD, leaves - first) }, (_, i) => first + i);
    const changes = numbers.map((number) => ({ key: numbered(number, 0), value: numbered(number % BUILD, 1) }));
    tree.keep(tree.update(changes));
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const megabytes = (size(tree.nodes.values()) / 1e6).toFixed(1);
  print(`${leaves} leaves: ${tree.nodes.size} nodes, ${megabytes} MB, built in ${seconds} s`);
  const old = () => random.int(0, leaves - 1);
  const fresh = () => leaves + random.int(0, 1e9);
  await measureChanges(tree, 'overwrite 2', (salt) => listOf(2, old, salt));
  if (leaves >= 10_000) await measureChanges(tree, 'overwrite 2,000', (salt) => listOf(2000, old, salt));
  await measureChanges(tree, 'insert 2,000', (salt) => listOf(2000, fresh, salt));
  await measureProofs(tree, leaves, random);
}

installNodeSha256();
const sizes = process.argv.slice(2).map(Number);
for (const leaves of sizes.length === 0 ? [1_000, 100_000, 1_000_000] : sizes) await measure(leaves);
