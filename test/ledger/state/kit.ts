/** What tests of the state share: kinds of entries that are made up, the state as its definition says it, and random changes. */
import type { Hash, Height } from '../../../src/base/brand.ts';
import type { Random } from '../../../src/base/random.ts';
import { ok } from '../../../src/base/result.ts';
import { type Codec, codec } from '../../../src/codec/codec.ts';
import { toHex } from '../../../src/codec/hex.ts';
import { uint64 } from '../../../src/codec/types.ts';
import { sha256 } from '../../../src/crypto/sha256.ts';
import { deltaOf } from '../../../src/ledger/state/delta.ts';
import { EntryKind, type StateKey, stateKeyText } from '../../../src/ledger/state/entry-kind.ts';
import { MemoryState } from '../../../src/ledger/state/memory-state.ts';
import { type Entries, Overlay } from '../../../src/ledger/state/overlay.ts';
import type { StateDelta } from '../../../src/ledger/state/source.ts';
import { definition } from '../tree/kit.ts';

const utf8 = new TextEncoder();

const wordCodec: Codec<string> = {
  name: 'Word',
  bytesMax: 16,
  encode: (word) => utf8.encode(word),
  decode: (bytes) => ok(new TextDecoder().decode(bytes)),
};

/** Two kinds whose keys have the same texts. The empty word and zero are values like others. */
export const WORDS = new EntryKind<number, string>('word', wordCodec, String);
export const COUNTS = new EntryKind<number, number>('count', codec('Count', uint64(), 8), String);

export type Changes = readonly (readonly [key: StateKey, value: unknown])[];

/** So many keys of each of the two kinds. */
export const someKeys = (count: number): StateKey[] =>
  Array.from({ length: count }, (_, i) => [WORDS.key(i), COUNTS.key(i)] as StateKey[]).flat();

/** A value for the key, one of few; undefined, which deletes, as often as `deletes` says. */
export function someValue(random: Random, { kind }: StateKey, deletes: number): unknown {
  if (random.chance(deletes)) return undefined;
  return (kind as unknown) === WORDS ? random.pick(['', 'a', 'b', 'undefined']) : random.int(0, 3);
}

/** Random changes, of some keys several times. */
export function someChanges(random: Random, keys: readonly StateKey[]): Changes {
  const deletes = random.pick([0, 0.2, 0.5, 0.9]);
  return Array.from({ length: random.pick([0, 1, 5, keys.length]) }, () => {
    const key = random.pick(keys);
    return [key, someValue(random, key, deletes)] as const;
  });
}

/** What a block does whose body changes this. */
export function deltaFor(state: MemoryState, changes: Changes, from: Height | undefined, to: Height): StateDelta {
  const overlay = new Overlay(state);
  for (const [key, value] of changes) overlay.set(key, value);
  return deltaOf(state, overlay, { from, to });
}

/** A state with these entries alone, whose tree has this version. */
export function stateOf(entries: Iterable<readonly [StateKey, unknown]>, version: Height): MemoryState {
  const state = new MemoryState();
  state.apply(deltaFor(state, [...entries], undefined, version));
  return state;
}

/** The state as its definition says it: one map, and a root that is made from all of it. */
export class NaiveState implements Entries {
  readonly #entries = new Map<string, readonly [StateKey, unknown]>();

  static of(entries: Iterable<readonly [StateKey, unknown]>): NaiveState {
    const state = new NaiveState();
    for (const [key, value] of entries) state.set(key, value);
    return state;
  }

  get<V>(key: StateKey<V>): V | undefined {
    return this.#entries.get(stateKeyText(key))?.[1] as V | undefined;
  }

  set<V>(key: StateKey<V>, value: V | undefined): void {
    if (value === undefined) this.#entries.delete(stateKeyText(key));
    else this.#entries.set(stateKeyText(key), [key, value]);
  }

  /** None of what is compared has values that stand apart. */
  setValue(): void {}

  copy(): NaiveState {
    return NaiveState.of(this.#entries.values());
  }

  /** Values by the texts of their keys, to compare. */
  values(): Map<string, unknown> {
    return valuesOf(this.#entries.values());
  }

  root(): Hash {
    return definition(
      new Map(
        [...this.#entries.values()].map(([{ kind, text }, value]) => [
          toHex(sha256(utf8.encode(`${kind.name}/${text}`))),
          toHex(sha256(kind.codec.encode(value))),
        ]),
      ),
    );
  }
}

/** Rows that begin with the text of a key, in its order. */
export const byText = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number =>
  a < b ? -1 : Number(a > b);

/** In the order of the texts. */
export const valuesOf = (entries: Iterable<readonly [StateKey, unknown]>): Map<string, unknown> =>
  new Map([...entries].map(([key, value]) => [stateKeyText(key), value] as const).sort(byText));
