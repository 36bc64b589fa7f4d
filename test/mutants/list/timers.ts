/** Bugs in timers: when a primary is left, and when it is not. */
import { edit, type Mutant } from '../mutant.ts';

export const timerMutants: readonly Mutant[] = [
  {
    name: 'timer-never-restarted',
    clause: 'V6',
    breaks: 'runs no timer once a view has failed',
    edits: [
      edit(
        'consensus/timer.ts',
        '!timer.reach || timer.deadline !== null',
        '!timer.reach || timer.failures > 0 || timer.deadline !== null',
      ),
    ],
    directed: {
      powers: [1n, 1n, 1n, 1n, 1n, 1n, 1n],
      liars: [0, 1].map((validator) => ({ validator, strategy: 'withhold' })),
    },
  },
  {
    name: 'timer-not-reset-by-progress',
    clause: 'V6',
    breaks: 'leaves a primary that orders bodies all the time',
    edits: [
      edit(
        'consensus/timer.ts',
        '  timer.failures = 0;\n  timer.deadline = null;\n  startTimer(replica);',
        '  timer.failures = 0;\n  startTimer(replica);',
      ),
    ],
    directed: { transcript: 'busy-primary' },
  },
  {
    name: 'timer-reset-by-any-message',
    clause: 'V1',
    breaks: 'waits anew with each message that arrives',
    edits: [
      edit(
        'consensus/step.ts',
        'return onMessage(replica, input.from, input.message, emit);',
        `if (replica.timer.deadline !== null)
        replica.timer.deadline = replica.timer.now + replica.instance.baseTimeoutTicks;
      return onMessage(replica, input.from, input.message, emit);`,
      ),
    ],
    directed: { liars: [{ validator: 0, strategy: 'silent' }] },
  },
  {
    name: 'awaited-view-without-timer',
    clause: 'V5',
    breaks: 'waits for a NEW-VIEW without end',
    edits: [
      edit(
        'consensus/timer.ts',
        '  timer.quorumMissingSince = null;\n  timer.deadline = timer.now + timeoutTicks(replica);',
        '  timer.quorumMissingSince = null;',
      ),
    ],
  },
  {
    name: 'alone-into-higher-views',
    clause: 'V5',
    breaks: 'moves on to view after view alone, without a quorum',
    edits: [
      edit(
        'consensus/timer.ts',
        '  timer.quorumMissingSince = timer.now;\n  startIfQuorumMoved(replica);',
        '  timer.quorumMissingSince = timer.now;\n  timer.deadline = timer.now + timeoutTicks(replica);',
      ),
    ],
    directed: { faults: ['one-way', 'partition'] },
  },
  {
    name: 'timeout-without-cap',
    clause: 'V6',
    breaks: 'doubles its timeout without end',
    edits: [
      edit(
        'consensus/timer.ts',
        'Math.min(instance.baseTimeoutTicks * 2 ** Math.min(timer.failures, 30), instance.timeoutCapTicks)',
        'instance.baseTimeoutTicks * 2 ** Math.min(timer.failures, 30)',
      ),
    ],
    directed: { transcript: 'patience-has-a-cap' },
  },
  {
    name: 'timeout-without-doubling',
    clause: 'V6',
    breaks: 'never has more patience than at first',
    edits: [
      edit(
        'consensus/timer.ts',
        'Math.min(instance.baseTimeoutTicks * 2 ** Math.min(timer.failures, 30), instance.timeoutCapTicks)',
        'instance.baseTimeoutTicks',
      ),
    ],
    directed: { transcript: 'no-view-change-storm' },
  },
  {
    name: 'failures-never-forgotten',
    clause: 'V14',
    breaks: 'goes on with the doubled timeout however often bodies are ordered or a quorum is missing',
    edits: [
      edit('consensus/timer.ts', '  timer.failures = 0;\n  timer.deadline = null;', '  timer.deadline = null;'),
      edit('consensus/timer.ts', "    mark('V14');\n    timer.failures = 0;", "    mark('V14');"),
    ],
    directed: { transcript: 'patience-comes-back' },
  },
  {
    name: 'patience-grows-without-quorum',
    clause: 'deviation 9',
    breaks: 'counts on alone when the quorum is gone, and doubles its timeout without end',
    edits: [
      edit(
        'consensus/timer.ts',
        '  timer.quorumMissingSince = timer.now;\n  startIfQuorumMoved(replica);',
        '  timer.deadline = timer.now + timeoutTicks(replica);',
      ),
      edit('consensus/timer.ts', '!timer.reach || timer.deadline !== null', 'timer.deadline !== null'),
      edit('consensus/timer.ts', "    mark('V15');\n    replica.timer.deadline = null;", "    mark('V15');"),
      edit(
        'consensus/timer.ts',
        'Math.min(instance.baseTimeoutTicks * 2 ** Math.min(timer.failures, 30), instance.timeoutCapTicks)',
        'instance.baseTimeoutTicks * 2 ** Math.min(timer.failures, 30)',
      ),
      edit('consensus/timer.ts', 'if (timer.failures === 0 || silence < instance.timeoutCapTicks) return;', 'return;'),
    ],
    directed: { transcript: 'hour-without-quorum' },
  },
  {
    name: 'failures-kept-without-quorum',
    clause: 'V14',
    breaks: 'is as patient after an outage as before it',
    edits: [
      edit('consensus/timer.ts', "    mark('V14');\n    timer.failures = 0;", "    mark('V14');"),
      edit('consensus/timer.ts', 'if (timer.failures === 0 || silence < instance.timeoutCapTicks) return;', 'return;'),
    ],
    directed: { transcript: 'apart-without-quorum' },
  },
  {
    name: 'patience-runs-while-cut-off',
    clause: 'V15',
    breaks: 'leaves its view, alone, while it is connected with nobody',
    edits: [
      edit('consensus/timer.ts', '!timer.reach || timer.deadline !== null', 'timer.deadline !== null'),
      edit('consensus/timer.ts', "    mark('V15');\n    replica.timer.deadline = null;", "    mark('V15');"),
    ],
    directed: { transcript: 'restart-one-by-one' },
  },
  {
    name: 'reach-never-true',
    clause: 'V15',
    breaks: 'never believes that a quorum is connected',
    edits: [
      edit(
        'driver/peers/roster.ts',
        'return isQuorum(this.#validators, powerOf(this.#validators, [...own, ...this.#indices(this.peers())]));',
        'return own.length > 1;',
      ),
    ],
  },
  {
    name: 'demand-never-told',
    clause: 'V1',
    breaks: 'does not tell its timer that transactions wait',
    edits: [
      edit(
        'driver/agreement/protocol.ts',
        "this.step({ kind: 'demand', waiting: this.isWaiting });",
        "this.step({ kind: 'demand', waiting: false });",
      ),
    ],
  },
  {
    name: 'censorship-tolerated',
    clause: 'V13',
    breaks: 'stays with a primary that leaves transactions out',
    edits: [edit('driver/agreement/protocol.ts', "this.step({ kind: 'censored', view: this.#replica.view });", '')],
    directed: { liars: [{ validator: 0, strategy: 'censor' }] },
  },
  {
    name: 'stray-votes-awaited',
    clause: 'V6',
    breaks: 'waits for whatever anybody votes for, proposed or not',
    edits: [
      edit(
        'consensus/timer.ts',
        'return isWeakQuorum(validators, powerOf(validators, voters));',
        'return voters.length > 0;',
      ),
    ],
    directed: { transcript: 'stray-votes' },
  },
  {
    name: 'stranded-not-followed',
    clause: 'V16',
    breaks: 'leaves alone who is alone in a higher view',
    edits: [
      edit('consensus/stranded.ts', 'timer.now - since >= ticksAlone) return true;', 'timer.now < since) return true;'),
    ],
    directed: { transcript: 'alone-in-a-higher-view' },
  },
  {
    name: 'stranded-followed-far',
    clause: 'V16',
    breaks: 'goes as far as whoever is alone ahead asks it to',
    edits: [
      edit(
        'consensus/step.ts',
        "return leave(replica, 'stranded', emit);",
        `const views = [...replica.viewChanges.values()].map(({ viewChange }) => viewChange.view);
    return moveTo(replica, Math.min(...views.filter((view) => view > replica.view)) as View, 'stranded', emit);`,
      ),
      edit('consensus/status.ts', '    passOnStranded(replica, from, status, emit);\n', ''),
    ],
    directed: { transcript: 'lured' },
  },
  {
    name: 'stranded-followed-again',
    clause: 'V16',
    breaks: 'follows a liar as often as it asks',
    edits: [edit('consensus/stranded.ts', 'if (timer.now - since >= aloneTicks(replica)) followed.add(voter);', '')],
    directed: { transcript: 'lured' },
  },
  {
    name: 'stranded-followed-once-for-all',
    clause: 'V16',
    breaks: 'leaves alone for the rest of the epoch whom liars led ahead a second time',
    edits: [
      edit(
        'consensus/stranded.ts',
        '  if (timer.failures === 0 && slow.ticks >= slowTicksBorne(replica)) return true;\n',
        '',
      ),
    ],
    directed: { transcript: 'stranded-again' },
  },
  {
    name: 'stranded-told-nobody',
    clause: 'R9',
    breaks: 'keeps to itself who is alone ahead: each is lured in its turn',
    edits: [edit('consensus/status.ts', '    passOnStranded(replica, from, status, emit);\n', '')],
    directed: { transcript: 'lured' },
  },
  {
    name: 'clock-anew-with-the-view',
    clause: 'V5',
    breaks: 'gives a primary that begins its view at the last moment a second timeout',
    edits: [
      edit(
        'consensus/timer.ts',
        'if (!wasAwaited || !timer.reach || !isAwaiting(replica)) timer.deadline = null;',
        'if (wasAwaited !== null) timer.deadline = null;',
      ),
    ],
    directed: {
      powers: [1n, 1n, 1n, 1n, 1n, 1n, 1n, 1n, 1n, 1n],
      liars: [0, 1, 2].map((validator) => ({ validator, strategy: 'late' })),
      faults: [],
    },
  },
];
