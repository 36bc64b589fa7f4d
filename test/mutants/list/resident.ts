/** Bugs in what lies of the state in memory and on disk: what is fetched, forgotten, written and pruned. */
import { edit, type Mutant } from '../mutant.ts';

export const residentMutants: readonly Mutant[] = [
  {
    name: 'executed-before-fetched',
    clause: 'state',
    breaks: 'takes a body for ready whatever is missing of the state',
    edits: [
      edit('driver/state/state-fetching.ts', 'if (isHere) {', 'if (resident !== undefined) {'),
      edit('driver/state/state-fetching.ts', '      resident.prove(keys);\n', ''),
    ],
  },
  {
    name: 'synced-before-fetched',
    clause: 'state',
    breaks: 'executes blocks of a range whatever is missing of the state',
    edits: [edit('driver/sync/ranges.ts', ' || !isReady(block)) break;', ') break;')],
    directed: { faults: ['crash', 'partition'] },
  },
  {
    name: 'fetched-in-vain',
    clause: 'state',
    breaks: 'waits for ever for what it has asked for',
    edits: [edit('driver/state/state-fetching.ts', '    this.#awaited.delete(key);\n', '')],
  },
  {
    name: 'forgotten-before-durable',
    clause: 'state',
    breaks: 'forgets what it changed before the disk has it',
    edits: [
      edit(
        'driver/state/resident-state.ts',
        '    this.#root = tree.root;\n  }',
        '    this.#root = tree.root;\n    this.forget();\n    this.forget();\n  }',
      ),
    ],
  },
  {
    name: 'older-answer-taken',
    clause: 'state',
    breaks: 'takes what the disk had of an entry for what the entry is now',
    edits: [
      edit('driver/state/state-fetching.ts', 'if (!this.#asked.has(key)) ', ''),
      edit(
        'driver/state/state-fetching.ts',
        'if (this.#context.resident.has(entry)) return run();\n',
        'if (this.#context.resident.has(entry)) run();\n',
      ),
      edit('driver/state/resident-state.ts', '    if (this.has(key)) return;\n', ''),
    ],
  },
  {
    name: 'pruned-one-too-many',
    clause: 'state',
    breaks: 'prunes a height that can still be read',
    edits: [
      edit(
        'ledger/tree/stale.ts',
        'const oldest = head - historyHeights + 1;',
        'const oldest = head - historyHeights + 2;',
      ),
    ],
  },
  {
    name: 'past-not-pruned',
    clause: 'state',
    breaks: 'keeps what entries were at heights that nobody can read',
    edits: [edit('driver/state/pruning.ts', ', ...past.value]', ']')],
  },
  {
    name: 'values-not-written',
    clause: 'state',
    breaks: 'stores entries without the values that they name',
    edits: [
      edit(
        'driver/state/state-writes.ts',
        "for (const value of values) yield { kind: 'put', key: KEYS.value(value), value: value.bytes };",
        'void values;',
      ),
    ],
  },
  {
    name: 'values-not-pruned',
    clause: 'state',
    breaks: 'keeps values that no entry of a height names which can be read',
    edits: [edit('driver/state/state-writes.ts', ', ...staleValues.map(KEYS.value)]', ', ...staleValues.slice(0, 0)]')],
  },
  {
    name: 'values-pruned-with-leases',
    clause: 'state',
    breaks: 'deletes a value with the lease that its entry had',
    edits: [
      edit('ledger/state/delta.ts', '    if (is === was) continue;\n', ''),
      edit(
        'ledger/state/delta.ts',
        'if (is !== undefined) values.push',
        'if (is !== undefined && is !== was) values.push',
      ),
    ],
  },
  {
    name: 'read-value-not-checked',
    clause: 'state',
    breaks: 'gives readers whatever value its disk has',
    edits: [
      edit(
        'node/state/values.ts',
        'if (!reads.measured(() => isNamedBy(bytes, reference))) throw',
        'if (bytes.length < 0) throw',
      ),
    ],
    directed: { tests: 'test/node/state/values.test.ts' },
  },
  {
    name: 'page-of-values-without-end',
    clause: 'state',
    breaks: 'reads a thousand values of 64 KiB for one page of entries',
    edits: [edit('node/state/listing.ts', 'stored.length + (kind.referenceIn(value)?.length ?? 0);', 'stored.length;')],
    directed: { tests: 'test/node/state/values.test.ts' },
  },
  {
    name: 'nodes-not-pruned',
    clause: 'state',
    breaks: 'keeps nodes of the tree that nobody can read',
    edits: [edit('driver/state/pruning.ts', '...nodes.value.map((node) => KEYS.node(node)), ', '')],
  },
  {
    name: 'pruned-before-durable',
    clause: 'state',
    breaks: 'reads lists of what blocks replaced before it has written them',
    edits: [edit('driver/driver.ts', '      pruning.step();\n    });', '    });\n    pruning.step();')],
  },
  {
    name: 'past-not-written',
    clause: 'state',
    breaks: 'forgets what entries were before a block',
    edits: [
      edit(
        'driver/state/state-writes.ts',
        "if (height > 0) yield { kind: 'put', key: KEYS.past(key, height), value: encodePast(change) };",
        'void encodePast(change);',
      ),
    ],
  },
  {
    name: 'nothing-forgotten',
    clause: 'state',
    breaks: 'never makes room in memory',
    edits: [edit('driver/state/state-fetching.ts', '    this.#context.resident.forget();\n', '')],
    directed: { liars: [{ validator: 3, strategy: 'flood-strangers' }] },
  },
  {
    name: 'fetched-not-proved',
    clause: 'state',
    breaks: 'executes on whatever its disk has',
    edits: [edit('driver/state/state-fetching.ts', '      resident.prove(keys);\n', '')],
    directed: { tests: 'test/driver/damaged-state.test.ts' },
  },
  {
    name: 'node-hash-not-checked',
    clause: 'state',
    breaks: 'takes any node of its disk for the one that its parent names',
    edits: [edit('ledger/tree/difference.ts', 'return checked.ok ?', "return checked.ok || key.path !== '' ?")],
    directed: { tests: 'test/driver/state-fetching.test.ts' },
  },
  {
    name: 'root-believed-when-read-again',
    clause: 'state',
    breaks: 'takes any root of its disk for that of its head',
    edits: [edit('ledger/tree/difference.ts', 'return checked.ok ?', "return checked.ok || key.path === '' ?")],
    directed: { tests: 'test/driver/state-fetching.test.ts' },
  },
  {
    name: 'difference-on-wrong-base',
    clause: 'state',
    breaks: 'stores what changed since the last version of a node as what changed since it was whole',
    edits: [
      edit(
        'ledger/tree/difference.ts',
        'const slots = (before.difference?.slots ?? 0) | changed;',
        'const slots = changed;',
      ),
    ],
  },
  {
    name: 'difference-not-hashed',
    clause: 'state',
    breaks: 'takes whatever its disk has of a node that changed in a few slots',
    edits: [
      edit(
        'ledger/tree/node-codec.ts',
        'if (compare32(hashed.hashes, TOP * HASH_BYTES, expected, 0) !== 0)',
        'if (compare32(hashed.hashes, TOP * HASH_BYTES, expected, 0) !== 0 && depth === 0)',
      ),
    ],
    directed: { tests: 'test/ledger/tree/difference.test.ts' },
  },
  {
    name: 'base-pruned-too-early',
    clause: 'state',
    breaks: 'prunes a whole version of a node while later ones are stored as differences from it',
    edits: [edit('ledger/tree/update.ts', 'if (next?.base !== replaced.version) this', 'this')],
  },
  {
    name: 'base-not-pruned',
    clause: 'state',
    breaks: 'keeps whole versions of nodes on which nothing is based any more',
    edits: [
      edit(
        'ledger/tree/update.ts',
        'if (before !== undefined && next === undefined) this',
        'if (before === undefined && next !== undefined) this',
      ),
    ],
  },
  {
    name: 'base-never-read',
    clause: 'state',
    breaks: 'waits for ever for a node of which it has only what changed',
    edits: [
      edit(
        'driver/state/state-fetching.ts',
        'return void this.#want(KEYS.node(from), { baseOf: node, record });',
        'return;',
      ),
    ],
    directed: { tests: 'test/driver/resident-nodes.test.ts' },
  },
  {
    name: 'forgotten-while-it-waits',
    clause: 'state',
    breaks: 'forgets what a body needs while it fetches the rest',
    edits: [edit('driver/state/state-fetching.ts', '    if (this.#awaited.size > 0 && !this.#looked) return;\n', '')],
    directed: { tests: 'test/driver/state-fetching.test.ts' },
  },
  {
    name: 'founding-not-marked',
    clause: 'state',
    breaks: 'takes the half of a first state for all of it',
    edits: [
      edit(
        'driver/durability/founding.ts',
        "  yield { kind: 'put', key: KEYS.founding, value: new Uint8Array(0) };\n",
        '',
      ),
    ],
    directed: { tests: 'test/driver/founding.test.ts' },
  },
  {
    name: 'founding-not-begun-again',
    clause: 'state',
    breaks: 'starts from the half of a first state',
    edits: [
      edit('driver/durability/recovery.ts', 'chainId !== undefined && founding === undefined', 'chainId !== undefined'),
    ],
    directed: { tests: 'test/driver/founding.test.ts' },
  },
  {
    name: 'sender-read-for-nothing',
    clause: 'cost',
    breaks: 'reads accounts of unknown senders at its own cost',
    edits: [
      edit(
        'driver/transactions/intake.ts',
        "          budgets.charge(peer, 'transactions', reading);\n          paid.set(peer, price + place + reading);\n",
        '',
      ),
    ],
    directed: { tests: 'test/driver/unknown-senders.test.ts' },
  },
];
