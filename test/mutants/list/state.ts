/** Bugs in the state of the ledger: its entries while a body is executed, what a block does to them, and taking blocks back. */
import { edit, type Mutant } from '../mutant.ts';

const DELTA = 'ledger/state/delta.ts';
const EXECUTE = 'ledger/execute.ts';
const LEDGER_STATE = 'ledger/state/ledger-state.ts';
const MEMORY = 'ledger/state/memory-state.ts';
const NODES = 'ledger/state/newest-nodes.ts';
const OVERLAY = 'ledger/state/overlay.ts';
const TOUCHED = 'ledger/touched.ts';

const OVERLAY_TESTS = { tests: 'test/ledger/state/overlay.test.ts' };
const DELTA_TESTS = { tests: 'test/ledger/state/delta.test.ts' };
const MEMORY_TESTS = { tests: 'test/ledger/state/memory-state.test.ts' };
const TOUCHED_TESTS = { tests: 'test/ledger/touched.test.ts' };

export const stateMutants: readonly Mutant[] = [
  {
    name: 'failed-operation-leaves-half',
    clause: 'state',
    breaks: 'lets stand what a transaction did before one of its operations failed',
    edits: [edit(EXECUTE, '    entries.takeBack(paid);\n', '')],
    directed: { tests: 'test/ledger/execute.test.ts' },
  },
  {
    name: 'overlay-takes-nothing-back',
    clause: 'state',
    breaks: 'takes back an entry that came, and not one that was overwritten',
    edits: [edit(OVERLAY, '      else this.#above.set(key, before);\n', '')],
    directed: OVERLAY_TESTS,
  },
  {
    name: 'overlay-takes-back-in-order',
    clause: 'state',
    breaks: 'gives an entry that was set twice back what it was in between',
    edits: [
      edit(
        OVERLAY,
        '    while (this.#overwritten > mark) {\n      this.#overwritten -= 1;\n' +
          "      const key = present(this.#keys[this.#overwritten], 'key');\n" +
          '      const before = this.#before[this.#overwritten];',
        '    const overwritten = this.#overwritten;\n    this.#overwritten = mark;\n' +
          '    for (let i = mark; i < overwritten; i++) {\n' +
          "      const key = present(this.#keys[i], 'key');\n" +
          '      const before = this.#before[i];',
      ),
    ],
    directed: OVERLAY_TESTS,
  },
  {
    name: 'overlay-never-keeps',
    clause: 'state',
    breaks: 'takes back with a failed transaction all that ran before it in the block',
    edits: [edit(OVERLAY, '  keep(): void {\n    this.#overwritten = 0;', '  keep(): void {')],
    directed: OVERLAY_TESTS,
  },
  {
    name: 'deleted-entry-shows-through',
    clause: 'state',
    breaks: 'reads of a deleted entry what lies below',
    edits: [edit(OVERLAY, 'if (above === undefined) return', 'if (above === undefined || above === DELETED) return')],
    directed: OVERLAY_TESTS,
  },
  {
    name: 'created-counts-what-was-there',
    clause: 'state',
    breaks: 'counts entries as new that were there before the transaction',
    edits: [edit('ledger/growth.ts', 'if (before === undefined && after', 'if (after')],
    directed: { tests: 'test/ledger/operations/growth.test.ts' },
  },
  {
    name: 'created-counts-twice',
    clause: 'state',
    breaks: 'counts a new entry each time that it is set',
    edits: [edit(OVERLAY, 'if (this.#wasSet(key, mark, i)) continue;', 'if (this.#wasSet(key, mark, mark)) continue;')],
    directed: OVERLAY_TESTS,
  },
  {
    name: 'undeclared-entry-read',
    clause: 'state',
    breaks: 'lets an operation read what it did not declare',
    edits: [edit(OVERLAY, '    this.#require(key);\n    return this.#all.get(key);', '    return this.#all.get(key);')],
    directed: OVERLAY_TESTS,
  },
  {
    name: 'undeclared-kind-passes',
    clause: 'state',
    breaks: 'takes a key for another one of the same text and another kind',
    edits: [edit(OVERLAY, 'if (key.kind === kind && key.text === text) return;', 'if (key.text === text) return;')],
    directed: OVERLAY_TESTS,
  },
  {
    name: 'delta-without-deletions',
    clause: 'state',
    breaks: 'leaves deleted entries in the state and in its tree',
    edits: [edit(OVERLAY, 'if (before !== after) yield', 'if (before !== after && after !== undefined) yield')],
    directed: DELTA_TESTS,
  },
  {
    name: 'delta-with-all-that-was-set',
    clause: 'state',
    breaks: 'tells of entries that are as before',
    edits: [edit(OVERLAY, 'if (before !== after) yield', 'yield')],
    directed: DELTA_TESTS,
  },
  {
    name: 'leaf-of-what-was',
    clause: 'state',
    breaks: 'puts into the tree the hash of what an entry was',
    edits: [
      edit(
        DELTA,
        'value: bytes && sha256(bytes) });',
        'value: bytes && sha256(before === undefined ? bytes : key.kind.codec.encode(before)) });',
      ),
    ],
    directed: DELTA_TESTS,
  },
  {
    name: 'undo-forgets-nodes',
    clause: 'state',
    breaks: 'gives the entries back when a block is taken back, and not the tree',
    edits: [edit(MEMORY, '      restoreNodes();\n', '')],
    directed: MEMORY_TESTS,
  },
  {
    name: 'undo-keeps-new-nodes',
    clause: 'state',
    breaks: 'lets nodes stand of a block that was taken back, where there was none before',
    edits: [
      edit(NODES, 'if (newest === undefined) this.#byPath.delete(path);\n        else ', 'if (newest !== undefined) '),
    ],
    directed: MEMORY_TESTS,
  },
  {
    name: 'undo-forgets-stale-nodes',
    clause: 'state',
    breaks: 'gives back the nodes that a block replaced by others, and not those that it removed',
    edits: [edit(NODES, '[...stale.map(({ path }) => path), ...nodes.map', '[...nodes.map')],
    directed: MEMORY_TESTS,
  },
  {
    name: 'stale-nodes-stay',
    clause: 'state',
    breaks: 'keeps in memory nodes that the tree has no more',
    edits: [edit(NODES, 'for (const { path } of stale) this.#byPath.delete(path);', '')],
    directed: MEMORY_TESTS,
  },
  {
    name: 'reorganised-entries-stay',
    clause: 'state',
    breaks: 'keeps, on the better branch, what accounts had on the other one',
    edits: [edit('pow/chain.ts', '    restore();\n', '')],
    directed: { tests: 'test/pow/chain.test.ts' },
  },
  {
    name: 'restored-root-not-checked',
    clause: 'state',
    breaks: 'starts from another tree than that of its head',
    edits: [
      edit(
        LEDGER_STATE,
        "if (!checked.ok) return fail('STATE_CORRUPT', `state has another root: ${checked.error.message}`);",
        '',
      ),
    ],
    directed: { tests: 'test/ledger/state/ledger-state.test.ts' },
  },
  {
    name: 'pool-not-declared',
    clause: 'state',
    breaks: 'does not fetch where fees go before it executes a body',
    edits: [edit(TOUCHED, 'if (transactions.length > 0) yield ACCOUNTS.key(FEE_POOL);', '')],
    directed: TOUCHED_TESTS,
  },
  {
    name: 'sender-not-declared',
    clause: 'state',
    breaks: 'does not fetch a sender whose operations touch others alone',
    edits: [edit(TOUCHED, '    yield ACCOUNTS.key(sender);\n', '')],
    directed: TOUCHED_TESTS,
  },
  {
    name: 'state-root-of-parent',
    clause: 'state',
    breaks: 'binds in a header the state before the block',
    edits: [edit(EXECUTE, 'stateRoot: delta.tree.root,', 'stateRoot: head.header.stateRoot,')],
    directed: { tests: 'test/ledger/execute.test.ts' },
  },
];
