/** All of the state in memory, without a bound: for small ledgers that come and go with a process. */
import { type StateKey, treeKeyOf } from './entry-kind.ts';
import { EntryMap } from './entry-map.ts';
import { NewestNodes } from './newest-nodes.ts';
import type { StateDelta, StateSource } from './source.ts';

export class MemoryState implements StateSource {
  readonly nodes = new NewestNodes();
  readonly #entries = new EntryMap<unknown>();

  get<V>(key: StateKey<V>): V | undefined {
    return this.#entries.get(key) as V | undefined;
  }

  treeKey(key: StateKey): Uint8Array {
    return treeKeyOf(key);
  }

  /** All entries, in no order. */
  entries(): Iterable<readonly [StateKey, unknown]> {
    return this.#entries;
  }

  apply({ entries, tree }: StateDelta): void {
    for (const { key, after } of entries) this.#put(key, after);
    this.nodes.apply(tree);
  }

  /** What takes the block back, after it was applied and all later ones were taken back. */
  undoing({ entries, tree }: StateDelta): () => void {
    const restoreNodes = this.nodes.undoing(tree);
    return () => {
      for (const { key, before } of entries) this.#put(key, before);
      restoreNodes();
    };
  }

  #put(key: StateKey, value: unknown): void {
    if (value === undefined) this.#entries.delete(key);
    else this.#entries.set(key, value);
  }
}
