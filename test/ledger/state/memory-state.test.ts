import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Height, height } from '../../../src/base/brand.ts';
import { present } from '../../../src/base/invariant.ts';
import { Random } from '../../../src/base/random.ts';
import { toHex } from '../../../src/codec/hex.ts';
import { MemoryState } from '../../../src/ledger/state/memory-state.ts';
import { type NodeKey, nodeKeyText, ROOT_PATH } from '../../../src/ledger/tree/path.ts';
import type { StateDelta } from '../../../src/ledger/state/source.ts';
import { MemoryNodes } from '../tree/kit.ts';
import { type Changes, COUNTS, deltaFor, NaiveState, someChanges, someKeys, stateOf, valuesOf, WORDS } from './kit.ts';

/** A chain of random blocks on one state, which can be taken back. */
class Chain {
  readonly state = new MemoryState();
  /** All nodes that ever were: what the newest version has is among them. */
  readonly archive = new MemoryNodes();
  readonly #blocks: { readonly delta: StateDelta; readonly restore: () => void; readonly model: NaiveState }[] = [];
  readonly #nodes = new Map<string, NodeKey>();

  get head(): Height | undefined {
    return this.#blocks.at(-1)?.delta.height;
  }

  get model(): NaiveState {
    return this.#blocks.at(-1)?.model ?? new NaiveState();
  }

  append(changes: Changes): StateDelta {
    const { head, state } = this;
    const delta = deltaFor(state, changes, head, height(head === undefined ? 0 : head + 1));
    const model = this.model.copy();
    for (const [key, value] of changes) model.set(key, value);
    this.#blocks.push({ delta, model, restore: state.undoing(delta) });
    state.apply(delta);
    for (const { key } of delta.tree.nodes) this.#nodes.set(nodeKeyText(key), key);
    this.archive.write(delta.tree);
    return delta;
  }

  takeBack(): void {
    present(this.#blocks.pop(), 'a block').restore();
  }

  /** Entries, and of all nodes that ever were those that are there. */
  content(): { readonly entries: unknown; readonly nodes: ReadonlyMap<string, string> } {
    const nodes = new Map<string, string>();
    for (const [text, key] of this.#nodes) {
      const node = this.state.nodes.get(key);
      if (node !== undefined) nodes.set(text, toHex(node));
    }
    return { entries: valuesOf(this.state.entries()), nodes };
  }

  /** Texts of the keys of the nodes that the newest version is made of. */
  reachable(): Set<string> {
    const { head } = this;
    const found = head === undefined ? [] : this.archive.nodesOf(head, this.model.root());
    return new Set(found.map(({ key }) => nodeKeyText(key)));
  }
}

const withoutVersions = ({ entries, tree }: StateDelta) => ({ entries, root: tree.root });

describe('a state in memory', () => {
  test('has, after any blocks, the entries of all of them, and the nodes of the newest version and no other', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const keys = someKeys(random.pick([2, 10, 60]));
        const chain = new Chain();
        for (let i = 0; i < 8; i++) {
          chain.append(someChanges(random, keys));
          const { entries, nodes } = chain.content();
          expect(entries).toEqual(chain.model.values());
          expect(new Set(nodes.keys())).toEqual(chain.reachable());
        }
      }),
      { numRuns: 40 },
    );
  });

  test('is what it was, entry by entry and node by node, when blocks are taken back, and the next block is the same', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new Random(seed);
        const keys = someKeys(random.pick([2, 10, 60]));
        const chain = new Chain();
        const stood: {
          readonly before: ReturnType<Chain['content']>;
          readonly changes: Changes;
          readonly delta: StateDelta;
        }[] = [];
        for (let i = 0; i < 40; i++) {
          const last = stood.at(-1);
          if (last !== undefined && random.chance(0.45)) {
            chain.takeBack();
            stood.pop();
            expect(chain.content()).toEqual(last.before);
            // The block that was taken back can be made again: nothing that it needs is gone.
            const { delta } = last;
            const again = deltaFor(chain.state, last.changes, chain.head, delta.height);
            expect(withoutVersions(again)).toEqual(withoutVersions(delta));
            expect(again.tree).toEqual(delta.tree);
          } else {
            const changes = someChanges(random, keys);
            const before = chain.content();
            stood.push({ before, changes, delta: chain.append(changes) });
          }
          expect(chain.content().entries).toEqual(chain.model.values());
        }
      }),
      { numRuns: 40 },
    );
  });

  test('has nothing at first, and nothing again when all is taken back', () => {
    const chain = new Chain();
    chain.append([[WORDS.key(1), 'a']]);
    chain.append([[COUNTS.key(1), 0]]);
    chain.takeBack();
    chain.takeBack();
    expect(chain.content()).toEqual({ entries: new Map(), nodes: new Map() });
  });

  test('gives a node under the version that made it alone', () => {
    const state = stateOf([[WORDS.key(1), 'a']], height(3));
    const versions = [2, 3, 4].map((version) => state.nodes.get({ version: height(version), path: ROOT_PATH }));
    expect(versions.map((node) => node !== undefined)).toEqual([false, true, false]);
  });

  test('keeps of a node its own bytes, and not the buffer that it shares with all others of its block', () => {
    const chain = new Chain();
    const { tree } = chain.append(someKeys(60).map((key) => [key, (key.kind as unknown) === WORDS ? 'a' : 1]));
    expect(tree.nodes.length).toBeGreaterThan(1);
    for (const { key, bytes } of tree.nodes) {
      const kept = present(chain.state.nodes.get(key), nodeKeyText(key));
      expect(kept).toEqual(bytes);
      expect(kept.buffer.byteLength).toBe(bytes.length);
    }
  });
});
