/** Bugs in view changes. */
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
    edits: [edit('consensus/view-change.ts', 'if (!isQuorum(validators, powerOf(validators, moved))) return;', '')],
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
      edit('ledger/validators.ts', 'of new Set(indices)', 'of indices'),
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
      edit('driver/bodies/verdicts.ts', 'repeat || judge.isTimely', 'judge.isTimely'),
      edit('driver/bodies/verdicts.ts', 'if (pooled.stored && repeat && transactions !== undefined) return true;', ''),
    ],
    directed: { faults: ['crash', 'partition'] },
  },
  {
    name: 'join-rule-missing',
    clause: 'V4',
    breaks: 'stays behind when f + 1 others moved on',
    edits: [
      edit(
        'consensus/view-change.ts',
        '  join(replica, emit);\n  startIfQuorumMoved(replica);',
        '  startIfQuorumMoved(replica);',
      ),
    ],
    directed: { transcript: 'far-behind-in-views' },
  },
  {
    name: 'join-above-a-third',
    clause: 'V4',
    breaks: 'stays in a view that nobody can begin, where exactly a third is ahead',
    edits: [edit('ledger/validators.ts', '3n * power >= set.total', '3n * power > set.total')],
    directed: { transcript: 'a-third-ahead' },
  },
  {
    name: 'join-on-one',
    clause: 'V4',
    breaks: 'follows a single replica to any view',
    edits: [edit('ledger/validators.ts', '3n * power >= set.total', 'power > 0n')],
    directed: { liars: [{ validator: 3, strategy: 'spam-view-change' }] },
  },
];
