/** The tree against a map for each version: random puts, deletes, versions and prunes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Height, height } from '../../../src/base/brand.ts';
import { Random } from '../../../src/base/random.ts';
import { fromHex, toHex } from '../../../src/codec/hex.ts';
import { sha256 } from '../../../src/crypto/sha256.ts';
import { lookUp, nodesToFetch } from '../../../src/ledger/tree/lookup.ts';
import type { TreeNode } from '../../../src/ledger/tree/node.ts';
import { checkNodeHash } from '../../../src/ledger/tree/node-codec.ts';
import { nodeKeyText } from '../../../src/ledger/tree/path.ts';
import { proveKey } from '../../../src/ledger/tree/proof.ts';
import { decodeStale, dueLists, encodeStale } from '../../../src/ledger/tree/stale.ts';
import { updateTree } from '../../../src/ledger/tree/update.ts';
import { change, definition, GrowingTree, type Leaves, MemoryNodes } from './kit.ts';

const RUNS = Number(process.env.TREE_RUNS ?? 20);
const VERSIONS = 25;

/** Keys that have long beginnings in common, as nobody can make them from real ones: that is where nodes come and go. */
function closeKeys(random: Random, count: number): string[] {
  const stems = ['', '0', '00', '7f7f', '7f7e', 'abcdef0123', '5'.repeat(60)];
  const keys = Array.from({ length: count }, () => {
    const stem = random.pick(stems);
    const digits = Array.from({ length: 64 - stem.length }, () => random.pick(['0', '1', '8', 'f'])).join('');
    return stem + digits;
  });
  return [...new Set(keys)];
}

const hashedKeys = (random: Random, count: number): string[] =>
  Array.from({ length: count }, () => toHex(sha256(Uint8Array.of(random.int(0, 255), random.int(0, 255)))));

/** Some of the keys, each with a new value, or null. */
function randomChanges(random: Random, keys: readonly string[]): [string, string | null][] {
  const deletes = random.pick([0.1, 0.5, 0.9]);
  const count = random.pick([0, 1, 2, 5, 40, keys.length]);
  return random
    .shuffled([...new Set(keys)])
    .slice(0, count)
    .map((key) => [key, random.chance(deletes) ? null : random.int(0, 3).toString(16).padStart(64, '0')]);
}

interface Run {
  readonly tree: GrowingTree;
  readonly lists: Map<Height, Uint8Array>;
  readonly models: Map<Height, Leaves>;
  prunedTo: Height;
}

function step(run: Run, random: Random, keys: readonly string[], historyHeights: number): void {
  const before = run.tree.version;
  const model = new Map(before === undefined ? [] : run.models.get(before));
  const changes = randomChanges(random, keys);
  for (const [key, value] of changes) {
    if (value === null) model.delete(key);
    else model.set(key, value);
  }
  const update = run.tree.update(changes.map(([key, value]) => change(key, value)));
  const head = run.tree.version ?? height(0);
  expect(update.root).toBe(definition(model));
  run.models.set(head, model);
  run.lists.set(head, encodeStale(update.stale));
  for (const due of dueLists({ head, historyHeights, prunedTo: run.prunedTo }, 100)) {
    const list = decodeStale(run.lists.get(due) ?? new Uint8Array(1), due);
    if (!list.ok) throw new Error(list.error.message);
    run.tree.source.delete(list.value);
    run.models.delete(height(due - 1));
    run.prunedTo = due;
  }
}

function expectReadable({ tree, models }: Run, random: Random, keys: readonly string[]): void {
  const version = random.pick([...models.keys()]);
  const model = models.get(version) ?? new Map<string, string>();
  for (const key of random.shuffled(keys).slice(0, 10)) {
    const found = lookUp(tree.source, version, fromHex(key));
    expect(found.ok).toBe(true);
    expect(found.ok && found.value && toHex(found.value)).toBe(model.get(key));
    const proof = proveKey(tree.source, version, fromHex(key));
    expect(proof.ok && proof.value.end.kind === 'key').toBe(model.has(key));
  }
}

describe('random puts, deletes, versions and prunes', () => {
  it.each([
    { name: 'hashed keys', makeKeys: hashedKeys },
    { name: 'keys with long common beginnings', makeKeys: closeKeys },
  ])('each kept version has the root, values and proofs of its model, with $name', ({ makeKeys }) => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const keys = makeKeys(random, random.pick([3, 20, 150]));
        const historyHeights = random.pick([0, 1, 2, 7]);
        const run: Run = { tree: new GrowingTree(), lists: new Map(), models: new Map(), prunedTo: height(0) };
        for (let i = 0; i < VERSIONS; i++) {
          step(run, random, keys, historyHeights);
          expectReadable(run, random, keys);
        }
        expectNothingElse(run);
      }),
      { numRuns: RUNS },
    );
  });

  it('the nodes of a version are those of a tree that is built from its leaves at once', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const keys = closeKeys(random, 40);
        const run: Run = { tree: new GrowingTree(), lists: new Map(), models: new Map(), prunedTo: height(0) };
        for (let i = 0; i < VERSIONS; i++) step(run, random, keys, 1);
        const atOnce = new GrowingTree();
        const version = run.tree.version ?? height(0);
        atOnce.update([...(run.models.get(version) ?? [])].map(([key, value]) => change(key, value)));
        expect(run.tree.source.shapeOf(version)).toEqual(atOnce.source.shapeOf(height(0)));
      }),
      { numRuns: RUNS },
    );
  });

  it('what nodesToFetch names, step by step, is enough for an update, and no node of another path', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const keys = closeKeys(random, 80);
        const tree = new GrowingTree();
        tree.update(keys.map((key) => change(key, key)));
        const changes = randomChanges(random, keys).map(([key, value]) => change(key, value));
        const fetched = new MemoryNodes();
        const hashes = changes.map(({ key }) => key);
        for (;;) {
          const wanted = nodesToFetch(fetched, height(0), hashes);
          if (wanted.length === 0) break;
          for (const { key, hash } of wanted) {
            const node = tree.source.get(key) as TreeNode;
            expect(hash === undefined ? key.path === '' : checkNodeHash(node, key.path.length, hash).ok).toBe(true);
            fetched.nodes.set(nodeKeyText(key), node);
            expect(key.path === '' || hashes.some((hash) => toHex(hash).startsWith(key.path))).toBe(true);
          }
        }
        const versions = { from: height(0), to: height(1) };
        if (changes.length > 0) expect(updateTree(fetched, versions, changes).root).toBe(tree.update(changes).root);
      }),
      { numRuns: RUNS },
    );
  });
});

/** The store holds the nodes of the kept versions, each with the hash that its parent gives, their bases, and no others. */
function expectNothingElse({ tree, models }: Run): void {
  const kept = [...models].flatMap(([version, model]) => tree.source.nodesOf(version, definition(model)));
  const needed = new Set<string>();
  for (const { key, node, hash } of kept) {
    expect(checkNodeHash(node, key.path.length, hash)).toEqual({ ok: true, value: undefined });
    const { difference, ...read } = tree.source.read(key, hash);
    expect(read.node).toEqual(node);
    expect(difference).toEqual(tree.source.differenceOf(key));
    needed.add(nodeKeyText(key));
    if (difference !== undefined) needed.add(nodeKeyText({ version: difference.base, path: key.path }));
  }
  expect(new Set(tree.source.records.keys())).toEqual(needed);
}
