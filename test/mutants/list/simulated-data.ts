/** Bugs that show where clients use all operations while nodes fall, forget and come back: nothing is directed at them but checkers that
 *  know what has to stand where. */
import { edit, type Mutant } from '../mutant.ts';

export const simulatedDataMutants: readonly Mutant[] = [
  {
    name: 'memory-older-than-head',
    clause: 'state',
    breaks: 'goes on executing on an entry that was deleted, as long as it remembers it',
    edits: [edit('driver/state/resident-state.ts', 'value: after, treeKey,', 'value: after ?? slot?.value, treeKey,')],
  },
  {
    name: 'failed-transaction-leaves-deletions',
    clause: 'state',
    breaks: 'takes back all that a failed transaction did, but what it deleted',
    edits: [
      edit(
        'ledger/state/overlay.ts',
        '      if (before === undefined) this.#above.delete(key);',
        '      if (this.#above.get(key) === DELETED) continue;\n      if (before === undefined) this.#above.delete(key);',
      ),
    ],
  },
  {
    name: 'past-is-what-came',
    clause: 'state',
    breaks: 'stores as the past of an entry what the block made of it',
    edits: [
      edit(
        'driver/state/state-writes.ts',
        'function encodePast({ key, before }: EntryChange)',
        'function encodePast({ key, after: before }: EntryChange)',
      ),
    ],
  },
  {
    name: 'fetched-of-first-version',
    clause: 'state',
    breaks: 'fetches nodes of the tree as it was when the node started',
    edits: [edit('driver/state/resident-state.ts', '    this.#version = height;\n', '')],
  },
  {
    name: 'version-of-the-block-alone',
    clause: 'data',
    breaks: 'gives all that one block writes the same version',
    edits: [
      edit(
        'ledger/data/writing.ts',
        'after && { version: execution.place,',
        'after && { version: { ...execution.place, index: 0 },',
      ),
    ],
  },
];
