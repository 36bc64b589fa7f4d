/** The nodes of the newest version of the tree, all of them. */
import type { Difference, StoredNodes, TreeNode } from '../tree/node.ts';
import type { NodeKey } from '../tree/path.ts';
import type { TreeUpdate } from '../tree/update.ts';

interface Newest {
  readonly version: number;
  readonly bytes: TreeNode;
  readonly difference: Difference | undefined;
}

export class NewestNodes implements StoredNodes {
  readonly #byPath = new Map<string, Newest>();

  get({ version, path }: NodeKey): TreeNode | undefined {
    const newest = this.#byPath.get(path);
    return newest?.version === version ? newest.bytes : undefined;
  }

  differenceOf({ path }: NodeKey): Difference | undefined {
    return this.#byPath.get(path)?.difference;
  }

  apply({ nodes, stale }: Pick<TreeUpdate, 'nodes' | 'stale'>): void {
    for (const { path } of stale) this.#byPath.delete(path);
    // An update's nodes share a few buffers, and most of them soon have a successor: one that stays would keep all of them.
    for (const { key, bytes, difference } of nodes)
      this.#byPath.set(key.path, { version: key.version, bytes: bytes.slice() as TreeNode, difference });
  }

  /** What takes the update back once it was applied, and is the newest. */
  undoing({ nodes, stale }: Pick<TreeUpdate, 'nodes' | 'stale'>): () => void {
    const paths = [...stale.map(({ path }) => path), ...nodes.map(({ key }) => key.path)];
    const before = paths.map((path) => [path, this.#byPath.get(path)] as const);
    return () => {
      for (const [path, newest] of before) {
        if (newest === undefined) this.#byPath.delete(path);
        else this.#byPath.set(path, newest);
      }
    };
  }
}
