/** Bugs in what peers may cost: work that nobody pays for, and honest peers that pay too much. */
import { edit, type Mutant } from '../mutant.ts';

const FLOODED = {
  powers: [1n, 1n, 1n, 1n],
  liars: [{ validator: 3, strategy: 'deluge' }],
  faults: [],
} as const;

export const budgetMutants: readonly Mutant[] = [
  {
    name: 'decoded-before-it-is-paid',
    clause: 'cost',
    breaks: 'charges nothing for looking at a message',
    edits: [
      edit(
        'driver/fairness/dealings.ts',
        'this.budgets.paying(peer, lane, price,',
        'this.budgets.paying(peer, lane, 0,',
      ),
    ],
    directed: FLOODED,
  },
  {
    name: 'useless-work-given-back',
    clause: 'cost',
    breaks: 'gives back what it charged, whether or not the message was of use',
    edits: [
      edit('driver/fairness/budgets.ts', 'if (useful) this.refund', 'if (useful || !useful) this.refund'),
      edit('driver/transactions/intake.ts', "budgets.charge(peer, 'transactions', price);", ''),
    ],
    directed: FLOODED,
  },
  {
    name: 'budget-never-filled',
    clause: 'cost',
    breaks: 'gives nobody anything with time: what was there at first is all',
    edits: [
      edit(
        'driver/fairness/budgets.ts',
        'for (const lane of LANES) this.#share(lane, BUDGET_US_PER_MS[lane] * tickMs, burst);',
        '',
      ),
      edit('driver/limits.ts', 'export const BUDGET_BURST_US = 1_000_000;', 'export const BUDGET_BURST_US = 300;'),
      edit('driver/limits.ts', 'BUDGET_BURST_MIN_US = 100_000;', 'BUDGET_BURST_MIN_US = 100;'),
    ],
    directed: { powers: [1n, 1n, 1n, 1n], liars: [], faults: ['loss'] },
  },
  {
    name: 'honest-peer-shut-out',
    clause: 'cost',
    breaks: 'forgives no useless message, however long ago it came',
    edits: [
      edit(
        'driver/fairness/budgets.ts',
        'account.useless = Math.max(0, account.useless - SHUT_OUT_US_PER_MS * tickMs);\n',
        '',
      ),
      edit('driver/limits.ts', 'export const SHUT_OUT_US = 15_000_000;', 'export const SHUT_OUT_US = 1_500;'),
    ],
    directed: { powers: [1n, 1n, 1n, 1n], liars: [], faults: ['loss'] },
  },
  {
    name: 'answers-thrown-away',
    clause: 'cost',
    breaks: 'does not remember what it asked for, and takes no answer',
    edits: [edit('driver/fairness/dealings.ts', 'this.questions.asked(to, message);', '')],
    directed: { powers: [1n, 1n, 1n, 1n], liars: [], faults: ['crash', 'loss'] },
  },
  {
    name: 'one-answer-for-ever',
    clause: 'cost',
    breaks: 'believes for ever that it is still making an answer, and makes no other',
    edits: [edit('driver/fairness/budgets.ts', 'account.underWay[lane] -= 1;', '')],
    directed: { powers: [1n, 1n, 1n, 1n], liars: [], faults: ['crash', 'loss'] },
  },
];
