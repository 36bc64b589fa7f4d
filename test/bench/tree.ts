/** `node test/bench/tree.ts [leaves …]`: what a block's changes cost in the state tree, with all nodes in memory. */
import { type Height, height } from '../../src/base/brand.ts';
import { Random } from '../../src/base/random.ts';
import { installNodeSha256 } from '../../src/crypto/node-sha256.ts';
import { installedSha256, installSha256, sha256 } from '../../src/crypto/sha256.ts';
import type { NodeSource, TreeNode } from '../../src/ledger/tree/node.ts';
import { type NodeKey, nodeKeyText } from '../../src/ledger/tree/path.ts';
import { proveKey } from '../../src/ledger/tree/proof.ts';
import { encodeTreeProof } from '../../src/ledger/tree/proof-codec.ts';
import type { LeafChange } from '../../src/ledger/tree/sorted-changes.ts';
import { type TreeUpdate, updateTree } from '../../src/ledger/tree/update.ts';

/** As many leaves as are added at a time while the tree is built. */
const BUILD = 100_000;
const BATCH = 2_000;
const ROUNDS = 40;
/** Rounds before the runtime has compiled what it runs. */
const WARM_UP = 10;

const nodes = new Map<string, TreeNode>();
const source: NodeSource = { get: (key: NodeKey) => nodes.get(nodeKeyText(key)) };

/** The nodes of the newest version alone are kept. */
function write(update: TreeUpdate): void {
  for (const { key, bytes } of update.nodes) nodes.set(nodeKeyText(key), bytes.slice() as TreeNode);
  for (const key of update.stale) nodes.delete(nodeKeyText(key));
}

const numbered = (number: number, salt: number): Uint8Array =>
  sha256(Uint8Array.of(salt, number >>> 24, number >>> 16, number >>> 8, number));

function measure(leaves: number): void {
  nodes.clear();
  const random = new Random(leaves);
  let version: Height | undefined;
  let salt = 0;
  const update = (changes: readonly LeafChange[]): TreeUpdate => {
    const to = height(version === undefined ? 0 : version + 1);
    const result = updateTree(source, { from: version, to }, changes);
    version = to;
    return result;
  };
  const began = performance.now();
  for (let first = 0; first < leaves; first += BUILD) {
    const count = Math.min(BUILD, leaves - first);
    write(update(Array.from({ length: count }, (_, i) => ({ key: numbered(first + i, 0), value: numbered(i, 1) }))));
  }
  const bytes = [...nodes.values()].reduce((sum, node) => sum + node.length, 0);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  print(`${leaves} leaves: ${nodes.size} nodes, ${(bytes / 1e6).toFixed(1)} MB, built in ${seconds} s`);
  const kinds: readonly (readonly [string, number, (i: number) => LeafChange])[] = [
    ['overwrite', BATCH, () => ({ key: numbered(random.int(0, leaves - 1), 0), value: numbered(salt++, 2) })],
    ['insert', BATCH, () => ({ key: numbered(salt++, 3), value: numbered(salt, 2) })],
    ['overwrite', 2, () => ({ key: numbered(random.int(0, leaves - 1), 0), value: numbered(salt++, 2) })],
  ];
  for (const [name, batch, make] of kinds) {
    const micros: number[] = [];
    let [written, size, hashes] = [0, 0, 0];
    for (let round = 0; round < ROUNDS; round++) {
      const changes = new Map(Array.from({ length: batch }, (_, i) => make(i)).map((each) => [String(each.key), each]));
      const list = [...changes.values()];
      const start = process.threadCpuUsage();
      const result = update(list);
      const spent = process.threadCpuUsage(start);
      const took = spent.user + spent.system;
      if (round >= WARM_UP) micros.push(took);
      written = result.nodes.length;
      size = result.nodes.reduce((sum, { bytes }) => sum + bytes.length, 0);
      write(result);
      if (round === ROUNDS - 1)
        hashes = countHashes(() =>
          updateTree(
            source,
            { from: version, to: height((version ?? 0) + 1) },
            list.map(({ key }) => ({ key, value: numbered(7, 7) })),
          ),
        );
    }
    const median = micros.sort((a, b) => a - b)[micros.length >>> 1] ?? 0;
    print(
      `  ${name} ${batch}: ${(median / 1000).toFixed(2)} ms, ${hashes} hashes, ${written} nodes, ${(size / 1000).toFixed(0)} kB`,
    );
  }
  const start = performance.now();
  let proofBytes = 0;
  for (let i = 0; i < 1000; i++) {
    const proof = proveKey(source, version ?? height(0), numbered(random.int(0, leaves - 1), 0));
    if (proof.ok) proofBytes += encodeTreeProof(proof.value).length;
  }
  print(`  a proof: ${(performance.now() - start).toFixed(0)} us, ${proofBytes / 1000} bytes`);
}

function countHashes(run: () => unknown): number {
  const plain = installedSha256();
  let count = 0;
  installSha256({
    ...plain,
    write: (bytes, target, at) => {
      count++;
      plain.write(bytes, target, at);
    },
  });
  count = 0;
  run();
  installSha256(plain);
  return count;
}

const print = (line: string): boolean => process.stdout.write(`${line}\n`);

installNodeSha256();
for (const leaves of process.argv.slice(2).map(Number)) measure(leaves);
