/** Bugs in how bodies are judged, collected, fetched, served and kept. */
import { edit, type Mutant } from '../mutant.ts';

export const bodyMutants: readonly Mutant[] = [
  {
    name: 'invalid-body-served',
    clause: 'N6',
    breaks: 'judges bodies when they are complete, and gives to who asks what it found invalid',
    edits: [
      edit(
        'driver/bodies/bodies.ts',
        'if (epoch === undefined || !checkBodyAlone(body, rulesOf(genesis, epoch), epoch.validators).ok)\n      return this.verdicts.refuse({ height, hash });',
        '',
      ),
      edit('driver/bodies/bodies.ts', 'if (!fits && !this.#isOrdered(pooled))', 'if (!fits && measure.count < 0)'),
      edit(
        'driver/bodies/verdicts.ts',
        'if (valid) this.#keep(height, hash);\n      else if (',
        'this.#keep(height, hash);\n      if (!valid && ',
      ),
      edit('driver/bodies/verdicts.ts', 'if (reserved <= collectedBytesMax(blockWeightMax))', 'if (reserved >= 0)'),
      // What it collected is another bug's: this one is about what it gives.
      edit('driver/reports.ts', 'collectedBytes: bodies.verdicts.collectedBytes,', 'collectedBytes: 0,'),
    ],
    directed: { liars: [{ validator: 0, strategy: 'oversize' }], faults: [] },
  },
  {
    name: 'hoard-collected',
    clause: 'N4',
    breaks: 'collects for all bodies of a window at once, however much that is',
    edits: [
      edit('driver/bodies/verdicts.ts', 'if (reserved <= collectedBytesMax(blockWeightMax))', 'if (reserved >= 0)'),
    ],
    directed: { liars: [{ validator: 0, strategy: 'hoard' }], faults: [] },
  },
  {
    name: 'asks-anybody-first',
    clause: 'N5',
    breaks: 'asks its peers in the order in which they connected, not who must have what it lacks',
    edits: [
      edit(
        'driver/bodies/wants.ts',
        'holders: () => this.#holders(height, hash, pooled, knowledge),',
        'holders: () => [],',
      ),
    ],
    directed: { transcript: 'told-to-the-primary-alone' },
  },
  {
    name: 'asks-the-same-again',
    clause: 'N5',
    breaks: 'asks for what it lacks of those who come first, whoever was asked already',
    edits: [edit('driver/bodies/fetching.ts', '  for (const peer of chosen) asked.add(peer);\n', '')],
    directed: { transcript: 'body-of-one-alone' },
  },
  {
    name: 'asked-for-one-asked-for-all',
    clause: 'N5',
    breaks: 'does not ask for the body who was asked for transactions',
    edits: [
      edit(
        'driver/bodies/fetching.ts',
        "asking.askedFor[forBody ? 'body' : 'transactions']",
        'asking.askedFor.transactions',
      ),
    ],
    directed: { transcript: 'body-of-its-proposer-alone' },
  },
  {
    name: 'overdue-block-awaited',
    clause: 'C4',
    breaks: 'goes on asking for a body that nobody can give, and not for its block',
    edits: [
      edit(
        'driver/sync/state-transfer.ts',
        'catchUp.overdue(next, this.#holders(next));',
        'catchUp.overdue(next, []);',
      ),
    ],
    directed: { transcript: 'signers-keep-a-block' },
  },
  {
    name: 'left-out-believed',
    clause: 'C5',
    breaks: 'believes a peer that a transaction of a proved block was skipped',
    edits: [
      edit('driver/sync/proof.ts', 'given.length < transactions.length &&', 'given.length > transactions.length &&'),
    ],
    directed: { liars: [{ validator: 3, strategy: 'lie-status' }], faults: ['crash', 'partition'] },
  },
  {
    name: 'skipped-kept',
    clause: 'deviation 2',
    breaks: 'keeps for ever what primaries put into bodies and nobody paid for',
    edits: [edit('driver/durability/chain.ts', '      this.#forgetSkipped(next);\n', '')],
    directed: { liars: [{ validator: 0, strategy: 'repeat' }] },
  },
  {
    name: 'executed-forgotten',
    clause: 'deviation 2',
    breaks: 'forgets a transaction that was executed with those that were skipped',
    edits: [
      edit(
        'driver/durability/chain.ts',
        'const isExecuted = new Set(executed);',
        'const isExecuted = new Set(executed.slice(1));',
      ),
    ],
    directed: { faults: ['crash', 'partition'] },
  },
];
