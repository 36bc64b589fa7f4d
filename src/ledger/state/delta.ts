/** What was executed, as what a block does to the state: entries, encoded once, and the next version of the tree. */
import type { Height } from '../../base/brand.ts';
import { present } from '../../base/invariant.ts';
import { sha256 } from '../../crypto/sha256.ts';
import type { LeafChange } from '../tree/sorted-changes.ts';
import { updateTree } from '../tree/update.ts';
import type { Overlay } from './overlay.ts';
import type { EntryChange, NewValue, StateDelta, StateSource } from './source.ts';
import { type ValuePlace, valuePlaceText } from './value-place.ts';

/** `from`: the version below; undefined where there is none yet. */
export function deltaOf(
  source: StateSource,
  overlay: Overlay,
  { from, to }: { readonly from: Height | undefined; readonly to: Height },
): StateDelta {
  const entries: EntryChange[] = [];
  const leaves: LeafChange[] = [];
  const values: NewValue[] = [];
  const staleValues: ValuePlace[] = [];
  for (const { key, before, after } of overlay.changes()) {
    const bytes = after === undefined ? undefined : key.kind.codec.encode(after);
    entries.push({ key, before, after, bytes });
    leaves.push({ key: source.treeKey(key), value: bytes && sha256(bytes) });
    const [was, is] = [key.kind.referenceIn(before), key.kind.referenceIn(after)];
    if (is === was) continue;
    if (was !== undefined) staleValues.push({ key, version: was.version });
    if (is !== undefined) values.push(newValue(overlay, { key, version: is.version }));
  }
  return { height: to, entries, values, staleValues, tree: updateTree(source.nodes, { from, to }, leaves) };
}

/** An entry that keeps its value keeps the reference to it. So one that names another names what an operation of this block has set. */
function newValue(overlay: Overlay, place: ValuePlace): NewValue {
  return { ...place, bytes: present(overlay.value(place), `the value ${valuePlaceText(place)}`) };
}
