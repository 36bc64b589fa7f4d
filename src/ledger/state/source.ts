/** Where execution reads the state, and what a block does to it. */
import type { Height } from '../../base/brand.ts';
import type { StoredNodes } from '../tree/node.ts';
import type { TreeUpdate } from '../tree/update.ts';
import type { StateKey } from './entry-kind.ts';
import type { ValuePlace } from './value-place.ts';

/** An entry that a block changed. */
export interface EntryChange<V = unknown> {
  readonly key: StateKey<V>;
  /** Undefined where there was none, or is none any more. */
  readonly before: V | undefined;
  readonly after: V | undefined;
  /** The value after the block, encoded; undefined where there is none. */
  readonly bytes: Uint8Array | undefined;
}

/** A value that stands apart from its entry. */
export interface NewValue extends ValuePlace {
  readonly bytes: Uint8Array;
}

/** What a block does to the state. */
export interface StateDelta {
  readonly height: Height;
  /** Each entry once, of those that were set. */
  readonly entries: readonly EntryChange[];
  /** Values that its entries name for the first time, and those that the entries before it named last. Execution reads neither again. */
  readonly values: readonly NewValue[];
  readonly staleValues: readonly ValuePlace[];
  readonly tree: TreeUpdate;
}

/** The state after the newest block, as far as it is in memory. What a body touches is declared, and has to be there before it is
 *  executed; to read anything else is a bug of ours, and throws InvariantViolation. */
export interface StateSource {
  /** What stands under the key; undefined where nothing does. */
  get<V>(key: StateKey<V>): V | undefined;
  /** Where the key stands in the tree: SHA-256 of its text. */
  treeKey(key: StateKey): Uint8Array;
  /** Nodes of the newest version of the tree. */
  readonly nodes: StoredNodes;
  /** The state becomes that after the next block. */
  apply(delta: StateDelta): void;
}
