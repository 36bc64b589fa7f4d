/** Bugs in what operations on data do, and in what the growth of the state costs. */
import { edit, type Mutant } from '../mutant.ts';

const WRITING = 'ledger/data/writing.ts';
const ENTRY = 'ledger/data/entry.ts';
const DEPOSIT = 'ledger/data/deposit.ts';
const GROWTH = 'ledger/growth.ts';

/** Simulations show these too, but sooner do the tables of what operations do. */
const testsOf = (what: string) => ({ tests: `test/ledger/operations/${what}.test.ts` });

export const dataMutants: readonly Mutant[] = [
  {
    name: 'condition-ignored',
    clause: 'data',
    breaks: 'writes whatever version is there',
    edits: [edit(ENTRY, 'entry.version.height === height && entry.version.index === index', 'true')],
    directed: testsOf('entries'),
  },
  {
    name: 'condition-by-height-alone',
    clause: 'data',
    breaks: 'takes two transactions of one block for one version',
    edits: [edit(ENTRY, ' && entry.version.index === index', ' && index >= 0')],
    directed: testsOf('entries'),
  },
  {
    name: 'conditions-judged-in-turn',
    clause: 'data',
    breaks: 'judges a condition after the operations before it have been executed',
    edits: [
      edit('ledger/execute.ts', 'if (refusal !== undefined) return refusal;\n  }\n', 'void refusal;\n  }\n'),
      edit(
        'ledger/execute.ts',
        '    const done = kind.execute(',
        '    const late = kind.check?.(executionOf(kind, operation), operation);\n' +
          '    if (late !== undefined) return late;\n    const done = kind.execute(',
      ),
    ],
    directed: testsOf('entries'),
  },
  {
    name: 'lease-not-checked',
    clause: 'data',
    breaks: 'lets everybody write what somebody has the lease of',
    edits: [edit(WRITING, "if (lease !== null && lease.owner !== execution.sender) return 'LEASED';", '')],
    directed: testsOf('leases'),
  },
  {
    name: 'lease-ends-early',
    clause: 'data',
    breaks: 'lets others write at the last height of a lease',
    edits: [edit(ENTRY, 'height <= lease.until', 'height < lease.until')],
    directed: testsOf('leases'),
  },
  {
    name: 'version-stays-with-lease',
    clause: 'data',
    breaks: 'gives the next owner of a lock the token of the one before',
    edits: [
      edit(
        WRITING,
        'version: execution.place,',
        'version: after.lease === null || before === undefined ? execution.place : before.version,',
      ),
    ],
    directed: testsOf('leases'),
  },
  {
    name: 'writers-not-checked',
    clause: 'data',
    breaks: 'lets anybody write in a namespace',
    edits: [
      edit(
        'ledger/data/namespace.ts',
        "return mayWrite({ state }, name, sender) ? undefined : 'NOT_A_WRITER';",
        'return void sender;',
      ),
    ],
    directed: testsOf('namespaces'),
  },
  {
    name: 'lease-outlives-writer',
    clause: 'data',
    breaks: 'lets a lease hold whose owner may not write any more',
    edits: [
      edit(
        'ledger/data/writing.ts',
        'held !== null && mayWrite(execution, operation.namespace, held.owner) ? held : null',
        'held',
      ),
    ],
    directed: testsOf('leases'),
  },
  {
    name: 'lease-empties-entry',
    clause: 'data',
    breaks: 'gives an entry that is leased an empty value',
    edits: [
      edit(
        'ledger/operations/lease.ts',
        'found.before?.value ?? newValue(execution, found.key, EMPTY)',
        'newValue(execution, found.key, EMPTY)',
      ),
    ],
    directed: testsOf('leases'),
  },
  {
    name: 'value-as-new-as-its-entry',
    clause: 'data',
    breaks: 'says of a value that a lease kept that the lease wrote it',
    edits: [edit(WRITING, 'value: after.value });', 'value: { ...after.value, version: execution.place } });')],
    directed: testsOf('values'),
  },
  {
    name: 'values-of-a-block-in-one-place',
    clause: 'data',
    breaks: 'takes the value of a transaction that failed for that of an earlier one in the block',
    edits: [edit('ledger/state/value-place.ts', "${index.toString().padStart(5, '0')}", '${index < 0}')],
    directed: testsOf('values'),
  },
  {
    name: 'value-known-by-its-length',
    clause: 'data',
    breaks: 'takes any value of the right length for the one that an entry names',
    edits: [
      edit(
        'ledger/state/value-reference.ts',
        'value.length === length && sha256Hash(value) === hash',
        "value.length === length && hash !== ''",
      ),
    ],
    directed: testsOf('values'),
  },
  {
    name: 'block-grows-without-end',
    clause: 'data',
    breaks: 'bounds what one sender makes in a block, and not what a crowd makes',
    edits: [edit(GROWTH, "if (this.#madeByAll + made > newInBlockMax(this.#parameters)) return 'BLOCK_FULL';", '')],
    directed: testsOf('growth'),
  },
  {
    name: 'full-block-takes-fee',
    clause: 'data',
    breaks: 'keeps the fee and the nonce of a transaction for which the block has no room',
    edits: [
      edit(
        'ledger/execute.ts',
        "if (price === 'BLOCK_FULL') {\n    entries.takeBack();",
        "if (price === 'BLOCK_FULL') {\n    entries.takeBack(paid);",
      ),
    ],
    directed: testsOf('growth'),
  },
  {
    name: 'turned-away-comes-first',
    clause: 'data',
    breaks: 'offers what a full block had no room for again before all others',
    edits: [edit('driver/agreement/protocol.ts', '    mempool.turnAway(crowdedOut(block), nowMs);\n', '')],
    directed: { tests: 'test/driver/growth.test.ts' },
  },
  {
    name: 'full-block-blamed',
    clause: 'data',
    breaks: 'holds against a primary that a block full of new accounts had no room for what it carried',
    edits: [
      edit(
        'driver/agreement/censorship.ts',
        'if (!isFullOfNew(block.made, ledger)) return [];',
        'if (block.made >= 0) return [];',
      ),
    ],
    directed: { tests: 'test/driver/full-of-new.test.ts' },
  },
  {
    name: 'newcomers-crowd-out',
    clause: 'data',
    breaks: 'lets who did nothing lately wait behind a flood of others',
    edits: [
      edit(
        'driver/transactions/selection.ts',
        '        if (room.isFull) break;\n        take(each, first);',
        '        if (each.gapped) take(each, first);',
      ),
    ],
    directed: { tests: 'test/driver/growth.test.ts' },
  },
  {
    name: 'packing-fails-transactions',
    clause: 'data',
    breaks: 'lets a transaction fail because too much of its sender stands in one block',
    edits: [
      edit(
        GROWTH,
        "if (madeBefore + made > newEntriesMax) return 'BLOCK_FULL';",
        "if (madeBefore + made > newEntriesMax) return 'TOO_MANY_NEW';",
      ),
    ],
    directed: testsOf('growth'),
  },
  {
    name: 'deposit-not-refunded',
    clause: 'data',
    breaks: 'keeps the deposit of what is deleted or made shorter',
    edits: [
      edit(DEPOSIT, "invariant(move({ sender, state }, deposit - left), 'a refund is possible', { deposit });", ''),
    ],
    directed: testsOf('deposits'),
  },
  {
    name: 'deposit-forgotten',
    clause: 'data',
    breaks: 'keeps with a longer value only what its new bytes cost, and so refunds too little',
    edits: [edit(DEPOSIT, 'return { deposit: deposit + depositPaid,', 'return { deposit: depositPaid,')],
    directed: testsOf('deposits'),
  },
  {
    name: 'counter-wraps',
    clause: 'data',
    breaks: 'goes on at the other end when a counter is full',
    edits: [
      edit(
        'ledger/operations/add.ts',
        "    const value = (before?.value ?? 0n) + delta;\n    if (BigInt.asIntN(64, value) !== value) return 'COUNTER_OVERFLOW';\n",
        '    const value = BigInt.asIntN(64, (before?.value ?? 0n) + delta);\n',
      ),
    ],
    directed: testsOf('merging'),
  },
  {
    name: 'minimum-not-checked',
    clause: 'data',
    breaks: 'lets operations leave less in an account than it has to have',
    edits: [edit(GROWTH, "return 'BELOW_MINIMUM';", 'continue;')],
    directed: testsOf('growth'),
  },
  {
    name: 'growth-for-nothing',
    clause: 'data',
    breaks: 'asks no fee of new accounts and entries',
    edits: [edit(GROWTH, '    if (made === 0) return 0n;\n', '    if (made >= 0) return 0n;\n')],
    directed: testsOf('growth'),
  },
  {
    name: 'growth-bounded-by-transaction',
    clause: 'data',
    breaks: 'counts what is new for each transaction alone, not for all of its sender in the block',
    edits: [edit(GROWTH, 'this.#made.set(sender, madeBefore + made);', '')],
    directed: testsOf('growth'),
  },
];
