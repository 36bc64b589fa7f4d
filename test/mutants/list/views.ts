/** Bugs in view changes, timers and retransmission. */
import { edit, type Mutant } from '../mutant.ts';

export const viewMutants: readonly Mutant[] = [
  {
    name: 'new-view-not-recomputed',
    clause: 'V10',
    breaks: 'takes a NEW-VIEW as it comes',
    edits: [edit('consensus/authenticate.ts', 'return checkReproposals(authority, signed);', 'return FINE;')],
    directed: { liars: [{ validator: 1, strategy: 'bad-new-view' }], faults: ['partition'] },
  },
  {
    name: 'new-view-below-quorum',
    clause: 'V7',
    breaks: 'believes a NEW-VIEW that a few asked for',
    edits: [
      edit(
        'consensus/authenticate.ts',
        "if (!isQuorum(authority.validators, power)) return fail('QUORUM_NOT_MET', `VIEW-CHANGEs of power ${power}`);",
        '',
      ),
    ],
    directed: { liars: [{ validator: 1, strategy: 'short-new-view' }], faults: ['partition'] },
  },
  {
    name: 'view-begun-below-quorum',
    clause: 'V7',
    breaks: 'begins its view before a quorum moved to it',
    edits: [edit('consensus/view-change.ts', 'if (!isQuorum(validators, power)) return;', '')],
  },
  {
    name: 'view-changes-counted-twice',
    clause: 'V7',
    breaks: 'counts one VIEW-CHANGE twice in a NEW-VIEW',
    edits: [
      edit(
        'consensus/authenticate.ts',
        "if (viewChange.voter <= last) return fail('OUT_OF_ORDER', 'VIEW-CHANGEs not by growing index');",
        '',
      ),
    ],
    directed: { liars: [{ validator: 1, strategy: 'short-new-view' }], faults: ['partition'] },
  },
  {
    name: 'lowest-view-chosen',
    clause: 'V8',
    breaks: 'proposes again what was prepared in the lowest view',
    edits: [edit('consensus/new-view.ts', 'prepared.view > best.view', 'prepared.view < best.view')],
    directed: { transcript: 'prepared-in-two-views' },
  },
  {
    name: 'null-instead-of-prepared',
    clause: 'V8',
    breaks: 'begins a view with null bodies where others were prepared',
    edits: [
      edit('consensus/new-view.ts', 'bodyHash: prepared?.bodyHash ?? NULL_BODY_HASH', 'bodyHash: NULL_BODY_HASH'),
    ],
  },
  {
    name: 'gap-not-filled',
    clause: 'V9',
    breaks: 'leaves heights open that nobody prepared below one that somebody did',
    edits: [
      edit(
        'consensus/new-view.ts',
        'const prepared = highest.get(height);',
        'const prepared = highest.get(height);\n    if (prepared === undefined) continue;',
      ),
    ],
    directed: { transcript: 'gap-below-committed' },
  },
  {
    name: 'newest-certificate-missed',
    clause: 'V7',
    breaks: 'begins a view from the start of the epoch, not from the newest certificate',
    edits: [
      edit(
        'consensus/new-view.ts',
        'viewChange.stable.height > (newest?.height ?? 0)',
        'viewChange.stable.height < (newest?.height ?? 0)',
      ),
    ],
  },
  {
    name: 'prepared-not-verified',
    clause: 'V3',
    breaks: 'believes prepared certificates without checking them',
    edits: [
      edit(
        'consensus/authenticate.ts',
        'const checked = checkPrepared(authority, prepared);\n    if (!checked.ok) return checked;',
        '',
      ),
    ],
    directed: { transcript: 'forged-among-valid' },
  },
  {
    name: 'view-changes-not-verified',
    clause: 'V3',
    breaks: 'keeps VIEW-CHANGEs with forged certificates, and begins views with them that nobody enters',
    edits: [
      edit(
        'consensus/authenticate.ts',
        'return checkViewChange(authority, message.viewChange);',
        'return checkViewChange({ ...authority, verify: () => true }, message.viewChange);',
      ),
    ],
    directed: { transcript: 'forged-among-valid' },
  },
  {
    name: 'prepared-hidden',
    clause: 'V3',
    breaks: 'leaves what it prepared out of its VIEW-CHANGE',
    edits: [
      edit(
        'consensus/view-change.ts',
        'prepared !== null && prepared.height > stableHeight(replica) ? [prepared] : []',
        '[] as typeof prepared[]',
      ),
    ],
  },
  {
    name: 'prepared-forgotten-in-new-view',
    clause: 'V3',
    breaks: 'forgets what it prepared when a view begins',
    edits: [
      edit('consensus/view-change.ts', 'slot.commits.clear();', 'slot.commits.clear();\n    slot.prepared = null;'),
    ],
  },
  {
    name: 'commits-kept-across-views',
    clause: 'N8',
    breaks: 'adds COMMITs of one view to those of the next',
    edits: [edit('consensus/view-change.ts', '    slot.commits.clear();\n', '')],
  },
  {
    name: 'prepares-kept-across-views',
    clause: 'N7',
    breaks: 'adds PREPAREs of one view to those of the next',
    edits: [edit('consensus/view-change.ts', '    slot.prepares.clear();\n', '')],
  },
  {
    name: 'votes-between-views',
    clause: 'V2',
    breaks: 'takes part in a view before it has its NEW-VIEW',
    edits: [edit('consensus/relevance.ts', "if (!replica.active) {\n    mark('V2');\n    return false;\n  }", '')],
    directed: { liars: [{ validator: 1, strategy: 'bad-new-view' }], faults: ['loss', 'partition'] },
  },
  {
    name: 'old-new-view-entered',
    clause: 'V11',
    breaks: 'goes back to a lower view when a NEW-VIEW of it arrives',
    edits: [
      edit(
        'consensus/relevance.ts',
        'return view > replica.view || (view === replica.view && !replica.active);',
        'return view !== replica.view || !replica.active;',
      ),
    ],
    directed: { faults: ['delay', 'duplication', 'reorder'] },
  },
  {
    name: 'second-new-view-entered',
    clause: 'V11',
    breaks: 'begins a view again when another NEW-VIEW of it arrives',
    edits: [
      edit(
        'consensus/relevance.ts',
        'return view > replica.view || (view === replica.view && !replica.active);',
        'return view >= replica.view;',
      ),
    ],
    directed: { liars: [{ validator: 1, strategy: 'two-new-views' }], faults: ['partition', 'duplication'] },
  },
  {
    name: 'other-new-view-replaces',
    clause: 'V11',
    breaks: 'begins a view anew when a different NEW-VIEW of it arrives, as valid as the first',
    edits: [
      edit(
        'consensus/relevance.ts',
        'return view > replica.view || (view === replica.view && !replica.active);',
        `const isOther = replica.newView?.signature.join() !== message.newView.signature.join();
      return view > replica.view || (view === replica.view && (!replica.active || isOther));`,
      ),
    ],
    directed: { transcript: 'two-new-views' },
  },
  {
    name: 'reproposed-body-judged-again',
    clause: 'V12',
    breaks: 'judges proposer and time of a body that is proposed again',
    edits: [
      edit('driver/bodies.ts', 'if (!repeat) {', 'if (view >= 0) {'),
      edit('driver/bodies.ts', '(pooled.stored && repeat) || this.#isValid', 'this.#isValid'),
    ],
    directed: { faults: ['crash', 'partition'] },
  },
  {
    name: 'join-rule-missing',
    clause: 'V4',
    breaks: 'stays behind when f + 1 others moved on',
    edits: [
      edit('consensus/view-change.ts', '  join(replica, emit);\n  quorumMoved(replica);', '  quorumMoved(replica);'),
    ],
    directed: { transcript: 'far-behind-in-views' },
  },
  {
    name: 'join-on-one',
    clause: 'V4',
    breaks: 'follows a single replica to any view',
    edits: [edit('ledger/validators.ts', '3n * power > set.total', 'power > 0n')],
    directed: { liars: [{ validator: 3, strategy: 'spam-view-change' }] },
  },
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
        '  timer.lonelySince = null;\n  timer.deadline = timer.now + timeoutTicks(replica);',
        '  timer.lonelySince = null;',
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
        '  timer.lonelySince = timer.now;\n  quorumMoved(replica);',
        '  timer.lonelySince = timer.now;\n  timer.deadline = timer.now + timeoutTicks(replica);',
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
        '  timer.lonelySince = timer.now;\n  quorumMoved(replica);',
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
        'driver/postman.ts',
        'return isQuorum(this.#genesis.validators, this.powerOf(new Set([...own, ...this.#connected()])));',
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
        'driver/protocol.ts',
        'waiting: this.#context.mempool.demand || this.#proposer.idleBlockDue(next)',
        'waiting: next < 0',
      ),
    ],
  },
  {
    name: 'censorship-tolerated',
    clause: 'V13',
    breaks: 'stays with a primary that leaves transactions out',
    edits: [edit('driver/protocol.ts', "this.step({ kind: 'censored', view: this.#replica.view });", '')],
    directed: { liars: [{ validator: 0, strategy: 'censor' }] },
  },
  {
    name: 'retransmission-off',
    clause: 'R1',
    breaks: 'answers no STATUS',
    edits: [edit('consensus/step.ts', 'return onStatus(replica, from, message.status, emit);', 'return;')],
  },
  {
    name: 'new-view-not-repeated',
    clause: 'R2',
    breaks: 'does not give its NEW-VIEW to who missed it',
    edits: [
      edit(
        'consensus/status.ts',
        "return emit({ kind: 'send', to: from, message: { kind: 'new-view', newView: replica.newView } });",
        'return;',
      ),
    ],
    directed: { transcript: 'missed-new-view' },
  },
  {
    name: 'nobody-else-helps',
    clause: 'R2',
    breaks: 'leaves helping a peer to its neighbour, dead or not',
    edits: [edit('consensus/status.ts', '(times % (count - 1))', '0')],
    directed: { transcript: 'missed-new-view' },
  },
  {
    name: 'view-change-not-repeated',
    clause: 'R3',
    breaks: 'does not give its VIEW-CHANGE to who missed it',
    edits: [
      edit(
        'consensus/status.ts',
        "emit({ kind: 'send', to: from, message: { kind: 'view-change', viewChange: own } });",
        '',
      ),
    ],
    directed: { faults: ['loss', 'crash'] },
  },
  {
    name: 'votes-not-repeated',
    clause: 'R4',
    breaks: 'does not repeat PRE-PREPARE, PREPARE and COMMIT to who missed them',
    edits: [
      edit(
        'consensus/status.ts',
        'if (replica.active && status.active && status.view === replica.view) answerVotes(replica, from, status, emit);',
        '',
      ),
    ],
    directed: { transcript: 'missed-votes' },
  },
  {
    name: 'checkpoints-not-repeated',
    clause: 'R5',
    breaks: 'does not repeat CHECKPOINTs to who missed them',
    edits: [edit('consensus/status.ts', '  answerCheckpoints(replica, from, status, emit);\n', '')],
    directed: { transcript: 'missed-votes' },
  },
  {
    name: 'certificate-not-passed-on',
    clause: 'R8',
    breaks: 'keeps the certificate to itself that another lacks',
    edits: [
      edit('consensus/status.ts', '  answerCertificate(replica, from, status, emit);\n', ''),
      edit(
        'driver/server.ts',
        "if (certificate !== undefined) this.#send(peer, { kind: 'certificate', certificate });",
        '',
      ),
    ],
    directed: { faults: ['loss', 'crash'] },
  },
];
