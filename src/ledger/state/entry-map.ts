/** Values by key of the state. Each kind has a map of its own, so that the text of a key is hashed as it is and never put together. */
import type { EntryKind, StateKey } from './entry-kind.ts';

export class EntryMap<T> {
  readonly #kinds = new Map<EntryKind<never, unknown>, Map<string, T>>();

  get({ kind, text }: StateKey): T | undefined {
    return this.#kinds.get(kind)?.get(text);
  }

  set({ kind, text }: StateKey, value: T): void {
    const map = this.#kinds.get(kind);
    if (map === undefined) this.#kinds.set(kind, new Map([[text, value]]));
    else map.set(text, value);
  }

  delete({ kind, text }: StateKey): void {
    this.#kinds.get(kind)?.delete(text);
  }

  get size(): number {
    let size = 0;
    for (const map of this.#kinds.values()) size += map.size;
    return size;
  }

  /** By kind, and within a kind in the order in which the keys came. */
  *[Symbol.iterator](): Generator<readonly [StateKey, T]> {
    for (const [kind, map] of this.#kinds) for (const [text, value] of map) yield [{ kind, text }, value];
  }
}
