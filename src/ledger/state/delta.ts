/** What was executed, as what a block does to the state: entries, encoded once, and the next version of the tree. */
import type { Height } from '../../base/brand.ts';
import { sha256 } from '../../crypto/sha256.ts';
import type { LeafChange } from '../tree/sorted-changes.ts';
import { updateTree } from '../tree/update.ts';
import type { Overlay } from './overlay.ts';
import type { EntryChange, StateDelta, StateSource } from './source.ts';

/** `from`: the version below; undefined where there is none yet. */
export function deltaOf(
  source: StateSource,
  overlay: Overlay,
  { from, to }: { readonly from: Height | undefined; readonly to: Height },
): StateDelta {
  const entries: EntryChange[] = [];
  const leaves: LeafChange[] = [];
  for (const { key, before, after } of overlay.changes()) {
    const bytes = after === undefined ? undefined : key.kind.codec.encode(after);
    entries.push({ key, before, after, bytes });
    leaves.push({ key: source.treeKey(key), value: bytes && sha256(bytes) });
  }
  return { height: to, entries, tree: updateTree(source.nodes, { from, to }, leaves) };
}
