/** Bugs in STATUS, and what is answered to it. */
import { edit, type Mutant } from '../mutant.ts';

export const retransmissionMutants: readonly Mutant[] = [
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
    edits: [edit('consensus/status.ts', '(times % (validators.members.length - 1))', '0')],
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
    edits: [edit('consensus/status.ts', '    answerVotes(replica, from, status, emit);\n', '')],
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
        'driver/sync/server.ts',
        "if (certificate !== undefined) this.#send.message(peer, { kind: 'certificate', certificate });",
        '',
      ),
    ],
    directed: { faults: ['loss', 'crash'] },
  },
];
